import type { AnswerPart, FinishReason, JsonObject, ModelResponse, Usage } from '../../../sources/ai/model.ts';
import type { AnswerInfo } from '../format.ts';
import { extraContent } from '../openai/extra-content.ts';
import { thinkingBlock } from './signatures.ts';

const REASONS: Readonly<Record<FinishReason, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  'content-filter': 'refusal',
  'tool-calls': 'tool_use',
  other: 'end_turn',
};

export function stopReason(reason: FinishReason): string {
  return REASONS[reason];
}

export function messageId(requestId: string): string {
  return `msg_${requestId.replaceAll('-', '')}`;
}

export function messagesAnswer(response: ModelResponse, { model, requestId }: AnswerInfo): JsonObject {
  const content: readonly AnswerPart[] = response.content ?? [{ type: 'text', text: response.text }];
  return {
    id: response.id ?? messageId(requestId),
    type: 'message',
    role: 'assistant',
    model,
    content: content.filter((part) => part.type !== 'text' || part.text !== '').map(toBlock),
    stop_reason: stopReason(response.finishReason),
    stop_sequence: null,
    usage: messagesUsage(response.usage),
  };
}

function toBlock(part: AnswerPart): JsonObject {
  switch (part.type) {
    case 'text':
      return { type: 'text', text: part.text, citations: null };
    case 'reasoning':
      return thinkingBlock(part);
    case 'tool-call':
      return { ...toolBlock(part), input: inputOf(part.arguments) };
  }
}

/** Of a call that a limit of tokens has cut off there is no object. */
function inputOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

export function toolBlock({ id, name, signature }: Omit<AnswerPart & { type: 'tool-call' }, 'arguments'>): JsonObject {
  return { type: 'tool_use', id, name, input: {}, ...extraContent(signature) };
}

/** Cache reads and writes are counted apart in this format. What is not known is 0, as clients want numbers. */
export function messagesUsage(usage: Usage | undefined): JsonObject {
  const { inputTokens = 0, outputTokens = 0, cachedInputTokens: read, cacheWriteTokens: written } = usage ?? {};
  return {
    input_tokens: Math.max(0, inputTokens - (read ?? 0) - (written ?? 0)),
    output_tokens: outputTokens,
    cache_read_input_tokens: read ?? null,
    cache_creation_input_tokens: written ?? null,
  };
}
