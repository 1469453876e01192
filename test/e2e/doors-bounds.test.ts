import { on, once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { LimitOptions } from '../../src/config/schema.ts';
import { connectRaw, type RawConnection, requestText } from '../utils/raw-http.ts';
import { startTestGateway, type TestGateway } from '../utils/test-gateway.ts';
import { createTicker, type Tick, type Ticker } from '../utils/ticker.ts';
import { expectNoUnhandledRejection } from '../utils/unhandled.ts';

let gateway: TestGateway;
let ticker: Ticker;
expectNoUnhandledRejection();
// With an hour to drain, it closes only if nothing is left under way.
afterEach(() => gateway.close());

async function start(limits: Partial<LimitOptions> = {}): Promise<void> {
  ticker = createTicker();
  gateway = await startTestGateway([ticker.source], {}, { limits: { drainTimeoutMs: 3_600_000, ...limits } });
}

interface Reader {
  /** Stops or goes on reading what comes. */
  pause(): void;
  resume(): void;
  destroy(): void;
}

/** Subscribes to what comes as fast as it is taken, with a client that does not take it. */
const SLOW_READERS: Record<string, (query: string) => Promise<Reader>> = {
  SSE: async (query) => {
    const raw = await connectRaw(gateway.url);
    raw.send(postText(query, { accept: 'text/event-stream' }));
    raw.socket.pause();
    return readerOf(raw);
  },
  'SSE, single connection': async (query) => {
    const put = await fetch(gateway.url, { method: 'PUT', headers: gateway.headers });
    const token = { 'x-graphql-event-stream-token': await put.text() };
    const raw = await connectRaw(gateway.url);
    raw.send(requestText('GET', '/graphql', { ...gateway.headers, ...token, accept: 'text/event-stream' }));
    await raw.until(':\n\n');
    raw.socket.pause();
    expect((await post({ query, extensions: { operationId: '1' } }, token)).status).toBe(202);
    return readerOf(raw);
  },
  WebSocket: async (query) => {
    const socket = await openSocket();
    socket.pause();
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
    return { pause: () => socket.pause(), resume: () => socket.resume(), destroy: () => socket.terminate() };
  },
};

function post(body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(gateway.url, {
    method: 'POST',
    headers: { ...gateway.headers, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

async function openSocket(): Promise<WebSocket> {
  const socket = new WebSocket(gateway.url.replace('http', 'ws'), 'graphql-transport-ws', { headers: gateway.headers });
  await once(socket, 'open');
  socket.send('{"type":"connection_init"}');
  await once(socket, 'message');
  return socket;
}

/** Messages as they come. */
async function* messagesOf(socket: WebSocket): AsyncGenerator<Record<string, unknown>> {
  for await (const [data] of on(socket, 'message', { close: ['close'] }))
    yield JSON.parse(String(data)) as Record<string, unknown>;
}

/** Resolves when the source is not asked for more: all buffers on the way are full. */
async function untilHeld(stream: Tick): Promise<number> {
  for (;;) {
    const before = stream.asked;
    await new Promise((resolve) => setTimeout(resolve, 100));
    if (stream.asked === before) return before;
  }
}

function readerOf({ socket }: RawConnection): Reader {
  return { pause: () => socket.pause(), resume: () => socket.resume(), destroy: () => socket.destroy() };
}

function postText(query: string, headers: Record<string, string> = {}): string {
  const body = JSON.stringify({ query });
  const length = { 'content-type': 'application/json', 'content-length': String(body.length) };
  return requestText('POST', '/graphql', { ...gateway.headers, ...length, ...headers }, body);
}

describe.each(Object.entries(SLOW_READERS))('a client of %s that does not read', (_name, open) => {
  it('is not read ahead for, and gets the rest when it reads on', async () => {
    await start();
    const reader = await open('subscription { padded }');
    const stream = await ticker.nextStream();
    const asked = await untilHeld(stream);
    // Events of 64 kB: what the sockets of both sides hold, and little more.
    expect(asked).toBeLessThan(500);
    reader.resume();
    while (stream.asked <= asked) await new Promise((resolve) => setImmediate(resolve));
    reader.destroy();
    await stream.returned;
    expect(stream.returns).toBe(1);
  });

  it('does not keep its source open beyond the deadline', async () => {
    await start({ streamTimeoutMs: 400 });
    const reader = await open('subscription { padded }');
    const stream = await ticker.nextStream();
    await stream.returned;
    expect(stream).toMatchObject({ returns: 1, signal: { aborted: true } });
    reader.destroy();
  });

  it('does not hold up a shutdown', async () => {
    await start({ drainTimeoutMs: 100 });
    const reader = await open('subscription { padded }');
    const stream = await ticker.nextStream();
    await untilHeld(stream);
    await gateway.close();
    expect(stream.returns).toBe(1);
    reader.destroy();
  });
});

it.each([
  ['JSON', {}],
  ['GET', {}],
])('a client that does not read its %s answer does not hold up a shutdown', async (way) => {
  await start({ drainTimeoutMs: 100 });
  const raw = await connectRaw(gateway.url);
  raw.send(way === 'GET' ? requestText('GET', '/graphql?query={large}', gateway.headers) : postText('{ large }'));
  await raw.until('HTTP/1.1 200');
  raw.socket.pause();
  await gateway.close();
  raw.socket.destroy();
});

describe('one WebSocket', () => {
  it('takes no more operations than a hundred at a time, and the others go on', async () => {
    await start();
    const socket = await openSocket();
    const messages = messagesOf(socket);
    for (let id = 1; id <= 101; id += 1)
      socket.send(JSON.stringify({ id: String(id), type: 'subscribe', payload: { query: '{ held }' } }));
    const { value } = await messages.next();
    expect(value).toMatchObject({ id: '101', type: 'error', payload: [{ extensions: { code: 'BAD_REQUEST' } }] });
    (await ticker.nextHeld()).answer('here');
    expect((await messages.next()).value).toEqual({ id: '1', type: 'next', payload: { data: { held: 'here' } } });
    expect((await messages.next()).value).toEqual({ id: '1', type: 'complete' });
    socket.send(JSON.stringify({ id: '102', type: 'subscribe', payload: { query: '{ hello }' } }));
    expect((await messages.next()).value).toMatchObject({ id: '102', payload: { data: { hello: 'world' } } });
    socket.terminate();
  });

  it('may use the id of an operation again that it has completed', async () => {
    await start();
    const socket = await openSocket();
    const messages = messagesOf(socket);
    const subscribe = JSON.stringify({ id: '1', type: 'subscribe', payload: { query: 'subscription { ticks }' } });
    for (let round = 0; round < 3; round += 1) {
      socket.send(subscribe);
      const { returned } = await ticker.nextStream();
      socket.send(JSON.stringify({ id: '1', type: 'complete' }));
      await returned;
    }
    socket.send(subscribe);
    const stream = await ticker.nextStream();
    stream.emit(7);
    expect((await messages.next()).value).toEqual({ id: '1', type: 'next', payload: { data: { ticks: 7 } } });
    stream.end();
    expect((await messages.next()).value).toEqual({ id: '1', type: 'complete' });
    expect(ticker.streams.map(({ returns }) => returns)).toEqual([1, 1, 1, 0]);
    socket.terminate();
  });

  it('tells mistakes of an operation without ending the others', async () => {
    await start();
    const socket = await openSocket();
    const messages = messagesOf(socket);
    const cases: [Record<string, unknown>, string][] = [
      [{ query: '{ helo }' }, 'GRAPHQL_VALIDATION_FAILED'],
      [{ query: '{' }, 'GRAPHQL_PARSE_FAILED'],
      [{ query: 'query A { hello }', operationName: 'B' }, 'BAD_REQUEST'],
    ];
    for (const [payload, code] of cases) {
      socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload }));
      const { value } = await messages.next();
      expect(value).toMatchObject({
        type: 'error',
        payload: [{ extensions: { code, requestId: expect.any(String) } }],
      });
    }
    socket.terminate();
  });
});

describe('one event stream', () => {
  async function reserve(): Promise<Record<string, string>> {
    const response = await fetch(gateway.url, { method: 'PUT', headers: gateway.headers });
    expect(response.status).toBe(201);
    return { 'x-graphql-event-stream-token': await response.text() };
  }
  const errorOf = async (response: Response) => ({
    status: response.status,
    ...((await response.json()) as { errors: { extensions: { code: string } }[] }).errors[0]?.extensions,
  });

  it('takes no more operations than a hundred at a time', async () => {
    await start();
    const token = await reserve();
    for (let id = 1; id <= 100; id += 1)
      expect((await post({ query: '{ held }', extensions: { operationId: `${id}` } }, token)).status).toBe(202);
    const answer = await errorOf(await post({ query: '{ held }', extensions: { operationId: '101' } }, token));
    expect(answer).toMatchObject({ status: 400, code: 'BAD_REQUEST', requestId: expect.any(String) });
    for (let id = 1; id <= 100; id += 1) {
      const url = `${gateway.url}?operationId=${id}`;
      expect((await fetch(url, { method: 'DELETE', headers: { ...gateway.headers, ...token } })).status).toBe(200);
    }
  });

  it('cannot be opened twice, nor run two operations under one id', async () => {
    await start();
    const token = await reserve();
    const headers = { ...gateway.headers, ...token, accept: 'text/event-stream' };
    const controller = new AbortController();
    await fetch(gateway.url, { headers, signal: controller.signal });
    expect(await errorOf(await fetch(gateway.url, { headers }))).toMatchObject({ status: 409, code: 'CONFLICT' });
    const operation = { query: 'subscription { ticks }', extensions: { operationId: '1' } };
    expect((await post(operation, token)).status).toBe(202);
    const again = await errorOf(await post(operation, token));
    expect(again).toMatchObject({ status: 409, code: 'CONFLICT', requestId: expect.any(String) });
    const { returned } = await ticker.nextStream();
    controller.abort();
    await returned;
  });

  it('is gone with its socket, and is nobody else s', async () => {
    await start();
    const token = await reserve();
    const controller = new AbortController();
    const headers = { ...gateway.headers, ...token, accept: 'text/event-stream' };
    await fetch(gateway.url, { headers, signal: controller.signal });
    await post({ query: 'subscription { ticks }', extensions: { operationId: '1' } }, token);
    const { returned } = await ticker.nextStream();
    controller.abort();
    await returned;
    for (const request of [
      post({ query: '{ hello }', extensions: { operationId: '2' } }, token),
      fetch(gateway.url, { headers }),
      fetch(`${gateway.url}?operationId=1`, { method: 'DELETE', headers: { ...gateway.headers, ...token } }),
    ])
      expect(await errorOf(await request)).toMatchObject({ status: 404, code: 'NOT_FOUND' });
  });
});
