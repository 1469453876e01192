import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SkeinError } from '../../kernel/errors.ts';
import { noAnswer, type OpenapiServer, startOpenapiServer } from '../../test/utils/openapi-server.ts';

const text = { type: 'string' };
const texts = { type: 'array', items: text };
const object = { type: 'object', properties: { 'a-b': text, c: text } };
const json = { 'application/json': { schema: object } };
const get = (operationId: string, ...parameters: object[]) => ({ get: { operationId, parameters, ...noAnswer } });
const path = (schema: object, more: object = {}) => ({ name: 'v', in: 'path', required: true, schema, ...more });
const query = (name: string, schema: object, more: object = {}) => ({ name, in: 'query', schema, ...more });

const paths = {
  '/simple/{v}/end': get('simple', path(text)),
  '/label/{v}/end': get('label', path(text, { style: 'label' })),
  '/matrix/{v}/end': get('matrix', path(text, { style: 'matrix' })),
  '/list/{v}/end': get('list', path(texts, { style: 'label', explode: true })),
  '/object/{v}/end': get('object', path(object, { style: 'matrix', explode: true })),
  '/json/{v}/end': get('json', { name: 'v', in: 'path', required: true, content: json }),
  '/query': get(
    'query',
    query('plain', text),
    query('reserved', text, { allowReserved: true }),
    query('list', texts),
    query('comma', texts, { explode: false }),
    query('object', object),
    query('deep', { type: 'object', properties: { in: object, list: texts } }, { style: 'deepObject' }),
    query('pipe', texts, { style: 'pipeDelimited', explode: false }),
    { name: 'json', in: 'query', content: json },
  ),
  '/headers': get(
    'headers',
    { name: 'X-Text', in: 'header', schema: text },
    { name: 'X-Json', in: 'header', content: json },
    { name: 'crumb', in: 'cookie', schema: text },
    { name: 'crumbs', in: 'cookie', schema: texts, explode: false },
  ),
};

let server: OpenapiServer;
beforeAll(async () => {
  server = await startOpenapiServer({ paths });
});
afterAll(() => server.close());

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.constantFrom(
    ...['', '.', '..', '../..', '..;', '?x=1', '#', '%2e%2e', '%', '+', ' ', '&q=2', '=', ',', ';', '|', '\r\nx: y'],
    ...['{v}', '/', '\\', '[a]', '"', '\u0000', '\ud800', '😀'],
  ),
);

/** What arrived, or undefined where the call was refused for its value. */
async function arrived<T>(field: string, args: Record<string, unknown>, read: () => T): Promise<T | undefined> {
  try {
    await server.call(`Query.${field}`, args);
  } catch (error) {
    if (error instanceof SkeinError && error.code === 'BAD_USER_INPUT') return undefined;
    throw error;
  }
  return read();
}

const segments = () => server.seen().url.split('/');
const pairs = () =>
  (server.seen().url.split('?')[1] ?? '').split('&').map((pair) => pair.split('=') as [string, string]);
const isWhole = (value: string) => !/\p{Surrogate}/u.test(value);

describe('any text in the path', () => {
  const own = (start: string) => () => {
    const all = segments();
    expect(all).toHaveLength(4);
    expect([all[0], all[3]]).toEqual(['', 'end']);
    expect(all[2]?.startsWith(start)).toBe(true);
    return all[2]?.slice(start.length) ?? '';
  };

  test.each([
    ['simple', '', ['', '.', '..']],
    ['label', '.', ['', '.']],
    ['matrix', ';v', []],
  ])('arrives as the same text in the style %s', async (style, start, refused) => {
    await fc.assert(
      fc.asyncProperty(anyText, async (v) => {
        const seen = await arrived(style, { v }, own(start));
        if (refused.includes(v as never) || !isWhole(v)) expect(seen).toBeUndefined();
        else expect(decodeURIComponent(seen?.replace(/^=/, '') ?? 'refused')).toBe(v);
      }),
    );
  });

  test('arrives in lists, objects and JSON', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyText.filter(isWhole), { minLength: 2, maxLength: 4 }), async (list) => {
        const seen = await arrived('list', { v: list }, own('.'));
        if (seen !== undefined) expect(seen.split('.').map(decodeURIComponent)).toEqual(list);
        else expect(list.join('')).toMatch(/^$|^\.$/);

        const [aB = '', c = ''] = list;
        const properties = (await arrived('object', { v: { aB, c } }, own(';')))?.split(';');
        expect(properties?.map((property) => property.split('=').map(decodeURIComponent))).toEqual([
          aB === '' ? ['a-b'] : ['a-b', aB],
          c === '' ? ['c'] : ['c', c],
        ]);
        const written = await arrived('json', { v: { aB, c } }, own(''));
        expect(JSON.parse(decodeURIComponent(written ?? ''))).toEqual({ 'a-b': aB, c });
      }),
    );
  });
});

describe('any text in the query', () => {
  const valuesOf = (name: string) =>
    pairs()
      .filter(([key]) => decodeURIComponent(key) === name)
      .map(([, value]) => decodeURIComponent(value));

  test('arrives as the same text under the same name', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, fc.array(anyText, { minLength: 1, maxLength: 3 }), async (one, list) => {
        const args = {
          plain: one,
          reserved: one,
          list,
          comma: list,
          object: { aB: one, c: one },
          deep: { in: { aB: one }, list },
          json: { aB: one },
        };
        const isSent = [one, ...list].every(isWhole);
        const seen = await arrived('query', args, () => {
          expect(server.seen().url.split(/[?#]/)).toHaveLength(2);
          return {
            plain: valuesOf('plain'),
            reserved: valuesOf('reserved'),
            list: valuesOf('list'),
            comma: pairs()
              .find(([key]) => key === 'comma')?.[1]
              .split(',')
              .map(decodeURIComponent),
            object: [valuesOf('a-b'), valuesOf('c')],
            deep: [valuesOf('deep[in][a-b]'), valuesOf('deep[list][]')],
            json: valuesOf('json').map((value) => JSON.parse(value)),
            count: pairs().length,
          };
        });
        if (!isSent) expect(seen).toBeUndefined();
        else {
          expect(seen).toEqual({
            plain: [one],
            reserved: [one],
            list,
            comma: list,
            object: [[one], [one]],
            deep: [[one], list],
            json: [{ 'a-b': one }],
            count: 7 + 2 * list.length,
          });
        }
      }),
    );
  });

  test('arrives between delimiters, or is refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyText.filter(isWhole), { minLength: 1, maxLength: 3 }), async (list) => {
        const seen = await arrived('query', { pipe: list }, () => valuesOf('pipe'));
        if (list.some((item) => item.includes('|'))) expect(seen).toBeUndefined();
        else expect(seen?.[0]?.split('|')).toEqual(list);
      }),
    );
  });
});

describe('any text in headers', () => {
  test('arrives as the same text, or is refused', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, async (one) => {
        const seen = await arrived('headers', { xText: one }, () => server.seen().headers['x-text']);
        const isSendable = /^(?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?$/.test(one);
        expect(seen).toBe(isSendable ? one : undefined);
        expect(server.seen().headers).not.toHaveProperty('x');
      }),
    );
  });

  test('arrives in JSON and in cookies', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, async (one) => {
        const written = await arrived('headers', { xJson: { aB: one } }, () => server.seen().headers['x-json']);
        expect(JSON.parse(String(written))).toEqual({ 'a-b': one });

        const cookies = await arrived(
          'headers',
          { crumb: one, crumbs: [one, 'x'] },
          () => server.seen().headers.cookie,
        );
        if (!isWhole(one)) expect(cookies).toBeUndefined();
        else {
          const [crumb, crumbs] = (cookies ?? '').split('; ').map((cookie) => cookie.split('='));
          expect([crumb?.[0], decodeURIComponent(crumb?.[1] ?? '')]).toEqual(['crumb', one]);
          expect(crumbs?.[1]?.split(',').map(decodeURIComponent)).toEqual([one, 'x']);
        }
      }),
    );
  });
});

describe('parameters', () => {
  test('that cannot be written are left out with a notice, or with their operation', async () => {
    const lists = { type: 'array', items: texts };
    const deep = { type: 'object', properties: { a: object } };
    const other = await startOpenapiServer({
      paths: {
        '/a': get(
          'a',
          query('lists', lists),
          query('deep', deep),
          query('styled', text, { style: 'matrix' }),
          { name: 'xml', in: 'query', content: { 'application/xml': {} } },
          { name: 'bag', in: 'header', schema: { type: 'object', properties: { a: texts } } },
          query('fine', text),
        ),
        '/b': get('b', query('lists', lists, { required: true })),
      },
    });
    await other.close();
    expect(other.model.sdl).toContain('a(\n    fine: String\n  ): Boolean');
    expect(other.notices).toEqual([
      'a: the parameter "lists" is left out, because a list of lists or objects cannot be written in the style "form".',
      'a: the parameter "deep" is left out, because its property "a" cannot be written in the style "form".',
      'a: the parameter "styled" is left out, because the style "matrix" is not known in the query.',
      'a: the parameter "xml" is left out, because it is written as application/xml.',
      'a: the parameter "bag" is left out, because its property "a" cannot be written in the style "simple".',
      'b is left out, because its parameter "lists" cannot be sent, because a list of lists or objects cannot be written in the style "form".',
    ]);
  });

  test('that are objects are input types with the properties upstream', async () => {
    expect(server.model.sdl).toContain('object: QueryObjectInput');
    await server.call('Query.query', { object: { aB: 'x' }, deep: { in: { aB: 'y' } } });
    expect(server.seen().url).toBe('/query?a-b=x&deep%5Bin%5D%5Ba-b%5D=y');
  });

  test('that are nested too deeply are refused as everything wrong is', async () => {
    const open = await startOpenapiServer({
      paths: { '/a': get('a', query('deep', {}, { style: 'deepObject' })) },
    });
    let deep: unknown = 'x';
    for (let depth = 0; depth < 100_000; depth++) deep = { a: deep };
    expect((await open.failure('Query.a', { deep })).code).toBe('BAD_USER_INPUT');
    await open.close();
  });
});

test('a header that no object of headers can hold is left out with a notice', async () => {
  const header = { name: '__proto__', in: 'header', schema: text };
  const server = await startOpenapiServer({ paths: { '/a': get('a', header) } });
  expect(server.model.sdl).toContain('a: Boolean');
  expect(server.notices).toEqual(['a: the parameter "__proto__" is left out, because its name is no header.']);
  await server.close();
});
