import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Surfaces, startSurfaces } from '../utils/surfaces.ts';
import { expectNoUnhandledRejection } from '../utils/unhandled.ts';

let surfaces: Surfaces;
expectNoUnhandledRejection();
beforeAll(async () => {
  surfaces = await startSurfaces();
});
afterAll(() => surfaces.close());

const USAGE = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
const tools = [{ type: 'custom' as const, custom: { name: 'shell' } }];
const question = { role: 'user' as const, content: 'List it.' };

it('a call of a custom tool comes from OpenAI to its own client, and goes back', async () => {
  const call = { id: 'c1', type: 'custom' as const, custom: { name: 'shell', input: 'ls -l' } };
  const message = { role: 'assistant' as const, content: null, tool_calls: [call] };
  surfaces.providers.openai.answer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({ id: 'a', choices: [{ index: 0, message, finish_reason: 'tool_calls' }], usage: USAGE }),
    );
  });
  const answer = await surfaces.openai.chat.completions.create({ model: 'openai', messages: [question], tools });
  expect(answer.choices[0]?.message.tool_calls).toEqual([call]);
  const messages = [question, message, { role: 'tool' as const, tool_call_id: 'c1', content: 'total 0' }];
  await surfaces.openai.chat.completions.create({ model: 'openai', messages, tools });
  expect(surfaces.providers.openai.requests.at(-1)?.body.messages).toEqual(messages);
  expect(surfaces.records.at(-1)).toMatchObject({ outcome: 'ok', usage: { inputTokens: 10, outputTokens: 5 } });
});
