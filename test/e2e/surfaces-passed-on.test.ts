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

it('the last piece of a call comes with the reason of the end, as some servers of OpenAI’s format send it', async () => {
  const chunk = (delta: object, finish_reason: string | null = null) =>
    `data: ${JSON.stringify({ id: 'a', choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
  const pieces = [
    chunk({
      role: 'assistant',
      tool_calls: [{ index: 0, id: 'c1', type: 'function', function: { name: 'weather', arguments: '{"city":' } }],
    }),
    chunk({ tool_calls: [{ index: 0, function: { arguments: '"Oslo"}' } }] }, 'tool_calls'),
    'data: [DONE]\n\n',
  ];
  surfaces.providers.openai.answer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(pieces.join(''));
  });
  const stream = surfaces.openai.chat.completions.stream({ model: 'openai', messages: [question] });
  const { choices } = await stream.finalChatCompletion();
  expect(choices[0]?.message.tool_calls).toMatchObject([
    { function: { name: 'weather', arguments: '{"city":"Oslo"}' } },
  ]);
  expect(surfaces.records.at(-1)).toMatchObject({ outcome: 'ok' });
});

it('arguments of a call may have words in them that are looked for', async () => {
  const event = (type: string, more: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;
  const events = [
    event('message_start', { message: { id: 'm', role: 'assistant', content: [], usage: { input_tokens: 3 } } }),
    event('content_block_start', { index: 0, content_block: { type: 'tool_use', id: 'c1', name: 'grep', input: {} } }),
    event('content_block_delta', { index: 0, delta: { type: 'input_json_delta', partial_json: '{"for":"' } }),
    event('content_block_delta', { index: 0, delta: { type: 'input_json_delta', partial_json: 'message_stop"}' } }),
    event('content_block_stop', { index: 0 }),
    event('message_delta', { delta: { stop_reason: 'tool_use', stop_sequence: null }, usage: { output_tokens: 4 } }),
    event('message_stop', {}),
  ];
  surfaces.providers.anthropic.answer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(events.join(''));
  });
  const { content } = await surfaces.anthropic.messages
    .stream({ model: 'anthropic', max_tokens: 9, messages: [question] })
    .finalMessage();
  expect(content).toMatchObject([{ type: 'tool_use', input: { for: 'message_stop' } }]);
  expect(surfaces.records.at(-1)).toMatchObject({ outcome: 'ok', usage: { inputTokens: 3, outputTokens: 4 } });
});

it('an answer in the background is refused: it would be paid, and nobody could ask for it or know what it cost', async () => {
  const { requests } = surfaces.providers['openai-responses'];
  const [asked, recorded] = [requests.length, surfaces.records.length];
  for (const stream of [false, true]) {
    const asking = surfaces.openai.responses.create({
      model: 'openai-responses',
      input: 'Hi',
      background: true,
      stream,
    });
    await expect(asking).rejects.toMatchObject({ status: 400, param: 'background' });
  }
  expect([requests.length, surfaces.records.length]).toEqual([asked, recorded]);
});

const QUOTED = '{"city":"Os';
/** A call of a tool whose arguments are no JSON, and which no limit has cut. */
const BROKEN = { id: 'c1', type: 'function' as const, function: { name: 'weather', arguments: QUOTED } };

it('arguments that are no JSON are the client’s to judge, in a whole answer as in a stream', async () => {
  surfaces.providers.openai.answer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    const message = { role: 'assistant', content: null, tool_calls: [BROKEN] };
    response.end(
      JSON.stringify({ id: 'a', choices: [{ index: 0, message, finish_reason: 'tool_calls' }], usage: USAGE }),
    );
  });
  const answer = await surfaces.openai.chat.completions.create({ model: 'openai', messages: [question] });
  expect(answer.choices[0]?.message.tool_calls).toEqual([BROKEN]);
  expect(surfaces.records.at(-1)).toMatchObject({ outcome: 'ok', usage: { inputTokens: 10, outputTokens: 5 } });
});

it('so are those of a whole answer of responses', async () => {
  const call = { type: 'function_call', id: 'fc1', call_id: 'c1', name: 'weather', arguments: QUOTED };
  surfaces.providers['openai-responses'].answer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    const usage = { input_tokens: 10, output_tokens: 5, total_tokens: 15 };
    response.end(JSON.stringify({ id: 'r', object: 'response', status: 'completed', output: [call], usage }));
  });
  const answer = await surfaces.openai.responses.create({ model: 'openai-responses', input: 'List it.' });
  expect(answer.output).toEqual([call]);
  expect(surfaces.records.at(-1)).toMatchObject({ outcome: 'ok', usage: { inputTokens: 10, outputTokens: 5 } });
});
