import { fetch } from 'undici';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Backend } from '../backend.ts';
import { createStandInServer } from './server.ts';

let standIn: Backend;
let url: string;
let streamEnded: () => void;

beforeEach(async () => {
  streamEnded = () => {};
  standIn = createStandInServer({ wordEveryMs: 1, onStreamEnd: () => streamEnded() });
  url = `http://127.0.0.1:${await standIn.listen()}/v1`;
});
afterEach(() => standIn.close());

const question = [{ role: 'user', content: 'Summarize: One two three. Four.' }];

function post(body: object, signal?: AbortSignal) {
  return fetch(`${url}/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model: 'stand-in', messages: question, ...body }),
    ...(signal && { signal }),
  });
}

async function streamed(body: object): Promise<string> {
  const text = await (await post({ stream: true, ...body })).text();
  return text.replaceAll(/"created":\d+/g, '"created":0');
}

test('a completion has the shape of a chat completion and names the stand-in as its model', async () => {
  expect(await (await post({})).json()).toEqual({
    id: 'chatcmpl-stand-in-1',
    object: 'chat.completion',
    created: expect.any(Number),
    model: 'stand-in',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'One two three.', refusal: null },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: { prompt_tokens: 8, completion_tokens: 4, total_tokens: 12 },
  });
});

test('a stream is role, words, finish and [DONE], byte for byte', async () => {
  const head = '{"id":"chatcmpl-stand-in-1","object":"chat.completion.chunk","created":0,"model":"stand-in","choices":';
  const chunk = (delta: string, finish = 'null') =>
    `data: ${head}[{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${finish}}]}\n\n`;
  expect(await streamed({})).toBe(
    chunk('{"role":"assistant","content":""}') +
      chunk('{"content":"One "}') +
      chunk('{"content":"two "}') +
      chunk('{"content":"three."}') +
      chunk('{}', '"stop"') +
      'data: [DONE]\n\n',
  );
});

test('the usage comes in a chunk without choices, and only when it is asked for', async () => {
  const events = (await streamed({ stream_options: { include_usage: true } })).trim().split('\n\n');
  expect(events.at(-1)).toBe('data: [DONE]');
  expect(events.at(-2)).toBe(
    'data: {"id":"chatcmpl-stand-in-1","object":"chat.completion.chunk","created":0,"model":"stand-in","choices":[],' +
      '"usage":{"prompt_tokens":8,"completion_tokens":4,"total_tokens":12}}',
  );
  for (const event of events.slice(0, -2)) expect(event).toMatch(/"usage":null\}$/);
  expect(await streamed({ stream_options: { include_usage: false } })).not.toContain('usage');
});

test.each(['max_tokens', 'max_completion_tokens'])('%s cuts the answer short and says so', async (name) => {
  expect(await (await post({ [name]: 2 })).json()).toMatchObject({
    choices: [{ message: { content: 'One two ' }, finish_reason: 'length' }],
    usage: { completion_tokens: 2 },
  });
  expect(await streamed({ [name]: 2 })).toContain('"finish_reason":"length"');
});

test('the timer of a stream is gone when its client has left', async () => {
  const ended = new Promise<void>((resolve) => {
    streamEnded = resolve;
  });
  const leaving = new AbortController();
  const text = 'word '.repeat(100_000);
  const response = await post(
    { stream: true, messages: [{ role: 'user', content: `Summarize: ${text}` }] },
    leaving.signal,
  );
  await response.body?.getReader().read();
  leaving.abort();
  await ended;
});

test.each([
  [{ model: 'other' }, 404, 'model', 'model_not_found'],
  [{ messages: [] }, 400, 'messages', null],
  [{ max_tokens: 0 }, 400, 'max_tokens', null],
  [
    { response_format: { type: 'json_schema', json_schema: { schema: { $ref: '#/none' } } } },
    400,
    'response_format',
    null,
  ],
])('%j is refused in the format of OpenAI', async (body, status, param, code) => {
  const response = await post(body);
  expect(response.status).toBe(status);
  expect(await response.json()).toEqual({
    error: { message: expect.any(String), type: 'invalid_request_error', param, code },
  });
});

test('the only model is the stand-in', async () => {
  expect(await (await fetch(`${url}/models`)).json()).toMatchObject({ object: 'list', data: [{ id: 'stand-in' }] });
  expect((await fetch(`${url}/embeddings`)).status).toBe(404);
});
