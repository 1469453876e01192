import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createMemorySource } from '../utils/memory-source.ts';
import { startTestGateway, type TestGateway } from '../utils/test-gateway.ts';

const source = createMemorySource({
  name: 'words',
  sdl: 'type Query { hello: String }',
  unary: { 'Query.hello': () => 'world' },
});
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway([source], {}, { limits: { tokens: 20, depth: 3, fields: 5 } });
});
afterAll(() => gateway.close());

async function post(body: string, type: string | undefined) {
  const headers = new Headers(gateway.headers);
  // A body of bytes is sent without a content type of its own.
  if (type !== undefined) headers.set('content-type', type);
  const response = await fetch(gateway.url, { method: 'POST', headers, body: new TextEncoder().encode(body) });
  const answer = (await response.json()) as { data?: unknown; errors?: { message: string }[] };
  return { status: response.status, message: answer.errors?.[0]?.message, data: answer.data };
}

describe('a body whose content type is not what it is', () => {
  const QUERY = '{"query": "{ hello }"}';
  const FORM = 'application/x-www-form-urlencoded';

  it.each([
    [415, 'JSON that curl calls a form', QUERY, FORM, 'The body is JSON, but is called a form.'],
    [415, 'JSON with an ampersand that is called a form', '{"query":"x"}&query=x', FORM, 'The body is JSON'],
    [400, 'a form without a query', 'name=x', `${FORM}; charset=utf-8`, 'The form has no "query".'],
    [415, 'JSON without a content type', QUERY, undefined, 'The request has no content type.'],
    [415, 'JSON as text', QUERY, 'text/plain', 'The content type of the request is not supported.'],
  ])('is refused with %i and what to send: %s', async (expected, _name, body, type, what) => {
    const { status, message } = await post(body, type);
    expect(status).toBe(expected);
    expect(message).toContain(what);
    expect(message).toContain('with the header "content-type: application/json"');
  });

  it.each([
    ['a form', `query=${encodeURIComponent('{ hello }')}`, FORM],
    ['a form with a charset', 'query=%7B%20hello%20%7D', `${FORM}; charset=UTF-8`],
    ['a document', '{ hello }', 'application/graphql'],
  ])('is no concern of %s', async (_name, body, type) => {
    expect(await post(body, type)).toMatchObject({ status: 200, data: { hello: 'world' } });
  });
});

describe('a limit that is exceeded', () => {
  it.each([
    [`{ ${'hello '.repeat(20)} }`, 'The document has more than 20 tokens (limits.tokens).'],
    ['{ __schema { types { name fields { name } } } }', undefined],
    [
      '{ a: hello b: hello c: hello d: hello e: hello f: hello }',
      'The operation selects more than 5 fields (limits.fields).',
    ],
  ])('is named: %s', async (query, message) => {
    expect((await post(JSON.stringify({ query }), 'application/json')).message).toBe(message);
  });
});

describe('a socket without a good key', () => {
  async function closing(payload: object, headers: Record<string, string> = {}) {
    const socket = new WebSocket(gateway.url.replace('http', 'ws'), 'graphql-transport-ws', { headers });
    socket.on('open', () => socket.send(JSON.stringify({ type: 'connection_init', payload })));
    return new Promise((resolve) =>
      socket.on('close', (code: number, reason: Buffer) => resolve([code, reason.toString()])),
    );
  }

  it('is closed with the way to send one, or with what is wrong about it, not with itself', async () => {
    const missing = [
      4403,
      'An API key is required: send {"Authorization": "Bearer <key>"} as the payload of connection_init.',
    ];
    const wrong = [
      4403,
      'The API key is not valid: "Authorization" must be "Bearer <key>" with a key of this gateway.',
    ];
    expect(await closing({})).toEqual(missing);
    expect(await closing({ headers: { authorization: 'Bearer x' } })).toEqual(missing);
    expect(await closing({ authorization: 'Bearer secret' })).toEqual(wrong);
    expect(await closing({}, { authorization: 'secret' })).toEqual(wrong);
  });
});
