import { SkeinError } from '../../../kernel/errors.ts';
import type { FinishReason, ModelPart, ModelRequest, ModelResponse, Usage } from '../model.ts';
import {
  type DialectRequest,
  type DialectTarget,
  errorInside,
  type ModelDialect,
  parseEventData,
  type StreamDecoder,
  type StreamEvent,
  unreadable,
} from './dialect.ts';
import { countOf, isObject, type JsonObject, objectOf, sumOf, textOf } from './read.ts';

/**
 * The messages API: https://docs.anthropic.com/en/api/messages. Structured output is asked for as a tool the model
 * must use: every model that takes tools can, without a beta header.
 */
export const anthropicDialect: ModelDialect = {
  name: 'anthropic',
  request,
  parse,
  stream: (call) => new AnthropicDecoder(call.output !== undefined),
};

function request(call: ModelRequest, target: DialectTarget): DialectRequest {
  if (call.seed !== undefined) throw refused('This model takes no seed.');
  if (call.temperature !== undefined && call.temperature > 1) throw refused('This model takes a temperature up to 1.');
  const messages = call.messages.filter(({ role }) => role !== 'system');
  if (messages.length === 0) throw refused('This model needs a message that is not a system message.');
  const system = [call.system, ...call.messages.filter(({ role }) => role === 'system').map(({ content }) => content)]
    .filter((text) => text !== undefined)
    .join('\n\n');
  const body = {
    model: target.model,
    max_tokens: call.maxTokens ?? target.maxTokens,
    system: system === '' ? undefined : system,
    messages: messages.map(({ role, content }) => ({ role, content })),
    temperature: call.temperature,
    top_p: call.topP,
    stop_sequences: call.stop,
    ...(call.output && {
      tools: [{ name: call.output.name, description: 'Gives the answer.', input_schema: call.output.schema }],
      tool_choice: { type: 'tool', name: call.output.name, disable_parallel_tool_use: true },
    }),
    ...(target.stream && { stream: true }),
  };
  return {
    path: '/messages',
    headers: {
      'content-type': 'application/json',
      accept: target.stream ? 'text/event-stream' : 'application/json',
      'anthropic-version': '2023-06-01',
      ...(target.apiKey !== undefined && { 'x-api-key': target.apiKey }),
    },
    body: JSON.stringify(body),
  };
}

function refused(message: string): SkeinError {
  return new SkeinError('BAD_USER_INPUT', message);
}

function parse(body: unknown, call: ModelRequest): ModelResponse {
  const answer = objectOf(body);
  if (answer.type === 'error') throw errorInside(answer);
  if (!Array.isArray(answer.content)) throw unreadable('The answer has no content.');
  const blocks = answer.content.map(objectOf);
  const outputBlock = call.output && blocks.find((block) => block.type === 'tool_use');
  return {
    id: textOf(answer.id),
    text: outputBlock
      ? JSON.stringify(outputBlock.input ?? null)
      : blocks.map((block) => (block.type === 'text' ? (textOf(block.text) ?? '') : '')).join(''),
    finishReason: finishReason(answer.stop_reason, outputBlock !== undefined),
    usage: usageOf(answer.usage),
    modelId: textOf(answer.model),
  };
}

class AnthropicDecoder implements StreamDecoder {
  readonly #structured: boolean;
  #usage: JsonObject | undefined;
  #reason: unknown;
  #finished = false;

  constructor(structured: boolean) {
    this.#structured = structured;
  }

  push({ event, data }: StreamEvent): ModelPart[] {
    if (this.#finished) return [];
    const body = objectOf(parseEventData(data));
    switch (body.type ?? event) {
      case 'error':
        throw errorInside(body);
      case 'message_start':
        this.#addUsage(objectOf(body.message).usage);
        return [];
      case 'content_block_delta':
        return this.#delta(objectOf(body.delta));
      case 'message_delta':
        this.#reason = objectOf(body.delta).stop_reason ?? this.#reason;
        this.#addUsage(body.usage);
        return [];
      case 'message_stop':
        this.#finished = true;
        return [{ type: 'finish', reason: finishReason(this.#reason, this.#structured), usage: usageOf(this.#usage) }];
      default:
        // ping, the borders of blocks, and whatever is added later: the API asks to ignore what is not known.
        return [];
    }
  }

  end(): ModelPart[] {
    if (!this.#finished) throw new SkeinError('MODEL_STREAM_TRUNCATED');
    return [];
  }

  #delta(delta: JsonObject): ModelPart[] {
    const text = textOf(delta.type === 'input_json_delta' && this.#structured ? delta.partial_json : delta.text);
    if (text) return [{ type: 'text', text }];
    const thinking = textOf(delta.thinking);
    return thinking ? [{ type: 'reasoning', text: thinking }] : [];
  }

  /** The last word on each count wins: `message_delta` carries totals, not increments. */
  #addUsage(usage: unknown): void {
    if (!isObject(usage)) return;
    const known = Object.entries(usage).filter(([, value]) => value !== null);
    this.#usage = { ...this.#usage, ...Object.fromEntries(known) };
  }
}

function finishReason(reason: unknown, structured: boolean): FinishReason {
  switch (reason) {
    case 'end_turn':
    case 'stop_sequence':
      return 'stop';
    case 'max_tokens':
    case 'model_context_window_exceeded':
      return 'length';
    case 'tool_use':
      return structured ? 'stop' : 'tool-calls';
    case 'refusal':
      return 'content-filter';
    default:
      return 'other';
  }
}

/** `input_tokens` leaves cache reads and writes out; ours has them in. */
function usageOf(raw: unknown): Usage | undefined {
  if (!isObject(raw)) return undefined;
  const fresh = countOf(raw.input_tokens);
  const cacheRead = countOf(raw.cache_read_input_tokens);
  const inputTokens =
    fresh === undefined ? undefined : sumOf(fresh, cacheRead, countOf(raw.cache_creation_input_tokens));
  const outputTokens = countOf(raw.output_tokens);
  return {
    inputTokens,
    outputTokens,
    totalTokens: inputTokens === undefined || outputTokens === undefined ? undefined : sumOf(inputTokens, outputTokens),
    cachedInputTokens: cacheRead,
    reasoningTokens: undefined,
    raw,
  };
}
