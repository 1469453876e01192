import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryLog } from '../utils/call-context.ts';
import { createMemorySource } from '../utils/memory-source.ts';
import { connectRaw, requestText } from '../utils/raw-http.ts';
import { startTestGateway, TEST_KEY, type TestGateway } from '../utils/test-gateway.ts';
import { createTicker, type Ticker } from '../utils/ticker.ts';
import { expectNoUnhandledRejection } from '../utils/unhandled.ts';

const odd = createMemorySource({
  name: 'odd',
  sdl: 'type Query { unwritable: JSON } scalar JSON',
  unary: { 'Query.unwritable': () => ({ count: 1n }) },
});

let gateway: TestGateway;
let ticker: Ticker;
const log = createMemoryLog();
expectNoUnhandledRejection();
beforeAll(async () => {
  ticker = createTicker();
  gateway = await startTestGateway([ticker.source, odd], {}, { log });
});
afterAll(() => gateway.close());
beforeEach(() => {
  log.lines.length = 0;
});

interface Heard {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** The one answer on a connection of its own. */
async function ask(method: string, target: string, headers: Readonly<Record<string, string>> = {}): Promise<Heard> {
  const raw = await connectRaw(gateway.url);
  raw.send(requestText(method, target, { connection: 'close', ...gateway.headers, ...headers }));
  await raw.closed;
  const [head = '', body = ''] = raw.received().split(/\r\n\r\n([\s\S]*)/);
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]), head, body };
}

const codeOf = ({ body }: Heard) =>
  (JSON.parse(body) as { errors: { extensions: { code: string } }[] }).errors[0]?.extensions.code;

describe('a Host', () => {
  it.each(['[', 'a b', 'a/b', 'a?b', 'user@a', 'a:b', '1.2.3.4.5', 'a%zz'])(
    'that is none is refused: %s',
    async (host) => {
      for (const target of ['/graphql?query={hello}', '/healthz', '/v1/models']) {
        const answer = await ask('GET', target, { host });
        expect([answer.status, codeOf(answer)]).toEqual([400, 'BAD_REQUEST']);
      }
    },
  );

  it.each(['localhost', 'api.example:8443', '127.0.0.1:80', '[::1]:4000', 'my_service', ''])(
    'is taken: %s',
    async (host) => {
      expect((await ask('GET', '/graphql?query={hello}', { host })).body).toContain('"hello":"world"');
    },
  );
});

describe('an address in its absolute form', () => {
  it.each(['http', 'HTTPS'])('is what it is without its beginning: %s', async (scheme) => {
    const answer = await ask('GET', `${scheme}://api.example:8443/graphql?query={hello}`);
    expect([answer.status, answer.body]).toEqual([200, '{"data":{"hello":"world"}}']);
    expect((await ask('GET', `${scheme}://api.example/healthz`)).status).toBe(200);
    expect((await ask('GET', `${scheme}://api.example`)).status).toBe(404);
  });

  it('has a host that counts instead of the header: the key on the page is for this machine alone', async () => {
    const headers = { accept: 'text/html', host: 'localhost' };
    expect((await ask('GET', '/graphql', headers)).body).toContain(TEST_KEY);
    expect((await ask('GET', 'http://api.example/graphql', headers)).body).not.toContain(TEST_KEY);
    expect((await ask('GET', 'http://user@localhost/graphql', headers)).status).toBe(400);
  });
});

it('an answer by GET that JSON cannot write is an error without what the code says of itself', async () => {
  const answer = await ask('GET', '/graphql?query={unwritable}');
  expect([answer.status, codeOf(answer)]).toEqual([500, 'INTERNAL_SERVER_ERROR']);
  expect(answer.body).not.toMatch(/BigInt|node_modules/);
  const [, requestId] = /x-request-id: (\S+)/.exec(answer.head) ?? [];
  expect(answer.body).toContain(requestId);
  expect(log.lines).toContainEqual({
    level: 'error',
    fields: expect.objectContaining({ requestId }),
    message: 'unexpected error',
  });
});

it('what is no request ends an answer that has begun, and is not written into it', async () => {
  const raw = await connectRaw(gateway.url);
  const body = JSON.stringify({ query: 'subscription { ticks }' });
  const form = { accept: 'text/event-stream', 'content-type': 'application/json', 'content-length': `${body.length}` };
  raw.send(requestText('POST', '/graphql', { ...gateway.headers, ...form }, body));
  const stream = await ticker.nextStream();
  stream.emit(1);
  await raw.until('"ticks":1');
  raw.send('NONSENSE\r\n\r\n');
  await raw.closed;
  await stream.returned;
  expect(raw.received().match(/HTTP\/1\.1/g)).toHaveLength(1);
});

it('a question mark in a query string is part of it, for event streams too', async () => {
  const target = '/graphql?query={hello%23?%0A}';
  for (const accept of ['application/json', 'text/event-stream'])
    expect((await ask('GET', target, { accept })).body).toContain('{"data":{"hello":"world"}}');
});
