import { buildSchema, execute, type GraphQLError, GraphQLError as GraphQLErrorClass, parse } from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';
import { describe, expect, it } from 'vitest';
import { SkeinError } from '../kernel/errors.ts';
import { createMemoryLog } from '../test/utils/call-context.ts';
import { type ErrorScope, statusOf, toPublicError, toPublicResult } from './public-errors.ts';

const scopeOf = (stopped?: ErrorScope['stopped']) => ({ requestId: 'r1', log: createMemoryLog(), stopped });

const schema = buildSchema(`
  type Query { add(a: Int!): Int sum(a: [Int]): Int required: String! wrong: Int item: Item }
  type Item { name: String! }
`);
const VALUES: Record<string, unknown> = { add: 1, required: null, wrong: 'secret', item: { name: null } };
for (const field of Object.values(schema.getQueryType()?.getFields() ?? {})) field.resolve = () => VALUES[field.name];

async function errorsOf(
  query: string,
  variables: Record<string, unknown>,
  isCompiled: boolean,
): Promise<GraphQLError[]> {
  const document = parse(query);
  if (!isCompiled) return [...((await execute({ schema, document, variableValues: variables })).errors ?? [])];
  const compiled = compileQuery(schema, document, undefined, { disablingCapturingStackErrors: true });
  if (!isCompiledQuery(compiled)) throw new Error('not compiled');
  return [...((await compiled.query({}, {}, variables)).errors ?? [])];
}

describe.each([
  ['interpreted', false],
  ['compiled', true],
])('errors of an %s operation', (_name, isCompiled) => {
  it.each([
    ['query ($a: Int!) { add(a: $a) }', {}, 'BAD_USER_INPUT', /^Variable "\$a" of required type "Int!" was not/],
    ['query ($a: Int!) { add(a: $a) }', { a: 'x' }, 'BAD_USER_INPUT', /^Variable "\$a" got invalid value "x"/],
    ['{ required }', {}, 'UPSTREAM_BAD_RESPONSE', /^Cannot return null for non-nullable field Query\.required\.$/],
    ['{ item { name } }', {}, 'UPSTREAM_BAD_RESPONSE', /^Cannot return null for non-nullable field Item\.name\.$/],
    ['{ wrong }', {}, 'UPSTREAM_BAD_RESPONSE', /^The source gave an answer that cannot be used\.$/],
  ])('in %s with %o are %s', async (query, variables, code, message) => {
    const errors = (await errorsOf(query, variables, isCompiled)).map((error) => toPublicError(error, scopeOf()));
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({
      message: expect.stringMatching(message),
      locations: [{ line: 1 }],
      extensions: { code, requestId: 'r1' },
    });
    expect(JSON.stringify(errors)).not.toContain('secret');
  });
});

it('says of more mistakes in variables than are told that they are the client’s as well', async () => {
  const errors = await errorsOf('query ($a: [Int]) { sum(a: $a) }', { a: Array(60).fill('x') }, false);
  const codes = errors.map((error) => toPublicError(error, scopeOf()).extensions?.code);
  expect(new Set(codes)).toEqual(new Set(['BAD_USER_INPUT']));
  expect(codes).toHaveLength(51);
});

it('masks what nobody expected, whatever it claims to be, and logs it', () => {
  const pretender = Object.assign(new Error('secret'), { extensions: { code: 'BAD_REQUEST', host: 'secret' } });
  for (const thrown of [new TypeError('secret'), pretender, 'secret', { message: 'secret' }, null, undefined]) {
    const scope = scopeOf();
    const located = new GraphQLErrorClass('secret', { path: ['a'], originalError: thrown as Error });
    for (const error of thrown instanceof Error ? [thrown, located] : [thrown]) {
      const shown = toPublicError(error, scope);
      expect(shown.extensions).toEqual({ code: 'INTERNAL_SERVER_ERROR', requestId: 'r1' });
      expect(JSON.stringify(shown)).not.toContain('secret');
      expect(scope.log.lines.at(-1)).toMatchObject({ level: 'error', fields: { requestId: 'r1', err: thrown } });
    }
  }
});

it('shows of a known error its details and place, and leaves its cause to the log of who made it', () => {
  const scope = scopeOf();
  const originalError = new SkeinError('UPSTREAM_FAILED', 'It failed.', {
    details: { source: 'a', upstreamStatus: 500, retryAfterMs: 7 },
    cause: new Error('connect 10.0.0.7'),
  });
  const twice = new GraphQLErrorClass('x', {
    path: ['b', 0],
    originalError: new GraphQLErrorClass('y', { originalError }),
  });
  expect(toPublicError(twice, scope)).toEqual({
    message: 'It failed.',
    path: ['b', 0],
    extensions: { code: 'UPSTREAM_FAILED', source: 'a', upstreamStatus: 500, retryAfterMs: 7, requestId: 'r1' },
  });
  expect(scope.log.lines).toEqual([]);
});

it('says of calls that were ended why they were, not how they noticed', () => {
  const stopped = new SkeinError('SHUTTING_DOWN');
  const codeOf = (code: 'DEADLINE_EXCEEDED' | 'CLIENT_CLOSED_REQUEST' | 'UPSTREAM_FAILED') =>
    toPublicError(new SkeinError(code), scopeOf(stopped)).extensions?.code;
  expect([codeOf('DEADLINE_EXCEEDED'), codeOf('CLIENT_CLOSED_REQUEST'), codeOf('UPSTREAM_FAILED')]).toEqual([
    'SHUTTING_DOWN',
    'SHUTTING_DOWN',
    'UPSTREAM_FAILED',
  ]);
});

it('takes no detail but those of the table from an error of another making', () => {
  const error = new GraphQLErrorClass('No.', {
    extensions: { code: 'BAD_REQUEST', source: 'a', host: '10.0.0.7', stacktrace: ['x'] },
  });
  expect(toPublicError(error, scopeOf()).extensions).toEqual({ code: 'BAD_REQUEST', source: 'a', requestId: 'r1' });
});

it('keeps data beside errors, and null apart from nothing', () => {
  const errors = [new GraphQLErrorClass('No.', { extensions: { code: 'BAD_REQUEST' } })];
  expect(toPublicResult({ data: { a: 1 } }, scopeOf())).toEqual({ data: { a: 1 } });
  expect(toPublicResult({ data: null, errors }, scopeOf())).toMatchObject({ data: null, errors: [{ message: 'No.' }] });
  expect(toPublicResult({ errors }, scopeOf())).not.toHaveProperty('data');
});

it('gives an answer without data the status of its first error', () => {
  expect(statusOf([toPublicError(new SkeinError('NOT_FOUND'), scopeOf())])).toBe(404);
  expect(statusOf([{ message: 'x', extensions: { code: 'toString' } }])).toBe(500);
  expect(statusOf([])).toBe(500);
});
