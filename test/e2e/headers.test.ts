import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import { createSchema, createYoga } from 'graphql-yoga';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { Way } from '../../schema/plan/way.ts';
import { createGraphqlSource } from '../../sources/graphql/graphql-source.ts';
import { graphqlOptions } from '../../sources/graphql/options.ts';
import { createOpenapiSource } from '../../sources/openapi/openapi-source.ts';
import { openapiOptions } from '../../sources/openapi/options.ts';
import type { SourceDeps } from '../../sources/source.ts';
import { createMemoryLog } from '../utils/call-context.ts';
import { startTestGateway, TEST_KEY, type TestGateway } from '../utils/test-gateway.ts';

/** What upstreams were sent: headers of requests and upgrades, and payloads of `connection_init`. */
const seen: { at: string; headers: IncomingHttpHeaders }[] = [];
const servers: Server[] = [];
let backends: { rest: string; graphql: string };

async function listen(server: Server): Promise<string> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const tenantOf = (headers: IncomingHttpHeaders) => String(headers['x-tenant']);

async function startRest(): Promise<string> {
  return listen(
    createServer(({ headers }, response) => {
      seen.push({ at: 'rest', headers });
      const returned = { 'x-remaining': '3', 'set-cookie': 'a=b', 'x-secret': 'stays' };
      response.writeHead(200, { 'content-type': 'application/json', ...returned });
      response.end(JSON.stringify({ tenant: tenantOf(headers) }));
    }),
  );
}

async function startGraphql(): Promise<string> {
  const tick = async function* (_root: unknown, _args: unknown, context: Record<string, unknown>) {
    const params = (context.connectionParams ?? {}) as { headers?: Record<string, string> };
    const request = context.request as Request | undefined;
    yield { tenants: `${request?.headers.get('x-tenant') ?? params.headers?.['x-tenant']}` };
  };
  const schema = createSchema({
    typeDefs: 'type Query { review: Review } type Review { tenant: String } type Subscription { tenants: String }',
    resolvers: {
      Query: {
        review: (_root: unknown, _args: unknown, { request }: { request: Request }) => ({
          tenant: request.headers.get('x-tenant'),
        }),
      },
      Subscription: { tenants: { subscribe: tick } },
    },
  });
  const yoga = createYoga({
    schema,
    logging: false,
    plugins: [{ onResponse: ({ response }: { response: Response }) => response.headers.set('x-cost', '7') }],
  });
  const listener: RequestListener = (request, response) => {
    seen.push({ at: 'graphql', headers: request.headers });
    return yoga(request, response);
  };
  const server = createServer(listener);
  server.on('upgrade', ({ headers }) => seen.push({ at: 'graphql upgrade', headers }));
  const sockets = new WebSocketServer({ server });
  useServer(
    {
      schema,
      context: ({ connectionParams }) => {
        seen.push({ at: 'graphql init', headers: connectionParams as IncomingHttpHeaders });
        return { connectionParams };
      },
    },
    sockets,
  );
  return `${await listen(server)}/graphql`;
}

const DOCUMENT = {
  openapi: '3.1.0',
  info: { title: 'Catalog', version: '1' },
  paths: {
    '/product': {
      get: {
        operationId: 'product',
        responses: {
          200: {
            description: 'Fine',
            content: { 'application/json': { schema: { type: 'object', properties: { tenant: { type: 'string' } } } } },
          },
        },
      },
    },
  },
};

async function startGateway(way: Way, protocol: 'sse' | 'ws'): Promise<TestGateway> {
  const report: SourceDeps['report'] = ({ message }) => {
    throw new Error(message);
  };
  const deps = { log: createMemoryLog(), report };
  const rules = { forwardHeaders: ['x-tenant', { name: 'x-user-token', as: 'authorization' }] };
  const rest = openapiOptions.parse({
    kind: 'openapi',
    document: 'catalog.json',
    endpoint: backends.rest,
    ...rules,
    returnHeaders: ['x-remaining'],
  });
  const graphql = graphqlOptions.parse({
    kind: 'graphql',
    endpoint: backends.graphql,
    subscriptions: { protocol },
    ...rules,
    returnHeaders: ['x-cost'],
  });
  const sources = [
    createOpenapiSource('catalog', rest, JSON.stringify(DOCUMENT), 'catalog.json', deps),
    await createGraphqlSource('reviews', graphql, undefined, deps),
  ];
  return startTestGateway(sources, {}, { way, limits: { drainTimeoutMs: 100 }, origins: ['http://page.example'] });
}

beforeAll(async () => {
  backends = { rest: await startRest(), graphql: await startGraphql() };
});
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

const QUERY = '{ product { tenant } review { tenant } }';
const ANSWER = { data: { product: { tenant: 'acme' }, review: { tenant: 'acme' } } };

describe.each([
  ['direct', 'sse'],
  ['stitched', 'ws'],
] as const)('headers, on the %s way, with upstream subscriptions over %s', (way, protocol) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway(way, protocol);
  });
  afterAll(() => gateway.close());
  beforeEach(() => seen.splice(0));

  /** Every upstream was sent the header of the client, and nobody its key. */
  function expectSeen(at: readonly string[]) {
    expect([...new Set(seen.map((one) => one.at))].sort()).toEqual([...at].sort());
    for (const { at: place, headers } of seen) {
      const sent = place === 'graphql init' ? headers.headers : headers;
      expect(sent, place).toMatchObject({ 'x-tenant': 'acme' });
    }
    expect(JSON.stringify(seen)).not.toContain(TEST_KEY);
    expect(JSON.stringify(seen)).not.toContain('event-stream-token');
  }

  it('travel with a POST of JSON and come back with its answer', async () => {
    const { body, headers } = await gateway.post(
      { query: QUERY },
      { 'X-Tenant': 'acme', origin: 'http://page.example' },
    );
    expect(body).toEqual(ANSWER);
    expect([headers.get('x-remaining'), headers.get('x-cost')]).toEqual(['3', '7']);
    expect([headers.get('x-secret'), headers.get('set-cookie')]).toEqual([null, null]);
    expect(headers.get('access-control-expose-headers')?.split(', ')).toEqual(
      expect.arrayContaining(['x-remaining', 'x-cost', 'x-request-id']),
    );
    expectSeen(['rest', 'graphql']);
  });

  it.each([
    ['a GET', `?query=${encodeURIComponent(QUERY)}`, {}],
    [
      'a form',
      '',
      {
        method: 'POST',
        body: new URLSearchParams({ query: QUERY }).toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      },
    ],
  ])(
    'travel with %s and come back with its answer',
    async (_what, search, init: { method?: string; body?: string; headers?: object }) => {
      const response = await fetch(`${gateway.url}${search}`, {
        ...init,
        headers: { ...gateway.headers, 'x-tenant': 'acme', ...init.headers },
      });
      expect(await response.json()).toEqual(ANSWER);
      expect([response.headers.get('x-remaining'), response.headers.get('x-cost')]).toEqual(['3', '7']);
      expectSeen(['rest', 'graphql']);
    },
  );

  const upstreamStream = protocol === 'sse' ? ['graphql'] : ['graphql upgrade', 'graphql init'];

  it.each([
    ['distinct connections', false],
    ['a single connection', true],
  ])('travel with operations over SSE, with %s', async (_mode, singleConnection) => {
    const answers: Headers[] = [];
    const client = createSseClient({
      url: gateway.url,
      headers: { ...gateway.headers, 'x-tenant': 'acme' },
      retryAttempts: 0,
      ...(singleConnection ? { singleConnection } : {}),
      fetchFn: async (input: string, init: RequestInit) => {
        const response = await fetch(input, init);
        answers.push(response.headers);
        return response;
      },
    } as Parameters<typeof createSseClient>[0]);
    expect((await client.iterate({ query: QUERY }).next()).value).toEqual(ANSWER);
    expectSeen(['rest', 'graphql']);
    // A stream that is shared has begun by then.
    const returned = singleConnection ? [null, null] : ['3', '7'];
    expect([answers.at(-1)?.get('x-remaining'), answers.at(-1)?.get('x-cost')]).toEqual(returned);

    seen.splice(0);
    const events = client.iterate({ query: 'subscription { tenants }' });
    expect((await events.next()).value).toEqual({ data: { tenants: 'acme' } });
    await events.return?.();
    expectSeen(upstreamStream);
    client.dispose();
  });

  it.each(['the upgrade', 'the first message'])('travel with operations over WebSocket, from %s', async (place) => {
    const own = place === 'the upgrade' ? { ...gateway.headers, 'x-tenant': 'acme' } : {};
    class Socket extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols, { headers: own });
      }
    }
    const headers = { 'X-Tenant': 'acme', Authorization: `Bearer ${TEST_KEY}` };
    const client = createWsClient({
      url: gateway.url.replace('http', 'ws'),
      webSocketImpl: Socket,
      retryAttempts: 0,
      ...(place === 'the upgrade' ? {} : { connectionParams: { Authorization: `Bearer ${TEST_KEY}`, headers } }),
    });
    expect((await client.iterate({ query: QUERY }).next()).value).toEqual(ANSWER);
    expectSeen(['rest', 'graphql']);
    seen.splice(0);
    const events = client.iterate({ query: 'subscription { tenants }' });
    expect((await events.next()).value).toEqual({ data: { tenants: 'acme' } });
    await events.return?.();
    expectSeen(upstreamStream);
    await client.dispose();
  });

  it('that cannot be sent on are refused by their name', async () => {
    const client = createWsClient({
      url: gateway.url.replace('http', 'ws'),
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      connectionParams: { ...gateway.headers, headers: { 'x-tenant': 'a\r\nx-injected: yes' } },
    });
    const { value } = await client.iterate({ query: QUERY }).next();
    expect(value).toMatchObject({
      data: { product: null, review: null },
      errors: [
        {
          message: 'The header "x-tenant" has characters that cannot be sent on.',
          extensions: { code: 'BAD_USER_INPUT' },
        },
        { extensions: { code: 'BAD_USER_INPUT' } },
      ],
    });
    expect(seen).toEqual([]);
    await client.dispose();
  });
});
