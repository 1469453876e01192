import { describe, expect, test } from 'vitest';
import { answer, done, makeModel, object, reading, ref, text, writing } from '../../test/utils/openapi-model.ts';
import { compileOpenapi } from './compile.ts';
import { openapiOptions } from './options.ts';

const options = openapiOptions.parse({ kind: 'openapi', document: 'api.json', endpoint: 'http://127.0.0.1:1' });
const many = (count: number, entry: (index: number) => [string, unknown]) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => entry(index)));

describe('compileOpenapi', () => {
  test('gives plain data, which another thread can be sent', () => {
    const cat = object({ 'tail-length': { type: 'integer' } });
    const document = { openapi: '3.1.0', ...writing({ oneOf: [cat, object({ b: text })] }) };
    const { compiled, problems } = compileOpenapi(options, JSON.stringify(document), 'api.json');
    expect(problems).toEqual([]);
    expect(structuredClone(compiled)).toEqual(compiled);
  });

  test('returns problems instead of throwing them', () => {
    expect(compileOpenapi(options, 'nothing', 'api.yaml')).toEqual({
      compiled: undefined,
      problems: [expect.objectContaining({ file: 'api.yaml', line: 1 })],
    });
    const empty = compileOpenapi(options, '{"openapi":"3.1.0"}', 'api.json');
    expect(empty.problems.map(({ message }) => message)).toEqual([
      'The document has no operation that can be offered.',
    ]);
  });
});

describe('include and exclude', () => {
  const paths = {
    '/v1/users': { get: { operationId: 'listUsers', tags: ['people'], ...done } },
    '/v1/admin/users': { get: { operationId: 'adminUsers', tags: ['people', 'admin'], ...done } },
    '/v2/users': { get: done, post: { operationId: 'addUser', ...done } },
  };
  test.each([
    [{ include: { tags: ['people'] } }, ['Query.users', 'Query.adminUsers']],
    [{ include: { paths: ['/v1/*'] } }, ['Query.users']],
    [{ include: { paths: ['/v1/**'] }, exclude: { tags: ['admin'] } }, ['Query.users']],
    [{ include: { operations: ['GET /v2/users', 'add*'] } }, ['Query.users', 'Mutation.addUser']],
    [{ exclude: { operations: ['*Users'] } }, ['Query.users', 'Mutation.addUser']],
  ])('%j leave %j', (filters, expected) => {
    expect([...makeModel({ paths }, filters).model.calls.keys()]).toEqual(expected);
  });
});

describe('names of operations', () => {
  const names = (paths: object, more: object = {}) => [...makeModel({ paths }, more).model.calls.keys()];

  test('leave out the way to a version where nothing else is meant', () => {
    const item = { parameters: [{ name: 'id', in: 'path', schema: text }], get: done };
    expect(names({ '/api/v1/users': { get: done }, '/api/v1/users/{id}': item })).toEqual([
      'Query.users',
      'Query.usersById',
    ]);
    expect(names({ '/v1/users': { get: done }, '/v2/users': { get: done }, '/v1': { get: done } })).toEqual([
      'Query.getV1Users',
      'Query.getV2Users',
      'Query.v1',
    ]);
  });

  test('are none that objects have for themselves or GraphQL keeps', () => {
    const ids = ['constructor', '__proto__', '__typename', 'get_toString', '???'];
    const paths = many(ids.length, (index) => [`/${index}`, { get: { operationId: ids[index], ...done } }]);
    expect(names(paths)).toEqual([
      'Query.constructor_',
      'Query.proto',
      'Query.typename',
      'Query.toString_',
      'Query.field',
    ]);
  });

  test('that several operations share are told, and method and path tell them apart in the options', () => {
    const paths = { '/a': { get: { operationId: 'x', ...done } }, '/b': { get: { operationId: 'x', ...done } } };
    const made = makeModel({ paths }, { operations: { 'GET /b': { name: 'other' } } });
    expect([...made.model.calls.keys()]).toEqual(['Query.x', 'Query.other']);
    expect(made.notices).toEqual(['The operationId "x" is that of 2 operations: GET /a, GET /b.']);
  });
});

describe('what stands beside operations', () => {
  test('is told', () => {
    const server = (url: string) => ({ servers: [{ url }] });
    const { notices } = makeModel({
      ...server('https://api.example.com'),
      webhooks: { created: {}, deleted: {} },
      paths: {
        'no-slash': {},
        '/a': { trace: done, get: { operationId: 'a', callbacks: { later: {} }, ...done } },
        '/b': { get: { operationId: 'b', ...server('https://uploads.example.com'), ...done } },
        '/c': { get: { operationId: 'c', ...server('https://api.example.com/'), ...done } },
      },
    });
    expect(notices).toEqual([
      'no-slash: a path begins with /.',
      '/a: TRACE is not offered.',
      'The webhooks (created, deleted) are not offered: the service calls them.',
      'a: its callbacks are not offered: the service calls them.',
      'b: servers of its own are not called, the endpoint is.',
    ]);
  });
});

describe('a hostile document', () => {
  test('may have 25,000 properties of which none can be read', () => {
    const { model, notices } = makeModel(
      reading(
        object(
          many(5, (part) => [
            `part${part}`,
            object(
              many(5_000, (n) => [`p${part * 5_000 + n}`, { $ref: `x${n}` }]),
              [],
            ),
          ]),
          [],
        ),
      ),
    );
    expect(model.sdl).toContain('p24999: JSON');
    expect(notices).toHaveLength(20_001);
    expect(notices.at(-1)).toBe('There are 5000 more notices, which are not listed.');
  });

  test('may have an object of 100,000 properties, or an enum of as many values: they are given as JSON', () => {
    const wide = object(
      many(100_000, (n) => [`p${n}`, object({ a: text })]),
      [],
    );
    const choice = { type: 'string', enum: Array.from({ length: 100_000 }, (_, n) => `v${n}`) };
    const { model, notices } = makeModel(reading(object({ wide, choice, id: text }, [])));
    expect(model.sdl).toMatch(/wide: JSON\n\s+choice: JSON\n\s+id: String\n/);
    expect(notices.map((notice) => notice.replace(/.*: /, ''))).toEqual([
      'an object with more than 10000 properties is given as JSON.',
      'an enum with more than 10000 values is given as JSON.',
    ]);
  });

  test('may have 5,000 operations of one name', () => {
    const paths = many(5_000, (n) => [`/a/${n}`, { get: { operationId: 'same', ...answer(object({ x: text })) } }]);
    const { model } = makeModel({ paths });
    expect(model.calls.size).toBe(5_000);
    expect(model.sdl).toContain('type SameResult5000 {');
  });

  test('may nest objects, lists and allOf without end', () => {
    let objects: object = text;
    let lists: object = text;
    let parts: object = object({ x: text });
    for (let n = 0; n < 500; n++) {
      objects = object({ x: objects });
      lists = { type: 'array', items: lists };
      parts = { allOf: [parts] };
    }
    const { notices } = makeModel(reading(object({ objects, lists, parts })));
    expect(notices.map((notice) => notice.replace(/.*: /, ''))).toEqual([
      'a list is nested too deeply.',
      'a schema is nested too deeply.',
      'objects are nested too deeply.',
    ]);
  });

  test('may need inputs that need others, in a circle or a long chain', () => {
    const chain = many(2_000, (n) => [`A${n}`, object({ next: ref(`A${(n + 1) % 2_000}`) })]);
    const { model } = makeModel(writing(ref('A0'), chain));
    expect(model.sdl.match(/next: A\d+Input\n/g)?.length).toBeGreaterThan(0);
  });

  test('may repeat a large base in many types only so often', () => {
    const base = object(
      many(5_000, (n) => [`p${n}`, text]),
      [],
    );
    const heirs = many(200, (n) => [
      `A${n}`,
      { allOf: [ref('Base'), object({ next: ref(`A${n + 1}`), [`own${n}`]: text })] },
    ]);
    const document = { openapi: '3.1.0', ...reading(ref('A0'), { Base: base, ...heirs }) };
    const { compiled } = compileOpenapi(options, JSON.stringify(document), 'api.json');
    expect(compiled?.notices.at(-1)?.message).toContain('the document merges more than 400000 properties by allOf.');
  });

  test('may have names of any length and of JavaScript’s own', () => {
    const long = 'x'.repeat(100_000);
    const schemas = JSON.parse(
      '{"__proto__": {"type": "object", "properties": {"__proto__": {}, "valueOf": {}, "ok": {}}}}',
    );
    const { lines, model } = makeModel(
      reading(object({ [long]: object({ [long]: object({ a: text }) }), b: ref('__proto__') }), schemas),
    );
    expect(lines('Proto')).toEqual(['valueOf_: JSON', 'ok: JSON']);
    expect(model.sdl.length).toBeLessThan(210_000);
  });
});
