import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { ERROR_TABLE, SkeinError } from '../../kernel/errors.ts';
import type { LimitOptions } from '../../src/config/schema.ts';
import { readEvents } from '../utils/events.ts';
import { startTestGateway, type TestGateway } from '../utils/test-gateway.ts';
import { createTicker, type Tick, type Ticker } from '../utils/ticker.ts';
import { expectNoUnhandledRejection } from '../utils/unhandled.ts';

let gateway: TestGateway;
let ticker: Ticker;
const disposals: (() => unknown)[] = [];
expectNoUnhandledRejection();
const closings: Promise<void>[] = [];
afterEach(async () => {
  for (const dispose of disposals.splice(0)) await dispose();
  closings.push(gateway.close());
  for (const stream of ticker.streams) expect(stream.returns, String(stream.name)).toBeLessThanOrEqual(1);
});
// With an hour to drain, they close only if nothing was left under way: each lifetime has ended.
afterAll(() => Promise.all(closings));

async function start(limits: Partial<LimitOptions> = {}): Promise<void> {
  ticker = createTicker();
  gateway = await startTestGateway([ticker.source], {}, { limits: { drainTimeoutMs: 3_600_000, ...limits } });
}

interface Result {
  readonly data?: unknown;
  readonly errors?: readonly { readonly message: string; readonly path?: unknown; readonly extensions?: unknown }[];
}

interface Transport {
  readonly iterate: (query: string) => AsyncIterableIterator<unknown>;
  /** Loses the connection without a word. */
  readonly lose: () => void;
}

/** The clients that people use, over real sockets. */
const TRANSPORTS: Record<string, () => Transport> = {
  'SSE, distinct connections': () => sse(false),
  'SSE, single connection': () => sse(true),
  WebSocket: () => {
    const sockets: WebSocket[] = [];
    class Kept extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols);
        sockets.push(this);
      }
    }
    const client = createWsClient({
      url: gateway.url.replace('http', 'ws'),
      webSocketImpl: Kept,
      connectionParams: { Authorization: gateway.headers.authorization },
      retryAttempts: 0,
    });
    disposals.push(() => client.dispose());
    return {
      iterate: (query) => client.iterate({ query }),
      lose: () => {
        for (const socket of sockets) socket.terminate();
      },
    };
  },
};

function sse(singleConnection: boolean): Transport {
  const connection = new AbortController();
  const client = createSseClient({
    url: gateway.url,
    headers: { ...gateway.headers },
    retryAttempts: 0,
    ...(singleConnection ? { singleConnection } : {}),
    fetchFn: (input: string, init: RequestInit) =>
      fetch(input, {
        ...init,
        // The client's own cancellation is said in other words: here the socket goes.
        signal: init.signal == null ? connection.signal : AbortSignal.any([init.signal, connection.signal]),
      }),
  } as Parameters<typeof createSseClient>[0]);
  disposals.push(() => client.dispose());
  return { iterate: (query) => client.iterate({ query }), lose: () => connection.abort() };
}

async function nextOf(iterator: AsyncIterator<unknown>): Promise<Result> {
  const { value, done } = await iterator.next();
  expect(done).not.toBe(true);
  return value as Result;
}

describe.each(Object.entries(TRANSPORTS))('%s', (_name, open) => {
  it('carries each event when it comes: the second is emitted after the first was seen', async () => {
    await start();
    const events = open().iterate('subscription { ticks }');
    const first = nextOf(events);
    const stream = await ticker.nextStream();
    stream.emit(1);
    expect(await first).toEqual({ data: { ticks: 1 } });
    for (const n of [2, 3]) {
      stream.emit(n);
      expect(await nextOf(events)).toEqual({ data: { ticks: n } });
    }
    stream.end();
    expect((await events.next()).done).toBe(true);
    expect(stream.returns).toBe(0);
  });

  it('closes the source once when the client cancels in the middle', async () => {
    await start();
    const events = open().iterate('subscription { ticks }');
    const first = nextOf(events);
    const stream = await ticker.nextStream();
    stream.emit(1);
    await first;
    await events.return?.();
    await stream.returned;
    expect(stream).toMatchObject({ asked: 2, returns: 1, signal: { aborted: true } });
  });

  it('closes the source once when the client cancels before the first event', async () => {
    await start();
    const events = open().iterate('subscription { ticks }');
    const first = events.next();
    const stream = await ticker.nextStream();
    await events.return?.();
    await stream.returned;
    expect(stream.returns).toBe(1);
    await first;
  });

  it('closes the source once when the socket is lost', async () => {
    await start();
    const transport = open();
    const events = transport.iterate('subscription { ticks }');
    const first = nextOf(events);
    const stream = await ticker.nextStream();
    stream.emit(1);
    await first;
    const next = events.next().catch(() => 'lost');
    transport.lose();
    await stream.returned;
    expect(stream).toMatchObject({ returns: 1, signal: { aborted: true } });
    await next;
  });

  it('ends the calls of a query when its client cancels or is lost', async () => {
    await start();
    for (const end of ['cancel', 'lose'] as const) {
      const transport = open();
      const events = transport.iterate('{ held }');
      const result = events.next().catch(() => 'lost');
      const { signal } = await ticker.nextHeld();
      const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
      if (end === 'lose') transport.lose();
      else await events.return?.();
      await aborted;
      await result;
    }
  });

  it('tells an error in the middle as an event, and completes', async () => {
    await start();
    const events = open().iterate('subscription { ticks }');
    const first = nextOf(events);
    const stream = await ticker.nextStream();
    stream.emit(1);
    await first;
    stream.fail(new SkeinError('UPSTREAM_FAILED', undefined, { details: { source: 'ticker' } }));
    const { data, errors } = await nextOf(events);
    expect(data).toEqual({ ticks: null });
    expect(errors).toMatchObject([{ path: ['ticks'], extensions: { code: 'UPSTREAM_FAILED', source: 'ticker' } }]);
    expect((await events.next()).done).toBe(true);
  });

  it('masks an error that nobody expected', async () => {
    await start();
    const events = open().iterate('subscription { required }');
    const first = nextOf(events);
    (await ticker.nextStream()).fail(new TypeError('secret'));
    const { message, extensions } = (await first).errors?.[0] ?? {};
    expect(message).toBe(ERROR_TABLE.INTERNAL_SERVER_ERROR.message);
    expect(extensions).toMatchObject({ code: 'INTERNAL_SERVER_ERROR', requestId: expect.any(String) });
    expect((await events.next()).done).toBe(true);
  });

  it('goes on after an event that does not fit its type', async () => {
    await start();
    const events = open().iterate('subscription { ticks }');
    const first = nextOf(events);
    const stream = await ticker.nextStream();
    stream.emit('seven');
    expect((await first).errors).toMatchObject([{ extensions: { code: 'UPSTREAM_BAD_RESPONSE' } }]);
    stream.emit(8);
    expect(await nextOf(events)).toEqual({ data: { ticks: 8 } });
    stream.end();
    expect((await events.next()).done).toBe(true);
  });

  it('carries queries and mutations as well', async () => {
    await start();
    const { iterate } = open();
    for (const query of ['{ hello }', 'mutation { hello }']) {
      const events = iterate(query);
      expect(await nextOf(events)).toEqual({ data: { hello: 'world' } });
      expect((await events.next()).done).toBe(true);
    }
  });

  it('ends a stream at its deadline with an event that says so', async () => {
    await start({ streamTimeoutMs: 1_000 });
    const events = open().iterate('subscription { ticks }');
    const first = nextOf(events);
    const stream = await ticker.nextStream();
    stream.emit(1);
    await first;
    expect((await nextOf(events)).errors).toMatchObject([{ extensions: { code: 'DEADLINE_EXCEEDED' } }]);
    expect((await events.next()).done).toBe(true);
    expect(stream).toMatchObject({ returns: 1, signal: { aborted: true } });
  });

  it('carries two operations at a time, and ends one without the other', async () => {
    await start();
    const { iterate } = open();
    const opened: Record<string, { events: AsyncIterableIterator<unknown>; stream: Tick }> = {};
    for (const name of ['a', 'b']) {
      const events = iterate(`subscription { ticks(name: "${name}") }`);
      const first = nextOf(events);
      const stream = await ticker.nextStream();
      stream.emit(1);
      await first;
      opened[name] = { events, stream };
    }
    const { a, b } = opened;
    await a?.events.return?.();
    await a?.stream.returned;
    b?.stream.emit(2);
    expect(b && (await nextOf(b.events))).toEqual({ data: { ticks: 2 } });
    expect(b?.stream.returns).toBe(0);
    b?.stream.end();
    await b?.events.next();
  });
});

describe('an event stream as bytes', () => {
  const subscribe = (headers: Record<string, string> = {}, query = 'subscription { ticks }') =>
    fetch(gateway.url, {
      method: 'POST',
      headers: { ...gateway.headers, 'content-type': 'application/json', accept: 'text/event-stream', ...headers },
      body: JSON.stringify({ query }),
    });

  it('has events as the protocol frames them, by POST and by GET', async () => {
    await start();
    const headers = { ...gateway.headers, accept: 'text/event-stream' };
    for (const open of [() => subscribe(), () => fetch(`${gateway.url}?query=subscription{ticks}`, { headers })]) {
      const response = await open();
      expect([response.status, response.headers.get('content-type'), response.headers.get('cache-control')]).toEqual([
        200,
        'text/event-stream; charset=utf-8',
        'no-cache, no-transform',
      ]);
      const stream = await ticker.nextStream();
      stream.emit(1);
      stream.end();
      expect(await response.text()).toBe(':\n\nevent: next\ndata: {"data":{"ticks":1}}\n\nevent: complete\ndata: \n\n');
    }
  });

  it('tells a mistake of the document as an event', async () => {
    await start();
    const response = await subscribe({}, 'subscription { tocks }');
    const events = [];
    for await (const event of readEvents(response)) events.push(event);
    expect(events.map(({ event }) => event)).toEqual(['next', 'complete']);
    expect(JSON.parse(events[0]?.data ?? '')).toMatchObject({
      errors: [
        {
          extensions: {
            code: 'GRAPHQL_VALIDATION_FAILED',
            requestId: response.headers.get('x-request-id'),
          },
        },
      ],
    });
  });

  it('needs an Accept header that takes it', async () => {
    await start();
    const response = await subscribe({ accept: 'application/json' });
    expect(response.status).toBe(406);
    expect(((await response.json()) as Result).errors?.[0]?.extensions).toMatchObject({ code: 'NOT_ACCEPTABLE' });
  });

  it('carries a value that JSON cannot write as an error, and ends', async () => {
    await start();
    const response = await subscribe({}, 'subscription { anything }');
    const stream = await ticker.nextStream();
    stream.emit({ count: 10n });
    const text = await response.text();
    expect(text).toContain('"code":"INTERNAL_SERVER_ERROR"');
    expect(text).toMatch(/event: complete\ndata: \n\n$/);
    expect(stream.returns).toBe(1);
  });

  it('survives a source that fails to close', async () => {
    await start();
    const controller = new AbortController();
    const opening = fetch(`${gateway.url}?query=subscription{ticks}`, {
      headers: { ...gateway.headers, accept: 'text/event-stream' },
      signal: controller.signal,
    });
    const response = await opening;
    const stream = await ticker.nextStream();
    stream.failOnReturn(new Error('cannot close'));
    controller.abort();
    await stream.returned;
    expect(response.status).toBe(200);
  });
});
