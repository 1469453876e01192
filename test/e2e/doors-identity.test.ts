import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { connectRaw, requestText } from '../utils/raw-http.ts';
import { startTestGateway, TEST_KEY, type TestGateway } from '../utils/test-gateway.ts';
import { createTicker } from '../utils/ticker.ts';
import { expectNoUnhandledRejection } from '../utils/unhandled.ts';

let gateway: TestGateway;
expectNoUnhandledRejection();
beforeAll(async () => {
  gateway = await startTestGateway([createTicker().source]);
});
afterAll(() => gateway.close());

interface Request {
  readonly method: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const HELLO = JSON.stringify({ query: '{ hello }' });
const JSON_TYPE = { 'content-type': 'application/json' };
const EVENTS = { accept: 'text/event-stream' };
const TOKEN = { 'x-graphql-event-stream-token': 'b3c9d2f0-0000-4000-8000-000000000000' };

/** Every way into the graph over HTTP. A new door belongs here. */
const DOORS: Record<string, Request> = {
  'POST JSON': { method: 'POST', headers: JSON_TYPE, body: HELLO },
  'POST JSON of introspection': {
    method: 'POST',
    headers: JSON_TYPE,
    body: JSON.stringify({ query: '{ __schema { types { name } } }' }),
  },
  'POST of something else': { method: 'POST', headers: { 'content-type': 'text/plain' }, body: HELLO },
  'POST of too much': { method: 'POST', headers: JSON_TYPE, body: 'x'.repeat(2_000_000) },
  GET: { method: 'GET', query: '?query={hello}' },
  'GET of introspection': { method: 'GET', query: '?query={__schema{types{name}}}' },
  'GET of nothing': { method: 'GET', headers: { accept: 'application/json' } },
  'form POST': {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'query={hello}',
  },
  'GraphQL POST': { method: 'POST', headers: { 'content-type': 'application/graphql' }, body: '{ hello }' },
  'SSE by POST': { method: 'POST', headers: { ...JSON_TYPE, ...EVENTS }, body: HELLO },
  'SSE by GET': { method: 'GET', query: '?query=subscription{ticks}', headers: EVENTS },
  'SSE reservation': { method: 'PUT', headers: EVENTS },
  'SSE single connection': { method: 'GET', headers: { ...EVENTS, ...TOKEN } },
  'SSE single connection, token in the address': { method: 'GET', query: '?token=x', headers: EVENTS },
  'SSE operation': { method: 'POST', headers: { ...JSON_TYPE, ...TOKEN }, body: HELLO },
  'SSE cancellation': { method: 'DELETE', query: '?operationId=1', headers: TOKEN },
  'a method nobody knows': { method: 'PATCH' },
};

const STRANGERS: Record<string, (request: Request) => Request> = {
  'no key': (request) => request,
  'an empty key': (request) => withHeaders(request, { authorization: 'Bearer ' }),
  'a wrong key': (request) => withHeaders(request, { authorization: `Bearer ${TEST_KEY}x` }),
  'a key in another case': (request) => withHeaders(request, { authorization: `Bearer ${TEST_KEY.toUpperCase()}` }),
  'two keys': (request) => withHeaders(request, { authorization: `Bearer ${TEST_KEY} ${TEST_KEY}` }),
  'no scheme': (request) => withHeaders(request, { authorization: TEST_KEY }),
  'another scheme': (request) =>
    withHeaders(request, { authorization: `Basic ${Buffer.from(`:${TEST_KEY}`).toString('base64')}` }),
  'a key in another header': (request) =>
    withHeaders(request, { 'x-key': TEST_KEY, 'api-key': TEST_KEY, 'proxy-authorization': `Bearer ${TEST_KEY}` }),
  'a key as x-api-key beside a wrong one': (request) =>
    withHeaders(request, { 'x-api-key': TEST_KEY, authorization: 'Bearer wrong' }),
  'a wrong key as x-api-key': (request) => withHeaders(request, { 'x-api-key': `${TEST_KEY}x` }),
  'a key in a cookie': (request) => withHeaders(request, { cookie: `authorization=Bearer ${TEST_KEY}` }),
  'a key in the address': (request) => ({
    ...request,
    query: `${request.query ?? '?a=b'}&authorization=Bearer%20${TEST_KEY}&access_token=${TEST_KEY}`,
  }),
};

function withHeaders(request: Request, headers: Record<string, string>): Request {
  return { ...request, headers: { ...request.headers, ...headers } };
}

function send({ method, query = '', headers = {}, body }: Request): Promise<Response> {
  return fetch(gateway.url + query, { method, headers, ...(body === undefined ? {} : { body }) });
}

describe.each(Object.entries(DOORS))('%s', (_name, request) => {
  it.each(Object.entries(STRANGERS))('is closed to %s', async (_stranger, disguise) => {
    const response = await send(disguise(request));
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(response.headers.get('cache-control')).toBe('no-store');
    const { errors, ...rest } = (await response.json()) as { errors: { extensions: unknown }[] };
    expect(rest).toEqual({});
    expect(errors.map(({ extensions }) => extensions)).toEqual([
      { code: 'UNAUTHENTICATED', requestId: response.headers.get('x-request-id') },
    ]);
  });

  it.each([{ authorization: `bearer  ${TEST_KEY}` }, { 'x-api-key': TEST_KEY }])(
    'is not closed to the key: %o',
    async (credentials) => {
      const controller = new AbortController();
      const headers = { ...request.headers, ...(credentials as Record<string, string>) };
      const init = { method: request.method, headers, signal: controller.signal };
      const body = request.body === undefined ? {} : { body: request.body };
      const response = await fetch(gateway.url + (request.query ?? ''), { ...init, ...body });
      expect(response.status).not.toBe(401);
      controller.abort();
    },
  );
});

it('knows of every method: none gets past the door without a key', async () => {
  for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'QUERY', 'PROPFIND'])
    expect([method, (await send({ method })).status]).toEqual([method, 401]);
});

it('serves health to everybody, and says nothing there of the graph', async () => {
  const health = await fetch(new URL('/healthz', gateway.url));
  expect([health.status, await health.json()]).toEqual([200, { status: 'ok' }]);
  const ready = await fetch(new URL('/readyz', gateway.url));
  expect([ready.status, await ready.json()]).toEqual([200, { ready: true, generation: 1 }]);
});

describe('WebSocket', () => {
  const socketUrl = () => gateway.url.replace('http', 'ws');

  /** The close code of a socket that greets with `payload`, or what its query says. */
  async function greet(payload: Record<string, unknown> | undefined, headers: Record<string, string> = {}) {
    class WithHeaders extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols, { headers });
      }
    }
    const client = createClient({
      url: socketUrl(),
      webSocketImpl: WithHeaders,
      retryAttempts: 0,
      ...(payload === undefined ? {} : { connectionParams: payload }),
    });
    try {
      for await (const result of client.iterate({ query: '{ hello }' })) return result;
      return 'nothing';
    } catch (error) {
      return (error as { code?: number }).code;
    } finally {
      await client.dispose();
    }
  }

  it.each([
    ['Authorization in its payload', { Authorization: `Bearer ${TEST_KEY}` }, {}],
    ['authorization in its payload', { authorization: `Bearer ${TEST_KEY}` }, {}],
    ['a header of the upgrade', undefined, { authorization: `Bearer ${TEST_KEY}` }],
    ['x-api-key of the upgrade', undefined, { 'x-api-key': TEST_KEY }],
    ['a header, and a payload of other things', { name: 'x' }, { authorization: `Bearer ${TEST_KEY}` }],
  ])('is open to the key as %s', async (_name, payload, headers) => {
    expect(await greet(payload, headers)).toEqual({ data: { hello: 'world' } });
  });

  it.each([
    ['no key', undefined, {}],
    ['a wrong key in the payload', { Authorization: 'Bearer wrong' }, {}],
    [
      'a wrong key in the payload and the right one in the header',
      { Authorization: 'Bearer wrong' },
      { authorization: `Bearer ${TEST_KEY}` },
    ],
    ['a wrong key in the header', undefined, { authorization: 'Bearer wrong' }],
    ['no scheme', { Authorization: TEST_KEY }, {}],
    ['a key of another type', { Authorization: [`Bearer ${TEST_KEY}`] }, {}],
    ['a key deeper in the payload', { headers: { Authorization: `Bearer ${TEST_KEY}` } }, {}],
  ])('is closed with 4403 to %s', async (_name, payload, headers) => {
    expect(await greet(payload as Record<string, unknown> | undefined, headers as Record<string, string>)).toBe(4403);
  });

  it.each([
    ['an operation before the greeting', { id: '1', type: 'subscribe', payload: { query: '{ hello }' } }, 4401],
    ['what is no message', { hello: 'world' }, 4400],
  ])('is closed to %s', async (_name, message, code) => {
    const socket = new WebSocket(socketUrl(), 'graphql-transport-ws', { headers: gateway.headers });
    socket.on('open', () => socket.send(JSON.stringify(message)));
    expect(await new Promise((resolve) => socket.on('close', resolve))).toBe(code);
  });

  it('is closed to other protocols and to messages beyond the body limit', async () => {
    const other = new WebSocket(socketUrl(), 'graphql-ws', { headers: gateway.headers });
    other.on('error', () => {});
    await new Promise((resolve) => other.on('close', resolve));
    const large = new WebSocket(socketUrl(), 'graphql-transport-ws');
    large.on('open', () => large.send('x'.repeat(2_000_000)));
    expect(await new Promise((resolve) => large.on('close', resolve))).toBe(1009);
    expect(await greet({ Authorization: `Bearer ${TEST_KEY}` })).toEqual({ data: { hello: 'world' } });
  });

  it('is only at /graphql', async () => {
    const raw = await connectRaw(gateway.url);
    raw.send(requestText('GET', '/other', { connection: 'upgrade', upgrade: 'websocket', ...gateway.headers }));
    await raw.closed;
    expect(raw.received()).toMatch(/^HTTP\/1\.1 404 /);
  });
});

describe('the GraphiQL page', () => {
  async function page(headers: Record<string, string>): Promise<string> {
    const raw = await connectRaw(gateway.url);
    raw.send(requestText('GET', '/graphql', { accept: 'text/html', connection: 'close', ...headers }));
    await raw.closed;
    expect(raw.received().slice(0, 30)).toMatch(/^HTTP\/1\.1 200 /);
    return raw.received();
  }

  it.each(['localhost', 'localhost:4000', '127.0.0.1:4000', '[::1]:4000'])('has the key at %s', async (host) => {
    expect((await page({ host })).includes(TEST_KEY)).toBe(true);
  });

  it.each(['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', '10.0.0.1', '0.0.0.0'])(
    'has a place for it at %s',
    async (host) => {
      const html = await page({ host });
      expect([html.includes(TEST_KEY), html.includes('your API key')]).toEqual([false, true]);
    },
  );

  it.each(['evil.example:localhost', 'localhost@evil.example'])(
    'is not there at %s, which is no host',
    async (host) => {
      const raw = await connectRaw(gateway.url);
      raw.send(requestText('GET', '/graphql', { accept: 'text/html', connection: 'close', host }));
      await raw.closed;
      expect(raw.received()).toMatch(/^HTTP\/1\.1 400 /);
      expect(raw.received()).not.toContain(TEST_KEY);
    },
  );

  it('has a place for it when a proxy stands between', async () => {
    for (const header of ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip'])
      expect((await page({ host: 'localhost', [header]: '10.0.0.1' })).includes(TEST_KEY)).toBe(false);
  });

  it('is not readable by pages of other origins, even where all may call', async () => {
    const open = await startTestGateway([createTicker().source], {}, { origins: ['*'] });
    const headers = { accept: 'text/html', origin: 'https://evil.example' };
    const response = await fetch(open.url, { headers });
    expect(response.headers.get('content-type')).toContain('text/html');
    expect(response.headers.has('access-control-allow-origin')).toBe(false);
    await response.arrayBuffer();
    await open.close();
  });

  it('is given to browsers only, not to those who ask for anything', async () => {
    for (const accept of ['*/*', 'application/json, text/html', 'text/html;q=0.5, application/json'])
      expect((await send({ method: 'GET', headers: { accept } })).status).toBe(401);
  });
});
