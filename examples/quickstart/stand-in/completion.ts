import { answerTo, splitPrompt } from './answers.ts';
import { type ChatRequest, textOf } from './request.ts';
import { valueFor } from './structured.ts';

/** Id of the only model there is, and the `model` of every answer: nobody shall take it for a real one. */
export const MODEL = 'stand-in';

const CHARACTERS_PER_TOKEN = 4;

export interface Completion {
  readonly text: string;
  readonly finishReason: 'stop' | 'length';
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number; readonly total_tokens: number };
}

/** The answer to the last user message, the same every time. Tokens are counted as four characters each. */
export function complete(request: ChatRequest): Completion {
  const prompt = textOf(request.messages.findLast((message) => message.role === 'user'));
  const whole = answer(prompt, request.response_format);
  const maxTokens = request.max_completion_tokens ?? request.max_tokens ?? Number.POSITIVE_INFINITY;
  // No half of a surrogate pair at the end.
  const text = whole.slice(0, maxTokens * CHARACTERS_PER_TOKEN).replace(/[\uD800-\uDBFF]$/, '');
  const promptTokens = tokensOf(request.messages.map(textOf).join(''));
  const completionTokens = tokensOf(text);
  return {
    text,
    finishReason: text.length < whole.length ? 'length' : 'stop',
    usage: {
      prompt_tokens: promptTokens,
      completion_tokens: completionTokens,
      total_tokens: promptTokens + completionTokens,
    },
  };
}

function answer(prompt: string, format: ChatRequest['response_format']): string {
  if (format?.type === 'json_schema') {
    const { instruction, text } = splitPrompt(prompt);
    return JSON.stringify(valueFor(format.json_schema.schema, text || instruction));
  }
  const text = answerTo(prompt);
  return format?.type === 'json_object' ? JSON.stringify({ answer: text }) : text;
}

function tokensOf(text: string): number {
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN);
}
