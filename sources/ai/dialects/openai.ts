import { SkeinError } from '../../../kernel/errors.ts';
import type { AnswerPart, FinishReason, ModelPart, ModelResponse, Usage } from '../model.ts';
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
import { openaiNative } from './native.ts';
import { createOpenaiEmbeddings } from './openai-embeddings.ts';
import { openaiRequest } from './openai-request.ts';
import { openaiUsage } from './openai-usage.ts';
import { arrayOf, isObject, type JsonObject, objectOf, textOf } from './read.ts';
import { checkArguments, isCut, madeUpId, ToolCallAssembler } from './tool-calls.ts';

/**
 * Chat completions: https://platform.openai.com/docs/api-reference/chat. OpenAI's own endpoint wants
 * `max_completion_tokens` and its reasoning models refuse the older `max_tokens`, which is the one word that every
 * compatible server knows.
 */
export function createOpenaiDialect(endpoint: string, quirks: DialectQuirks = {}): ModelDialect {
  const isOwn = isOpenai(new URL(endpoint).hostname);
  const settled: DialectQuirks = {
    maxTokensField: isOwn ? 'max_completion_tokens' : 'max_tokens',
    toolCallIds: isOwn ? 'openai' : undefined,
    ...quirks,
  };
  return {
    name: 'openai',
    request: (call, target) => openaiRequest(call, target, settled),
    parse: (body, _, asIs) => parse(body, settled, asIs),
    usage: (body) => usageOf(objectOf(body), settled),
    stream: (_, shown) => new OpenaiDecoder(settled, shown !== 'some'),
    native: openaiNative(settled),
    embeddings: createOpenaiEmbeddings(settled),
  };
}

function isOpenai(host: string): boolean {
  return host === 'api.openai.com' || host.endsWith('.api.openai.com') || host.endsWith('.openai.azure.com');
}

function usageOf({ usage, service_tier: serviceTier }: JsonObject, quirks: DialectQuirks): Usage | undefined {
  return openaiUsage(usage, { ...quirks, serviceTier });
}

function parse(body: unknown, quirks: DialectQuirks, asIs?: 'as-is'): ModelResponse {
  const answer = objectOf(body);
  if (isFailure(answer)) throw errorInside(answer);
  const choice = arrayOf(answer.choices)[0];
  if (!isObject(choice) || !isObject(choice.message)) throw unreadable('The answer has no choices[0].message.');
  const { message } = choice;
  if (isBroken(choice)) throw errorInside({ error: choice.error ?? BROKEN });
  const refusal = textOf(message.refusal);
  const reason = refusal ? 'content-filter' : finishReason(choice.finish_reason);
  const content: AnswerPart[] = [];
  const reasoning = reasoningText(message);
  if (reasoning) content.push({ type: 'reasoning', text: reasoning });
  const text = contentText(message.content) || refusal;
  if (text) content.push({ type: 'text', text });
  for (const [index, call] of arrayOf(message.tool_calls).map(objectOf).entries()) {
    // Of a tool that is OpenAI's alone: only who asks in its words has one.
    if (call.type === 'custom') continue;
    const called = objectOf(call.function);
    const [name = '', given] = [textOf(called.name), textOf(called.arguments) || '{}'];
    if (!name && asIs === undefined) throw unreadable('A call of a tool has no name.');
    if (!isCut(reason) && asIs === undefined) checkArguments(given);
    content.push({
      type: 'tool-call',
      id: textOf(call.id) || madeUpId(textOf(answer.id), index),
      name,
      arguments: given,
    });
  }
  return {
    id: textOf(answer.id),
    text: joinText(content),
    finishReason: endOf(
      reason,
      content.some(({ type }) => type === 'tool-call'),
    ),
    usage: usageOf(answer, quirks),
    modelId: textOf(answer.model),
    content,
    logprobs: isObject(choice.logprobs) ? choice.logprobs.content : undefined,
    raw: body,
  };
}

class OpenaiDecoder implements StreamDecoder {
  readonly #quirks: DialectQuirks;
  readonly #seesAll: boolean;
  readonly #calls = new ToolCallAssembler();
  #serviceTier: unknown;
  #id: string | undefined;
  #modelId: string | undefined;
  #reason: FinishReason | undefined;
  #refused = false;
  #usage: unknown;
  #isCounted = false;
  #finished = false;
  #lastKey: number | string = 0;
  /** The call that was told last of each index. */
  readonly #counted = new Map<number, { readonly key: number | string; readonly id: string | undefined }>();

  constructor(quirks: DialectQuirks, seesAll: boolean) {
    this.#quirks = quirks;
    this.#seesAll = seesAll;
  }

  push({ event, data }: StreamEvent): ModelPart[] {
    if (this.#finished) return [];
    if (data === '[DONE]') return this.#finish();
    const chunk = objectOf(parseEventData(data));
    const choice = objectOf(arrayOf(chunk.choices)[0]);
    if (typeof choice.finish_reason === 'string') this.#reason = finishReason(choice.finish_reason);
    this.#serviceTier = chunk.service_tier ?? this.#serviceTier;
    const failed = event === 'error' || isFailure(chunk);
    // Some servers tell it with the last chunk in a place of their own.
    const usage = chunk.usage ?? objectOf(chunk.x_groq).usage ?? choice.usage;
    if (isObject(usage)) {
      this.#usage = usage;
      // Some servers tell with every chunk what it is until then.
      this.#isCounted = failed || this.#reason !== undefined;
    }
    if (failed) throw errorInside(chunk);
    if (isBroken(choice)) throw errorInside({ error: choice.error ?? BROKEN });
    this.#id ??= textOf(chunk.id);
    this.#calls.answerId = this.#id;
    this.#modelId ??= textOf(chunk.model);
    // The chunk with the usage has no choices.
    const delta = objectOf(choice.delta);
    const parts: ModelPart[] = [];
    const reasoning = reasoningText(delta);
    if (reasoning) parts.push({ type: 'reasoning', text: reasoning });
    const refusal = textOf(delta.refusal);
    if (refusal) this.#refused = true;
    const text = contentText(delta.content) || refusal;
    if (text) {
      const logprobs = isObject(choice.logprobs) ? choice.logprobs.content : undefined;
      parts.push({ type: 'text', text, ...(logprobs != null && { logprobs }) });
    }
    if (Array.isArray(delta.tool_calls)) for (const call of delta.tool_calls) parts.push(...this.#call(objectOf(call)));
    return parts;
  }

  end(): ModelPart[] {
    if (this.#finished) return [];
    // Some compatible servers leave [DONE] out; an answer with its reason is whole all the same.
    if (this.#reason === undefined) throw new SkeinError('MODEL_STREAM_TRUNCATED');
    return this.#finish();
  }

  usage(): Usage | undefined {
    return usageOf({ usage: this.#usage, service_tier: this.#serviceTier }, this.#quirks);
  }

  isCounted(): boolean {
    return this.#isCounted;
  }

  #call(call: JsonObject): ModelPart[] {
    const called = objectOf(call.function);
    const id = textOf(call.id) || undefined;
    const name = textOf(called.name);
    // Servers that do not count their calls name them, and send each whole or one after the other.
    if (typeof call.index === 'number') this.#lastKey = this.#keyOf(call.index, id, name);
    else if (id !== undefined) this.#lastKey = id;
    return this.#calls.push({ key: this.#lastKey, id, name, arguments: textOf(called.arguments) });
  }

  /** Some servers count every call as the first: one with an id and a name of its own is another. */
  #keyOf(index: number, id: string | undefined, name: string | undefined): number | string {
    const known = this.#counted.get(index);
    const isOther = known?.id !== undefined && id !== undefined && id !== known.id && name;
    if (known !== undefined && !isOther) return known.key;
    const key = isOther ? id : index;
    this.#counted.set(index, { key, id });
    return key;
  }

  #finish(): ModelPart[] {
    this.#finished = true;
    const reason = this.#refused ? 'content-filter' : endOf(this.#reason ?? 'other', this.#calls.size > 0);
    if (this.#seesAll) this.#calls.check(reason);
    return [{ type: 'finish', reason, usage: this.usage(), id: this.#id, modelId: this.#modelId }];
  }
}

function isFailure(answer: JsonObject): boolean {
  return answer.error !== undefined && answer.error !== null;
}

const BROKEN = { message: 'The model stopped because of an error.' };
const BROKEN_REASONS: ReadonlySet<unknown> = new Set(['error', 'abort', 'insufficient_system_resource']);

/** Some servers have a word among the reasons of the end for an answer that has not come to it. */
function isBroken({ finish_reason: reason }: JsonObject): boolean {
  return BROKEN_REASONS.has(reason);
}

/** Beside the text, or with Mistral among its pieces. */
function reasoningText({ reasoning_content: own, reasoning: other, content }: JsonObject): string | undefined {
  const told = textOf(own) ?? textOf(other);
  if (told !== undefined || !Array.isArray(content)) return told;
  return content.map((piece) => contentText(objectOf(piece).thinking)).join('');
}

/** A string, or with some servers a list of typed pieces. */
function contentText(content: unknown): string {
  if (typeof content === 'string') return content;
  return arrayOf(content)
    .map((piece) => textOf(objectOf(piece).text) ?? '')
    .join('');
}

/** Who is told which tool to call says that it has stopped. */
function endOf(reason: FinishReason, calls: boolean): FinishReason {
  return reason === 'stop' && calls ? 'tool-calls' : reason;
}

function finishReason(reason: unknown): FinishReason {
  switch (reason) {
    case 'stop':
    case 'length':
      return reason;
    case 'model_length':
      return 'length';
    case 'content_filter':
      return 'content-filter';
    case 'tool_calls':
    case 'function_call':
      return 'tool-calls';
    default:
      return 'other';
  }
}
