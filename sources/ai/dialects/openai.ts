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
import { arrayOf, countOf, isObject, type JsonObject, objectOf, textOf } from './read.ts';

/**
 * Chat completions: https://platform.openai.com/docs/api-reference/chat. OpenAI's own endpoint wants
 * `max_completion_tokens` and its reasoning models refuse the older `max_tokens`, which is the one word that every
 * compatible server knows.
 */
export function createOpenaiDialect(endpoint: string): ModelDialect {
  const maxTokensField = isOpenai(new URL(endpoint).hostname) ? 'max_completion_tokens' : 'max_tokens';
  return {
    name: 'openai',
    request: (call, target) => request(call, target, maxTokensField),
    parse,
    stream: () => new OpenaiDecoder(),
  };
}

function isOpenai(host: string): boolean {
  return host === 'api.openai.com' || host.endsWith('.api.openai.com') || host.endsWith('.openai.azure.com');
}

function request(call: ModelRequest, target: DialectTarget, maxTokensField: string): DialectRequest {
  const system = call.system === undefined ? [] : [{ role: 'system', content: call.system }];
  const body = {
    model: target.model,
    messages: [...system, ...call.messages.map(({ role, content }) => ({ role, content }))],
    [maxTokensField]: call.maxTokens,
    temperature: call.temperature,
    top_p: call.topP,
    stop: call.stop,
    seed: call.seed,
    response_format: call.output && {
      type: 'json_schema',
      json_schema: { name: call.output.name, strict: true, schema: call.output.schema },
    },
    ...(target.stream && { stream: true, stream_options: { include_usage: true } }),
  };
  return {
    path: '/chat/completions',
    headers: {
      'content-type': 'application/json',
      accept: target.stream ? 'text/event-stream' : 'application/json',
      ...(target.apiKey !== undefined && { authorization: `Bearer ${target.apiKey}` }),
    },
    body: JSON.stringify(body),
  };
}

function parse(body: unknown): ModelResponse {
  const answer = objectOf(body);
  if (isFailure(answer)) throw errorInside(answer);
  const choice = arrayOf(answer.choices)[0];
  if (!isObject(choice) || !isObject(choice.message)) throw unreadable('The answer has no choices[0].message.');
  const refusal = textOf(choice.message.refusal);
  return {
    id: textOf(answer.id),
    text: contentText(choice.message.content) || refusal || '',
    finishReason: refusal ? 'content-filter' : finishReason(choice.finish_reason),
    usage: usageOf(answer.usage),
    modelId: textOf(answer.model),
  };
}

class OpenaiDecoder implements StreamDecoder {
  #reason: FinishReason | undefined;
  #refused = false;
  #usage: unknown;
  #finished = false;

  push({ event, data }: StreamEvent): ModelPart[] {
    if (this.#finished) return [];
    if (data === '[DONE]') return this.#finish();
    const chunk = objectOf(parseEventData(data));
    if (event === 'error' || isFailure(chunk)) throw errorInside(chunk);
    if (isObject(chunk.usage)) this.#usage = chunk.usage;
    // The chunk with the usage has no choices.
    const choice = objectOf(arrayOf(chunk.choices)[0]);
    const delta = objectOf(choice.delta);
    const parts: ModelPart[] = [];
    const reasoning = textOf(delta.reasoning_content) ?? textOf(delta.reasoning);
    if (reasoning) parts.push({ type: 'reasoning', text: reasoning });
    const refusal = textOf(delta.refusal);
    if (refusal) this.#refused = true;
    const text = contentText(delta.content) || refusal;
    if (text) parts.push({ type: 'text', text });
    if (typeof choice.finish_reason === 'string') this.#reason = finishReason(choice.finish_reason);
    return parts;
  }

  end(): ModelPart[] {
    if (this.#finished) return [];
    // Some compatible servers leave [DONE] out; an answer with its reason is whole all the same.
    if (this.#reason === undefined) throw new SkeinError('MODEL_STREAM_TRUNCATED');
    return this.#finish();
  }

  #finish(): ModelPart[] {
    this.#finished = true;
    const reason = this.#refused ? 'content-filter' : (this.#reason ?? 'other');
    return [{ type: 'finish', reason, usage: usageOf(this.#usage) }];
  }
}

function isFailure(answer: JsonObject): boolean {
  return answer.error !== undefined && answer.error !== null;
}

/** A string, or with some servers a list of typed pieces. */
function contentText(content: unknown): string {
  if (typeof content === 'string') return content;
  return arrayOf(content)
    .map((piece) => textOf(objectOf(piece).text) ?? '')
    .join('');
}

function finishReason(reason: unknown): FinishReason {
  switch (reason) {
    case 'stop':
    case 'length':
      return reason;
    case 'content_filter':
      return 'content-filter';
    case 'tool_calls':
    case 'function_call':
      return 'tool-calls';
    default:
      return 'other';
  }
}

/** Cached tokens are part of the prompt's, reasoning is part of the completion's: nothing is to be added. */
function usageOf(raw: unknown): Usage | undefined {
  if (!isObject(raw)) return undefined;
  return {
    inputTokens: countOf(raw.prompt_tokens),
    outputTokens: countOf(raw.completion_tokens),
    totalTokens: countOf(raw.total_tokens),
    cachedInputTokens: countOf(objectOf(raw.prompt_tokens_details).cached_tokens),
    reasoningTokens: countOf(objectOf(raw.completion_tokens_details).reasoning_tokens),
    raw,
  };
}
