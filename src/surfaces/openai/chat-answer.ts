import type { AnswerPart, FinishReason, JsonObject, ModelResponse, Usage } from '../../../sources/ai/model.ts';
import type { AnswerInfo } from '../format.ts';
import { extraContent, reasoningDetail } from './extra-content.ts';

const REASONS: Readonly<Record<FinishReason, string>> = {
  stop: 'stop',
  length: 'length',
  'content-filter': 'content_filter',
  'tool-calls': 'tool_calls',
  other: 'stop',
};

export function finishReason(reason: FinishReason): string {
  return REASONS[reason];
}

/** https://platform.openai.com/docs/api-reference/chat/object */
export function chatAnswer(response: ModelResponse, { model, requestId, createdAt }: AnswerInfo): JsonObject {
  const content = response.content ?? [{ type: 'text', text: response.text }];
  const calls = content.filter((part) => part.type === 'tool-call');
  const message = {
    role: 'assistant',
    content: response.text === '' && calls.length > 0 ? null : response.text,
    refusal: null,
    ...reasoningOf(content),
    ...(calls.length > 0 && {
      tool_calls: calls.map(({ id, name, arguments: given, signature }) => ({
        id,
        type: 'function',
        function: { name, arguments: given },
        ...extraContent(signature),
      })),
    }),
  };
  return {
    id: response.id ?? `chatcmpl-${requestId}`,
    object: 'chat.completion',
    created: createdAt,
    model,
    choices: [
      {
        index: 0,
        message,
        logprobs: response.logprobs === undefined ? null : { content: response.logprobs, refusal: null },
        finish_reason: finishReason(response.finishReason),
      },
    ],
    ...(response.usage && { usage: chatUsage(response.usage) }),
  };
}

/** The field is others' than OpenAI's, and known to clients that show thoughts. */
function reasoningOf(content: readonly AnswerPart[]): JsonObject {
  const thoughts = content.filter((part) => part.type === 'reasoning');
  if (thoughts.length === 0) return {};
  return {
    reasoning_content: thoughts.map(({ text }) => text).join(''),
    ...(thoughts.some(({ signature }) => signature !== undefined) && {
      reasoning_details: thoughts.map(reasoningDetail),
    }),
  };
}

/** What is not known is left out; clients want numbers for the three that are always there. */
export function chatUsage(usage: Usage): JsonObject {
  const { inputTokens = 0, outputTokens = 0, cachedInputTokens, cacheWriteTokens, reasoningTokens } = usage;
  const cache = {
    ...(cachedInputTokens !== undefined && { cached_tokens: cachedInputTokens }),
    ...(cacheWriteTokens !== undefined && { cache_write_tokens: cacheWriteTokens }),
  };
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: usage.totalTokens ?? inputTokens + outputTokens,
    ...(Object.keys(cache).length > 0 && { prompt_tokens_details: cache }),
    ...(reasoningTokens !== undefined && { completion_tokens_details: { reasoning_tokens: reasoningTokens } }),
  };
}
