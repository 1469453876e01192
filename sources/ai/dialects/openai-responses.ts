import { SkeinError } from '../../../kernel/errors.ts';
import type { AnswerPart, FinishReason, ModelPart, ModelResponse, Signature, Usage } from '../model.ts';
import { type Billing, classesOf, tierOf, toldUsd, withTier } from './billing.ts';
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
import { responsesNative } from './native.ts';
import { arrayOf, countOf, isObject, type JsonObject, objectOf, textOf } from './read.ts';
import { RESPONSES, responsesRequest } from './responses-request.ts';
import { checkArguments, isCut, ToolCallAssembler } from './tool-calls.ts';

/** https://platform.openai.com/docs/api-reference/responses. Nothing is kept at the provider: conversations go whole. */
export function createResponsesDialect(quirks: DialectQuirks = {}): ModelDialect {
  return {
    name: RESPONSES,
    request: (call, target) => responsesRequest(call, target, quirks),
    parse: (body, _, asIs) => parse(body, quirks, asIs),
    usage: (body) => usageOf(objectOf(body), quirks),
    stream: (_, shown) => new ResponsesDecoder(quirks, shown !== 'some'),
    native: responsesNative(quirks),
  };
}

function parse(body: unknown, quirks: DialectQuirks, asIs?: 'as-is'): ModelResponse {
  const answer = objectOf(body);
  throwFailure(answer);
  if (!Array.isArray(answer.output)) throw unreadable('The answer has no output.');
  const items = answer.output.map(objectOf);
  const content = items.flatMap((item, index) => toParts(item, index, asIs));
  const reason = finishReason(
    answer,
    items.some(isRefusal),
    content.some(({ type }) => type === 'tool-call'),
  );
  if (!isCut(reason) && asIs === undefined)
    for (const part of content) if (part.type === 'tool-call') checkArguments(part.arguments);
  return {
    id: textOf(answer.id),
    text: joinText(content),
    finishReason: reason,
    usage: usageOf(answer, quirks),
    modelId: textOf(answer.model),
    content,
    logprobs: logprobsOf(items),
    raw: body,
  };
}

function throwFailure(answer: JsonObject): void {
  if (answer.status === 'failed' || isObject(answer.error)) throw errorInside(answer);
}

function toParts(item: JsonObject, index: number, asIs: 'as-is' | undefined): AnswerPart[] {
  switch (item.type) {
    case 'message':
      return arrayOf(item.content).flatMap((piece): AnswerPart[] => {
        const { text, refusal } = objectOf(piece);
        const said = textOf(text) ?? textOf(refusal);
        return said ? [{ type: 'text', text: said }] : [];
      });
    case 'function_call': {
      const name = textOf(item.name) ?? '';
      if (name === '' && asIs === undefined) throw unreadable('A call of a tool has no name.');
      const id = textOf(item.call_id) ?? `call_${index}`;
      return [{ type: 'tool-call', id, name, arguments: textOf(item.arguments) || '{}' }];
    }
    case 'reasoning':
      return [{ type: 'reasoning', text: summaryOf(item), signature: signatureOf(item) }];
    default:
      return [];
  }
}

/** Between the pieces of a thought. */
const PARAGRAPH = '\n\n';

function summaryOf(item: JsonObject): string {
  const pieces = arrayOf(item.summary).length > 0 ? item.summary : item.content;
  return arrayOf(pieces)
    .map((piece) => textOf(objectOf(piece).text) ?? '')
    .join(PARAGRAPH);
}

function signatureOf(item: JsonObject): Signature | undefined {
  const value = textOf(item.encrypted_content);
  return value ? { dialect: RESPONSES, value, id: textOf(item.id) } : undefined;
}

function isRefusal(item: JsonObject): boolean {
  return item.type === 'message' && arrayOf(item.content).some((piece) => objectOf(piece).type === 'refusal');
}

function logprobsOf(items: readonly JsonObject[]): unknown {
  const all = items.flatMap((item) => arrayOf(item.content).flatMap((piece) => arrayOf(objectOf(piece).logprobs)));
  return all.length === 0 ? undefined : all;
}

class ResponsesDecoder implements StreamDecoder {
  readonly #quirks: DialectQuirks;
  readonly #seesAll: boolean;
  readonly #calls = new ToolCallAssembler();
  /** Calls whose arguments came piece by piece: the whole of them says nothing new. */
  readonly #streamed = new Set<number>();
  #response: JsonObject = {};
  #refused = false;
  #finished = false;

  constructor(quirks: DialectQuirks, seesAll: boolean) {
    this.#quirks = quirks;
    this.#seesAll = seesAll;
  }

  push({ event, data }: StreamEvent): ModelPart[] {
    if (this.#finished || data === '[DONE]') return [];
    const body = objectOf(parseEventData(data));
    const key = countOf(body.output_index) ?? 0;
    switch (body.type ?? event) {
      case 'error':
        throw errorInside(isObject(body.error) ? body : { error: body });
      case 'response.output_text.delta':
        return textParts(body);
      case 'response.refusal.delta':
        this.#refused = true;
        return textParts(body);
      case 'response.reasoning_summary_part.added':
        // As the whole answer has them.
        return countOf(body.summary_index) ? [{ type: 'reasoning', text: PARAGRAPH }] : [];
      case 'response.reasoning_summary_text.delta':
      case 'response.reasoning_text.delta': {
        const text = textOf(body.delta);
        return text ? [{ type: 'reasoning', text }] : [];
      }
      case 'response.output_item.added':
        return this.#begin(key, objectOf(body.item));
      case 'response.function_call_arguments.delta':
        this.#streamed.add(key);
        return this.#calls.push({ key, arguments: textOf(body.delta) });
      case 'response.output_item.done':
        return this.#end(key, objectOf(body.item));
      case 'response.completed':
      case 'response.incomplete':
      case 'response.failed':
        return this.#finish(objectOf(body.response));
      default:
        return [];
    }
  }

  end(): ModelPart[] {
    if (!this.#finished) throw new SkeinError('MODEL_STREAM_TRUNCATED');
    return [];
  }

  usage(): Usage | undefined {
    return usageOf(this.#response, this.#quirks);
  }

  /** It is told with the end alone. */
  isCounted(): boolean {
    return isObject(this.#response.usage);
  }

  #begin(key: number, item: JsonObject): ModelPart[] {
    if (item.type !== 'function_call') return [];
    return this.#calls.push({ key, id: textOf(item.call_id), name: textOf(item.name) });
  }

  #end(key: number, item: JsonObject): ModelPart[] {
    if (item.type === 'reasoning') {
      const signature = signatureOf(item);
      return signature === undefined ? [] : [{ type: 'reasoning', text: '', signature }];
    }
    if (item.type !== 'function_call') return [];
    const whole = this.#streamed.has(key) ? undefined : textOf(item.arguments);
    const parts = this.#calls.push({ key, id: textOf(item.call_id), name: textOf(item.name), arguments: whole });
    return [...parts, ...this.#calls.close(key)];
  }

  #finish(response: JsonObject): ModelPart[] {
    this.#response = response;
    throwFailure(response);
    this.#finished = true;
    const reason = finishReason(response, this.#refused, this.#calls.size > 0);
    if (this.#seesAll) this.#calls.check(reason);
    return [{ type: 'finish', reason, usage: this.usage(), id: textOf(response.id), modelId: textOf(response.model) }];
  }
}

function textParts(body: JsonObject): ModelPart[] {
  const text = textOf(body.delta);
  if (!text) return [];
  const hasLogprobs = Array.isArray(body.logprobs) && body.logprobs.length > 0;
  return [{ type: 'text', text, ...(hasLogprobs && { logprobs: body.logprobs }) }];
}

function finishReason(answer: JsonObject, refused: boolean, calls: boolean): FinishReason {
  if (answer.status === 'incomplete') {
    const { reason } = objectOf(answer.incomplete_details);
    if (reason === 'max_output_tokens') return 'length';
    return reason === 'content_filter' ? 'content-filter' : 'other';
  }
  if (refused) return 'content-filter';
  if (calls) return 'tool-calls';
  return answer.status === 'completed' || answer.status === undefined ? 'stop' : 'other';
}

/** Cached tokens are part of the input's, reasoning is part of the output's. */
function usageOf({ usage: raw, service_tier: told, output }: JsonObject, quirks: DialectQuirks): Usage | undefined {
  if (!isObject(raw)) return undefined;
  const tier = tierOf(told, quirks.alikeTiers);
  return {
    inputTokens: countOf(raw.input_tokens),
    outputTokens: countOf(raw.output_tokens),
    totalTokens: countOf(raw.total_tokens),
    cachedInputTokens: countOf(objectOf(raw.input_tokens_details).cached_tokens),
    cacheWriteTokens: countOf(objectOf(raw.input_tokens_details).cache_write_tokens),
    reasoningTokens: countOf(objectOf(raw.output_tokens_details).reasoning_tokens),
    ...billed(raw, arrayOf(output).map(objectOf)),
    ...(tier !== undefined && { serviceTier: tier }),
    toldUsd: toldUsd(raw, quirks.costField),
    raw: withTier(raw, tier),
  };
}

/** Containers by their time, images by tokens that are told nowhere. */
const HAVE_FEES: ReadonlySet<unknown> = new Set(['code_interpreter_call', 'image_generation_call']);

/** Tools of the provider's own are among the items of the answer. To open a page of a search costs nothing. */
function billed(raw: JsonObject, items: readonly JsonObject[]): Billing {
  const isSearch = ({ type, action }: JsonObject) =>
    type === 'web_search_call' && (textOf(objectOf(action).type) ?? 'search') === 'search';
  const tools = countOf(raw.num_server_side_tools_used) ?? 0;
  return {
    ...classesOf({
      inputAudio: countOf(objectOf(raw.input_tokens_details).audio_tokens),
      outputAudio: countOf(objectOf(raw.output_tokens_details).audio_tokens),
      webSearch: items.filter(isSearch).length,
      fileSearch: items.filter(({ type }) => type === 'file_search_call').length,
    }),
    ...((tools > 0 || items.some(({ type }) => HAVE_FEES.has(type))) && { hasOtherFees: true }),
  };
}
