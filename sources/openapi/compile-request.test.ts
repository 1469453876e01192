import { describe, expect, test } from 'vitest';
import { SkeinError } from '../../kernel/errors.ts';
import { checkRequest, compileRequest, type RequestDeps, type RequestPlan } from './compile-request.ts';

const plan: RequestPlan = {
  method: 'GET',
  path: '/things',
  pathParameters: [],
  queryParameters: [],
  headerParameters: [],
  cookieParameters: [],
  body: undefined,
};
const deps: RequestDeps = { operation: 'op', encoderOf: () => undefined, configuredCookies: undefined };
const bind = (name: string, explode = true) => ({ argument: name.replaceAll('-', '_'), name, explode });
const pathOf = (overrides: Partial<RequestPlan>, args: Record<string, unknown>) =>
  compileRequest({ ...plan, ...overrides }, deps)(args).path;

describe('the path', () => {
  const thing = { path: '/things/{id}', pathParameters: [bind('id')] };

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
    const two = { path: '/a/{x}{y}/b', pathParameters: [bind('x'), bind('y')] };
    expect(() => pathOf(two, { x: '.', y: '.' })).toThrow('cannot stand in the path');
  });

  test('a literal around a value stays', () => {
    const file = { path: '/files/v1.{id}.json/übersicht', pathParameters: [bind('id')] };
    expect(pathOf(file, { id: '..' })).toBe('/files/v1....json/%C3%BCbersicht');
  });

  test('a list is written with commas, its items encoded', () => {
    expect(pathOf(thing, { id: ['a,b', 'c'] })).toBe('/things/a%2Cb,c');
  });

  test.each(['/a/../b', '/a/./b', '/a?x=1', '/a/{nobody}'])('%s is not compiled', (path) => {
    expect(() => checkRequest({ ...plan, path })).toThrow('its path');
  });

  test('half a character is the caller’s mistake', () => {
    expect(() => pathOf(thing, { id: '\ud800' })).toThrow(SkeinError);
  });
});

describe('the query', () => {
  const queryParameters = [bind('q'), bind('tags'), bind('ids', false), bind('page[size]')];

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

  test('refuses an object', () => {
    expect(() => pathOf({ queryParameters }, { q: {} })).toThrow(SkeinError);
  });
});

describe('headers and cookies', () => {
  const write = compileRequest(
    { ...plan, headerParameters: [bind('x-trace')], cookieParameters: [bind('session')] },
    { ...deps, configuredCookies: 'a=1' },
  );

  test('go where they belong', () => {
    expect(write({ x_trace: 'abc', session: 'x;y=z' }).headers).toEqual({
      'x-trace': 'abc',
      cookie: 'a=1; session=x%3By%3Dz',
    });
    expect(write({ x_trace: ['a', 'b'] }).headers).toEqual({ 'x-trace': 'a,b', cookie: 'a=1' });
  });

  test.each(['a\r\nx-admin: 1', 'ü', ' a', 'a\u0000'])('%j cannot be sent in a header', (value) => {
    expect(() => write({ x_trace: value })).toThrow('has characters that a header cannot carry');
  });

  test('a comma does not make two items of one', () => {
    expect(() => write({ x_trace: ['a,b'] })).toThrow(SkeinError);
  });
});

test('the body is JSON, and absent where its argument is', () => {
  const body = { argument: 'input', mediaType: 'application/merge-patch+json', type: undefined };
  const write = compileRequest({ ...plan, method: 'PATCH', body }, deps);
  expect(write({ input: { a: null } })).toMatchObject({
    body: '{"a":null}',
    headers: { 'content-type': 'application/merge-patch+json' },
  });
  expect(write({ input: null }).body).toBe('null');
  expect(write({})).toMatchObject({ body: undefined, headers: undefined });
});
