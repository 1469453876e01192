import type { FinishReason, ModelRole } from './model.ts';

/** Enum values of the SDL → canonical words. */
export const CHAT_ROLES: Readonly<Record<string, ModelRole>> = {
  SYSTEM: 'system',
  USER: 'user',
  ASSISTANT: 'assistant',
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
export function streamEventSdl(names: { finishReason: string; usage: string; event: string }): string {
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
}

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
}
`;
}

export const SDL = `type Query {
  "The models and routes that can be asked."
  models: [Model!]!
}

type Mutation {
  "Asks a model and waits for the whole answer."
  chat(input: ChatInput!): ChatResult
}

type Subscription {
  "Asks a model and gives its answer as it is written."
  chatStream(input: ChatInput!): ChatStreamEvent
}

"A model or a route: what ChatInput.model may name."
type Model {
  "Name of the model or route."
  name: String!
  "Provider of the model. Null for a route, which stands for one of its models."
  provider: String
}

"What a model is asked."
input ChatInput {
  "Name of a model or route. Default: the route named default."
  model: String
  "The conversation so far, oldest first; at least one message."
  messages: [ChatMessageInput!]!
  "The most tokens the model may write; at least 1."
  maxTokens: Int
  "How much chance there is in the choice of words: 0 is the least, 2 the most. Some models take at most 1."
  temperature: Float
  "Chooses among the likeliest words that together have this probability, from 0 to 1."
  topP: Float
  "Texts at which the model stops; they are not part of the answer."
  stop: [String!]
  "Asks for the same answer to the same question, as far as the model can. Refused by models that cannot."
  seed: Int
}

"One message of a conversation."
input ChatMessageInput {
  "Whose message it is."
  role: ChatRole!
  "The text of the message."
  content: String!
}

"Whose message it is."
enum ChatRole {
  "Instructions to the model."
  SYSTEM
  "The one who asks."
  USER
  "The model."
  ASSISTANT
}

"The whole answer of a model."
type ChatResult {
  "The provider's id of the answer."
  id: ID
  "Name of the model that answered."
  model: String!
  "The answer."
  text: String!
  "Why the model stopped."
  finishReason: FinishReason!
  "Tokens of the call, if the provider told."
  usage: Usage
}

${streamEventSdl({ finishReason: 'FinishReason', usage: 'Usage', event: 'ChatStreamEvent' })}`;
