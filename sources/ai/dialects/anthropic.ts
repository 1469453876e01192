import { SkeinError } from '../../../kernel/errors.ts';
import type { AnswerPart, FinishReason, ModelPart, ModelRequest, ModelResponse, Usage } from '../model.ts';
import { anthropicRequest } from './anthropic-request.ts';
import { anthropicUsage } from './anthropic-usage.ts';
import { joinText } from './content.ts';
import {
  type DialectQuirks,
  errorInside,
  type ModelDialect,
  parseEventData,
  type StreamDecoder,
  type StreamEvent,
  unreadable,
} from './dialect.ts';
import { anthropicNative } from './native.ts';
import { countOf, isObject, type JsonObject, objectOf, textOf } from './read.ts';
import { ToolCallAssembler } from './tool-calls.ts';

const NAME = 'anthropic';

/**
 * The messages API: https://docs.anthropic.com/en/api/messages. Structured output is asked for as a tool the model
 * must use: every model that takes tools can, without a beta header.
 */
export function createAnthropicDialect(quirks: DialectQuirks = {}): ModelDialect {
  return {
    name: NAME,
    request: (call, target) => anthropicRequest(call, target, quirks),
    parse,
    usage: (body) => anthropicUsage(objectOf(body).usage),
    stream: (call, shown) => new AnthropicDecoder(call.output !== undefined, shown !== 'some'),
    native: anthropicNative(quirks),
  };
}

function parse(body: unknown, call: ModelRequest, asIs?: 'as-is'): ModelResponse {
  const answer = objectOf(body);
  if (answer.type === 'error') throw errorInside(answer);
  if (!Array.isArray(answer.content)) throw unreadable('The answer has no content.');
  const blocks = answer.content.map(objectOf);
  const outputBlock = call.output && blocks.find((block) => block.type === 'tool_use');
  const content: AnswerPart[] = outputBlock
    ? [{ type: 'text', text: JSON.stringify(outputBlock.input ?? null) }]
    : blocks.flatMap((block, index) => toPart(block, index, asIs));
  return {
    id: textOf(answer.id),
    text: joinText(content),
    finishReason: finishReason(answer.stop_reason, outputBlock !== undefined),
    usage: anthropicUsage(answer.usage),
    modelId: textOf(answer.model),
    content,
    raw: body,
  };
}

function toPart(block: JsonObject, index: number, asIs: 'as-is' | undefined): AnswerPart[] {
  switch (block.type) {
    case 'text':
      return [{ type: 'text', text: textOf(block.text) ?? '' }];
    case 'thinking': {
      const value = textOf(block.signature);
      const signature = value === undefined ? undefined : { dialect: NAME, value };
      return [{ type: 'reasoning', text: textOf(block.thinking) ?? '', signature }];
    }
    case 'redacted_thinking':
      return [{ type: 'reasoning', text: '', signature: redacted(block.data) }];
    case 'tool_use': {
      const name = textOf(block.name) ?? '';
      if (name === '' && asIs === undefined) throw unreadable('A call of a tool has no name.');
      const given = JSON.stringify(objectOf(block.input));
      return [{ type: 'tool-call', id: textOf(block.id) ?? `call_${index}`, name, arguments: given }];
    }
    default:
      return [];
  }
}

function redacted(data: unknown) {
  return { dialect: NAME, value: textOf(data) ?? '', isRedacted: true };
}

class AnthropicDecoder implements StreamDecoder {
  readonly #structured: boolean;
  readonly #seesAll: boolean;
  readonly #calls = new ToolCallAssembler();
  /** What calls have begun with: it counts where nothing follows. */
  readonly #inputs = new Map<number, string>();
  #usage: JsonObject | undefined;
  #isCounted = false;
  #reason: unknown;
  #id: string | undefined;
  #modelId: string | undefined;
  #finished = false;

  constructor(structured: boolean, seesAll: boolean) {
    this.#structured = structured;
    this.#seesAll = seesAll;
  }

  push({ event, data }: StreamEvent): ModelPart[] {
    if (this.#finished) return [];
    const body = objectOf(parseEventData(data));
    switch (body.type ?? event) {
      case 'error':
        this.#addUsage(body.usage);
        throw errorInside(body);
      case 'message_start': {
        const message = objectOf(body.message);
        this.#id = textOf(message.id);
        this.#modelId = textOf(message.model);
        this.#addUsage(message.usage);
        return [];
      }
      case 'content_block_start':
        return this.#block(keyOf(body), objectOf(body.content_block));
      case 'content_block_delta':
        return this.#delta(keyOf(body), objectOf(body.delta));
      case 'content_block_stop':
        return this.#calls.close(keyOf(body), this.#inputs.get(keyOf(body)));
      case 'message_delta':
        this.#reason = objectOf(body.delta).stop_reason ?? this.#reason;
        this.#addUsage(body.usage);
        this.#isCounted = this.#reason !== undefined && isObject(body.usage);
        return [];
      case 'message_stop':
        return [this.#finish()];
      default:
        // ping, and whatever is added later: the API asks to ignore what is not known.
        return [];
    }
  }

  end(): ModelPart[] {
    if (!this.#finished) throw new SkeinError('MODEL_STREAM_TRUNCATED');
    return [];
  }

  usage(): Usage | undefined {
    return anthropicUsage(this.#usage);
  }

  isCounted(): boolean {
    return this.#isCounted;
  }

  #finish(): ModelPart {
    this.#finished = true;
    const reason = finishReason(this.#reason, this.#structured);
    if (this.#seesAll) this.#calls.check(reason);
    return { type: 'finish', reason, usage: this.usage(), id: this.#id, modelId: this.#modelId };
  }

  /** A block may begin with something in it. */
  #block(key: number, block: JsonObject): ModelPart[] {
    if (block.type === 'redacted_thinking') return [{ type: 'reasoning', text: '', signature: redacted(block.data) }];
    if (block.type !== 'tool_use' || this.#structured) return this.#delta(key, block);
    if (isObject(block.input)) this.#inputs.set(key, JSON.stringify(block.input));
    return this.#calls.push({ key, id: textOf(block.id), name: textOf(block.name) });
  }

  #delta(key: number, delta: JsonObject): ModelPart[] {
    if (delta.type === 'input_json_delta' && !this.#structured)
      return this.#calls.push({ key, arguments: textOf(delta.partial_json) });
    if (delta.type === 'signature_delta') {
      const value = textOf(delta.signature);
      return value ? [{ type: 'reasoning', text: '', signature: { dialect: NAME, value } }] : [];
    }
    const text = textOf(delta.type === 'input_json_delta' ? delta.partial_json : delta.text);
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

function keyOf(body: JsonObject): number {
  return countOf(body.index) ?? 0;
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
