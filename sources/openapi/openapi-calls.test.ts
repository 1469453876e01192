import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CancellationSource } from '../../kernel/cancellation.ts';
import { SkeinError } from '../../kernel/errors.ts';
import { silentLog } from '../../kernel/ports.ts';
import { NO_CLIENT } from '../call-context.ts';
import type { CallContext, Source } from '../source.ts';
import { createOpenapiSource } from './openapi-source.ts';
import { openapiOptions } from './options.ts';

const json = (schema: object) => ({ content: { 'application/json': { schema } } });
const text = { type: 'string' };
const product = { $ref: '#/components/schemas/Product' };
const DOCUMENT = JSON.stringify({
  openapi: '3.1.0',
  paths: {
    '/products': {
      get: {
        operationId: 'listProducts',
        parameters: [
          { name: 'q', in: 'query', schema: text },
          { name: 'sku', in: 'query', schema: { type: 'array', items: text } },
          { name: 'tags', in: 'query', explode: false, schema: { type: 'array', items: text } },
        ],
        responses: { 200: json({ type: 'array', items: product }) },
      },
      post: {
        operationId: 'createProduct',
        requestBody: { required: true, ...json(product) },
        responses: { 201: json(product) },
      },
    },
    '/products/{sku}/reviews/{id}': {
      parameters: [
        { name: 'sku', in: 'path', schema: text },
        { name: 'id', in: 'path', schema: text },
      ],
      get: { operationId: 'getReview', responses: { 200: json({ type: 'object', properties: { id: text } }) } },
      delete: { operationId: 'deleteReview', responses: { 204: {} } },
    },
  },
  components: {
    schemas: {
      Product: {
        type: 'object',
        properties: {
          sku: text,
          'weight-kg': { type: 'number' },
          id: { type: 'integer', format: 'int64' },
          parts: { type: 'array', items: product },
        },
      },
    },
  },
});

let respond: (request: IncomingMessage, response: ServerResponse, body: string) => void;
let server: Server;
let source: Source;

beforeEach(async () => {
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    respond(request, response, body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`;
  const options = openapiOptions.parse({ kind: 'openapi', document: 'api.json', endpoint });
  source = createOpenapiSource('catalog', options, DOCUMENT, 'api.json', { log: silentLog, report() {} });
});

afterEach(async () => {
  await source.dispose();
  server.closeAllConnections();
  server.close();
});

const contextOf = (log = silentLog): CallContext => ({
  cancellation: new CancellationSource(),
  deadlineAt: Date.now() + 60_000,
  ...NO_CLIENT,
  requestId: 'r1',
  log,
});

async function call(field: string, args: Record<string, unknown> = {}, context = contextOf()): Promise<unknown> {
  const found = source.model.calls.get(field);
  if (found?.type !== 'unary') throw new Error(`no call ${field}`);
  return found.invoke(args, context);
}

async function failureOf(promise: Promise<unknown>): Promise<SkeinError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof SkeinError) return error;
  throw new Error(`expected a SkeinError, got ${String(error)}`);
}

/** Answers every request alike. */
function answerWith(
  status: number,
  body: string,
  headers: Record<string, string> = { 'content-type': 'application/json' },
) {
  respond = (_request, response) => response.writeHead(status, headers).end(body);
}

const review = { sku: 'lamp', id: '1' };

describe('answers', () => {
  test('are passed on as they were parsed', async () => {
    answerWith(200, '[{"sku":"lamp","weight-kg":1.5}]', { 'content-type': 'application/vnd.shop+json; charset=utf-8' });
    expect(await call('Query.products')).toEqual([{ sku: 'lamp', 'weight-kg': 1.5 }]);
  });

  test('without content are true where the document says so, and null elsewhere', async () => {
    respond = (_request, response) => response.writeHead(204).end();
    expect(await call('Mutation.deleteReview', review)).toBe(true);
    expect(await call('Query.review', review)).toBeNull();
  });

  test('of 404 to the reading of one object are null, and a refusal elsewhere', async () => {
    answerWith(404, '{"detail":"no such thing"}');
    expect(await call('Query.review', review)).toBeNull();
    expect((await failureOf(call('Query.products'))).extensions.upstreamStatus).toBe(404);
    expect((await failureOf(call('Mutation.deleteReview', review))).code).toBe('UPSTREAM_REJECTED');
  });

  test.each([
    [400, {}, { code: 'UPSTREAM_REJECTED', upstreamStatus: 400 }],
    [429, { 'retry-after': '3' }, { code: 'UPSTREAM_REJECTED', upstreamStatus: 429, retryAfterMs: 3_000 }],
    [429, { 'retry-after-ms': '250' }, { code: 'UPSTREAM_REJECTED', upstreamStatus: 429, retryAfterMs: 250 }],
    [
      429,
      { 'retry-after': 'Thu, 01 Jan 1970 00:00:00 GMT' },
      { code: 'UPSTREAM_REJECTED', upstreamStatus: 429, retryAfterMs: 0 },
    ],
    [429, { 'retry-after': 'soon' }, { code: 'UPSTREAM_REJECTED', upstreamStatus: 429 }],
    [500, {}, { code: 'UPSTREAM_FAILED', upstreamStatus: 500 }],
    [503, { 'retry-after': '99999999' }, { code: 'UPSTREAM_FAILED', upstreamStatus: 503, retryAfterMs: 3_600_000 }],
    [302, { location: 'http://elsewhere/' }, { code: 'UPSTREAM_BAD_RESPONSE', upstreamStatus: 302 }],
  ])('of %i with %j fail with all that the client may know, and nothing else', async (status, headers, extensions) => {
    answerWith(status, '{"secret":"s3cret"}', { 'content-type': 'application/json', ...headers });
    const warn = vi.fn();
    const error = await failureOf(call('Query.products', {}, contextOf({ ...silentLog, warn })));
    expect(error.extensions).toEqual({ source: 'catalog', operation: 'listProducts', ...extensions });
    expect(error.message).not.toContain('s3cret');
    expect(warn.mock.calls[0]?.[0]).toMatchObject({ requestId: 'r1', source: 'catalog', status });
  });

  test.each([
    ['cut off', '[{', 'application/json'],
    ['empty', '', 'application/json'],
    ['HTML', '<html></html>', 'text/html'],
    ['of a type that only sounds like JSON', '[]', 'application/jsonx'],
    ['an object instead of a list', '{}', 'application/json'],
  ])('that are %s cannot be used', async (_what, body, contentType) => {
    answerWith(200, body, { 'content-type': contentType });
    expect((await failureOf(call('Query.products'))).code).toBe('UPSTREAM_BAD_RESPONSE');
  });

  test('may begin with a byte order mark', async () => {
    answerWith(200, '\uFEFF[]');
    expect(await call('Query.products')).toEqual([]);
  });
});

describe('requests', () => {
  test('have inputs by their names and numbers upstream, however deep', async () => {
    let seen: unknown;
    respond = (request, response, body) => {
      seen = [request.method, request.url, request.headers['content-type'], request.headers.accept, JSON.parse(body)];
      response.writeHead(201, { 'content-type': 'application/json' }).end('{}');
    };
    await call('Mutation.createProduct', { input: { weightKg: 2, id: '7', parts: [{ weightKg: null, sku: 'x' }] } });
    const body = { 'weight-kg': 2, id: 7, parts: [{ 'weight-kg': null, sku: 'x' }] };
    expect(seen).toEqual(['POST', '/api/products', 'application/json', 'application/json', body]);
  });

  test('have all digits of an integer that JavaScript would round', async () => {
    let seen = '';
    respond = (_request, response, body) => {
      seen = body;
      response.writeHead(201, { 'content-type': 'application/json' }).end('{}');
    };
    const input = { sku: 'a"b', id: '9223372036854775807', parts: [{ id: '-9007199254740993' }, { id: '7' }] };
    await call('Mutation.createProduct', { input });
    expect(seen).toBe('{"sku":"a\\"b","id":9223372036854775807,"parts":[{"id":-9007199254740993},{"id":7}]}');
  });

  test('carry any text to exactly its place', async () => {
    let seen = '';
    respond = (request, response) => {
      seen = request.url ?? '';
      const isList = seen.startsWith('/api/products?') || seen === '/api/products';
      response.writeHead(200, { 'content-type': 'application/json' }).end(isList ? '[]' : '{}');
    };
    const anyText = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string(),
      fc.constantFrom('../..', '?x=1', '#', '%2e%2e', '%', '+', '&q=2', '=', '\r\nx: y', '{sku}', '/', '\\'),
    );
    const segment = anyText.filter((text) => !['', '.', '..'].includes(text));
    const values = fc.record({ sku: segment, id: segment, q: anyText, list: fc.array(anyText, { maxLength: 3 }) });
    await fc.assert(
      fc.asyncProperty(values, async ({ sku, id, q, list }) => {
        await call('Query.review', { sku, id });
        expect(seen.split('/').map(decodeURIComponent)).toEqual(['', 'api', 'products', sku, 'reviews', id]);
        expect(seen).not.toMatch(/[?#\s]|\/\.{1,2}(\/|$)/);

        await call('Query.products', { q, sku: list, tags: list });
        const pairs = (seen.split('?')[1] ?? '').split('&').map((pair) => pair.split('='));
        const valuesOf = (name: string) => pairs.filter(([key]) => key === name).map(([, value]) => value ?? '');
        expect(seen.split('?')).toHaveLength(2);
        expect(valuesOf('q').map(decodeURIComponent)).toEqual([q]);
        expect(valuesOf('sku').map(decodeURIComponent)).toEqual(list);
        expect(
          valuesOf('tags')
            .flatMap((value) => value.split(','))
            .map(decodeURIComponent),
        ).toEqual(list);
        expect(pairs).toHaveLength(1 + list.length + (list.length > 0 ? 1 : 0));
      }),
      { numRuns: 200 },
    );
  });
});

test('probe reaches a server that listens, and tells of one that does not', async () => {
  await source.probe(new AbortController().signal);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  expect((await failureOf(source.probe(new AbortController().signal))).code).toBe('UPSTREAM_UNREACHABLE');
});
