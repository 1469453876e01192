import { afterEach, describe, expect, test, vi } from 'vitest';
import { silentLog } from '../../kernel/ports.ts';
import { jsonAnswer, type OpenapiServer, startOpenapiServer } from '../../test/utils/openapi-server.ts';

const text = { type: 'string' };
const product = { type: 'object', properties: { sku: text, id: { type: 'integer', format: 'int64' } } };
const content = (type: string, schema: object = text) => ({ content: { [type]: { schema } } });
const get = (responses: object, more: object = {}) => ({ get: { operationId: 'thing', responses, ...more } });
const JSON_TYPE = { 'content-type': 'application/json' };

let server: OpenapiServer | undefined;
afterEach(() => server?.close());

async function start(responses: object, options: object = {}): Promise<OpenapiServer> {
  server = await startOpenapiServer({ paths: { '/thing': get(responses) } }, options);
  return server;
}

/** Type of the field in the SDL. */
const typeOf = ({ model }: OpenapiServer) => /thing: (\S+)/.exec(model.sdl)?.[1];

describe('text', () => {
  test('is a String in the charset of the answer', async () => {
    const api = await start({ 200: content('text/plain') });
    expect(typeOf(api)).toBe('String');
    api.answer(200, { 'content-type': 'text/plain' }, 'grün');
    expect(await api.call('Query.thing')).toBe('grün');
    expect(api.seen().headers.accept).toBe('text/plain, */*;q=0.1');
    for (const charset of ['iso-8859-1', '"ISO-8859-1"']) {
      api.answer(200, { 'content-type': `text/plain; charset=${charset}` }, Buffer.from('grün', 'latin1'));
      expect(await api.call('Query.thing')).toBe('grün');
    }
    api.answer(200, { 'content-type': 'text/plain; charset=klingon' }, 'grün');
    expect(await api.call('Query.thing')).toBe('grün');
    api.answer(204);
    expect(await api.call('Query.thing')).toBeNull();
  });

  test.each([
    'application/xml',
    'application/atom+xml',
    'application/yaml',
    'text/html',
    'application/x-www-form-urlencoded',
  ])('may be %s', async (type) => {
    const api = await start({ 200: content(type) });
    api.answer(200, { 'content-type': type }, '<a/>');
    expect([typeOf(api), await api.call('Query.thing')]).toEqual(['String', '<a/>']);
  });
});

test('bytes are a String in base64, and the field says so', async () => {
  const api = await start({ 200: content('application/pdf', { ...text, format: 'binary' }) });
  expect(api.model.sdl).toContain('"The bytes of the answer, in base64."\n  thing: String');
  const bytes = Buffer.from([0, 255, 13, 10]);
  api.answer(200, { 'content-type': 'application/pdf' }, bytes);
  expect(Buffer.from(String(await api.call('Query.thing')), 'base64')).toEqual(bytes);
});

describe('nothing', () => {
  test('is true where the document has no content, and null where it has some', async () => {
    const none = await start({ 200: { description: 'Done.' }, 404: content('application/json') });
    expect(typeOf(none)).toBe('Boolean');
    for (const [status, body] of [
      [200, ''],
      [204, undefined],
      [205, undefined],
      [202, 'queued'],
    ] as const) {
      none.answer(status, {}, body);
      expect(await none.call('Query.thing')).toBe(true);
    }
    await none.close();
    const some = await start({ 200: content('application/json', product) });
    for (const status of [204, 205]) {
      some.answer(status);
      expect(await some.call('Query.thing')).toBeNull();
    }
    some.answer(200, JSON_TYPE, '');
    expect((await some.failure('Query.thing')).code).toBe('UPSTREAM_BAD_RESPONSE');
  });
});

describe('of several answers', () => {
  test('the lowest status with JSON gives the type, and others that differ are told', async () => {
    const api = await start({
      202: content('application/json', { type: 'object', properties: { job: text } }),
      204: {},
      200: content('application/json', product),
      201: content('application/json', product),
      '2XX': content('text/plain'),
      default: content('application/json', { type: 'object', properties: { error: text } }),
    });
    expect(api.model.sdl).toMatch(/type ThingResult \{\s+sku: String\s+id: Int64/);
    expect(api.notices).toEqual(['thing: answers of status 202 have another type, and are read as that of 200.']);
    api.answer(202, JSON_TYPE, '{"job":"1"}');
    expect(await api.call('Query.thing')).toEqual({ job: '1' });
  });

  test('the default is the successful one where there is no other', async () => {
    const api = await start({ default: content('application/json', product), 404: {} });
    expect(typeOf(api)).toBe('ThingResult');
    expect(api.notices).toEqual([]);
  });

  test('JSON is asked for by its own name', async () => {
    const api = await start({
      200: { content: { 'text/html': {}, 'application/vnd.shop+json': { schema: product } } },
    });
    api.answer(200, { 'content-type': 'application/vnd.shop+json' }, '{}');
    await api.call('Query.thing');
    expect(api.seen().headers.accept).toBe('application/vnd.shop+json, application/json;q=0.9');
  });

  test('the accept of the configuration wins', async () => {
    const api = await start({ 200: content('application/vnd.shop+json', product) }, { headers: { Accept: 'x/y' } });
    await api.call('Query.thing');
    expect(api.seen().headers.accept).toBe('x/y');
  });

  test.each([
    [{ 302: {} }, 'it answers with a redirect, and redirects are not followed'],
    [{ 200: content('text/event-stream') }, 'it answers with text/event-stream'],
    [{ 200: content('multipart/mixed') }, 'it answers with multipart/mixed'],
  ])('%j leave the operation out', async (responses, reason) => {
    const other = jsonAnswer(text);
    server = await startOpenapiServer({ paths: { '/thing': get(responses), '/o': { get: other } } });
    expect(server.notices).toEqual([`thing is left out, because ${reason}.`]);
  });
});

describe('JSON that is not what the document says', () => {
  test.each<[object, string, string]>([
    [product, '"text"', 'a text for an object'],
    [product, '[{}]', 'a list for an object'],
    [{ type: 'array', items: product }, '{}', 'an object for a list'],
    [text, '{}', 'an object for a text'],
    [{ type: 'integer' }, '[1]', 'a list for a number'],
  ])('%j, %s: %s', async (schema, body) => {
    const api = await start({ 200: content('application/json', schema) });
    api.answer(200, JSON_TYPE, body);
    const { extensions } = await api.failure('Query.thing');
    expect(extensions).toEqual({
      code: 'UPSTREAM_BAD_RESPONSE',
      source: 'api',
      operation: 'thing',
      upstreamStatus: 200,
    });
  });
});

test('integers of 64 bits keep their digits, wherever they are', async () => {
  const api = await start({ 200: content('application/json', { type: 'array', items: product }) });
  api.answer(200, JSON_TYPE, '[{"id":9223372036854775807},{"id":7,"sku":"9007199254740993"}]');
  expect(await api.call('Query.thing')).toEqual([{ id: '9223372036854775807' }, { id: 7, sku: '9007199254740993' }]);
});

describe('a refusal', () => {
  const body = { type: 'about:blank', title: 'Sold out', detail: 'No lamps for key s3cret-key.', left: 0 };
  const refused = { code: 'UPSTREAM_REJECTED', source: 'api', operation: 'thing', upstreamStatus: 409 };
  const detail = 'No lamps for key ***.';
  const options = { headers: { authorization: 'Bearer s3cret-key' } };

  test.each([
    ['hidden', {}],
    ['message', { upstreamMessage: detail }],
    ['body', { upstreamMessage: detail, upstreamBody: { ...body, detail } }],
  ])('with errors: %s tells %j, and never a secret', async (errors, told) => {
    const api = await start({ 200: content('application/json', product) }, { ...options, errors });
    api.answer(409, { 'content-type': 'application/problem+json', 'x-internal': 'host-7' }, JSON.stringify(body));
    const warn = vi.fn();
    const error = await api.failure('Query.thing', {}, { ...silentLog, warn });
    expect(error.extensions).toEqual({ ...refused, ...told });
    expect(error.message).toBe('The source refused the call.');

    expect(warn).toHaveBeenCalledOnce();
    expect(warn.mock.calls[0]?.[0]).toEqual({
      requestId: 'r1',
      source: 'api',
      operation: 'thing',
      code: 'UPSTREAM_REJECTED',
      method: 'GET',
      path: '/thing',
      status: 409,
      reason: 'The status is a refusal.',
      body: JSON.stringify(body).replace('s3cret-key', '***'),
    });
  });

  test('is logged with the beginning of its body only', async () => {
    const api = await start({ 200: content('application/json', product) });
    api.answer(500, {}, 'x'.repeat(100_000));
    const warn = vi.fn();
    expect((await api.failure('Query.thing', {}, { ...silentLog, warn })).code).toBe('UPSTREAM_FAILED');
    expect(warn.mock.calls[0]?.[0]).toMatchObject({ body: 'x'.repeat(1_024) });
  });
});
