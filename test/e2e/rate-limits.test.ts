import { randomUUID } from 'node:crypto';
import { createClient as createWsClient } from 'graphql-ws';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { silentLog, systemClock } from '../../kernel/ports.ts';
import { createCounters } from '../../src/policy/counters/create-counters.ts';
import type { RateOptions } from '../../src/policy/rates/options.ts';
import { createRates } from '../../src/policy/rates/rates.ts';
import { createEventReader } from '../utils/event-reader.ts';
import { startRedis } from '../utils/redis-server.ts';
import { startTestGateway, TEST_KEY, type TestGateway } from '../utils/test-gateway.ts';
import { createTicker, type Ticker } from '../utils/ticker.ts';
import { expectNoUnhandledRejection } from '../utils/unhandled.ts';

const ASKED = 200;
const LIMIT = 100;
const HOUR: RateOptions = { limit: LIMIT, windowSeconds: 3_600 };

const redis = await startRedis();
const stores: [name: string, address: string][] = [['memory', 'memory']];
if (redis !== undefined) stores.push(['Redis', redis.url]);

let gateway: TestGateway;
let ticker: Ticker;
expectNoUnhandledRejection();
afterEach(() => gateway.close());
afterAll(() => redis?.stop());

async function start(
  keyRates: readonly RateOptions[],
  { store = 'memory', prefix = randomUUID(), origins = [] as readonly string[] } = {},
): Promise<void> {
  ticker = createTicker();
  const counters = createCounters({ store, prefix, waitMs: 5_000 }, { clock: systemClock, log: silentLog });
  const rates = createRates({ counters, log: silentLog });
  gateway = await startTestGateway([ticker.source], {}, { keyRates, rates, origins });
}

const JSON_TYPE = { 'content-type': 'application/json' };
const EVENTS = { accept: 'text/event-stream' };
const HELLO = JSON.stringify({ query: '{ hello }' });
const ANSWER = JSON.stringify({ data: { hello: 'world' } });

function send(init: RequestInit, query = ''): Promise<Response> {
  return fetch(gateway.url + query, { ...init, headers: { ...gateway.headers, ...init.headers } });
}

type Outcome = 'ran' | 'refused' | string;

/** Of an answer over HTTP: whether it is the result, or the error with all that belongs to it. */
async function outcomeOf(response: Response): Promise<Outcome> {
  const text = await response.text();
  if (response.status === 200 && text === ANSWER) return 'ran';
  const isRefused = response.status === 429 && text.includes('"RATE_LIMITED"') && response.headers.has('retry-after');
  return isRefused ? 'refused' : `${response.status} ${text}`;
}

/** Of an event stream that has ended. */
async function outcomeOfEvents(response: Response, data: string): Promise<Outcome> {
  const text = await response.text();
  if (text.includes(`data: ${data}\n`)) return 'ran';
  return text.includes('"code":"RATE_LIMITED"') ? 'refused' : `${response.status} ${text}`;
}

const times = <T>(count: number, ask: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => ask(index)));

/** Every door for operations: asks so many times at once. A new door belongs here. */
const DOORS: Record<string, () => Promise<Outcome[]>> = {
  'POST JSON': () =>
    times(ASKED, async () => outcomeOf(await send({ method: 'POST', headers: JSON_TYPE, body: HELLO }))),
  GET: () => times(ASKED, async () => outcomeOf(await send({}, '?query={hello}'))),
  'form POST': () =>
    times(ASKED, async () =>
      outcomeOf(await send({ method: 'POST', body: new URLSearchParams({ query: '{hello}' }) })),
    ),
  'SSE, a query': () =>
    times(ASKED, async () =>
      outcomeOfEvents(await send({ method: 'POST', headers: { ...JSON_TYPE, ...EVENTS }, body: HELLO }), ANSWER),
    ),
  'SSE, a subscription': async () => {
    const body = JSON.stringify({ query: 'subscription { ticks }' });
    const answers = await times(ASKED, () => send({ method: 'POST', headers: { ...JSON_TYPE, ...EVENTS }, body }));
    await expect.poll(() => ticker.streams.length).toBe(LIMIT);
    for (const stream of ticker.streams) {
      stream.emit(1);
      stream.end();
    }
    return Promise.all(answers.map((answer) => outcomeOfEvents(answer, '{"data":{"ticks":1}}')));
  },
  'SSE, single connection': async () => {
    const token = await (await send({ method: 'PUT' })).text();
    const headers = { ...JSON_TYPE, 'x-graphql-event-stream-token': token };
    const events = createEventReader(await send({ headers: { ...EVENTS, 'x-graphql-event-stream-token': token } }));
    const outcomes = await times(ASKED, async (index) => {
      const body = JSON.stringify({ query: '{ hello }', extensions: { operationId: String(index) } });
      const response = await send({ method: 'POST', headers, body });
      return response.status === 202 ? 'ran' : outcomeOf(response);
    });
    const results = new Set<unknown>();
    while (results.size < LIMIT) {
      const { id, payload } = (await events.next()) as { id: string; payload?: unknown };
      if (payload === undefined) continue;
      expect(payload).toEqual({ data: { hello: 'world' } });
      results.add(id);
    }
    await events.close();
    return outcomes;
  },
  WebSocket: async () => {
    // Not more than a hundred operations at once share a socket.
    const clients = [1, 2].map(() =>
      createWsClient({
        url: gateway.url.replace('http', 'ws'),
        webSocketImpl: WebSocket,
        connectionParams: { Authorization: `Bearer ${TEST_KEY}` },
        retryAttempts: 0,
      }),
    );
    const outcomes = await times(ASKED, async (index): Promise<Outcome> => {
      const client = clients[index % 2] as (typeof clients)[number];
      return new Promise((resolve) => {
        client.subscribe(
          { query: '{ hello }' },
          {
            next: (result) => resolve(JSON.stringify(result) === ANSWER ? 'ran' : JSON.stringify(result)),
            error: (errors) => resolve(isRefusal(errors) ? 'refused' : JSON.stringify(errors)),
            complete: () => {},
          },
        );
      });
    });
    await Promise.all(clients.map((client) => client.dispose()));
    return outcomes;
  },
};

function isRefusal(errors: unknown): boolean {
  const [error] = errors as { extensions: { code: string; limit: string; retryAfterMs: number } }[];
  const { code, limit, retryAfterMs } = error?.extensions ?? {};
  return code === 'RATE_LIMITED' && limit === 'key' && Number.isInteger(retryAfterMs);
}

describe.each(stores)(
  'with counters in %s, of 200 that ask at once exactly the limit gets an answer',
  (_name, store) => {
    it.each(Object.entries(DOORS))('by %s', async (_door, ask) => {
      await start([HOUR], { store });
      const outcomes = await ask();
      const counts: Record<string, number> = {};
      for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
      expect(counts).toEqual({ ran: LIMIT, refused: ASKED - LIMIT });
    });

    it('by all doors together', async () => {
      await start([{ limit: 3, windowSeconds: 3_600 }], { store });
      const post = () => send({ method: 'POST', headers: JSON_TYPE, body: HELLO });
      expect(await outcomeOf(await post())).toBe('ran');
      expect(await outcomeOf(await send({}, '?query={hello}'))).toBe('ran');
      expect(
        await outcomeOfEvents(
          await send({ method: 'POST', headers: { ...JSON_TYPE, ...EVENTS }, body: HELLO }),
          ANSWER,
        ),
      ).toBe('ran');
      expect(await outcomeOf(await post())).toBe('refused');
    });
  },
);

describe('what clients are told of their limit', () => {
  const post = (query: string, headers = {}) =>
    send({ method: 'POST', headers: { ...JSON_TYPE, ...headers }, body: JSON.stringify({ query }) });
  const rateOf = ({ headers }: Response) =>
    ['ratelimit-policy', 'ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset', 'retry-after'].map((name) =>
      headers.get(name),
    );
  const resets = expect.stringMatching(/^(60|61)$/);
  const THREE: RateOptions = { limit: 3, windowSeconds: 60 };

  it('is nothing when there is none', async () => {
    await start([]);
    expect(rateOf(await post('{ hello }'))).toEqual([null, null, null, null, null]);
  });

  it('stands in the headers of every answer, the refusal among them', async () => {
    await start([THREE, { limit: 900, windowSeconds: 3_600 }]);
    expect(rateOf(await post('{ hello }'))).toEqual(['3;w=60', '3', '2', resets, null]);
    expect(rateOf(await send({}, '?query={hello}'))).toEqual(['3;w=60', '3', '1', resets, null]);
    expect(rateOf(await post('{ hello }', EVENTS))).toEqual(['3;w=60', '3', '0', resets, null]);
    for (const answer of [
      await post('{ hello }'),
      await send({}, '?query={hello}'),
      await post('subscription { ticks }', EVENTS),
    ]) {
      expect(rateOf(answer)).toEqual(['3;w=60', '3', '0', resets, resets]);
    }
    const refused = await post('{ hello }');
    expect(refused.status).toBe(429);
    expect(await refused.json()).toEqual({
      errors: [
        {
          message: 'Too many requests: the limit "key" allows 3 in 60 s.',
          extensions: {
            code: 'RATE_LIMITED',
            limit: 'key',
            retryAfterMs: expect.any(Number),
            requestId: refused.headers.get('x-request-id'),
          },
        },
      ],
    });
  });

  it('stands in the answer that opens a stream, before any event', async () => {
    await start([THREE]);
    const answer = await post('subscription { ticks }', EVENTS);
    expect(rateOf(answer)).toEqual(['3;w=60', '3', '2', resets, null]);
    const stream = await ticker.nextStream();
    stream.end();
    await answer.text();
  });

  it('can be read by pages of other origins', async () => {
    await start([THREE], { origins: ['http://shop.example'] });
    for (const answer of [
      await post('{ hello }', { origin: 'http://shop.example' }),
      await send({ headers: { origin: 'http://shop.example' } }, '?query={hello}'),
    ]) {
      const exposed = answer.headers.get('access-control-expose-headers')?.split(', ');
      expect(exposed).toEqual(expect.arrayContaining(['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset']));
    }
  });

  it('does not count what is refused for another reason', async () => {
    await start([THREE]);
    for (let index = 0; index < 5; index++) await post('{ unknown }');
    await send({ method: 'POST', headers: JSON_TYPE, body: '{' });
    expect(rateOf(await post('{ hello }'))).toEqual(['3;w=60', '3', '2', resets, null]);
  });

  it('counts fields as often as they are selected, and a subscription when it begins', async () => {
    await start([
      { ...THREE, field: 'Query.hello' },
      { ...THREE, field: 'Subscription.ticks', limit: 1 },
    ]);
    expect(rateOf(await post('{ a: hello b: hello }'))[2]).toBe('1');
    expect((await post('{ a: hello b: hello }')).status).toBe(429);
    expect((await post('{ a: hello }')).status).toBe(200);
    const tooMany = await post('{ a: hello b: hello c: hello d: hello }');
    expect([tooMany.status, tooMany.headers.get('retry-after')]).toEqual([429, null]);
    const opened = await post('subscription { ticks }', EVENTS);
    const stream = await ticker.nextStream();
    for (const n of [1, 2, 3]) stream.emit(n);
    stream.end();
    expect(await outcomeOfEvents(opened, '{"data":{"ticks":3}}')).toBe('ran');
    expect(await outcomeOfEvents(await post('subscription { ticks }', EVENTS), '{"data":{"ticks":1}}')).toBe('refused');
  });
});
