import type { JsonObject } from '../../../sources/ai/model.ts';
import type { AnswerInfo, ChatCall, StreamEncoder } from '../format.ts';
import { chatUsage, finishReason } from './chat-answer.ts';
import { extraContent, reasoningDetail } from './extra-content.ts';

/** https://platform.openai.com/docs/api-reference/chat-streaming */
export function createChatStream({ translation }: ChatCall, info: AnswerInfo): StreamEncoder {
  const { model, requestId, createdAt } = info;
  // All chunks begin alike: only what is in between is written anew.
  const head = `data: ${JSON.stringify({
    id: `chatcmpl-${requestId}`,
    object: 'chat.completion.chunk',
    created: createdAt,
    model,
  }).slice(0, -1)},"choices":`;
  const event = (choices: string, more = '') => `${head}${choices}${more}}\n\n`;
  const choice = (delta: string, logprobs: unknown = null, reason: string | null = null) =>
    event(
      `[{"index":0,"delta":${delta},"logprobs":${logprobs === null ? 'null' : JSON.stringify({ content: logprobs, refusal: null })},"finish_reason":${JSON.stringify(reason)}}]`,
    );
  let begun = false;
  /** Of the thought that is under way: its signature goes back with the whole of it. */
  let thought = '';

  const delta = (fields: JsonObject, logprobs?: unknown): string => {
    if (begun) return choice(JSON.stringify(fields), logprobs);
    begun = true;
    return choice('{"role":"assistant","content":"","refusal":null}') + choice(JSON.stringify(fields), logprobs);
  };

  return {
    part(part) {
      if (part.type !== 'reasoning') thought = '';
      switch (part.type) {
        case 'text':
          if (part.text === '') return '';
          if (begun && part.logprobs === undefined) return choice(`{"content":${JSON.stringify(part.text)}}`);
          return delta({ content: part.text }, part.logprobs);
        case 'reasoning': {
          const { text, signature } = part;
          const whole = thought + text;
          thought = signature === undefined ? whole : '';
          return delta({
            ...(text !== '' && { reasoning_content: text }),
            ...(signature !== undefined && { reasoning_details: [reasoningDetail({ text: whole, signature })] }),
          });
        }
        case 'tool-call': {
          const { index, id, name, arguments: given, signature } = part;
          const called =
            name === undefined
              ? { index, function: { arguments: given } }
              : { index, id, type: 'function', function: { name, arguments: given } };
          return delta({ tool_calls: [{ ...called, ...extraContent(signature) }] });
        }
        case 'finish': {
          const opening = begun ? '' : choice('{"role":"assistant","content":"","refusal":null}');
          const end = choice('{}', null, finishReason(part.reason));
          const usage =
            translation.wantsUsage && part.usage
              ? event('[]', `,"usage":${JSON.stringify(chatUsage(part.usage))}`)
              : '';
          return `${opening}${end}${usage}data: [DONE]\n\n`;
        }
      }
    },
  };
}
