import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ERROR_TABLE, type ErrorCode, isErrorCode, SkeinError } from '../../kernel/errors.ts';
import { createMemoryLog } from '../utils/call-context.ts';
import { createMemorySource } from '../utils/memory-source.ts';
import { connectRaw, requestText } from '../utils/raw-http.ts';
import { startTestGateway, type TestGateway } from '../utils/test-gateway.ts';
import { expectNoUnhandledRejection } from '../utils/unhandled.ts';

const SECRET = 'postgres://root:hunter2@10.0.0.7';
const LIMITS = { bodyBytes: 20_000, tokens: 300, depth: 5, fields: 50, requestTimeoutMs: 400 };

const faulty = createMemorySource({
  name: 'faulty',
  sdl: `
    type Query {
      hello: String
      add(a: Int!, b: Int): Int
      search(filter: Filter): String
      echo(value: JSON): JSON
      parent: Parent
      typeError: String
      known: String
      wrongInt: Int
      required: String!
      late: String
      list: [Parent!]
    }
    type Mutation { hello: String }
    type Subscription { ticks: Int }
    type Parent { name: String missing: String! parent: Parent }
    input Filter { text: String! range: Range }
    input Range { from: Int! to: Int }
    scalar JSON
  `,
  unary: {
    'Query.hello': () => 'world',
    'Query.add': ({ a, b }: { a: number; b?: number }) => a + (b ?? 0),
    'Query.search': ({ filter }: { filter?: { text: string } }) => filter?.text ?? null,
    'Query.echo': ({ value }: { value: unknown }) => value,
    'Query.parent': () => ({ name: 'Ada', missing: null, parent: {} }),
    'Query.typeError': () => {
      throw new TypeError(`cannot reach ${SECRET}`);
    },
    'Query.known': () => {
      throw new SkeinError('UPSTREAM_REJECTED', undefined, {
        details: { source: 'faulty', operation: 'known', upstreamStatus: 404 },
        cause: new Error(SECRET),
      });
    },
    'Query.wrongInt': () => SECRET,
    'Query.required': () => null,
    'Query.late': () => new Promise(() => {}),
    'Query.list': () => [{ name: 'a', missing: 'b' }, null],
    'Mutation.hello': () => 'world',
  },
  streams: {
    'Subscription.ticks': async function* () {
      yield 1;
    },
  },
});

interface Answer {
  status: number;
  headers: Headers;
  body: { data?: unknown; errors?: { message: string; path?: unknown; extensions: Record<string, unknown> }[] };
}

const RESPONSE_JSON = 'application/graphql-response+json';
const log = createMemoryLog();
let gateway: TestGateway;
expectNoUnhandledRejection();
beforeAll(async () => {
  gateway = await startTestGateway([faulty], {}, { limits: LIMITS, log });
});
afterAll(() => gateway.close());
beforeEach(() => {
  log.lines.length = 0;
});

async function send(init: RequestInit & { readonly query?: string } = {}): Promise<Answer> {
  const { query = '', ...rest } = init;
  const headers = { accept: RESPONSE_JSON, ...gateway.headers, ...(rest.headers as Record<string, string>) };
  const response = await fetch(gateway.url + query, { ...rest, headers, signal: AbortSignal.timeout(10_000) });
  const text = await response.text();
  expect(response.headers.get('content-type'), text).toMatch(/^application\/(graphql-response\+)?json; charset=utf-8$/);
  return { status: response.status, headers: response.headers, body: JSON.parse(text) as Answer['body'] };
}

function expectErrors({ status, headers, body }: Answer, code: ErrorCode): void {
  expect(body.errors?.[0]?.extensions.code, JSON.stringify(body)).toBe(code);
  if (!('data' in body)) expect(status).toBe(ERROR_TABLE[code].status);
  for (const { extensions } of body.errors ?? []) {
    expect(isErrorCode(extensions.code)).toBe(true);
    expect(extensions.requestId).toBe(headers.get('x-request-id'));
  }
  expect(JSON.stringify(body)).not.toContain('hunter2');
}

interface Params {
  readonly query?: string;
  readonly operationName?: string;
  readonly variables?: unknown;
}

function fieldsOf(params: Params): URLSearchParams {
  const fields = new URLSearchParams();
  for (const [name, value] of Object.entries(params))
    fields.set(name, typeof value === 'string' ? value : JSON.stringify(value));
  return fields;
}

const json = (body: string, type = 'application/json'): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': type },
  body,
});

const WAYS: Record<string, (params: Params) => Promise<Answer>> = {
  'JSON POST': (params) => send(json(JSON.stringify(params))),
  GET: (params) => send({ query: `?${fieldsOf(params)}` }),
  'form POST': (params) => send({ method: 'POST', body: fieldsOf(params) }),
  'multipart POST': (params) => {
    const body = new FormData();
    body.set('operations', JSON.stringify(params));
    body.set('map', '{}');
    return send({ method: 'POST', body });
  },
};

const bomb = (levels: number) =>
  `{ parent { ...f0 } } ${Array.from({ length: levels }, (_, i) => `fragment f${i} on Parent { ...f${i + 1} ...f${i + 1} }`).join(' ')} fragment f${levels} on Parent { name }`;

const REFUSED: Record<string, [Params, ErrorCode]> = {
  'no query': [{ operationName: 'A' }, 'BAD_REQUEST'],
  'variables that are a list': [{ query: '{ hello }', variables: [1] }, 'BAD_REQUEST'],
  'an unknown operation name': [{ query: 'query A { hello }', operationName: 'B' }, 'BAD_REQUEST'],
  'several operations and no name': [{ query: 'query A { hello } query B { hello }' }, 'BAD_REQUEST'],
  'no operation': [{ query: 'fragment a on Query { hello }' }, 'GRAPHQL_VALIDATION_FAILED'],
  'a syntax error': [{ query: '{ hello' }, 'GRAPHQL_PARSE_FAILED'],
  'an unknown field': [{ query: '{ helo }' }, 'GRAPHQL_VALIDATION_FAILED'],
  'a literal of the wrong type': [{ query: '{ add(a: "x") }' }, 'GRAPHQL_VALIDATION_FAILED'],
  'a variable of the wrong type': [
    { query: 'query ($a: Int!) { add(a: $a) }', variables: { a: 'x' } },
    'BAD_USER_INPUT',
  ],
  'an input object with a wrong field': [
    { query: 'query ($f: Filter) { search(filter: $f) }', variables: { f: { text: 'a', range: { form: 1 } } } },
    'BAD_USER_INPUT',
  ],
  'a required variable that is missing': [{ query: 'query ($a: Int!) { add(a: $a) }' }, 'BAD_USER_INPUT'],
  'too deep a selection': [
    { query: '{ parent { parent { parent { parent { parent { name } } } } } }' },
    'OPERATION_TOO_COMPLEX',
  ],
  'too many fields': [{ query: `{ ${'hello '.repeat(51)} }` }, 'OPERATION_TOO_COMPLEX'],
  'a fragment bomb': [{ query: bomb(28) }, 'OPERATION_TOO_COMPLEX'],
  'a fragment that spreads itself': [
    { query: '{ parent { ...a } } fragment a on Parent { parent { ...a } }' },
    'GRAPHQL_VALIDATION_FAILED',
  ],
};

describe.each(Object.entries(WAYS))('%s', (name, way) => {
  it.each(Object.entries(REFUSED))('refuses %s, each time', async (_name, [params, code]) => {
    // What is seen twice is compiled: the compiled operation must refuse the same.
    for (let round = 0; round < 3; round += 1) {
      const answer = await way(params);
      expectErrors(answer, code);
      expect(answer.body).not.toHaveProperty('data');
    }
  });

  it('refuses too many tokens as too complex', async () => {
    expectErrors(await way({ query: `{ ${'hello '.repeat(300)} }` }), 'OPERATION_TOO_COMPLEX');
  });

  it('suggests the field that was meant', async () => {
    const { body } = await way({ query: '{ helo }' });
    expect(body.errors?.[0]?.message).toContain('Did you mean "hello"?');
  });

  it('gives what it has when a field fails, and says what failed', async () => {
    for (let round = 0; round < 3; round += 1) {
      const answer = await way({ query: '{ hello known }' });
      expect(answer.status).toBe(200);
      expectErrors(answer, 'UPSTREAM_REJECTED');
      expect(answer.body.data).toEqual({ hello: 'world', known: null });
      expect(answer.body.errors?.[0]).toMatchObject({
        path: ['known'],
        extensions: { source: 'faulty', operation: 'known', upstreamStatus: 404 },
      });
    }
  });

  it('masks an error that nobody expected, and logs it under the id that the client got', async () => {
    for (let round = 0; round < 3; round += 1) {
      log.lines.length = 0;
      const answer = await way({ query: '{ hello typeError }' });
      expectErrors(answer, 'INTERNAL_SERVER_ERROR');
      expect(answer.body).toMatchObject({
        data: { hello: 'world', typeError: null },
        errors: [{ path: ['typeError'], message: ERROR_TABLE.INTERNAL_SERVER_ERROR.message }],
      });
      expect(log.lines.find(({ level }) => level === 'error')?.fields).toMatchObject({
        requestId: answer.headers.get('x-request-id'),
        err: new TypeError(`cannot reach ${SECRET}`),
      });
    }
  });

  it.each([
    ['{ hello wrongInt }', { hello: 'world', wrongInt: null }],
    ['{ hello required }', null],
    ['{ parent { name missing } }', { parent: null }],
    ['{ hello list { name missing } }', { hello: 'world', list: null }],
  ])('says of a value that does not fit its type, in %s, that the source is wrong', async (query, data) => {
    for (let round = 0; round < 3; round += 1) {
      const answer = await way({ query });
      expect(answer.status).toBe(200);
      expectErrors(answer, 'UPSTREAM_BAD_RESPONSE');
      expect(answer.body.data).toEqual(data);
    }
  });

  it('ends a request at its deadline', async () => {
    expectErrors(await way({ query: '{ late }' }), 'DEADLINE_EXCEEDED');
  });

  it('keeps a prototype in variables a plain value', async () => {
    const variables = JSON.parse('{"v": {"__proto__": {"polluted": 1}, "a": [{"__proto__": {"polluted": 2}}]}}');
    const { body } = await way({ query: 'query ($v: JSON) { echo(value: $v) }', variables });
    expect(JSON.stringify(body.data)).toBe(JSON.stringify({ echo: variables.v }));
    await way({ query: '{ hello }', variables: JSON.parse('{"__proto__": {"polluted": 1}, "constructor": 2}') });
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('survives variables nested without end', async () => {
    if (name === 'GET') return expect((await way({ query: '{ hello }' })).status).toBe(200);
    const filter = JSON.parse(`${'[{"text":'.repeat(300)}[]${'}]'.repeat(300)}`) as unknown;
    expectErrors(
      await way({ query: 'query ($f: Filter) { search(filter: $f) }', variables: { f: filter } }),
      'BAD_USER_INPUT',
    );
  });

  it('still serves after all that', async () => {
    expect(await way({ query: '{ hello }' })).toMatchObject({ status: 200, body: { data: { hello: 'world' } } });
  });
});

describe('JSON bodies', () => {
  it.each([
    ['malformed JSON', '{"query":'],
    ['nothing', ''],
    ['a list', '[{"query":"{ hello }"}]'],
    ['a string', '"{ hello }"'],
    ['null', 'null'],
    ['a query of another type', '{"query": {"a": 1}}'],
    ['an operation name of another type', '{"query": "{ hello }", "operationName": 7}'],
    ['variables that are text', '{"query": "{ hello }", "variables": "{}"}'],
    ['extensions that are a list', '{"query": "{ hello }", "extensions": []}'],
  ])('are refused when they are %s', async (_name, body) => {
    expectErrors(await send(json(body)), 'BAD_REQUEST');
  });

  it.each(['text/plain', 'application/json; charset=utf-16', 'application/jsonx', 'application/graphql+json', ''])(
    'are refused as content type "%s"',
    async (type) => {
      const headers: Record<string, string> = type === '' ? {} : { 'content-type': type };
      expectErrors(
        await send({ method: 'POST', headers, body: Buffer.from('{"query":"{ hello }"}') }),
        'UNSUPPORTED_MEDIA_TYPE',
      );
    },
  );

  it('are taken as JSON with charset=utf-8, however it is written', async () => {
    for (const type of ['application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"'])
      expect((await send(json('{"query":"{ hello }"}', type))).status).toBe(200);
  });

  it('are refused with a content encoding', async () => {
    const answer = await send({
      ...json('x'),
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    });
    expectErrors(answer, 'UNSUPPORTED_MEDIA_TYPE');
  });

  it('that are good JSON with a bad document are a 200 for clients of plain JSON, as the protocol has it', async () => {
    const { status, body } = await gateway.post({ query: '{ helo }' }, { accept: 'application/json' });
    expect(status).toBe(200);
    expect(body).not.toHaveProperty('data');
  });
});

describe('forms', () => {
  const form = (fields: Record<string, string>) => {
    const body = new FormData();
    for (const [name, value] of Object.entries(fields)) body.set(name, value);
    return send({ method: 'POST', body });
  };
  it.each([
    ['no operations', { map: '{}' }],
    ['operations that are no JSON', { operations: '{' }],
    ['operations that are a list', { operations: '[{"query":"{ hello }"}]', map: '{}' }],
    ['operations that are null', { operations: 'null', map: '{}' }],
    ['a map that is no JSON', { operations: '{"query":"{ hello }"}', map: '{' }],
    ['a map of something else', { operations: '{"query":"{ hello }"}', map: '{"0": 7}' }],
  ])('are refused with %s', async (_name, fields) => {
    expectErrors(await form(fields as unknown as Record<string, string>), 'BAD_REQUEST');
  });

  it('are refused when they are no form', async () => {
    const headers = { 'content-type': 'multipart/form-data; boundary=x' };
    expectErrors(await send({ method: 'POST', headers, body: '--y\r\nnothing' }), 'BAD_REQUEST');
  });

  it('cannot reach prototypes through their map', async () => {
    const operations = '{"query":"{ hello }", "variables": {}}';
    const map = JSON.stringify({ 0: ['__proto__.polluted', 'variables.constructor.prototype.polluted'] });
    await form({ operations, map, 0: 'yes' });
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('and queries in the address are refused with variables that are no JSON', async () => {
    expectErrors(await send({ query: '?query={hello}&variables={' }), 'BAD_REQUEST');
    const body = new URLSearchParams({ query: '{ hello }', variables: '{' });
    expectErrors(await send({ method: 'POST', body }), 'BAD_REQUEST');
  });

  it('have no subscriptions answered as JSON', async () => {
    const body = new URLSearchParams({ query: 'subscription { ticks }' });
    expectErrors(await send({ method: 'POST', body, headers: { accept: RESPONSE_JSON } }), 'NOT_ACCEPTABLE');
  });
});

describe('methods, paths and media types', () => {
  it.each(['', '&token=x'])('refuse a mutation by GET, and say what would do (%s)', async (more) => {
    for (const accept of [RESPONSE_JSON, 'application/json, text/event-stream']) {
      const answer = await send({ query: `?query=mutation{hello}${more}`, headers: { accept } });
      expectErrors(answer, 'METHOD_NOT_ALLOWED');
      expect(answer.headers.get('allow')).toBe('POST');
    }
  });

  it.each(['PATCH', 'OPTIONS'])('refuse %s, and say what would do', async (method) => {
    const answer = await send({ method });
    expectErrors(answer, 'METHOD_NOT_ALLOWED');
    expect(answer.headers.get('allow')).toBe('GET, POST, PUT, DELETE');
  });

  it('refuse HEAD without a body', async () => {
    const response = await fetch(gateway.url, { method: 'HEAD', headers: gateway.headers });
    expect(response.status).toBe(405);
    expect(await response.text()).toBe('');
  });

  it.each(['/', '/graphqls', '/graphql/', '/../graphql%00'])('have nothing at %s', async (path) => {
    const response = await fetch(new URL(path, gateway.url), { headers: gateway.headers });
    expectErrors(
      { status: response.status, headers: response.headers, body: await response.json() } as Answer,
      'NOT_FOUND',
    );
  });

  it.each(['JSON POST', 'GET', 'form POST'])('refuse a %s whose answer would not be taken', async (way) => {
    const headers = { accept: 'image/png' };
    const body = JSON.stringify({ query: '{ hello }' });
    const init: Record<string, RequestInit & { query?: string }> = {
      'JSON POST': { ...json(body), headers: { ...headers, 'content-type': 'application/json' } },
      GET: { query: '?query={hello}', headers },
      'form POST': { method: 'POST', headers, body: new URLSearchParams({ query: '{ hello }' }) },
    };
    expectErrors(await send(init[way]), 'NOT_ACCEPTABLE');
  });

  it('answer a client that offers another protocol as if it had not, with its body and on the same connection', async () => {
    const raw = await connectRaw(gateway.url);
    const offer = {
      connection: 'Upgrade, HTTP2-Settings',
      upgrade: 'h2c',
      'http2-settings': 'AAMAAABkAARAAAAAAAIAAAAA',
    };
    const body = JSON.stringify({ query: '{ hello }' });
    const head = {
      ...gateway.headers,
      ...offer,
      'content-type': 'application/json',
      'content-length': `${body.length}`,
    };
    for (let round = 0; round < 2; round += 1) {
      raw.send(requestText('POST', '/graphql', head, body.slice(0, 5)));
      raw.send(body.slice(5));
      await raw.until(new RegExp(`(200 OK[\\s\\S]*world[\\s\\S]*){${round + 1}}`));
    }
    raw.send(requestText('POST', '/graphql', { ...offer, 'content-length': '0', connection: 'close, Upgrade' }));
    await raw.closed;
    expect(raw.received()).toMatch(/HTTP\/1\.1 401 [\s\S]*UNAUTHENTICATED/);
  });

  it('answer what is no HTTP with 400, and close', async () => {
    const raw = await connectRaw(gateway.url);
    raw.send('NONSENSE\r\n\r\n');
    await raw.closed;
    expect(raw.received()).toMatch(/^HTTP\/1\.1 400 /);
  });
});

describe('request ids', () => {
  it('of the client are used when they are fit to be ids', async () => {
    const { headers } = await gateway.post({ query: '{ hello }' }, { 'x-request-id': 'trace:1/a+b=c' });
    expect(headers.get('x-request-id')).toBe('trace:1/a+b=c');
  });

  it.each([['<script>'], ['a b'], ['x'.repeat(129)], ['ü'], ['a,b']])('like %s are replaced', async (id) => {
    const answer = (await gateway.post({ query: '{ helo }' }, { 'x-request-id': id })) as Answer;
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expectErrors({ ...answer, status: 400 }, 'GRAPHQL_VALIDATION_FAILED');
  });

  it('cannot carry header lines', async () => {
    const raw = await connectRaw(gateway.url);
    const headers = { ...gateway.headers, 'x-request-id': 'a\rset-cookie: b', connection: 'close' };
    raw.send(requestText('GET', '/graphql?query={hello}', headers));
    await raw.closed;
    expect(raw.received()).not.toContain('set-cookie');
  });
});

describe('bodies beyond the limit', () => {
  const size = 400_000;
  const headers = () => ({ ...gateway.headers, 'content-type': 'application/json' });

  it('are refused before they are read when their length is declared, and the connection closes', async () => {
    const raw = await connectRaw(gateway.url);
    raw.send(requestText('POST', '/graphql', { ...headers(), 'content-length': String(size) }));
    const head = await raw.until('PAYLOAD_TOO_LARGE');
    expect(head).toMatch(/^HTTP\/1\.1 413 [\s\S]*connection: close/i);
    raw.send('x'.repeat(size));
    raw.send(requestText('GET', '/graphql?query={hello}', gateway.headers));
    await raw.closed;
    expect(raw.received()).not.toContain('world');
  });

  it('are refused as soon as they are too large when it is not', async () => {
    const raw = await connectRaw(gateway.url);
    raw.send(requestText('POST', '/graphql', { ...headers(), 'transfer-encoding': 'chunked' }));
    raw.send(`${(15_000).toString(16)}\r\n${'x'.repeat(15_000)}\r\n`);
    raw.send(`${(15_000).toString(16)}\r\n${'x'.repeat(15_000)}\r\n`);
    expect(await raw.until('PAYLOAD_TOO_LARGE')).toMatch(/^HTTP\/1\.1 413 [\s\S]*connection: close/i);
    await raw.closed;
  });

  it.each(['application/json', 'application/x-www-form-urlencoded'])(
    'tell even a client that sends on (%s)',
    async (type) => {
      for (let round = 0; round < 5; round += 1) {
        const answer = await send({ method: 'POST', headers: { 'content-type': type }, body: 'x'.repeat(size) });
        expectErrors(answer, 'PAYLOAD_TOO_LARGE');
      }
    },
  );
});
