import type { NativeRequest } from './native.ts';

/** The canonical words for talking to a model. Dialects translate between these and a provider's bytes. */

export interface ModelRequest {
  /** Told beforehand; stands before any `system` message. */
  readonly system?: string | undefined;
  readonly messages: readonly ModelMessage[];
  /** Absent parameters are the provider's own defaults. */
  readonly maxTokens?: number | undefined;
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
  readonly stop?: readonly string[] | undefined;
  readonly seed?: number | undefined;
  /** How many alternatives of each token to tell the probability of; 0 is the token's own alone. */
  readonly logprobs?: number | undefined;
  readonly reasoning?: ReasoningOptions | undefined;
  readonly tools?: readonly ToolDefinition[] | undefined;
  readonly toolChoice?: ToolChoice | undefined;
  /** Whether several tools may be called in one answer. */
  readonly parallelToolCalls?: boolean | undefined;
  /** Asks for JSON that fits the schema; the answer's text is that JSON. */
  readonly output?: OutputShape | undefined;
  /** Fields of a dialect's own request that have no canonical name: dialect → fields, sent as they are. */
  readonly extras?: Extras | undefined;
  /** What the caller says of the call, for routes. Never sent to a provider. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** The same question in the words of a dialect, for providers that speak it. */
  readonly native?: NativeRequest | undefined;
}

export type Extras = Readonly<Record<string, JsonObject>>;
export type JsonObject = Readonly<Record<string, unknown>>;
export type JsonSchema = JsonObject;

export type ReasoningEffort = 'none' | 'minimal' | 'low' | 'medium' | 'high';

/** At most one of them. */
export interface ReasoningOptions {
  readonly effort?: ReasoningEffort | undefined;
  /** The most tokens to spend on reasoning. */
  readonly budgetTokens?: number | undefined;
}

export interface ToolDefinition {
  readonly name: string;
  readonly description?: string | undefined;
  /** Schema of the arguments: an object. */
  readonly parameters: JsonSchema;
  /** Arguments must fit the schema to the letter, where the provider can see to it. */
  readonly strict?: boolean | undefined;
  readonly extras?: Extras | undefined;
}

export type ToolChoice = 'auto' | 'none' | 'required' | { readonly tool: string };

export interface OutputShape {
  /** Letters, digits, _ and -, at most 64. */
  readonly name: string;
  /** An object schema; see `prompt/output-schema.ts` for the subset that is used. */
  readonly schema: JsonSchema;
}

/** `tool` messages hold results of tools, and nothing else. */
export type ModelRole = 'system' | 'user' | 'assistant' | 'tool';

export interface ModelMessage {
  readonly role: ModelRole;
  readonly content: string | readonly ContentPart[];
}

export type ContentPart = TextPart | ImagePart | FilePart | ReasoningPart | ToolCallPart | ToolResultPart;
/** What a model answers with. */
export type AnswerPart = TextPart | ReasoningPart | ToolCallPart;

export interface PartBase {
  /** Fields of a dialect's own part that have no canonical name: dialect → fields, sent as they are. */
  readonly extras?: Extras | undefined;
}

export interface TextPart extends PartBase {
  readonly type: 'text';
  readonly text: string;
  readonly signature?: Signature | undefined;
}

export interface ImagePart extends PartBase {
  readonly type: 'image';
  readonly source: MediaSource;
}

export interface FilePart extends PartBase {
  readonly type: 'file';
  readonly name?: string | undefined;
  readonly source: MediaSource;
}

/** Where the bytes are: at an address the provider fetches, or here. */
export type MediaSource =
  | { readonly type: 'url'; readonly url: string; readonly mediaType?: string | undefined }
  | { readonly type: 'base64'; readonly data: string; readonly mediaType: string };

/** Goes back to the dialect that made it alone: no other can read its signature. */
export interface ReasoningPart extends PartBase {
  readonly type: 'reasoning';
  readonly text: string;
  readonly signature?: Signature | undefined;
}

/** What a provider wants to see again as it gave it, to go on from its own thoughts. */
export interface Signature {
  readonly dialect: string;
  readonly value: string;
  /** The provider's id of the thought, where it has one. */
  readonly id?: string | undefined;
  /** The thought itself is in `value`, and nobody else can read it. */
  readonly isRedacted?: boolean | undefined;
}

export interface ToolCallPart extends PartBase {
  readonly type: 'tool-call';
  readonly id: string;
  readonly name: string;
  /** JSON of an object, as the model wrote it. */
  readonly arguments: string;
  readonly signature?: Signature | undefined;
}

export interface ToolResultPart extends PartBase {
  readonly type: 'tool-result';
  /** Of the call it answers. */
  readonly id: string;
  readonly content: string | readonly (TextPart | ImagePart)[];
  readonly isError?: boolean | undefined;
}

export type FinishReason = 'stop' | 'length' | 'content-filter' | 'tool-calls' | 'other';

/** Tokens of one call. Unknown is `undefined`, never 0. */
export interface Usage {
  /** All that was read, cache reads and writes among it. */
  readonly inputTokens: number | undefined;
  /** All that was written, reasoning among it. */
  readonly outputTokens: number | undefined;
  readonly totalTokens: number | undefined;
  /** The part of `inputTokens` that came from the provider's cache. */
  readonly cachedInputTokens: number | undefined;
  /** The part of `inputTokens` that was written to the provider's cache, for whatever time. */
  readonly cacheWriteTokens?: number | undefined;
  /** The part of `cacheWriteTokens` that is kept for an hour, which has a price of its own. */
  readonly cacheWrite1hTokens?: number | undefined;
  /** The part of `outputTokens` that is reasoning. */
  readonly reasoningTokens: number | undefined;
  /** What has a price of its own beside these, as far as it is more than nothing. */
  readonly classes?: Readonly<Partial<Record<UsageClass, number>>> | undefined;
  /** The tier of service that it was made at, in the provider's word, where that is not the one that prices are for. */
  readonly serviceTier?: string | undefined;
  /** Something was used that is paid for, and nothing told says how much. */
  readonly hasOtherFees?: boolean | undefined;
  /** What the provider itself says that the call costs, in US dollars. */
  readonly toldUsd?: number | undefined;
  /** What the provider said, as it said it. */
  readonly raw: unknown;
  /** What the call cost; `undefined` where a price or a count is not known. Made of integers, for people to read. */
  readonly costUsd?: number | undefined;
  /** What a kept answer had cost when it was made. */
  readonly savedUsd?: number | undefined;
}

/**
 * Parts of `inputTokens` (`inputAudio`; of it, from the cache, `cachedInputAudio`) and of `outputTokens` (`outputAudio`,
 * `outputImage`), tokens beside both (`citation`), and searches.
 */
export type UsageClass =
  | 'inputAudio'
  | 'cachedInputAudio'
  | 'outputAudio'
  | 'outputImage'
  | 'citation'
  | 'webSearch'
  | 'fileSearch';

export interface ModelResponse {
  readonly id: string | undefined;
  /** All text of the answer. */
  readonly text: string;
  readonly finishReason: FinishReason;
  readonly usage: Usage | undefined;
  /** The provider's own id of the model that answered. */
  readonly modelId: string | undefined;
  /** Text, thoughts and calls of tools in their order; as an assistant's message they can be sent back. */
  readonly content?: readonly AnswerPart[] | undefined;
  /** Probabilities of the tokens, as the provider told them. */
  readonly logprobs?: unknown;
  /** The whole answer, with fields that nobody here knows. */
  readonly raw?: unknown;
  /** Of a provider that was asked in the client's own words: its answer, as it came. */
  readonly native?: Buffer | undefined;
  /** Our names of what made the answer. */
  readonly made?: Made | undefined;
}

/** Which model answered, and what was asked before it. */
export interface Made extends CacheFacts {
  readonly model: string;
  readonly provider: string;
  readonly attempts: readonly Attempt[];
}

/** How an answer stands to those that are kept. */
export interface CacheFacts {
  /** The answer was kept, and nobody was asked. `undefined`: none are kept to such questions. */
  readonly isCached?: boolean | undefined;
  /** How long ago a kept answer was made. */
  readonly ageMs?: number | undefined;
  /** What a kept answer had cost; `undefined` where that is not known. */
  readonly savedUsd?: number | undefined;
}

/** One model that was asked. */
export interface Attempt {
  readonly model: string;
  readonly provider: string;
  /** `ok`, or the code of the error it ended with. */
  readonly outcome: string;
  readonly upstreamStatus?: number | undefined;
  readonly latencyMs: number;
}

/**
 * One piece of a stream. `finish` comes last and exactly once; a stream without it has failed. Calls of tools are counted
 * from 0: the first piece of each has its id and name, the others have arguments alone. A thought ends with the piece
 * that has its signature, if it has one.
 */
export type ModelPart =
  | {
      readonly type: 'text';
      readonly text: string;
      readonly signature?: Signature | undefined;
      readonly logprobs?: unknown;
    }
  | { readonly type: 'reasoning'; readonly text: string; readonly signature?: Signature | undefined }
  | {
      readonly type: 'tool-call';
      readonly index: number;
      readonly id?: string | undefined;
      readonly name?: string | undefined;
      readonly arguments: string;
      readonly signature?: Signature | undefined;
    }
  | NativePart
  | FinishPart;

/** Events of a provider that was asked in the client's own words, as they came: all parts are, but `finish`. */
export interface NativePart {
  readonly type: 'native';
  readonly bytes: Buffer;
  /** About how much text is in them. */
  readonly characters: number;
  /** They only say that an answer is to come. */
  readonly isOpening?: boolean | undefined;
}

export interface FinishPart {
  readonly type: 'finish';
  readonly reason: FinishReason;
  readonly usage: Usage | undefined;
  readonly id?: string | undefined;
  readonly modelId?: string | undefined;
  readonly made?: Made | undefined;
}

/** Texts to be turned into vectors. */
export interface EmbedRequest {
  readonly texts: readonly string[];
  readonly dimensions?: number | undefined;
  readonly extras?: Extras | undefined;
}

export interface EmbedResponse {
  /** One for each text, in their order. */
  readonly embeddings: readonly (readonly number[])[];
  readonly usage: Usage | undefined;
  readonly modelId: string | undefined;
  readonly made?: Made | undefined;
}
