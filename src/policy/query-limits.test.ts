import { buildSchema, parse, validate } from 'graphql';
import { expect, it } from 'vitest';
import { createQueryLimits } from './query-limits.ts';

const schema = buildSchema('type Query { a: Query b: String }');

function refusals(query: string, limits = { depth: 4, fields: 10 }): string[] {
  return validate(schema, parse(query), [createQueryLimits(limits)]).map(({ message, extensions }) => {
    expect(extensions).toEqual({ code: 'OPERATION_TOO_COMPLEX' });
    return message;
  });
}

it('lets through what is within the limits, to the last field', () => {
  expect(refusals('{ a { a { a { b } } } }')).toEqual([]);
  expect(refusals(`{ ${'b '.repeat(10)} }`)).toEqual([]);
});

it('refuses what is beyond them', () => {
  expect(refusals('{ a { a { a { a { b } } } } }')).toEqual([
    'The operation nests 5 levels deep; 4 are allowed (limits.depth).',
  ]);
  expect(refusals(`{ ${'b '.repeat(11)} }`)).toEqual(['The operation selects more than 10 fields (limits.fields).']);
});

it('counts through fragments, named or not, each time they are spread', () => {
  expect(
    refusals('{ ...f } fragment f on Query { a { ...g } } fragment g on Query { a { ... { a { a { b } } } } }'),
  ).toEqual(['The operation nests 5 levels deep; 4 are allowed (limits.depth).']);
  expect(refusals('{ ...f ...f ...f } fragment f on Query { x: b y: b z: b w: b }')).toEqual([
    'The operation selects more than 10 fields (limits.fields).',
  ]);
});

it('judges each operation of a document', () => {
  expect(refusals('query A { b } query B { a { a { a { a { b } } } } }')).toHaveLength(1);
});

it('measures a fragment once, however often it is spread: a hundred doublings are no work', () => {
  const levels = Array.from({ length: 100 }, (_, i) => `fragment f${i} on Query { ...f${i + 1} ...f${i + 1} }`);
  const query = `{ ...f0 } ${levels.join(' ')} fragment f100 on Query { b }`;
  expect(refusals(query)).toEqual(['The operation selects more than 10 fields (limits.fields).']);
});

it('ends where a fragment spreads itself, which another rule refuses', () => {
  expect(refusals('{ ...f } fragment f on Query { a { ...f } b }')).toEqual([]);
  expect(refusals('{ ...missing }')).toEqual([]);
});

it('does not count the depth of introspection, but its fields', () => {
  expect(refusals('{ __schema { types { fields { type { ofType { ofType { name } } } } } } }')).toEqual([]);
  expect(refusals(`{ __schema { types { ${'name '.repeat(10)} } } }`)).toHaveLength(1);
});
