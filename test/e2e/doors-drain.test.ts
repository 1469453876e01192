import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { LimitOptions } from '../../src/config/schema.ts';
import { readEvents } from '../utils/events.ts';
import { connectRaw, requestText } from '../utils/raw-http.ts';
import { startTestGateway, type TestGateway } from '../utils/test-gateway.ts';
import { createTicker, type Ticker } from '../utils/ticker.ts';
import { expectNoUnhandledRejection } from '../utils/unhandled.ts';

let gateway: TestGateway;
let ticker: Ticker;
let told: string[];
expectNoUnhandledRejection();
afterEach(async () => {
  // The second call hurries, whatever a test left open.
  void gateway.close();
  await gateway.close();
});

async function start(limits: Partial<LimitOptions> = {}): Promise<void> {
  ticker = createTicker();
  told = [];
  const all = { drainTimeoutMs: 3_600_000, ...limits };
  gateway = await startTestGateway([ticker.source], {}, { limits: all, tell: (line) => told.push(line) });
}

const EVENTS = { accept: 'text/event-stream' };

async function openEvents(query: string): Promise<AsyncGenerator<{ event: string; data: unknown }>> {
  const url = `${gateway.url}?query=${encodeURIComponent(query)}`;
  const response = await fetch(url, { headers: { ...gateway.headers, ...EVENTS } });
  return (async function* () {
    for await (const { event, data } of readEvents(response))
      yield { event, data: data === '' ? undefined : JSON.parse(data) };
  })();
}

async function openSocket(): Promise<{ socket: WebSocket; messages: Record<string, unknown>[] }> {
  const socket = new WebSocket(gateway.url.replace('http', 'ws'), 'graphql-transport-ws', { headers: gateway.headers });
  const messages: Record<string, unknown>[] = [];
  await once(socket, 'open');
  socket.send('{"type":"connection_init"}');
  await once(socket, 'message');
  socket.on('message', (data) => messages.push(JSON.parse(String(data)) as Record<string, unknown>));
  return { socket, messages };
}

const subscribe = (id: string, query: string) => JSON.stringify({ id, type: 'subscribe', payload: { query } });

async function isListening(): Promise<boolean> {
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
  return new Promise((resolve) => {
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

describe('a gateway that closes', () => {
  it('answers what is under way, and takes nothing new', async () => {
    await start();
    const answer = gateway.post({ query: '{ held }' });
    const held = await ticker.nextHeld();
    const closed = gateway.close();
    expect(await isListening()).toBe(false);
    held.answer('in time');
    expect(await answer).toMatchObject({ status: 200, body: { data: { held: 'in time' } } });
    await closed;
    expect(ticker.disposed()).toBe(1);
  });

  it.each(['POST', 'GET'])('lets a client read the whole of its answer by %s', async (method) => {
    await start();
    const raw = await connectRaw(gateway.url);
    const body = '{"query":"{ large }"}';
    const headers = { ...gateway.headers, 'content-type': 'application/json', 'content-length': `${body.length}` };
    raw.send(
      method === 'POST'
        ? requestText('POST', '/graphql', headers, body)
        : requestText('GET', '/graphql?query={large}', gateway.headers),
    );
    await raw.until('HTTP/1.1 200');
    raw.socket.pause();
    const closed = gateway.close();
    await new Promise((resolve) => setImmediate(resolve));
    raw.socket.resume();
    await raw.closed;
    expect(raw.length()).toBeGreaterThan(48_000_000);
    await closed;
  });

  it('refuses requests that come on connections that are open, and closes them', async () => {
    await start();
    const requests = [
      requestText('GET', '/graphql?query={hello}', gateway.headers),
      requestText('GET', '/readyz', {}),
      requestText('GET', '/graphql', { connection: 'upgrade', upgrade: 'websocket', ...gateway.headers }),
    ];
    const connections = await Promise.all(requests.map(() => connectRaw(gateway.url)));
    // What has begun to come is not idle.
    for (const [i, text] of requests.entries()) connections[i]?.send(text.slice(0, -2));
    const answer = gateway.post({ query: '{ held }' });
    const held = await ticker.nextHeld();
    const closed = gateway.close();
    for (const { send } of connections) send('\r\n');
    const [graphql, ready, upgrade] = await Promise.all(connections.map(({ until }) => until('\r\n\r\n')));
    expect(graphql).toMatch(/^HTTP\/1\.1 503 [\s\S]*connection: close[\s\S]*"code":"SHUTTING_DOWN"/i);
    expect(ready).toMatch(/^HTTP\/1\.1 503 [\s\S]*"draining":true/);
    expect(upgrade).toMatch(/^HTTP\/1\.1 503 /);
    held.answer('in time');
    await answer;
    await closed;
  });

  it('tells in one line what it waits for, and how to hurry', async () => {
    await start({ drainTimeoutMs: 10_000 });
    const answer = gateway.post({ query: '{ held }' });
    await ticker.nextHeld();
    await openEvents('subscription { ticks }');
    await ticker.nextStream();
    const { socket } = await openSocket();
    socket.send(subscribe('1', 'subscription { ticks }'));
    await ticker.nextStream();
    const closed = gateway.close();
    expect(told).toEqual([
      'Waiting for 1 request and 2 streams to end, for 10 s at the most. Ctrl-C again ends them now.',
    ]);
    void gateway.close();
    expect(await answer).toMatchObject({ status: 503 });
    await closed;
    expect(told).toHaveLength(1);
  });

  it('says nothing when nothing is under way', async () => {
    await start();
    await gateway.post({ query: '{ hello }' });
    await gateway.close();
    expect(told).toEqual([]);
  });

  it('closes connections that have nothing under way', async () => {
    await start();
    const agent = new Agent({ keepAlive: true });
    const request = httpRequest(new URL('/healthz', gateway.url), { agent });
    request.end();
    const [response] = (await once(request, 'response')) as [NodeJS.ReadableStream & { socket: object }];
    response.resume();
    await once(response, 'end');
    await gateway.close();
    agent.destroy();
    expect(await isListening()).toBe(false);
  });

  it('lets streams go on until they end by themselves', async () => {
    await start();
    const events = await openEvents('subscription { ticks }');
    const sseStream = await ticker.nextStream();
    const { socket, messages } = await openSocket();
    socket.send(subscribe('1', 'subscription { ticks }'));
    const wsStream = await ticker.nextStream();
    const closed = gateway.close();

    sseStream.emit(1);
    expect(await events.next()).toMatchObject({ value: { event: 'next', data: { data: { ticks: 1 } } } });
    wsStream.emit(2);
    await once(socket, 'message');
    sseStream.end();
    expect(await events.next()).toMatchObject({ value: { event: 'complete' } });
    wsStream.end();
    expect((await once(socket, 'close'))[0]).toBe(1001);
    expect(messages).toEqual([
      { id: '1', type: 'next', payload: { data: { ticks: 2 } } },
      { id: '1', type: 'complete' },
    ]);
    await closed;
    expect([sseStream.returns, wsStream.returns]).toEqual([0, 0]);
  });

  it('takes no new operations on an open WebSocket, while others end', async () => {
    await start();
    const { socket, messages } = await openSocket();
    socket.send(subscribe('1', 'subscription { ticks }'));
    const stream = await ticker.nextStream();
    const closed = gateway.close();
    socket.send(subscribe('2', 'subscription { ticks }'));
    await once(socket, 'message');
    expect(messages).toMatchObject([{ id: '2', type: 'error', payload: [{ extensions: { code: 'SHUTTING_DOWN' } }] }]);
    stream.end();
    expect((await once(socket, 'close'))[0]).toBe(1001);
    await closed;
    expect(ticker.streams).toHaveLength(1);
  });

  it.each([
    ['when its time is over', 200],
    ['when it is told twice', 3_600_000],
  ])('ends what is left %s, and says why', async (_name, drainTimeoutMs) => {
    await start({ drainTimeoutMs });
    const events = await openEvents('subscription { ticks }');
    const sseStream = await ticker.nextStream();
    const query = await openEvents('{ held }');
    await ticker.nextHeld();
    const answer = gateway.post({ query: '{ held }' });
    await ticker.nextHeld();
    const { socket, messages } = await openSocket();
    socket.send(subscribe('1', 'subscription { ticks }'));
    const wsStream = await ticker.nextStream();
    const closed = gateway.close();
    if (drainTimeoutMs > 1_000) void gateway.close();

    const shuttingDown = { errors: [{ extensions: { code: 'SHUTTING_DOWN', requestId: expect.any(String) } }] };
    for (const stream of [events, query]) {
      expect(await stream.next()).toMatchObject({ value: { event: 'next', data: shuttingDown } });
      expect(await stream.next()).toMatchObject({ value: { event: 'complete' } });
      expect((await stream.next()).done).toBe(true);
    }
    expect(await answer).toMatchObject({ status: 503, body: shuttingDown });
    expect((await once(socket, 'close'))[0]).toBe(1001);
    expect(messages).toMatchObject([
      { id: '1', type: 'next', payload: shuttingDown },
      { id: '1', type: 'complete' },
    ]);
    await closed;
    expect(await isListening()).toBe(false);
    for (const stream of [sseStream, wsStream]) expect(stream).toMatchObject({ returns: 1, signal: { aborted: true } });
  });

  it('ends reserved event streams, open or not, with nothing under way', async () => {
    await start();
    const put = () => fetch(gateway.url, { method: 'PUT', headers: gateway.headers });
    await put();
    const token = { 'x-graphql-event-stream-token': await (await put()).text() };
    const response = await fetch(gateway.url, { headers: { ...gateway.headers, ...token, ...EVENTS } });
    const closed = gateway.close();
    expect(await response.text()).toBe(':\n\n');
    await closed;
  });

  it('does not wait for sockets that never said a word', async () => {
    await start();
    const silent = await connectRaw(gateway.url);
    const webSocket = new WebSocket(gateway.url.replace('http', 'ws'), 'graphql-transport-ws');
    await once(webSocket, 'open');
    await gateway.close();
    await silent.closed;
    expect(await isListening()).toBe(false);
  });

  it('does not wait for a WebSocket that does not say goodbye', async () => {
    await start();
    const { socket } = await openSocket();
    socket.pause();
    await gateway.close();
    socket.terminate();
  });

  it('leaves no timer and no socket behind', async () => {
    const before = process.getActiveResourcesInfo().length;
    await start();
    const raw = await connectRaw(gateway.url);
    raw.send(requestText('GET', '/graphql?query={hello}', { ...gateway.headers, connection: 'close' }));
    await raw.closed;
    const { socket } = await openSocket();
    socket.send(subscribe('1', 'subscription { ticks }'));
    await ticker.nextStream();
    socket.terminate();
    await gateway.close();
    await new Promise((resolve) => setImmediate(resolve));
    expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(before);
  });

  it('cannot listen again', async () => {
    await start();
    await gateway.close();
    await expect(gateway.gateway.listen(0, '127.0.0.1')).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
  });
});
