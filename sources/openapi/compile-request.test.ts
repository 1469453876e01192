import { describe, expect, test } from 'vitest';
import { SkeinError } from '../../kernel/errors.ts';
import type { BodyPlan } from './body-plan.ts';
import {
  type BoundParameter,
  checkRequest,
  compileRequest,
  type RequestDeps,
  type RequestPlan,
} from './compile-request.ts';
import type { Style } from './styles.ts';

const plan: RequestPlan = {
  method: 'GET',
  path: '/things',
  pathParameters: [],
  queryParameters: [],
  headerParameters: [],
  cookieParameters: [],
  credentials: [],
  accept: undefined,
  body: undefined,
};
const deps: RequestDeps = {
  operation: 'op',
  encoderOf: () => undefined,
  configuredCookies: undefined,
  credentialOf: () => '',
};
const bind = (name: string, style: Style, explode = false): BoundParameter => ({
  argument: name.replaceAll('-', '_'),
  name,
  style,
  explode,
  type: undefined,
});
const write = (overrides: Partial<RequestPlan>, args: Record<string, unknown>, own: Partial<RequestDeps> = {}) => {
  const request = compileRequest({ ...plan, ...overrides }, { ...deps, ...own })(args);
  if (request instanceof Promise) throw new Error('expected a request without files');
  return request;
};
const pathOf = (overrides: Partial<RequestPlan>, args: Record<string, unknown>) => write(overrides, args).path;

describe('the path', () => {
  const thing = { path: '/things/{id}', pathParameters: [bind('id', 'simple')] };

  test.each([
    ['a/b', '/things/a%2Fb'],
    ['../admin', '/things/..%2Fadmin'],
    ['x?y=1#z', '/things/x%3Fy%3D1%23z'],
    ['...', '/things/...'],
    ['%2e%2e', '/things/%252e%252e'],
    ['ü', '/things/%C3%BC'],
    [12, '/things/12'],
  ])('keeps %j in its segment', (id, path) => {
    expect(pathOf(thing, { id })).toBe(path);
  });

  test.each(['.', '..', ''])('%j would be another address, and is refused', (id) => {
    expect(() => pathOf(thing, { id })).toThrow('cannot stand in the path');
  });

  test('two values of one segment cannot climb together', () => {
    const two = { path: '/a/{x}{y}/b', pathParameters: [bind('x', 'simple'), bind('y', 'simple')] };
    expect(() => pathOf(two, { x: '.', y: '.' })).toThrow('cannot stand in the path');
  });

  test('a literal around a value stays', () => {
    const file = { path: '/files/v1.{id}.json/übersicht', pathParameters: [bind('id', 'simple')] };
    expect(pathOf(file, { id: '..' })).toBe('/files/v1....json/%C3%BCbersicht');
  });

  test('a list is written with commas, its items encoded', () => {
    expect(pathOf(thing, { id: ['a,b', 'c'] })).toBe('/things/a%2Cb,c');
  });

  test.each(['/a/../b', '/a/./b', '/a?x={nobody}', '/a/{nobody}', '/a/..;x', '/a/%2E%2e'])(
    '%s is not compiled',
    (path) => {
      expect(() => checkRequest({ ...plan, path })).toThrow('its path');
    },
  );

  test.each(['/a/{x};b', '/a/{x}{y}'])('%s cannot climb by its values', (path) => {
    const two = { path, pathParameters: [bind('x', 'simple'), bind('y', 'simple')] };
    expect(() => pathOf(two, { x: '..', y: '' })).toThrow('cannot stand in the path');
  });

  test('may have a query, which is sent, and a fragment, which is not', () => {
    const queryParameters = [bind('q', 'form', true)];
    expect(pathOf({ path: '/a?action=list all#b/{c}', queryParameters }, { q: 'x' })).toBe('/a?action=list%20all&q=x');
    expect(pathOf({ path: '/a#shared' }, {})).toBe('/a');
    const keyed = { path: '/a?key={id}', pathParameters: [bind('id', 'simple')], queryParameters };
    expect(pathOf(keyed, { id: '..&x#', q: '1' })).toBe('/a?key=..%26x%23&q=1');
  });

  test('half a character is the caller’s mistake', () => {
    expect(() => pathOf(thing, { id: '\ud800' })).toThrow(SkeinError);
  });
});

describe('the query', () => {
  const queryParameters = [
    bind('q', 'form', true),
    bind('tags', 'form', true),
    bind('ids', 'form'),
    bind('page[size]', 'form', true),
  ];

  test('has a pair for each item of an exploded list, and commas in others', () => {
    const args = { q: 'a b&c=d', tags: ['x', 'y,z'], ids: [1, 'a,b'], 'page[size]': 5 };
    expect(pathOf({ queryParameters }, args)).toBe(
      '/things?q=a%20b%26c%3Dd&tags=x&tags=y%2Cz&ids=1,a%2Cb&page%5Bsize%5D=5',
    );
  });

  test('leaves out what is absent, null or an empty list', () => {
    expect(pathOf({ queryParameters }, { q: null, tags: [], ids: [] })).toBe('/things');
  });

  test('sends false, 0 and the empty text', () => {
    expect(pathOf({ queryParameters }, { q: '', tags: [false, 0] })).toBe('/things?q=&tags=false&tags=0');
  });

  test('refuses lists and objects in lists', () => {
    expect(() => pathOf({ queryParameters }, { tags: [['x']] })).toThrow(SkeinError);
    expect(() => pathOf({ queryParameters }, { ids: [{}] })).toThrow(SkeinError);
  });
});

describe('headers and cookies', () => {
  const headersOf = (args: Record<string, unknown>) => {
    const parameters = {
      headerParameters: [bind('x-trace', 'simple')],
      cookieParameters: [bind('session', 'form', true)],
    };
    return write(parameters, args, { configuredCookies: 'a=1' }).headers;
  };

  test('go where they belong', () => {
    expect(headersOf({ x_trace: 'abc', session: 'x;y=z' })).toEqual({
      'x-trace': 'abc',
      cookie: 'a=1; session=x%3By%3Dz',
    });
    expect(headersOf({ x_trace: ['a', 'b'] })).toEqual({ 'x-trace': 'a,b' });
    expect(headersOf({})).toEqual({});
  });

  test.each(['a\r\nx-admin: 1', 'ü', ' a', 'a\u0000'])('%j cannot be sent in a header', (value) => {
    expect(() => headersOf({ x_trace: value })).toThrow('The argument "x_trace" has characters');
  });

  test('a comma does not make two items of one', () => {
    expect(() => headersOf({ x_trace: ['a,b'] })).toThrow(SkeinError);
  });
});

describe('credentials', () => {
  const credentialOf = (scheme: string) => `${scheme}-s3cret`;
  const place = (scheme: string, where: 'header' | 'query' | 'cookie', name: string, prefix = '') => ({
    scheme,
    place: where,
    name,
    prefix,
  });

  test('stand in the places of their schemes, before what clients give', () => {
    const credentials = [
      place('token', 'header', 'authorization', 'Bearer '),
      place('key', 'query', 'api key'),
      place('sid', 'cookie', 'sid'),
    ];
    const queryParameters = [bind('q', 'form', true)];
    const cookieParameters = [bind('theme', 'form', true)];
    expect(
      write({ credentials, queryParameters, cookieParameters }, { q: 'x', theme: 'dark' }, { credentialOf }),
    ).toMatchObject({
      path: '/things?api%20key=key-s3cret&q=x',
      headers: { authorization: 'Bearer token-s3cret', cookie: 'sid=sid-s3cret; theme=dark' },
    });
    expect(write({ credentials }, {}, { credentialOf, configuredCookies: 'a=1' })).toMatchObject({
      path: '/things?api%20key=key-s3cret',
      headers: { authorization: 'Bearer token-s3cret', cookie: 'a=1; sid=sid-s3cret' },
    });
  });
});

test('the body is JSON, and absent where its argument is', () => {
  const body: BodyPlan = {
    argument: 'input',
    kind: 'json',
    mediaType: 'application/merge-patch+json',
    type: undefined,
    fields: [],
  };
  expect(write({ method: 'PATCH', body }, { input: { a: null } })).toMatchObject({
    body: '{"a":null}',
    headers: { 'content-type': 'application/merge-patch+json' },
  });
  expect(write({ method: 'PATCH', body }, { input: null }).body).toBe('null');
  expect(write({ method: 'PATCH', body }, {})).toMatchObject({ headers: undefined });
});
