import { z } from 'zod';
import { RequestError } from '../http.ts';

/** What the stand-in reads of a chat-completions request; the rest, e.g. a temperature, makes no difference to it. */

const content = z.union([z.string(), z.array(z.object({ type: z.literal('text'), text: z.string() }))]);

const message = z.object({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
  content: content.nullish(),
});

const responseFormat = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text') }),
  z.object({ type: z.literal('json_object') }),
  z.object({
    type: z.literal('json_schema'),
    json_schema: z.object({ schema: z.record(z.string(), z.unknown()) }),
  }),
]);

const chatRequest = z.object({
  model: z.string(),
  messages: z.array(message).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  n: z.literal(1).nullish(),
  response_format: responseFormat.nullish(),
});
export type ChatRequest = z.infer<typeof chatRequest>;

/** Throws RequestError 400 that names the first parameter that is wrong. */
export function parseChatRequest(body: unknown): ChatRequest {
  const result = chatRequest.safeParse(body);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new RequestError(400, issue?.message ?? 'Invalid request', issue?.path.join('.') || undefined);
}

export function textOf(message: ChatRequest['messages'][number] | undefined): string {
  if (typeof message?.content === 'string') return message.content;
  return (message?.content ?? []).map((part) => part.text).join('\n');
}
