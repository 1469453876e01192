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
  /** Asks for JSON that fits the schema; the answer's text is that JSON. */
  readonly output?: OutputShape | undefined;
}

export interface ModelMessage {
  readonly role: ModelRole;
  readonly content: string;
}

export type ModelRole = 'system' | 'user' | 'assistant';

export interface OutputShape {
  /** Letters, digits, _ and -, at most 64. */
  readonly name: string;
  /** An object schema; see `prompt/output-schema.ts` for the subset that is used. */
  readonly schema: JsonSchema;
}

export type JsonSchema = Readonly<Record<string, unknown>>;

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
  /** The part of `outputTokens` that is reasoning. */
  readonly reasoningTokens: number | undefined;
  /** What the provider said, as it said it. */
  readonly raw: unknown;
}

export interface ModelResponse {
  readonly id: string | undefined;
  readonly text: string;
  readonly finishReason: FinishReason;
  readonly usage: Usage | undefined;
  /** The provider's own id of the model that answered. */
  readonly modelId: string | undefined;
}

/** One piece of a stream. `finish` comes last and exactly once; a stream without it has failed. */
export type ModelPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'reasoning'; readonly text: string }
  | { readonly type: 'finish'; readonly reason: FinishReason; readonly usage: Usage | undefined };
