import { SkeinError } from '../../kernel/errors.ts';
import { type ChatMessageInput, readMessage } from './chat-messages.ts';
import { isObject } from './dialects/read.ts';
import type { EmbedRequest, ModelRequest, OutputShape, ReasoningEffort, ToolChoice, ToolDefinition } from './model.ts';

type Given<T> = T | null | undefined;

/** `ChatInput` as GraphQL has coerced it: types are right, ranges are not checked. */
export interface ChatInput {
  readonly model?: Given<string>;
  readonly messages: readonly ChatMessageInput[];
  readonly maxTokens?: Given<number>;
  readonly temperature?: Given<number>;
  readonly topP?: Given<number>;
  readonly stop?: Given<readonly string[]>;
  readonly seed?: Given<number>;
  readonly logprobs?: Given<number>;
  readonly reasoning?: Given<{ readonly effort?: Given<ReasoningEffort>; readonly budgetTokens?: Given<number> }>;
  readonly tools?: Given<readonly ChatToolInput[]>;
  readonly toolChoice?: Given<ToolChoice>;
  readonly tool?: Given<string>;
  readonly parallelToolCalls?: Given<boolean>;
  readonly output?: Given<{ readonly name?: Given<string>; readonly schema: unknown }>;
  readonly metadata?: unknown;
}

interface ChatToolInput {
  readonly name: string;
  readonly description?: Given<string>;
  readonly parameters: unknown;
  readonly strict?: Given<boolean>;
}

export interface EmbedInput {
  readonly model?: Given<string>;
  readonly texts: readonly string[];
  readonly dimensions?: Given<number>;
}

const NAME = /^[A-Za-z0-9_-]{1,64}$/;

/** @throws SkeinError BAD_USER_INPUT naming the field that is wrong. */
export function readChatInput(input: ChatInput): ModelRequest {
  const { messages, maxTokens, temperature, topP, stop, seed, logprobs } = input;
  check(messages.length > 0, 'messages', 'must have at least one message');
  check(isBetween(maxTokens, 1, Number.MAX_SAFE_INTEGER), 'maxTokens', 'must be at least 1');
  check(isBetween(temperature, 0, 2), 'temperature', 'must be from 0 to 2');
  check(isBetween(topP, 0, 1), 'topP', 'must be from 0 to 1');
  check(stop?.every((text) => text !== '') ?? true, 'stop', 'must not have an empty text');
  check(isBetween(logprobs, 0, 20), 'logprobs', 'must be from 0 to 20');
  const tools = readTools(input.tools);
  return {
    messages: messages.map(readMessage),
    maxTokens: maxTokens ?? undefined,
    temperature: temperature ?? undefined,
    topP: topP ?? undefined,
    stop: stop?.length ? stop : undefined,
    seed: seed ?? undefined,
    logprobs: logprobs ?? undefined,
    reasoning: readReasoning(input.reasoning),
    tools,
    toolChoice: readToolChoice(input, tools),
    parallelToolCalls: readParallel(input, tools),
    output: readOutput(input.output),
    metadata: readMetadata(input.metadata),
  };
}

/** @throws SkeinError BAD_USER_INPUT naming the field that is wrong. */
export function readEmbedInput({ texts, dimensions }: EmbedInput): EmbedRequest {
  check(texts.length > 0, 'texts', 'must have at least one text');
  check(
    texts.every((text) => text !== ''),
    'texts',
    'must not have an empty text',
  );
  check(isBetween(dimensions, 1, 100_000), 'dimensions', 'must be from 1 to 100000');
  return { texts, dimensions: dimensions ?? undefined };
}

function readReasoning(given: ChatInput['reasoning']): ModelRequest['reasoning'] {
  const effort = given?.effort ?? undefined;
  const budgetTokens = given?.budgetTokens ?? undefined;
  check(
    effort === undefined || budgetTokens === undefined,
    'reasoning',
    'has effort and budgetTokens: say one of them',
  );
  check(isBetween(budgetTokens, 1, Number.MAX_SAFE_INTEGER), 'reasoning.budgetTokens', 'must be at least 1');
  return effort === undefined && budgetTokens === undefined ? undefined : { effort, budgetTokens };
}

function readTools(given: ChatInput['tools']): readonly ToolDefinition[] | undefined {
  if (!given?.length) return undefined;
  const names = new Set<string>();
  return given.map(({ name, description, parameters, strict }, index) => {
    check(NAME.test(name), `tools[${index}].name`, 'must be letters, digits, _ and -, at most 64');
    check(!names.has(name), `tools[${index}].name`, 'is that of another tool');
    names.add(name);
    if (!isObject(parameters)) throw wrong(`tools[${index}].parameters`, 'must be a schema: an object');
    return { name, description: description ?? undefined, parameters, strict: strict ?? undefined };
  });
}

function readToolChoice(
  { tool, toolChoice }: ChatInput,
  tools: readonly ToolDefinition[] = [],
): ToolChoice | undefined {
  if (tool !== null && tool !== undefined) {
    check(
      toolChoice === null || toolChoice === undefined,
      'tool',
      'stands in the place of toolChoice: say one of them',
    );
    check(
      tools.some(({ name }) => name === tool),
      'tool',
      'must be the name of one of tools',
    );
    return { tool };
  }
  check(!toolChoice || toolChoice === 'none' || tools.length > 0, 'toolChoice', 'needs tools to choose from');
  return tools.length > 0 ? (toolChoice ?? undefined) : undefined;
}

function readParallel({ parallelToolCalls }: ChatInput, tools: readonly ToolDefinition[] = []): boolean | undefined {
  const isGiven = parallelToolCalls !== null && parallelToolCalls !== undefined;
  check(!isGiven || tools.length > 0, 'parallelToolCalls', 'needs tools to call');
  return parallelToolCalls ?? undefined;
}

function readOutput(given: ChatInput['output']): OutputShape | undefined {
  if (given === null || given === undefined) return undefined;
  const { schema } = given;
  const name = given.name ?? 'answer';
  check(NAME.test(name), 'output.name', 'must be letters, digits, _ and -, at most 64');
  if (!isObject(schema)) throw wrong('output.schema', 'must be a schema: an object');
  return { name, schema };
}

function readMetadata(given: unknown): Readonly<Record<string, string>> | undefined {
  if (given === null || given === undefined) return undefined;
  const isMap = isObject(given) && Object.values(given).every((value) => typeof value === 'string');
  if (!isMap) throw wrong('metadata', 'must be a map of text');
  return given as Readonly<Record<string, string>>;
}

function isBetween(value: Given<number>, min: number, max: number): boolean {
  return value === undefined || value === null || (value >= min && value <= max);
}

function check(fits: boolean, field: string, expectation: string): void {
  if (!fits) throw wrong(field, expectation);
}

function wrong(field: string, expectation: string): SkeinError {
  return new SkeinError('BAD_USER_INPUT', `"${field}" ${expectation}.`);
}
