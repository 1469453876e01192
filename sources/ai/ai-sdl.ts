import type { Capability } from './capabilities.ts';
import type { FinishReason, ModelRole, ReasoningEffort, ToolChoice } from './model.ts';

/** Enum values of the SDL → canonical words. */
export const CHAT_ROLES: Readonly<Record<string, ModelRole>> = {
  SYSTEM: 'system',
  USER: 'user',
  ASSISTANT: 'assistant',
  TOOL: 'tool',
};

export const TOOL_CHOICES: Readonly<Record<string, ToolChoice>> = {
  AUTO: 'auto',
  NONE: 'none',
  REQUIRED: 'required',
};

export const EFFORTS: Readonly<Record<string, ReasoningEffort>> = {
  NONE: 'none',
  MINIMAL: 'minimal',
  LOW: 'low',
  MEDIUM: 'medium',
  HIGH: 'high',
};

export const CAPABILITY_VALUES: Readonly<Record<string, Capability>> = {
  CHAT: 'chat',
  TOOLS: 'tools',
  STRUCTURED_OUTPUT: 'structuredOutput',
  IMAGES: 'images',
  FILES: 'files',
  REASONING: 'reasoning',
  SAMPLING: 'sampling',
  STOP: 'stop',
  SEED: 'seed',
  LOGPROBS: 'logprobs',
  EMBEDDINGS: 'embeddings',
};

export const FINISH_REASONS: Readonly<Record<string, FinishReason>> = {
  STOP: 'stop',
  LENGTH: 'length',
  CONTENT_FILTER: 'content-filter',
  TOOL_CALLS: 'tool-calls',
  OTHER: 'other',
};

/**
 * The enum, the usage and the event of a stream under the names a source wants for them: each source owns its types,
 * and chats and prompts stream the same shape.
 */
export function streamEventSdl(
  names: { finishReason: string; usage: string; event: string },
  moreOfEvent = '',
  moreOfUsage = '',
): string {
  return `"Why a model stopped."
enum ${names.finishReason} {
  "It came to its end, or to a stop text."
  STOP
  "The limit of tokens was reached: the text is cut."
  LENGTH
  "The provider or the model refused to go on."
  CONTENT_FILTER
  "It wants tools to be called."
  TOOL_CALLS
  "Another reason of the provider's."
  OTHER
}

"Tokens of one call, as the provider counted them. Null is unknown."
type ${names.usage} {
  "All tokens read, those from a cache among them."
  inputTokens: Int
  "All tokens written, reasoning among them."
  outputTokens: Int
  "Input and output together."
  totalTokens: Int
  "The part of inputTokens that came from the provider's cache."
  cachedInputTokens: Int
  "The part of outputTokens that was spent on reasoning."
  reasoningTokens: Int
  "The part of inputTokens that was written to the provider's cache."
  cacheWriteTokens: Int
  "The part of cacheWriteTokens that is kept for an hour."
  cacheWrite1hTokens: Int
  "What the call cost, in US dollars. Null where its tokens or its price are not known."
  costUsd: Float
${moreOfUsage}}

"A piece of a streamed answer."
type ${names.event} {
  "Position in the stream, counted from 0."
  index: Int!
  "What is added to the text by this event."
  text: String!
  "Name of the model that answers."
  model: String!
  "Why the model stopped; with the last event only."
  finishReason: ${names.finishReason}
  "Tokens of the whole call; with the last event only, if the provider tells."
  usage: ${names.usage}
${moreOfEvent}}
`;
}
