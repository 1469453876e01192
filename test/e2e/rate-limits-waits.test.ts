import { afterAll, afterEach, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { silentLog } from '../../kernel/ports.ts';
import type { CounterStore, CounterVerdict } from '../../src/policy/counters/store.ts';
import { createRates } from '../../src/policy/rates/rates.ts';
import { type Deferred, deferred } from '../utils/deferred.ts';
import { connectRaw } from '../utils/raw-http.ts';
import { startTestGateway, TEST_KEY, type TestGateway } from '../utils/test-gateway.ts';
import { createTicker, type Ticker } from '../utils/ticker.ts';
import { expectNoUnhandledRejection } from '../utils/unhandled.ts';

let gateway: TestGateway;
let ticker: Ticker;
const closings: Promise<void>[] = [];
expectNoUnhandledRejection();
afterEach(() => {
  closings.push(gateway.close());
});
// With an hour to drain, they close only if nothing was left under way.
afterAll(() => Promise.all(closings));

const ALLOWED: CounterVerdict = { allowed: true, standings: [{ remaining: 1, resetMs: 1, retryAfterMs: 0 }] };

/** Counters that answer when the test says so, as those far away do. */
async function start(): Promise<{ asked(): Promise<Deferred<CounterVerdict>> }> {
  const waiting: Deferred<CounterVerdict>[] = [];
  const counters: CounterStore = {
    consume() {
      const verdict = deferred<CounterVerdict>();
      waiting.push(verdict);
      return verdict.promise;
    },
    dispose: async () => {},
  };
  ticker = createTicker();
  gateway = await startTestGateway(
    [ticker.source],
    {},
    {
      limits: { drainTimeoutMs: 3_600_000 },
      keyRates: [{ limit: 5, windowSeconds: 60 }],
      rates: createRates({ counters, log: silentLog }),
    },
  );
  return {
    async asked() {
      await expect.poll(() => waiting.length).toBeGreaterThan(0);
      return waiting.shift() as Deferred<CounterVerdict>;
    },
  };
}

function requestOf(method: string, query: string, accept: string): string {
  const body = method === 'POST' ? JSON.stringify({ query }) : '';
  const path = method === 'POST' ? '/graphql' : `/graphql?query=${encodeURIComponent(query)}`;
  const headers = [
    `host: localhost`,
    `authorization: Bearer ${TEST_KEY}`,
    `accept: ${accept}`,
    ...(body === '' ? [] : ['content-type: application/json', `content-length: ${body.length}`]),
  ];
  return `${method} ${path} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n${body}`;
}

it.each([
  ['POST', 'query { held }', 'application/json'],
  ['GET', 'query { held }', 'application/json'],
  ['POST', 'query { held }', 'text/event-stream'],
  ['POST', 'subscription { ticks }', 'text/event-stream'],
  ['GET', 'subscription { ticks }', 'text/event-stream'],
])('a client that goes while its limits are counted leaves nothing: %s of %s for %s', async (method, query, accept) => {
  const { asked } = await start();
  const connection = await connectRaw(gateway.url);
  connection.send(requestOf(method, query, accept));
  const verdict = await asked();
  connection.socket.destroy();
  await connection.closed;
  // The server's side of the socket hears of it a little later; a second connection is behind it.
  await fetch(gateway.url.replace('/graphql', '/healthz'));
  verdict.resolve(ALLOWED);
  await fetch(gateway.url.replace('/graphql', '/healthz'));
  expect(ticker.streams).toEqual([]);
});

async function openSocket(): Promise<{ socket: WebSocket; messages: { type: string; id?: string }[] }> {
  const socket = new WebSocket(gateway.url.replace('http', 'ws'), 'graphql-transport-ws');
  const messages: { type: string; id?: string }[] = [];
  socket.on('message', (data: Buffer) => messages.push(JSON.parse(String(data))));
  socket.once('open', () =>
    socket.send(JSON.stringify({ type: 'connection_init', payload: { Authorization: `Bearer ${TEST_KEY}` } })),
  );
  await expect.poll(() => messages[0]?.type).toBe('connection_ack');
  return { socket, messages };
}

const subscribe = (id: string, query: string) => JSON.stringify({ id, type: 'subscribe', payload: { query } });

it('a socket that is lost while limits are counted leaves nothing', async () => {
  const { asked } = await start();
  const { socket } = await openSocket();
  socket.send(subscribe('1', 'subscription { ticks }'));
  const verdict = await asked();
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.terminate();
  await closed;
  await fetch(gateway.url.replace('/graphql', '/healthz'));
  verdict.resolve(ALLOWED);
  await fetch(gateway.url.replace('/graphql', '/healthz'));
  expect(ticker.streams).toEqual([]);
});

it('an operation that its client completes while limits are counted ends', async () => {
  const { asked } = await start();
  const { socket, messages } = await openSocket();
  socket.send(subscribe('1', 'subscription { ticks }'));
  const verdict = await asked();
  socket.send(JSON.stringify({ id: '1', type: 'complete' }));
  socket.send(JSON.stringify({ type: 'ping' }));
  await expect.poll(() => messages.at(-1)?.type).toBe('pong');
  verdict.resolve(ALLOWED);
  socket.send(subscribe('2', '{ hello }'));
  (await asked()).resolve(ALLOWED);
  await expect.poll(() => messages.map(({ id, type }) => `${type} ${id}`)).toContain('complete 2');
  for (const stream of ticker.streams) await stream.returned;
  expect(messages.filter(({ id }) => id === '1')).toEqual([]);
  socket.close();
});

it('a socket takes no more operations than it may, however many wait to be counted', async () => {
  const { asked } = await start();
  const { socket, messages } = await openSocket();
  for (let id = 0; id < 103; id++) socket.send(subscribe(String(id), 'subscription { ticks }'));
  for (let id = 0; id < 103; id++) (await asked()).resolve(ALLOWED);
  await expect.poll(() => messages.filter(({ type }) => type === 'error').length).toBe(3);
  await expect.poll(() => ticker.streams.length).toBe(100);
  socket.terminate();
  await Promise.all(ticker.streams.map(({ returned }) => returned));
});
