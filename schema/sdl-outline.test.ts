import {
  buildSchema,
  type GraphQLSchema,
  introspectionFromSchema,
  lexicographicSortSchema,
  printSchema,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { runInSlices, runSteps } from '../kernel/steps.ts';
import { fillRootSteps, openSchemaSteps } from './build-schema.ts';
import { BuiltObjectType, fieldNamesOf } from './build-schema-types.ts';
import { outlineSdl } from './sdl-outline.ts';

const open = (sdl: string) => runSteps(openSchemaSteps(sdl));

const TRICKY = `
# type Comment { a: Float }
schema { query: type }
"""A "quoted" } brace, an escaped \\""" and a # that is none."""
type type implements enum & input @deprecatedNot(reason: "}{") {
  "one \\" } line" id: ID!   # a comment with } and "
  """}"""
  list(
    where: Filter = { text: "}", nested: { text: "\\\\" } } # {
    first:
      # a type follows
      Int = 3, kinds: [Kind!] = [enum, type]
  ): [[type!]!]!
  enum: Kind
}
interface enum { id: ID! }
interface input implements enum { id: ID!, list(first: Int = 3): [[type!]!]! }
input Filter { text: String = """ } """ nested: Filter, any: Any = 3 }
enum Kind { "}" enum, type """{""" union @deprecated(reason: "no } more") }
scalar Any
union union = type | Other
type Other
extend type Other { more: Float }
directive @deprecatedNot(reason: String) on OBJECT
`;

describe('openSchemaSteps', () => {
  it('makes what buildSchema makes, of braces and keywords wherever they may stand', () => {
    expectSame(open(TRICKY), TRICKY);
  });

  it('has the scalars that are named in what nobody has read', () => {
    const names = (sdl: string) =>
      Object.keys(open(sdl).getTypeMap()).filter((name) => ['Int', 'Float', 'ID', 'String', 'Boolean'].includes(name));
    const withoutFloat = names('type Query { a: Int, b(id: [ID]): Floating, c: Boolean } scalar Floating');
    // Introspection itself takes text and truth.
    expect(withoutFloat.sort()).toEqual(['Boolean', 'ID', 'Int', 'String']);
    expect(names('type Query { a: # of these\n [Float] }')).toContain('Float');
    expect(names('type Query { a: Int } extend type Query { b: Float }')).toContain('Float');
  });

  it('reads a type when it is first looked at, and then once', () => {
    const schema = open('type Query { a: Other } type Other { b: Int }');
    const [query, other] = ['Query', 'Other'].map((name) => schema.getType(name) as BuiltObjectType);
    expect([query?.fill, other?.fill]).not.toContain(undefined);
    const fields = query?.getFields();
    expect(query?.fill).toBeUndefined();
    expect(other?.fill).toBeDefined();
    expect(query?.getFields()).toBe(fields);
    expect(fields?.a?.type).toBe(other);
    expect(schema.getType('Other')).toBe(other);
  });

  it('names the fields of a type without reading it', () => {
    const query = open('type Query { a: Int b(c: Int): Int } extend type Query { d: Int }').getQueryType();
    if (!(query instanceof BuiltObjectType)) throw new Error('no type');
    expect([...fieldNamesOf(query)]).toEqual(['a', 'b', 'd']);
    expect(query.fill).toBeDefined();
    query.getFields();
    expect([...fieldNamesOf(query)]).toEqual(['a', 'b', 'd']);
  });

  it('reads defaults of types that have none of their own yet, and of the type itself', () => {
    const { a } =
      open(
        'type Query { a(first: One = {}): Int } input One { two: Two = { b: 1 } again: One = { x: 2 } x: Int = 1 } input Two { b: Int c: Int = 3 }',
      )
        .getQueryType()
        ?.getFields() ?? {};
    expect(a?.args[0]?.defaultValue).toEqual({ two: { b: 1, c: 3 }, again: { two: { b: 1, c: 3 }, x: 2 }, x: 1 });
  });

  it('tells a mistake in a type to everybody who looks at it', () => {
    const schema = open('type Query { a: Int } type Wrong { a: Int b: Nothing } type Twice { a: Int a: Int }');
    const fieldsOf = (name: string) => () => (schema.getType(name) as BuiltObjectType).getFields();
    for (let look = 0; look < 2; look += 1) {
      expect(fieldsOf('Wrong')).toThrow('Unknown type "Nothing".');
      expect(fieldsOf('Twice')).toThrow('"Twice.a" can be defined only once.');
    }
    expect(Object.keys(fieldsOf('Query')())).toEqual(['a']);
  });

  it.each([
    'type Query { a: Int',
    'type Query { a: "Int }',
    'type Query { a(b: Int = """} ): Int }',
    'type Query { a: Int } }',
    'type { a: Int }',
  ])('refuses what ends too early or too late: %s', (sdl) => {
    expect(() => open(sdl)).toThrow('Syntax Error');
  });

  it('pauses between definitions, and within the root types that are read', async () => {
    const sdl = Array.from({ length: 200 }, (_, i) => `type T${i} { a: Int }`).join('\n');
    const steps = outlineSdl(sdl);
    let pauses = 0;
    while (steps.next().done !== true) pauses += 1;
    expect(pauses).toBe(200);
    const schema = open(`type Query { ${Array.from({ length: 300 }, (_, i) => `f${i}: Int`).join(' ')} }`);
    let rootPauses = 0;
    const filling = fillRootSteps(schema);
    while (filling.next().done !== true) rootPauses += 1;
    expect(rootPauses).toBe(300);
    await expect(runInSlices(fillRootSteps(schema))).resolves.toBeUndefined();
  });
});

function expectSame(built: GraphQLSchema, sdl: string): void {
  const expected = buildSchema(sdl);
  expect(printSchema(lexicographicSortSchema(built))).toBe(printSchema(lexicographicSortSchema(expected)));
  expect(introspectionFromSchema(lexicographicSortSchema(built))).toEqual(
    introspectionFromSchema(lexicographicSortSchema(expected)),
  );
}
