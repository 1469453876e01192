import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { useServer } from 'graphql-ws/use/ws';
import { createSchema } from 'graphql-yoga';
import { afterEach, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { createCallContext } from '../../test/utils/call-context.ts';
import { deferred } from '../../test/utils/deferred.ts';
import { createGraphqlUpstream, type GraphqlService } from './graphql-upstream.ts';
import { graphqlOptions } from './options.ts';
import { SubscriptionSocket } from './subscription-socket.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Backend {
  readonly url: string;
  readonly server: Server;
  readonly sockets: WebSocketServer;
}

async function listen(onSocket?: (socket: WebSocket) => void): Promise<Backend> {
  const server = createServer((_request, response) => response.writeHead(404).end());
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'graphql-transport-ws' });
  sockets.on('headers', (headers) => headers.push('x-remaining: 3'));
  server.on('upgrade', (request, socket: Socket, head) => {
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      sockets.emit('connection', webSocket, request);
      onSocket?.(webSocket);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    for (const client of sockets.clients) client.terminate();
    server.closeAllConnections();
    server.close();
  });
  return { server, sockets, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql` };
}

function serviceAt(endpoint: string, options: object = {}, own: object = {}): GraphqlService {
  const subscriptions = { protocol: 'ws', ...own };
  const parsed = graphqlOptions.parse({ kind: 'graphql', endpoint, subscriptions, ...options });
  const service = createGraphqlUpstream('reviews', parsed);
  cleanups.push(() => service.dispose());
  return service;
}

const request = (query: string, variables = {}) => ({ operation: 'ticks', query, variables });
const TICKS = request('subscription { tick }');

describe('a subscription over WebSocket, with a real server of the protocol', () => {
  async function start(options: object = {}, own: object = {}) {
    const closed = deferred();
    const waits = deferred();
    const params: unknown[] = [];
    const schema = createSchema({
      typeDefs: 'type Query { a: Int } type Subscription { tick(to: Int = 3): Int forever: Int secret: Int }',
      resolvers: {
        Subscription: {
          tick: {
            subscribe: async function* (_root: unknown, { to }: { to: number }) {
              for (let tick = 1; tick <= to; tick++) yield { tick };
            },
          },
          forever: {
            subscribe: async function* () {
              try {
                yield { forever: 1 };
                waits.resolve();
                await closed.promise;
              } finally {
                closed.resolve();
              }
            },
          },
          secret: { subscribe: () => Promise.reject(new Error('secret words')) },
        },
      },
    });
    const backend = await listen((socket) => socket.once('close', () => closed.resolve()));
    useServer(
      {
        schema,
        onConnect: ({ connectionParams }) => {
          params.push(connectionParams);
          return (connectionParams as { token?: string } | undefined)?.token !== 'wrong';
        },
      },
      backend.sockets,
    );
    return { backend, closed, params, waits, service: serviceAt(backend.url, options, own) };
  }

  it('gives every event and its end, and closes the socket', async () => {
    const { closed, service } = await start();
    const { context } = createCallContext();
    const data: unknown[] = [];
    for await (const answer of service.graphql.subscribe(
      request('subscription($n: Int) { tick(to: $n) }', { n: 40 }),
      context,
    )) {
      data.push(answer.data?.tick);
    }
    expect(data).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
    await closed.promise;
  });

  it('tells of a refused operation as one event with errors', async () => {
    const { service } = await start({ errors: 'message' });
    const { context, log } = createCallContext();
    const items = service.graphql.subscribe(request('subscription { nonsense }'), context);
    const { value } = await items.next();
    expect(value).toMatchObject({
      data: null,
      errors: [
        { error: { extensions: { code: 'UPSTREAM_FAILED', upstreamMessage: expect.stringContaining('nonsense') } } },
      ],
    });
    expect(await items.next()).toEqual({ done: true, value: undefined });
    expect(JSON.stringify(log.lines)).toContain('nonsense');
  });

  it('sends headers with the upgrade, forwarded ones there and under `headers` of the first message, and returns some', async () => {
    const { backend, params, service } = await start(
      { headers: { authorization: 'Bearer upstream' }, forwardHeaders: ['x-tenant'], returnHeaders: ['x-remaining'] },
      { connectionParams: { token: 't', headers: { 'x-tenant': 'configured', 'x-fixed': 'f' } } },
    );
    const upgrades: IncomingHttpHeaders[] = [];
    backend.server.on('upgrade', ({ headers }) => upgrades.push(headers));
    const returned: unknown[] = [];
    const returnHeader = (name: string, value: string) => returned.push([name, value]);
    const { context } = createCallContext({ headers: { 'x-tenant': 'acme' }, returnHeader });
    await service.graphql.subscribe(TICKS, context).next();
    expect(upgrades[0]).toMatchObject({ authorization: 'Bearer upstream', 'x-tenant': 'acme' });
    expect(params).toEqual([{ token: 't', headers: { 'x-tenant': 'acme', 'x-fixed': 'f' } }]);
    expect(returned).toEqual([['x-remaining', '3']]);
    await service.graphql.subscribe(TICKS, createCallContext().context).next();
    expect(params[1]).toEqual({ token: 't', headers: { 'x-tenant': 'configured', 'x-fixed': 'f' } });
  });

  it('refuses a header that cannot be sent, and opens nothing', async () => {
    const { params, service } = await start({ forwardHeaders: ['x-tenant'] });
    const { context } = createCallContext({ headers: { 'x-tenant': 'a\nb' } });
    await expect(service.graphql.subscribe(TICKS, context).next()).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(params).toEqual([]);
  });

  it('is refused with the connection', async () => {
    const { service } = await start({}, { connectionParams: { token: 'wrong' } });
    const items = service.graphql.subscribe(TICKS, createCallContext().context);
    await expect(items.next()).rejects.toMatchObject({
      code: 'UPSTREAM_REJECTED',
      extensions: { source: 'reviews', operation: 'ticks' },
    });
    expect(await items.next()).toEqual({ done: true, value: undefined });
  });

  it('does not say why the service failed', async () => {
    const { service } = await start();
    const { value } = await service.graphql
      .subscribe(request('subscription { secret }'), createCallContext().context)
      .next();
    expect(value.errors).toHaveLength(1);
    expect(JSON.stringify(value)).not.toContain('secret words');
  });

  it.each(['return', 'abort', 'dispose'] as const)('closes the socket on %s while an event is awaited', async (end) => {
    const { closed, service, waits } = await start();
    const { context, abort } = createCallContext();
    const items = service.graphql.subscribe(request('subscription { forever }'), context);
    expect(await items.next()).toMatchObject({ value: { data: { forever: 1 } } });
    const next = items.next().then(
      (result) => result,
      (error: { code: string }) => error.code,
    );
    await waits.promise;
    if (end === 'return') await items.return?.();
    else if (end === 'abort') abort();
    else await service.dispose();
    const expected = {
      return: { done: true, value: undefined },
      abort: 'CLIENT_CLOSED_REQUEST',
      dispose: 'UPSTREAM_UNREACHABLE',
    };
    expect(await next).toEqual(expected[end]);
    await closed.promise;
  });

  it('opens nothing when it is returned or aborted before it began', async () => {
    const { params, service } = await start();
    const { context, abort } = createCallContext();
    const returned = service.graphql.subscribe(TICKS, context);
    await returned.return?.();
    expect(await returned.next()).toEqual({ done: true, value: undefined });
    abort();
    await expect(service.graphql.subscribe(TICKS, context).next()).rejects.toMatchObject({
      code: 'CLIENT_CLOSED_REQUEST',
    });
    expect(params).toEqual([]);
  });

  it('can be at an address of its own', async () => {
    const { backend } = await start();
    const service = serviceAt('http://127.0.0.1:1/graphql', {}, { endpoint: backend.url.replace('http', 'ws') });
    expect(await service.graphql.subscribe(TICKS, createCallContext().context).next()).toMatchObject({
      value: { data: { tick: 1 } },
    });
  });
});

describe('a subscription over WebSocket, with a server that is not well', () => {
  const ACK = '{"type":"connection_ack"}';
  const next = (payload: unknown) => JSON.stringify({ id: '1', type: 'next', payload });

  /** Does as told with each message of the client. */
  const speaking = (onMessage: (socket: WebSocket, type: string) => void) =>
    listen((socket) => {
      socket.on('message', (data) => onMessage(socket, (JSON.parse(String(data)) as { type: string }).type));
    });

  it('gives up a service that answers no pings, and not one that does', async () => {
    const backend = await speaking((socket, type) => type === 'connection_init' && socket.send(ACK));
    const socketTo = (url: string) => {
      const { context } = createCallContext();
      const settings = {
        url: url.replace('http', 'ws'),
        headers: {},
        initPayload: undefined,
        request: TICKS,
        timeoutMs: 5_000,
        maxMessageBytes: 1_000,
        pingEveryMs: 20,
        onHeaders: () => {},
      };
      const socket = new SubscriptionSocket(
        settings,
        { source: 'reviews', operation: 'ticks', exposure: 'hidden' },
        context,
      );
      cleanups.push(() => socket.close());
      return socket;
    };
    const answered = deferred();
    let pings = 0;
    backend.sockets.on('connection', (socket: WebSocket) =>
      socket.on('ping', () => ++pings === 3 && answered.resolve()),
    );
    const alive = socketTo(backend.url);
    const next = alive.next();
    await answered.promise;
    alive.close();
    expect(await next).toBeUndefined();

    backend.sockets.options.autoPong = false;
    await expect(socketTo(backend.url).next()).rejects.toMatchObject({ code: 'UPSTREAM_TIMEOUT' });
  });

  async function failureOf(backend: Backend, before = 0, options: object = {}): Promise<unknown> {
    const items = serviceAt(backend.url, { maxResponseBytes: 5_000, ...options }).graphql.subscribe(
      TICKS,
      createCallContext().context,
    );
    for (let index = 0; index < before; index++) expect(await items.next()).toMatchObject({ done: false });
    const error: unknown = await items.next().catch((reason: unknown) => reason);
    expect(await items.next()).toEqual({ done: true, value: undefined });
    return error;
  }

  it.each([
    [4400, 'UPSTREAM_REJECTED', 1],
    [4401, 'UPSTREAM_REJECTED', 1],
    [4403, 'UPSTREAM_REJECTED', 1],
    [4406, 'UPSTREAM_BAD_RESPONSE', 2],
    [4408, 'UPSTREAM_TIMEOUT', 2],
    [4429, 'UPSTREAM_REJECTED', 1],
    [4500, 'UPSTREAM_FAILED', 2],
    [1000, 'UPSTREAM_FAILED', 2],
    [1001, 'UPSTREAM_FAILED', 2],
    [1011, 'UPSTREAM_FAILED', 2],
  ])('makes of the close code %i the error %s, and has connected so often: %i', async (closeCode, code, times) => {
    let connections = 0;
    const backend = await listen((socket) => {
      connections += 1;
      socket.on('message', () => socket.close(closeCode, 'secret words'));
    });
    const error = await failureOf(backend);
    expect(error).toMatchObject({ extensions: { code, source: 'reviews', operation: 'ticks' } });
    expect(JSON.stringify(error)).not.toContain('secret words');
    expect(connections).toBe(times);
  });

  it('fails behind the events that came when the socket is lost', async () => {
    const backend = await speaking((socket, type) => {
      if (type === 'connection_init') socket.send(ACK);
      else socket.send(next({ data: { tick: 1 } }), () => socket.terminate());
    });
    expect(await failureOf(backend, 1)).toMatchObject({ code: 'UPSTREAM_FAILED' });
  });

  it('is unreachable where the socket is lost before it is acknowledged, or nobody listens', async () => {
    const backend = await listen((socket) => socket.terminate());
    expect(await failureOf(backend)).toMatchObject({ code: 'UPSTREAM_UNREACHABLE' });
    expect(await failureOf({ ...backend, url: 'http://127.0.0.1:1/graphql' })).toMatchObject({
      code: 'UPSTREAM_UNREACHABLE',
    });
  });

  it.each([
    ['no JSON', 'no JSON'],
    ['an unknown type', '{"type":"strange"}'],
    ['an event without a payload', '{"id":"1","type":"next"}'],
    ['an event that is no answer', next({})],
    ['a second acknowledgement', ACK],
    ['errors that are none', '{"id":"1","type":"error","payload":[]}'],
  ])('fails on %s', async (_what, message) => {
    const backend = await speaking((socket, type) => socket.send(type === 'connection_init' ? ACK : message));
    expect(await failureOf(backend)).toMatchObject({ code: 'UPSTREAM_BAD_RESPONSE' });
  });

  it.each([
    ['an event', next({ data: { tick: 1 } })],
    ['errors', '{"id":"1","type":"error","payload":[{"message":"m"}]}'],
    ['an end', '{"id":"1","type":"complete"}'],
  ])('takes %s for no answer that comes before the acknowledgement', async (_what, message) => {
    const backend = await speaking((socket) => socket.send(message));
    expect(await failureOf(backend)).toMatchObject({ code: 'UPSTREAM_BAD_RESPONSE' });
  });

  it('bounds the size of an event', async () => {
    const backend = await speaking((socket, type) =>
      socket.send(type === 'connection_init' ? ACK : next({ data: { tick: 'x'.repeat(6_000) } })),
    );
    expect(await failureOf(backend)).toMatchObject({ code: 'UPSTREAM_RESPONSE_TOO_LARGE' });
  });

  it('gives up a service that does not acknowledge in time', async () => {
    const closed = deferred();
    const backend = await listen((socket) => socket.once('close', () => closed.resolve()));
    expect(await failureOf(backend, 0, { timeoutMs: 50 })).toMatchObject({ code: 'UPSTREAM_TIMEOUT' });
    await closed.promise;
  });

  it.each([
    [401, 'UPSTREAM_REJECTED'],
    [503, 'UPSTREAM_FAILED'],
    [301, 'UPSTREAM_BAD_RESPONSE'],
    [200, 'UPSTREAM_BAD_RESPONSE'],
  ])('makes of the status %i for the upgrade the error %s', async (status, code) => {
    const backend = await listen();
    backend.server.removeAllListeners('upgrade');
    backend.server.on('upgrade', (_request, socket: Socket) => {
      const location = 'location: http://127.0.0.1:1/\r\nretry-after: 7\r\n';
      socket.end(`HTTP/1.1 ${status} X\r\nconnection: close\r\ncontent-length: 0\r\n${location}\r\n`);
    });
    const details = status === 503 ? { retryAfterMs: 7_000, upstreamStatus: 503 } : {};
    expect(await failureOf(backend)).toMatchObject({ extensions: { code, ...details } });
  });

  it('answers pings', async () => {
    const ponged = deferred<string>();
    const backend = await listen((socket) => {
      socket.on('message', (data) => {
        const message = String(data);
        if (message.includes('connection_init')) socket.send(ACK);
        else if (message.includes('subscribe')) socket.send('{"type":"ping","payload":{"n":1}}');
        else ponged.resolve(message);
      });
    });
    const items = serviceAt(backend.url).graphql.subscribe(TICKS, createCallContext().context);
    const first = items.next();
    expect(JSON.parse(await ponged.promise)).toEqual({ type: 'pong', payload: { n: 1 } });
    await items.return?.();
    expect(await first).toEqual({ done: true, value: undefined });
  });

  it('holds a service back that is faster than the reader, and loses nothing', async () => {
    const held = deferred();
    const COUNT = 2_000;
    const payload = 'x'.repeat(4_000);
    const backend = await speaking((socket, type) => {
      if (type === 'connection_init') {
        socket.send(ACK);
        return;
      }
      for (let tick = 0; tick < COUNT; tick++) socket.send(next({ data: { tick, payload } }));
      socket.send('{"id":"1","type":"complete"}');
      let before = 0;
      const timer = setInterval(() => {
        if (socket.bufferedAmount > 0 && socket.bufferedAmount === before) held.resolve();
        before = socket.bufferedAmount;
      }, 50);
      cleanups.push(() => clearInterval(timer));
    });
    const { graphql } = serviceAt(backend.url, { maxResponseBytes: 5_000 });
    const items = graphql.subscribe(TICKS, createCallContext().context);
    await items.next();
    // What the service still has to send does not become less while nobody reads.
    await held.promise;
    let count = 1;
    for await (const { data } of items) expect(data?.tick).toBe(count++);
    expect(count).toBe(COUNT);
  });
});

it('a service that sends pings and reads no answers is given up, instead of keeping them', async () => {
  const { url } = await listen((socket) => {
    socket.once('message', () => {
      socket.send('{"type":"connection_ack"}');
      socket.pause();
      const ping = JSON.stringify({ type: 'ping', payload: { text: 'x'.repeat(4_000) } });
      for (let count = 0; count < 8_000; count += 1) socket.send(ping);
      socket.send('{"id":"1","type":"complete"}');
    });
  });
  const { context } = createCallContext();
  const events = serviceAt(url).graphql.subscribe(TICKS, context);
  await expect(events.next()).rejects.toMatchObject({ code: 'UPSTREAM_BAD_RESPONSE' });
});
