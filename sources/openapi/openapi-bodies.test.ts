import fc from 'fast-check';
import { Response } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noAnswer, type OpenapiServer, startOpenapiServer } from '../../test/utils/openapi-server.ts';

const text = { type: 'string' };
const int64 = { type: 'integer', format: 'int64' };
const order = {
  type: 'object',
  properties: {
    'order-id': int64,
    note: text,
    tags: { type: 'array', items: text },
    lines: { type: 'array', items: { type: 'object', properties: { sku: text } } },
    address: { type: 'object', properties: { 'zip-code': text } },
  },
};
const post = (operationId: string, content: object, required = true) => ({
  post: { operationId, requestBody: { required, content }, ...noAnswer },
});

const paths = {
  '/form': post('form', { 'application/x-www-form-urlencoded': { schema: order } }),
  '/deep': post('deep', {
    'application/x-www-form-urlencoded': {
      schema: order,
      encoding: {
        lines: { style: 'deepObject', explode: true },
        address: { style: 'deepObject' },
        tags: { style: 'pipeDelimited', explode: false },
      },
    },
  }),
  '/parts': post('parts', {
    'multipart/form-data': {
      schema: order,
      encoding: { note: { contentType: 'text/markdown' }, tags: { contentType: 'application/json' } },
    },
  }),
  '/open': post('open', { 'application/x-www-form-urlencoded': { schema: { type: 'object' } } }),
  '/text': post('text', { 'text/csv': { schema: text } }, false),
  '/several': post('several', {
    'application/xml': {},
    'multipart/form-data': { schema: order },
    'application/json-patch+json': { schema: { type: 'array', items: {} } },
    'application/json': { schema: order },
  }),
};

let server: OpenapiServer;
beforeAll(async () => {
  server = await startOpenapiServer({ paths });
});
afterAll(() => server.close());

const input = {
  orderId: '9007199254740993',
  note: 'a&b=ü +',
  tags: ['x', 'y,z'],
  lines: [{ sku: '1' }, { sku: '2' }],
  address: { zipCode: '8000' },
};

async function sent(field: string, value: unknown): Promise<{ contentType: string | undefined; body: string }> {
  await server.call(`Mutation.${field}`, { input: value });
  const { headers, body } = server.seen();
  return { contentType: headers['content-type'], body: body.toString() };
}

async function partsOf(value: unknown): Promise<[string, string][]> {
  const { contentType = '', body } = await sent('parts', value);
  const form = await new Response(body, { headers: { 'content-type': contentType } }).formData();
  return [...form].map(([name, own]) => [name, own as string]);
}

describe('a form', () => {
  test('has a pair for each value, and objects as JSON', async () => {
    const { contentType, body } = await sent('form', input);
    expect(contentType).toBe('application/x-www-form-urlencoded');
    expect([...new URLSearchParams(body)]).toEqual([
      ['order-id', '9007199254740993'],
      ['note', 'a&b=ü +'],
      ['tags', 'x'],
      ['tags', 'y,z'],
      ['lines', '{"sku":"1"}'],
      ['lines', '{"sku":"2"}'],
      ['address', '{"zip-code":"8000"}'],
    ]);
  });

  test('is written as its encoding says', async () => {
    expect([...new URLSearchParams((await sent('deep', input)).body)]).toEqual([
      ['order-id', '9007199254740993'],
      ['note', 'a&b=ü +'],
      ['tags', 'x|y,z'],
      ['lines[0][sku]', '1'],
      ['lines[1][sku]', '2'],
      ['address[zip-code]', '8000'],
    ]);
  });

  test('without known properties is any object, and nothing else', async () => {
    expect(server.model.sdl).toContain('open(\n    input: JSON!\n  )');
    expect((await sent('open', { 'a&': 1, b: null, c: { d: [] } })).body).toBe('a%26=1&c=%7B%22d%22%3A%5B%5D%7D');
    expect((await server.failure('Mutation.open', { input: ['a'] })).code).toBe('BAD_USER_INPUT');
  });
});

describe('a form of parts', () => {
  test('has a part for each value, of the types of its encoding', async () => {
    expect(await partsOf(input)).toEqual([
      ['order-id', '9007199254740993'],
      ['note', 'a&b=ü +'],
      ['tags', '["x","y,z"]'],
      ['lines', '{"sku":"1"}'],
      ['lines', '{"sku":"2"}'],
      ['address', '{"zip-code":"8000"}'],
    ]);
    const { body } = server.seen();
    expect(body.toString().match(/content-type: .+/g)).toEqual([
      'content-type: text/markdown',
      'content-type: application/json',
      'content-type: application/json',
      'content-type: application/json',
      'content-type: application/json',
    ]);
  });

  test('carries any text to exactly its part', async () => {
    const anyText = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\r\n--', '--skein-', '"; filename="x"', '\ud800'),
    );
    await fc.assert(
      fc.asyncProperty(anyText, async (note) => {
        if (/\p{Surrogate}/u.test(note)) {
          expect((await server.failure('Mutation.parts', { input: { note } })).code).toBe('BAD_USER_INPUT');
        } else {
          const { contentType = '', body } = await sent('parts', { note, address: { zipCode: note } });
          const form = await new Response(body, { headers: { 'content-type': contentType } }).formData();
          expect([...form.keys()]).toEqual(['note', 'address']);
          expect(form.get('note')).toBe(note);
          expect(JSON.parse(String(form.get('address')))).toEqual({ 'zip-code': note });
        }
      }),
      { numRuns: 50 },
    );
  });
});

test('a body of text is a String', async () => {
  expect(server.model.sdl).toContain('text(\n    input: String\n  )');
  expect(await sent('text', 'ü,1\r\n')).toEqual({ contentType: 'text/csv; charset=utf-8', body: 'ü,1\r\n' });
  await server.call('Mutation.text', {});
  expect(server.seen().headers).not.toHaveProperty('content-type');
});

test('of several types plain JSON is sent', async () => {
  const { contentType, body } = await sent('several', { orderId: '7' });
  expect([contentType, body]).toEqual(['application/json', '{"order-id":7}']);
});

test('a body that cannot be sent is left out with a notice, or with its operation', async () => {
  const xml = { 'application/xml': { schema: order } };
  const other = await startOpenapiServer({
    paths: {
      '/a': post('a', xml, false),
      '/b': post('b', xml),
      '/c': post('c', { 'multipart/mixed': {}, 'a/b\r\nx: y': {} }, false),
      '/d': { get: { operationId: 'd', requestBody: { content: { 'application/json': {} } }, ...noAnswer } },
      '/e': post('e', {
        'application/x-www-form-urlencoded': {
          schema: order,
          encoding: { address: { style: 'pipeDelimited' }, lines: { style: 'form' }, note: { style: 'none' } },
        },
      }),
    },
  });
  await other.close();
  expect(other.notices).toEqual([
    'd: the body is left out, because GET has no body.',
    'a: the body is left out, because it is application/xml.',
    'b is left out, because its body cannot be sent, because it is application/xml.',
    'c: the body is left out, because it is multipart/mixed, a/b\r\nx: y.',
    'e: E.lines: a list of lists or objects cannot be written in the style "form": it is sent as JSON.',
    'e: E.note: the style "none" is not known.',
  ]);
});
