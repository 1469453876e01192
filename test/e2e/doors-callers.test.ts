import { once } from 'node:events';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { deferred } from '../utils/deferred.ts';
import { createMemoryDirectory, type MemoryDirectory } from '../utils/directory.ts';
import { type IdentityDoors, startIdentityDoors } from '../utils/identity-doors.ts';
import { startTokenIssuer, type TokenIssuer } from '../utils/token-issuer.ts';
import { expectNoUnhandledRejection } from '../utils/unhandled.ts';

let now = Date.now();
let issuer: TokenIssuer;
let directory: MemoryDirectory;
let isReady = true;
let doors: IdentityDoors;
const disposals: (() => unknown)[] = [];
expectNoUnhandledRejection();
beforeAll(async () => {
  issuer = await startTokenIssuer(() => now);
});
afterAll(() => issuer.close());
beforeEach(async () => {
  now = Date.now();
  isReady = true;
  directory = createMemoryDirectory();
  const claims = { tenant: 'org', app: 'app', roles: 'roles' };
  const trust = { issuer: issuer.url, audience: 'skein', claims, roles: { ops: 'platform', staff: 'admin' } };
  const auth = { trustedProxies: ['127.0.0.1'], jwt: [trust] };
  doors = await startIdentityDoors(
    () => (isReady ? directory : undefined),
    auth,
    () => now,
  );
});
afterEach(async () => {
  for (const dispose of disposals.splice(0)) await dispose();
  await doors.close();
});

const HELLO = JSON.stringify({ query: '{ hello }' });
const JSON_TYPE = { 'content-type': 'application/json' };

const DOORS: Record<string, RequestInit & { readonly query?: string }> = {
  'POST JSON': { method: 'POST', headers: JSON_TYPE, body: HELLO },
  GET: { method: 'GET', query: '?query={hello}', headers: { accept: 'application/json' } },
  form: {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'query={hello}',
  },
  'event stream': { method: 'POST', headers: { ...JSON_TYPE, accept: 'text/event-stream' }, body: HELLO },
  'reserved event stream': { method: 'PUT' },
};

type Headers = Readonly<Record<string, string>>;

/** What credentials are shown, and what is said to them: status and the beginning of the message. */
const CASES: Record<string, [show: () => Promise<Headers> | Headers, status: number, message?: string]> = {
  'a key': [() => bearer(directory.add('k')), 200],
  'a key as x-api-key': [() => ({ 'x-api-key': directory.add('k') }), 200],
  'a key that has expired': [() => bearer(directory.add('k', { expiresAt: now })), 401, 'The API key has expired.'],
  'a key that was revoked': [
    () => {
      const key = directory.add('k');
      directory.revoke(key);
      return bearer(key);
    },
    401,
    'The API key is not valid.',
  ],
  'a key from its origin': [
    () => ({ ...bearer(directory.add('k', { origins: ['https://a.example'] })), origin: 'https://a.example' }),
    200,
  ],
  'a key from another origin': [
    () => ({ ...bearer(directory.add('k', { origins: ['https://a.example'] })), origin: 'https://b.example' }),
    403,
    'The API key is for pages of certain origins, and this is none',
  ],
  'a key from its address, through a proxy': [
    () => ({ ...bearer(directory.add('k', { cidrs: ['192.0.2.0/24'] })), 'x-forwarded-for': '192.0.2.7' }),
    200,
  ],
  'a key from another address': [
    () => bearer(directory.add('k', { cidrs: ['192.0.2.0/24'] })),
    403,
    'The API key is for certain addresses',
  ],
  'a key before keys were read': [
    () => {
      isReady = false;
      return bearer(directory.add('k'));
    },
    503,
    'Whether the API key is valid cannot be told yet',
  ],
  'a token': [async () => bearer(await issuer.sign({ org: 'acme' })), 200],
  'a token of an app': [async () => bearer(await issuer.sign({ app: 'app_shop' })), 200],
  'a token of the default tenant': [async () => bearer(await issuer.sign({ org: 'default' })), 200],
  'a token that has expired': [
    async () => bearer(await issuer.sign({ org: 'acme', exp: Math.floor(now / 1_000) - 60 })),
    401,
    'The token has expired.',
  ],
  'a token of no tenant': [async () => bearer(await issuer.sign()), 403, 'The token does not say whose it is'],
  'a token of a tenant that is not there': [
    async () => bearer(await issuer.sign({ org: 'other' })),
    403,
    'The tenant that the token names does not exist.',
  ],
  'a token of an app that is not there': [
    async () => bearer(await issuer.sign({ org: 'acme', app: 'app_x' })),
    403,
    'The app that the token names does not exist.',
  ],
  'a token of an app of another tenant': [
    async () => bearer(await issuer.sign({ org: 'default', app: 'app_shop' })),
    403,
    'The app that the token names is that of another tenant.',
  ],
  'a token before tenants were read': [
    async () => {
      isReady = false;
      return bearer(await issuer.sign({ org: 'acme' }));
    },
    503,
    'Whether',
  ],
};

function bearer(secret: string): Headers {
  return { authorization: `Bearer ${secret}` };
}

const CODES: Record<number, string> = { 401: 'UNAUTHENTICATED', 403: 'FORBIDDEN', 503: 'IDENTITY_UNAVAILABLE' };

describe.each(Object.entries(CASES))('%s', (_case, [show, status, message]) => {
  it.each(Object.entries(DOORS))('is answered as it should be: %s', async (_door, { query = '', ...init }) => {
    const shown = await show();
    const response = await fetch(doors.url + query, { ...init, headers: { ...(init.headers as Headers), ...shown } });
    const text = await response.text();
    if (status === 200) return expect([200, 201]).toContain(response.status);
    expect(response.status).toBe(status);
    const { errors } = JSON.parse(text) as { errors: { message: string; extensions: { code: string } }[] };
    expect(errors).toMatchObject([{ extensions: { code: CODES[status] } }]);
    expect(errors[0]?.message.startsWith(message as string), errors[0]?.message).toBe(true);
    for (const secret of Object.values(shown)) expect(text).not.toContain(secret.replace('Bearer ', ''));
  });

  it('is answered as it should be: WebSocket', async () => {
    const { client } = openSocket(await show());
    const said = await client
      .iterate({ query: '{ hello }' })
      .next()
      .catch((close: { code: number; reason: string }) => close);
    if (status === 200) return expect(said).toMatchObject({ value: { data: { hello: 'world' } } });
    expect(said).toMatchObject({ code: status === 503 ? 1013 : 4403, reason: expect.stringMatching(/ /) });
    const { reason } = said as { reason: string };
    if (message !== 'The API key is not valid.') expect(reason.startsWith(message as string), reason).toBe(true);
  });
});

/** A client whose socket is opened with headers. */
function openSocket(headers: Headers, payload?: Record<string, unknown>) {
  class WithHeaders extends WebSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols, { headers });
    }
  }
  const client = createWsClient({
    url: doors.url.replace('http', 'ws'),
    webSocketImpl: WithHeaders,
    retryAttempts: 0,
    lazy: false,
    onNonLazyError: () => {},
    ...(payload === undefined ? {} : { connectionParams: payload }),
  });
  disposals.push(() => client.dispose());
  return { client };
}

interface Result {
  readonly data?: unknown;
  readonly errors?: readonly { readonly message: string; readonly extensions?: unknown }[];
}

const TRANSPORTS: Record<string, (headers: Headers) => (query: string) => AsyncIterableIterator<unknown>> = {
  'SSE, distinct connections': (headers) => sse(headers, false),
  'SSE, single connection': (headers) => sse(headers, true),
  'WebSocket, by its upgrade': (headers) => {
    const { client } = openSocket(headers);
    return (query) => client.iterate({ query });
  },
  'WebSocket, by its greeting': ({ authorization }) => {
    const { client } = openSocket({}, { authorization });
    return (query) => client.iterate({ query });
  },
};

function sse(headers: Headers, singleConnection: boolean) {
  const options = { url: doors.url, headers, retryAttempts: 0, ...(singleConnection ? { singleConnection } : {}) };
  const client = createSseClient(options as Parameters<typeof createSseClient>[0]);
  disposals.push(() => client.dispose());
  return (query: string) => client.iterate({ query });
}

describe.each(Object.entries(TRANSPORTS))('a stream by %s', (_name, open) => {
  const ENDED = [
    {
      message: 'The API key or token that opened this is not valid any more.',
      extensions: { code: 'UNAUTHENTICATED', requestId: expect.any(String) },
    },
  ];

  /** A subscription that has had its first event. */
  async function subscribe(credentials: Headers) {
    const events = open(credentials)('subscription { ticks }');
    const first = events.next();
    const stream = await doors.ticker.nextStream();
    stream.emit(1);
    expect((await first).value).toEqual({ data: { ticks: 1 } });
    return { events, stream };
  }

  it('ends when its key is revoked, and no other does', async () => {
    const [gone, stays] = [directory.add('gone'), directory.add('stays')];
    const [ending, lasting] = [await subscribe(bearer(gone)), await subscribe(bearer(stays))];
    directory.revoke(gone);
    directory.change(stays, { name: 'renamed' });
    doors.revocations.check();
    expect(((await ending.events.next()).value as Result).errors).toEqual(ENDED);
    expect((await ending.events.next()).done).toBe(true);
    await ending.stream.returned;
    const next = lasting.events.next();
    lasting.stream.emit(2);
    expect((await next).value).toEqual({ data: { ticks: 2 } });
    await lasting.events.return?.();
  });

  it('ends when its key expires', async () => {
    const { events } = await subscribe(bearer(directory.add('short', { expiresAt: now + 1_000 })));
    doors.revocations.check();
    now += 1_000;
    const next = events.next();
    doors.revocations.check();
    expect(((await next).value as Result).errors).toEqual(ENDED);
  });

  it('ends when its token expires, or its tenant is gone', async () => {
    const token = async () => bearer(await issuer.sign({ org: 'acme', jti: String(Math.random()) }));
    const expiring = await subscribe(await token());
    now += 305_000;
    const orphaned = await subscribe(await token());
    doors.revocations.check();
    expect(((await expiring.events.next()).value as Result).errors).toEqual(ENDED);
    directory.removeTenant('tnt_acme');
    doors.revocations.check();
    expect(((await orphaned.events.next()).value as Result).errors).toEqual(ENDED);
  });

  it('lasts while the directory is gone', async () => {
    const { events, stream } = await subscribe(bearer(directory.add('k')));
    isReady = false;
    doors.revocations.check();
    const next = events.next();
    stream.emit(2);
    expect((await next).value).toEqual({ data: { ticks: 2 } });
    await events.return?.();
  });
});

it('lets a query finish whose key is revoked', async () => {
  const key = directory.add('k');
  const headers = { ...JSON_TYPE, ...bearer(key) };
  const answer = fetch(doors.url, { method: 'POST', headers, body: JSON.stringify({ query: '{ held }' }) });
  const held = await doors.ticker.nextHeld();
  directory.revoke(key);
  doors.revocations.check();
  held.answer('late');
  expect(await (await answer).json()).toEqual({ data: { held: 'late' } });
});

it('takes no new operations on a socket whose key was revoked, and knows what has changed of a key', async () => {
  const key = directory.add('k', { expiresAt: now + 1_000 });
  const { client } = openSocket(bearer(key));
  const hello = async () => (await client.iterate({ query: '{ hello }' }).next()).value as Result;
  expect(await hello()).toEqual({ data: { hello: 'world' } });
  directory.change(key, { expiresAt: undefined });
  now += 2_000;
  expect(await hello()).toEqual({ data: { hello: 'world' } });
  directory.change(key, { cidrs: ['::1'] });
  await expect(hello()).rejects.toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  directory.revoke(key);
  await expect(hello()).rejects.toMatchObject([
    { message: 'The API key is not valid.', extensions: { code: 'UNAUTHENTICATED' } },
  ]);
});

it('shows its state to platform administrators by token, and to no other', async () => {
  const status = async (claims: Record<string, unknown>) => {
    const response = await fetch(new URL('/status', doors.url), { headers: bearer(await issuer.sign(claims)) });
    const body = (await response.json()) as { errors?: { extensions: { code: string } }[]; streams?: number };
    return [response.status, body.errors?.[0]?.extensions.code ?? body.streams];
  };
  expect(await status({ roles: ['ops'] })).toEqual([200, 0]);
  expect(await status({ roles: ['staff', 'platform'], org: 'acme' })).toEqual([403, 'FORBIDDEN']);
  expect(await status({ roles: ['ops'], aud: 'other' })).toEqual([401, 'UNAUTHENTICATED']);
});

describe('a client that goes while its token is verified', () => {
  /** An issuer that answers when the test says so. */
  async function holdIssuer() {
    const asked = deferred();
    const answer = deferred();
    issuer.answerWith((_request, response) => {
      asked.resolve();
      void answer.promise.then(() => {
        issuer.answerWith(undefined);
        response.end(
          JSON.stringify({ keys: [issuer.publicKey()], issuer: issuer.url, jwks_uri: `${issuer.url}/keys` }),
        );
      });
    });
    return { asked: asked.promise, answer: answer.resolve };
  }

  it('leaves nothing behind over HTTP', async () => {
    const { asked, answer } = await holdIssuer();
    const controller = new AbortController();
    const headers = { accept: 'text/event-stream', ...bearer(await issuer.sign({ org: 'acme' })) };
    const gone = fetch(`${doors.url}?query=subscription{ticks}`, { headers, signal: controller.signal });
    await asked;
    controller.abort();
    await expect(gone).rejects.toThrow();
    answer();
    const other = await fetch(doors.url, { method: 'POST', headers: { ...JSON_TYPE, ...headers }, body: HELLO });
    expect(await other.text()).toContain('world');
    expect([doors.ticker.streams.length, doors.lifetimes.streams]).toEqual([0, 0]);
  });

  const lasting = (jti: string) => issuer.sign({ org: 'acme', jti, exp: Math.floor(now / 1_000) + 36_000 });

  it('leaves nothing behind over WebSocket', async () => {
    const [token, other] = [await lasting('a'), await lasting('b')];
    const socket = new WebSocket(doors.url.replace('http', 'ws'), 'graphql-transport-ws', { headers: bearer(token) });
    const send = (message: object) => socket.send(JSON.stringify(message));
    await once(socket, 'open');
    send({ type: 'connection_init' });
    await once(socket, 'message');
    // What was verified is forgotten after a while, and keys are asked for before it is verified again after an hour.
    now += 2 * 60 * 60_000;
    const { asked, answer } = await holdIssuer();
    send({ id: '1', type: 'subscribe', payload: { query: 'subscription { ticks }' } });
    await asked;
    socket.terminate();
    await once(socket, 'close');
    answer();
    const headers = { ...JSON_TYPE, ...bearer(other) };
    const answered = await fetch(doors.url, { method: 'POST', headers, body: HELLO });
    expect(await answered.json()).toEqual({ data: { hello: 'world' } });
    expect([doors.ticker.streams.length, doors.lifetimes.size]).toEqual([0, 0]);
  });
});
