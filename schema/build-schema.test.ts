import {
  buildSchema,
  type GraphQLSchema,
  introspectionFromSchema,
  isEnumType,
  isInputObjectType,
  isObjectType,
  lexicographicSortSchema,
  printSchema,
  validateSchema,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { runInSlices, runSteps, type Steps } from '../kernel/steps.ts';
import { SCALARS } from '../sources/scalars.ts';
import { createShop } from '../test/utils/shop.ts';
import { type BuildSchemaOptions, buildDefinitions } from './build-schema.ts';
import { parseDefinitions } from './build-schema-definitions.ts';
import { compose } from './compose.ts';

const EVERYTHING = `
"""All of it."""
schema { query: Root mutation: Changes }
"""Marks." """
directive @mark(on: [Color!] = [RED], limit: Limit = { most: 3 }) repeatable on FIELD | QUERY
"""A colour."""
enum Color { "Warm." RED @deprecated(reason: "too warm") GREEN BLUE @deprecated }
scalar Url @specifiedBy(url: "https://url.spec.whatwg.org")
scalar JSON
interface Node { id: ID! }
interface Named implements Node { id: ID! "Its name." name(short: Boolean = true, "Old." long: Int = 3 @deprecated(reason: "no")): String }
type Thing implements Named & Node { id: ID! name(short: Boolean = true, long: Int = 3 @deprecated(reason: "no")): String next: [[Thing!]!]! url: Url any: JSON color: Color! }
extend type Thing { more: Float }
"One of two."
union Either = Thing | Root
type Root { either: Either things(limit: Limit, colors: [Color!]! = [RED, BLUE], where: Where = { limit: {} }): [Thing] here(at: Place): ID }
type Changes { set(to: Place! = { x: 1.5, label: "none" }): Root @deprecated }
input Limit { least: Int = 1 most: Int! = 10 nested: Limit color: Color = GREEN }
input Where { limit: Limit = { least: 5 } either: Choice any: JSON = "much" }
input Choice @oneOf { a: Int b: String }
"""Where
  it is."""
input Place { x: Float! = 0 label: String }
`;

function* buildSchemaSteps(sdl: string, options: BuildSchemaOptions = {}): Steps<GraphQLSchema> {
  return yield* buildDefinitions(yield* parseDefinitions(sdl), options);
}

const buildSchemaNow = (sdl: string, options?: BuildSchemaOptions) => runSteps(buildSchemaSteps(sdl, options));

describe('buildDefinitions', () => {
  it('makes what buildSchema makes of everything that SDL can say', () => {
    expectSame(buildSchemaNow(EVERYTHING), buildSchema(EVERYTHING));
  });

  it('makes the same in slices', async () => {
    expectSame(await runInSlices(buildSchemaSteps(EVERYTHING)), buildSchema(EVERYTHING));
  });

  it.each(fixtureSdls())('makes what buildSchema makes of %s', (_name, sdl) => {
    expectSame(buildSchemaNow(sdl), buildSchema(sdl));
  });

  it('makes valid schemas, whose types can be copied', () => {
    const schema = buildSchemaNow(EVERYTHING);
    expect(validateSchema(schema)).toEqual([]);
    const thing = schema.getType('Thing');
    expect(isObjectType(thing) && Object.keys(thing.toConfig().fields)).toEqual([
      ...['id', 'name', 'next', 'url', 'any', 'color', 'more'],
    ]);
    expect(schema.getImplementations(schema.getType('Node') as never).objects.map(String)).toEqual(['Thing']);
  });

  it('reads defaults as enums and scalars have their values', () => {
    const schema = buildSchemaNow(EVERYTHING, {
      enumValues: new Map([['Color', { RED: 'ff0000', GREEN: 0 }]]),
      scalars: SCALARS,
    });
    const color = schema.getType('Color');
    expect(isEnumType(color) && color.getValues().map(({ value }) => value)).toEqual(['ff0000', 0, 'BLUE']);
    const limit = schema.getType('Limit');
    expect(isInputObjectType(limit) && limit.getFields().color?.defaultValue).toBe(0);
    const things = schema.getQueryType()?.getFields().things;
    expect(things?.args.map(({ defaultValue }) => defaultValue)).toEqual([
      undefined,
      ['ff0000', 'BLUE'],
      { limit: { least: 1, most: 10, color: 0 }, any: 'much' },
    ]);
    expect(schema.getType('JSON')).toMatchObject({ description: SCALARS.JSON.description });
    expect(printSchema(schema)).toContain('colors: [Color!]! = [RED, BLUE]');
  });

  it.each([
    ['type Query { a: Nothing }', 'Unknown type "Nothing".'],
    ['type Query { a: Strin }', 'Unknown type "Strin". Did you mean "String"?'],
    ['type Query { a: Int } type Query { b: Int }', 'There can be only one type named "Query".'],
    ['type Query { a: Int a: Int }', '"Query.a" can be defined only once.'],
    ['enum E { A A }', '"E.A" can be defined only once.'],
    ['input I { a: Int a: Int }', '"I.a" can be defined only once.'],
    ['extend type Nothing { a: Int }', 'Unknown type "Nothing".'],
    ['type Query { a: }', 'Syntax Error: Expected Name, found "}".'],
    ['type Query { }', 'Syntax Error: Expected Name, found "}".'],
    ['', 'Syntax Error: Unexpected <EOF>.'],
  ])('refuses %s', (sdl, message) => {
    expect(() => buildSchemaNow(sdl)).toThrow(message);
  });

  it('pauses within types that are large', () => {
    const fields = Array.from({ length: 500 }, (_, i) => `f${i}(a: Int): String`).join('\n');
    const steps = buildSchemaSteps(`type Query { ${fields} } input Many { ${fields.replaceAll('(a: Int)', '')} }`);
    let pauses = 0;
    while (steps.next().done !== true) pauses += 1;
    // Once when it is parsed, and once when it is built.
    expect(pauses).toBeGreaterThan(4 * 500);
  });
});

/** But for the place of GraphQL's own scalars among the types. */
function expectSame(built: GraphQLSchema, expected: GraphQLSchema): void {
  expect(printSchema(built)).toBe(printSchema(expected));
  const [sortedBuilt, sorted] = [built, expected].map(lexicographicSortSchema) as [GraphQLSchema, GraphQLSchema];
  if (expected.getQueryType() != null)
    expect(introspectionFromSchema(sortedBuilt)).toEqual(introspectionFromSchema(sorted));
  expect(Object.keys(built.getTypeMap()).sort()).toEqual(Object.keys(expected.getTypeMap()).sort());
  expect(built.getDirectives().map(({ name }) => name)).toEqual(expected.getDirectives().map(({ name }) => name));
}

/** Of the sources that other tests are about, and of what they make together. */
function fixtureSdls(): [string, string][] {
  const shop = createShop();
  const { composition } = compose({ ...shop, isMissing: () => false });
  return [
    ...shop.sources.map(({ name, model }): [string, string] => [name, model.sdl]),
    ['the graph of them', composition?.publicSdl ?? ''],
    ['a supergraph', composition?.supergraphSdl ?? ''],
  ];
}
