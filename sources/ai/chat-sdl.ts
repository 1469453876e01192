import { streamEventSdl } from './ai-sdl.ts';

const INPUTS = `"What a model is asked."
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
  "Asks for the probability of each token, with so many alternatives, from 0 to 20."
  logprobs: Int
  "How much the model reasons before it answers."
  reasoning: ChatReasoningInput
  "Functions of yours that the model may ask to be called."
  tools: [ChatToolInput!]
  "Whether it may, must or must not call one. Default: it may."
  toolChoice: ChatToolChoice
  "Name of the tool that it must call, in place of toolChoice."
  tool: String
  "Whether it may call several in one answer. Default: up to the model."
  parallelToolCalls: Boolean
  "Asks for an answer that is JSON of this shape."
  output: ChatOutputInput
  "What routes go by: names and texts. Not sent to any model."
  metadata: JSON
}

"One message of a conversation."
input ChatMessageInput {
  "Whose message it is."
  role: ChatRole!
  "The text of the message; of a TOOL message, what the tool gave."
  content: String
  "Text, images and files in their order, in place of content. In USER messages alone."
  parts: [ChatPartInput!]
  "Of an ASSISTANT message: the tools it asked to be called."
  toolCalls: [ChatToolCallInput!]
  "Of an ASSISTANT message: what it thought. Models that gave signatures want it back with them."
  reasoning: [ChatThoughtInput!]
  "Of an ASSISTANT message: the signature its text came with, if it had one."
  signature: String
  "Of a TOOL message: which call it answers."
  toolCallId: ID
  "Of a TOOL message: the tool failed."
  isError: Boolean
}

"One piece of a message: exactly one of its fields."
input ChatPartInput {
  "Text."
  text: String
  "An image."
  image: ChatMediaInput
  "A file, such as a PDF."
  file: ChatMediaInput
}

"An image or a file: by its address, which the provider fetches, or its bytes."
input ChatMediaInput {
  "Address; http, https, or data with base64."
  url: String
  "The bytes, in place of an address. Needs mediaType."
  base64: String
  "Such as image/png."
  mediaType: String
  "Name of a file."
  name: String
}

"A function of yours."
input ChatToolInput {
  "Letters, digits, _ and -, at most 64."
  name: String!
  "What it does, and when to call it."
  description: String
  "JSON Schema of its arguments: an object."
  parameters: JSON!
  "Its arguments must fit the schema to the letter, where the provider can see to it."
  strict: Boolean
}

"A call that a model asked for, as it came."
input ChatToolCallInput {
  "Id of the call."
  id: ID!
  "Name of the tool."
  name: String!
  "JSON of its arguments."
  arguments: String!
  "What came with it, if anything did."
  signature: String
}

"A thought of a model, as it came."
input ChatThoughtInput {
  "The thought."
  text: String!
  "What came with it, if anything did."
  signature: String
}

"At most one of the two."
input ChatReasoningInput {
  "In words."
  effort: ChatReasoningEffort
  "In tokens, for models that count so."
  budgetTokens: Int
}

"Asks for JSON."
input ChatOutputInput {
  "Letters, digits, _ and -, at most 64. Default: answer."
  name: String
  "JSON Schema of the answer: an object."
  schema: JSON!
}

"Texts to make vectors of."
input EmbedInput {
  "Name of a model or route. Default: the route named embed."
  model: String
  "The texts; at least one."
  texts: [String!]!
  "Length of the vectors, where the model can choose. Default: the model's own."
  dimensions: Int
}

"Whose message it is."
enum ChatRole {
  "Instructions to the model."
  SYSTEM
  "The one who asks."
  USER
  "The model."
  ASSISTANT
  "What a tool gave."
  TOOL
}

"Whether tools are called."
enum ChatToolChoice {
  "The model decides."
  AUTO
  "None is."
  NONE
  "At least one is."
  REQUIRED
}

"How much a model reasons."
enum ChatReasoningEffort {
  "Not at all."
  NONE
  "As little as it can."
  MINIMAL
  "A little."
  LOW
  "Some."
  MEDIUM
  "A lot."
  HIGH
}`;

const RESULTS = `"The whole answer of a model."
type ChatResult {
  "The provider's id of the answer."
  id: ID
  "Name of the model that answered."
  model: String!
  "Provider of the model."
  provider: String!
  "The answer."
  text: String!
  "What the model thought, where it tells."
  reasoning: [ChatThought!]!
  "Tools that it asks to be called."
  toolCalls: [ChatToolCall!]!
  "What the text came with: goes back with it."
  signature: String
  "Why the model stopped."
  finishReason: FinishReason!
  "Tokens of the call, if the provider told."
  usage: Usage
  "Probabilities of the tokens, as the provider told them."
  logprobs: JSON
  "Models that were asked, one after the other; the last one answered."
  attempts: [ModelAttempt!]!
  "Whether the answer was kept and no model was asked."
  cached: Boolean!
  "How long ago a kept answer was made, in seconds."
  cacheAgeSeconds: Int
}

"A thought of a model."
type ChatThought {
  "The thought. Empty where the model keeps it to itself."
  text: String!
  "Goes back with it."
  signature: String
}

"A tool that a model asks to be called."
type ChatToolCall {
  "Id of the call: its result names it."
  id: ID!
  "Name of the tool."
  name: String!
  "JSON of its arguments, which is that of an object. Whether they fit the schema is for you to check."
  arguments: String!
  "Goes back with it."
  signature: String
}

"A piece of a call. All pieces of one have its index; the first has id and name, and the arguments are put together."
type ChatToolCallDelta {
  "Which call of the answer, counted from 0."
  index: Int!
  "Id of the call, with its first piece."
  id: ID
  "Name of the tool, with its first piece."
  name: String
  "What is added to the JSON of the arguments."
  arguments: String!
  "Goes back with the call."
  signature: String
}

"A model that was asked."
type ModelAttempt {
  "Name of the model."
  model: String!
  "Provider of the model."
  provider: String!
  "The word ok, or the code of the error."
  outcome: String!
  "How long it took, in milliseconds."
  latencyMs: Int!
}

"Vectors of texts."
type EmbedResult {
  "Name of the model that made them."
  model: String!
  "Provider of the model."
  provider: String!
  "One for each text, in their order."
  embeddings: [[Float!]!]!
  "Tokens of the call, if the provider told."
  usage: Usage
  "Models that were asked, one after the other; the last one answered."
  attempts: [ModelAttempt!]!
}

"A model or a route: what a call may name as its model."
type Model {
  "Name of the model or route."
  name: String!
  "Provider of the model. Null for a route, which stands for one of its models."
  provider: String
  "What the model can, as far as is known. Null for a route."
  capabilities: [ModelCapability!]
  "Tokens of question and answer together. Null where nobody knows."
  contextTokens: Int
  "What it costs now, for a short question. Null where nobody knows, and for a route."
  price: ModelPrice
}

"US dollars for a million tokens. Null: the tokens cost what those do that they are part of."
type ModelPrice {
  "What is read."
  input: Float!
  "What is written."
  output: Float
  "Input from the provider's cache."
  cachedInput: Float
  "Input written to the provider's cache."
  cacheWrite: Float
  "Input written to it for an hour."
  cacheWrite1h: Float
  "Output that is reasoning."
  reasoning: Float
}

"Something a model may be able to do."
enum ModelCapability {
  "Answers messages."
  CHAT
  "Calls tools."
  TOOLS
  "Can be held to a schema."
  STRUCTURED_OUTPUT
  "Sees images."
  IMAGES
  "Reads files."
  FILES
  "Takes an effort or a number of tokens for its reasoning."
  REASONING
  "Takes temperature and topP."
  SAMPLING
  "Takes texts to stop at."
  STOP
  "Takes a seed."
  SEED
  "Tells probabilities of tokens."
  LOGPROBS
  "Makes vectors of texts."
  EMBEDDINGS
}`;

const MORE_OF_EVENT = `  "Provider of the model."
  provider: String!
  "What is added to the thoughts by this event."
  reasoning: String
  "A piece of a tool call."
  toolCall: ChatToolCallDelta
  "Ends the thought, or belongs to the text: goes back with it."
  signature: String
  "Probabilities of the tokens of this event, as the provider told them."
  logprobs: JSON
  "Models that were asked, one after the other; with the last event only."
  attempts: [ModelAttempt!]
  "Whether the answer was kept and no model was asked; with the last event only."
  cached: Boolean
  "How long ago a kept answer was made, in seconds; with the last event only."
  cacheAgeSeconds: Int
`;

const MORE_OF_USAGE = `  "What a kept answer had cost when it was made, in US dollars. Null for all others, and where it is not known."
  savedUsd: Float
`;

/** Types are the source's own: names that other sources are likely to have begin with Chat. */
export const SDL = `type Query {
  "The models and routes that can be asked."
  models: [Model!]!
}

type Mutation {
  "Asks a model and waits for the whole answer."
  chat(input: ChatInput!): ChatResult
  "Makes vectors of texts: near ones for those that mean much the same."
  embed(input: EmbedInput!): EmbedResult
}

type Subscription {
  "Asks a model and gives its answer as it is written."
  chatStream(input: ChatInput!): ChatStreamEvent
}

"Any JSON value."
scalar JSON

${INPUTS}

${RESULTS}

${streamEventSdl({ finishReason: 'FinishReason', usage: 'Usage', event: 'ChatStreamEvent' }, MORE_OF_EVENT, MORE_OF_USAGE)}`;
