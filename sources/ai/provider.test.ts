import { describe, expect, onTestFinished, test } from 'vitest';
import { createCallContext } from '../../test/utils/call-context.ts';
import {
  createProviderServer,
  openaiAnswer,
  openaiChunks,
  openaiEvents,
  type ProviderHandler,
  sendEvents,
  sendJson,
} from '../../test/utils/provider-server.ts';
import type { ModelPart, ModelRequest } from './model.ts';
import { providerOptions } from './options.ts';
import { createProvider, type ModelTarget } from './provider.ts';

const KEY = 'sk-very-secret-key';
const call: ModelRequest = { messages: [{ role: 'user', content: 'Hi' }] };
const target: ModelTarget = { name: 'gpt', provider: 'stub', modelId: 'gpt-upstream', maxTokens: 100 };

async function setUp(handler?: ProviderHandler, over: object = {}) {
  const server = await createProviderServer(handler);
  const options = { dialect: 'openai', endpoint: server.endpoint, apiKey: KEY, timeoutMs: 5_000, ...over };
  const provider = createProvider('stub', providerOptions.parse(options));
  const { context, log, abort } = createCallContext();
  onTestFinished(async () => {
    await provider.dispose();
    await server.close();
  });
  return {
    server,
    log,
    abort,
    provider,
    context,
    generate: () => provider.generate(target, call, context),
    stream: () => provider.stream(target, call, context),
  };
}

/** All parts, and the failure if the stream ended with one. */
async function collect(stream: AsyncIterableIterator<ModelPart>) {
  const parts: ModelPart[] = [];
  try {
    for await (const part of stream) parts.push(part);
  } catch (error) {
    return { parts, error };
  }
  return { parts, error: undefined };
}

const textOf = (parts: ModelPart[]) => parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
const failure = (code: string, extensions: object = {}) =>
  expect.objectContaining({ code, extensions: { code, source: 'ai', operation: 'gpt', ...extensions } });

describe('a call', () => {
  test('sends the request below the endpoint with the key and the headers, and reads the answer', async () => {
    const { server, generate } = await setUp((_, response) => sendJson(response, openaiAnswer('Hello')), {
      headers: { 'x-team': 'blue' },
    });
    expect(await generate()).toMatchObject({ text: 'Hello', finishReason: 'stop', usage: { totalTokens: 7 } });
    expect(server.requests[0]).toMatchObject({
      path: '/v1/chat/completions',
      headers: { authorization: `Bearer ${KEY}`, 'x-team': 'blue', 'content-type': 'application/json' },
      body: { model: 'gpt-upstream' },
    });
  });

  test.each([
    [400, {}, 'UPSTREAM_REJECTED', {}],
    [401, {}, 'UPSTREAM_REJECTED', {}],
    [403, {}, 'UPSTREAM_REJECTED', {}],
    [429, { 'retry-after': '7' }, 'UPSTREAM_REJECTED', { retryAfterMs: 7_000 }],
    [500, {}, 'UPSTREAM_FAILED', {}],
    [529, { 'retry-after-ms': '250' }, 'UPSTREAM_FAILED', { retryAfterMs: 250 }],
    [302, { location: 'http://127.0.0.1:1/' }, 'UPSTREAM_BAD_RESPONSE', {}],
  ])('and a stream answered with %i fail as what it is', async (upstreamStatus, headers, code, extensions) => {
    const body = { error: { type: 'x', message: `no: ${KEY} for Hi` } };
    const { generate, stream, log } = await setUp((_, response) => sendJson(response, body, upstreamStatus, headers));
    const expected = failure(code, { upstreamStatus, ...extensions });
    await expect(generate()).rejects.toEqual(expected);
    expect((await collect(stream())).error).toEqual(expected);
    expect(log.lines).toHaveLength(2);
    expect(log.lines[0]).toMatchObject({ level: 'warn', fields: { provider: 'stub', model: 'gpt', upstreamStatus } });
    expect(JSON.stringify(log.lines)).toContain('no: [redacted]');
    expect(JSON.stringify(log.lines)).not.toContain(KEY);
  });

  test.each([
    ['HTML', '<html>busy</html>', 'text/html'],
    ['millions of parts', JSON.stringify({ ...openaiAnswer('Hi'), more: '[]'.repeat(300_000) }), 'application/json'],
    ['half a JSON', '{"choices":[{"mess', 'application/json'],
    ['another JSON', '{"ok":true}', 'application/json'],
    ['nothing', '', 'application/json'],
  ])('and a stream answered with %s are of no use', async (_what, body, contentType) => {
    const { generate, stream } = await setUp((_, response) => {
      response.writeHead(200, { 'content-type': contentType });
      response.end(body);
    });
    const error = failure('UPSTREAM_BAD_RESPONSE', { upstreamStatus: 200 });
    await expect(generate()).rejects.toEqual(error);
    expect(await collect(stream())).toEqual({ parts: [], error });
  });

  test('and a stream answered with an error behind a 200 fail', async () => {
    const { generate, stream } = await setUp((_, response) => sendJson(response, { error: { message: 'boom' } }));
    const error = failure('UPSTREAM_FAILED', { upstreamStatus: 200 });
    await expect(generate()).rejects.toEqual(error);
    expect((await collect(stream())).error).toEqual(error);
  });

  test('to nobody is unreachable', async () => {
    const { provider, context } = await setUp(undefined, { endpoint: 'http://127.0.0.1:1/v1' });
    await expect(provider.generate(target, call, context)).rejects.toEqual(failure('UPSTREAM_UNREACHABLE'));
  });

  test('whose client goes away closes the socket', async () => {
    const { server, generate, abort, log } = await setUp();
    const answer = generate();
    const { closed } = await server.nextRequest();
    abort();
    await expect(answer).rejects.toEqual(failure('CLIENT_CLOSED_REQUEST'));
    await closed;
    expect(log.lines.filter(({ level }) => level !== 'debug')).toEqual([]);
  });
});

describe('a stream', () => {
  const whole = Buffer.from(
    `: welcome\r\n\r\n${openaiEvents(...openaiChunks('Grüße, ', '世界 ', '👋🏽')).replaceAll('\n', '\r\n')}`,
  );

  test.each([1, 7])('may be cut anywhere: in pieces of %i bytes it is the same', async (size) => {
    const { stream } = await setUp(async (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.socket?.setNoDelay(true);
      for (let at = 0; at < whole.length; at += size) {
        response.write(whole.subarray(at, at + size));
        await new Promise((resolve) => setImmediate(resolve));
      }
      response.end();
    });
    const { parts, error } = await collect(stream());
    expect(error).toBeUndefined();
    expect(textOf(parts)).toBe('Grüße, 世界 👋🏽');
    expect(parts.at(-1)).toMatchObject({ type: 'finish', reason: 'stop', usage: { totalTokens: 7 } });
  });

  test('cut in its middle gives what came, then fails as truncated', async () => {
    const { stream, log } = await setUp((_, response) => {
      const [first] = openaiChunks('half an ');
      sendEvents(response, `data: ${JSON.stringify(first)}\n\ndata: {"choices":[{"delta":{"content":"ans`);
    });
    const { parts, error } = await collect(stream());
    expect(parts).toEqual([{ type: 'text', text: 'half an ' }]);
    expect(error).toEqual(failure('MODEL_STREAM_TRUNCATED'));
    expect(log.lines).toHaveLength(1);
  });

  test('whose connection breaks is truncated too', async () => {
    const { stream } = await setUp((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`data: ${JSON.stringify(openaiChunks('half')[0])}\n\n`, () => response.destroy());
    });
    const { parts, error } = await collect(stream());
    expect(textOf(parts)).toBe('half');
    expect(error).toEqual(failure('MODEL_STREAM_TRUNCATED'));
  });

  test('with an error in its middle gives what came before it, even out of the same bytes', async () => {
    const { server, stream } = await setUp((_, response) => {
      const [first] = openaiChunks('so far');
      const events = [first, { error: { message: 'boom' } }].map((event) => `data: ${JSON.stringify(event)}\n\n`);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(events.join(''));
    });
    const { parts, error } = await collect(stream());
    expect(textOf(parts)).toBe('so far');
    expect(error).toEqual(failure('UPSTREAM_FAILED'));
    await server.requests[0]?.closed;
  });

  test('is not sent before it is read, and left unread it is never sent', async () => {
    const { server, stream } = await setUp((_, response) => sendEvents(response, whole));
    const unread = stream();
    await unread.return?.();
    expect(await unread.next()).toEqual({ done: true, value: undefined });
    await collect(stream());
    expect(server.requests).toHaveLength(1);
  });

  test.each(['return', 'abort'] as const)('stopped by %s before the first token closes the socket', async (way) => {
    const { server, stream, abort } = await setUp();
    const parts = stream();
    const first = parts.next().catch((error: unknown) => error);
    const { closed } = await server.nextRequest();
    if (way === 'return') await parts.return?.();
    else abort();
    await closed;
    expect(await first).toEqual(way === 'return' ? { done: true, value: undefined } : failure('CLIENT_CLOSED_REQUEST'));
  });

  test.each(['return', 'abort'] as const)('stopped by %s after the first token closes the socket', async (way) => {
    const { server, stream, abort } = await setUp((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`data: ${JSON.stringify(openaiChunks('one')[0])}\n\n`);
    });
    const parts = stream();
    expect(await parts.next()).toEqual({ done: false, value: { type: 'text', text: 'one' } });
    if (way === 'return') await parts.return?.();
    else abort();
    await server.requests[0]?.closed;
    const after = await parts.next().catch((error: unknown) => error);
    expect(after).toEqual(way === 'return' ? { done: true, value: undefined } : failure('CLIENT_CLOSED_REQUEST'));
  });

  test('of a request that was aborted already is not sent', async () => {
    const { server, stream, abort } = await setUp((_, response) => sendEvents(response, whole));
    abort();
    expect((await collect(stream())).error).toEqual(failure('CLIENT_CLOSED_REQUEST'));
    expect(server.requests).toHaveLength(0);
  });

  test('that is finished ends for its reader although the provider leaves the socket open', async () => {
    const { server, stream } = await setUp((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(whole);
    });
    expect((await collect(stream())).error).toBeUndefined();
    await server.requests[0]?.closed;
  });

  test('leaves its connection to those that come after it', async () => {
    const { server, stream } = await setUp((_, response) => sendEvents(response, whole));
    for (let round = 0; round < 12; round += 1) await collect(stream());
    // A stream may begin while the end of the one before is still on its way.
    expect(server.connections()).toBeLessThan(6);
  });

  test('with an event beyond all bounds is refused', async () => {
    const { stream } = await setUp((_, response) => sendEvents(response, 'data: ', Buffer.alloc(5 * 1024 * 1024, 'x')));
    expect((await collect(stream())).error).toEqual(failure('UPSTREAM_RESPONSE_TOO_LARGE'));
  });
});

test('a provider of the other dialect streams the same parts', async () => {
  const events = [
    { type: 'message_start', message: { usage: { input_tokens: 4, output_tokens: 1 } } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } },
    { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 3 } },
    { type: 'message_stop' },
  ].map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  const { server, stream } = await setUp((_, response) => sendEvents(response, ...events), { dialect: 'anthropic' });
  const { parts } = await collect(stream());
  expect(parts).toMatchObject([
    { type: 'text', text: 'Hello' },
    { type: 'finish', reason: 'stop', usage: { inputTokens: 4, outputTokens: 3, totalTokens: 7 } },
  ]);
  expect(server.requests[0]).toMatchObject({
    path: '/v1/messages',
    headers: { 'x-api-key': KEY },
    body: { max_tokens: 100 },
  });
});
