import fc from 'fast-check';
import {
  buildSchema,
  type GraphQLInterfaceType,
  type GraphQLObjectType,
  type GraphQLSchema,
  type GraphQLUnionType,
  introspectionFromSchema,
  lexicographicSortSchema,
  printSchema,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { runSteps, type Steps } from '../kernel/steps.ts';
import { openSchemaSteps } from './build-schema.ts';
import { readTypesSteps } from './build-schema-types.ts';
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

  it('makes types and fields when they are first looked at, and then once', () => {
    const schema = open('type Query { a: Other b: Other } type Other { c: Int } type Third { d: Int }');
    const types = schema.getTypeMap();
    const query = schema.getQueryType()?.getFields() ?? {};
    const unmade = () => [
      ...['Other', 'Third'].filter((name) => isUnmade(types, name)),
      ...['a', 'b'].filter((name) => isUnmade(query, name)),
    ];
    expect(unmade()).toEqual(['Other', 'Third', 'a', 'b']);
    expect(Object.keys(types)).toEqual(expect.arrayContaining(['Query', 'Other', 'Third', 'Int', '__Schema']));
    const { a } = query;
    expect(unmade()).toEqual(['Other', 'Third', 'b']);
    expect(a?.type).toBe(schema.getType('Other'));
    expect(unmade()).toEqual(['Third', 'b']);
    expect(schema.getQueryType()?.getFields().a).toBe(a);
    expect(query.b?.type).toBe(types.Other);
  });

  it('puts resolvers on fields, and on interfaces and unions, when they are made', () => {
    const asked: string[] = [];
    const resolve = () => 1;
    const subscribe = () => [];
    const typeResolver = () => 'A';
    const schema = runSteps(
      openSchemaSteps(
        'type Query { a: A n: N u: U } interface N { x: Int } type A implements N { x: Int y: Int } union U = A',
        {
          resolverOf(typeName, fieldName) {
            asked.push(`${typeName}.${fieldName}`);
            if (fieldName === 'y') return { resolve, subscribe };
            return typeName === 'A' ? resolve : undefined;
          },
          typeResolverOf: () => typeResolver,
        },
      ),
    );
    expect(asked).toEqual([]);
    const { x, y } = (schema.getType('A') as GraphQLObjectType).getFields();
    expect(asked).toEqual(['A.x', 'A.y']);
    expect([x?.resolve, x?.subscribe, y?.resolve, y?.subscribe]).toEqual([resolve, undefined, resolve, subscribe]);
    for (const name of ['N', 'U']) expect((schema.getType(name) as GraphQLUnionType).resolveType).toBe(typeResolver);
    expect((schema.getType('A') as GraphQLUnionType).resolveType).toBeUndefined();
  });

  it('knows what implements an interface before anything is made', () => {
    const schema = open(
      'type Query { a: Int } interface N { x: Int } interface M implements N { x: Int } type A implements M & N { x: Int } type B { x: Int } type C { x: Int } extend type C implements N',
    );
    expect(['A', 'B', 'C', 'M'].every((name) => isUnmade(schema.getTypeMap(), name))).toBe(true);
    const n = schema.getType('N') as GraphQLInterfaceType;
    expect(schema.getPossibleTypes(n).map(String)).toEqual(['A', 'C']);
    expect(schema.getImplementations(n).interfaces.map(String)).toEqual(['M']);
    expect(schema.isSubType(n, schema.getType('C') as GraphQLObjectType)).toBe(true);
    expect(schema.isSubType(n, schema.getType('B') as GraphQLObjectType)).toBe(false);
    expect(isUnmade(schema.getTypeMap(), 'B')).toBe(false);
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
    const schema = open(
      'type Query { a: Int } type Wrong { a: Int b: Nothing } type Twice { a: Int a: Int } type Odd { a: Int! ! b: Int } input Long { a: Nothing = 1 }',
    );
    const fieldsOf = (name: string) => (schema.getType(name) as GraphQLObjectType).getFields();
    for (let look = 0; look < 2; look += 1) {
      expect(() => fieldsOf('Wrong').b).toThrow('Unknown type "Nothing".');
      expect(() => fieldsOf('Twice')).toThrow('"Twice.a" can be defined only once.');
      expect(() => fieldsOf('Odd').a).toThrow('Syntax Error: Expected <EOF>, found "!".');
      expect(() => fieldsOf('Long').a).toThrow('Unknown type "Nothing".');
    }
    expect(fieldsOf('Wrong').a?.name).toBe('a');
    expect(fieldsOf('Odd').b?.name).toBe('b');
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

  it('pauses between definitions, and between fields where all are read', () => {
    const count = (steps: Steps<unknown>) => {
      let pauses = 0;
      while (steps.next().done !== true) pauses += 1;
      return pauses;
    };
    expect(count(outlineSdl(Array.from({ length: 200 }, (_, i) => `type T${i} { a: Int }`).join('\n')))).toBe(200);
    const many = Array.from({ length: 300 }, (_, i) => `f${i}: Int`).join(' ');
    const schema = open(`type Query { ${many} } input Many { ${many} }`);
    expect(count(readTypesSteps(schema))).toBeGreaterThan(600);
  });

  it('holds to the parser on random documents', () => {
    fc.assert(
      fc.property(fc.array(definition, { minLength: 1, maxLength: 6 }), (parts) => {
        const sdl = `type Query { a: Int }\n${parts.map((write, i) => write(`T${i}`)).join('\n')}`;
        expectSame(open(sdl), sdl);
      }),
    );
  });
});

const isUnmade = (map: object, name: string) => Object.getOwnPropertyDescriptor(map, name)?.get !== undefined;

// Everything that could be taken for something else where it stands in texts, comments and names.
const text = fc
  .array(fc.constantFrom('{', '}', '(', ')', ':', '#', '@', '!', ' a: Int ', 'type ', '\\"', "'", ',', '\\\\', 'é'), {
    maxLength: 6,
  })
  .map((parts) => parts.join(''));
const string = fc.oneof(
  text.map((value) => `"${value}"`),
  text.map((value) => `"""${value.replaceAll('\\"', '\\"""')} """`),
);
const name = fc.constantFrom('a', 'type', 'input', 'on', '_', 'Int', 'implements', 'extend', 'true1');
const comment = text.map((value) => `# ${value}"\n`);
const space = fc.oneof(fc.constantFrom(' ', ',', '\n', '\ufeff '), comment);
const type = fc.constantFrom('Int', '[Float!]', 'ID!', '[[String]!]', 'Boolean', 'Query');
const inputType = fc.constantFrom('Int', '[Float!]', 'ID!', 'String');
const described = fc.option(fc.tuple(string, space)).map((parts) => parts?.join('') ?? '');
const argument = fc.tuple(described, name, space, inputType, space).map(
  ([about, own, gap, of, after]) =>
    (i: number) =>
      `${about}${own}${i}${gap}:${gap}${of}${after}`,
);
const directive = fc.option(string.map((reason) => ` @deprecated(reason: ${reason})`)).map((used) => used ?? '');
const unique = <T>(arbitrary: fc.Arbitrary<T>, key: (value: T) => string) =>
  fc.uniqueArray(arbitrary, { minLength: 1, maxLength: 4, selector: key });
const field = fc
  .tuple(name, described, fc.option(fc.array(argument, { minLength: 1, maxLength: 3 })), space, type, directive, space)
  .map(([own, about, args, gap, of, used, after]) => {
    const list = args === null ? '' : `(${args.map((write, i) => write(i)).join(' ')})`;
    return { own, written: `${about}${own}${list}${gap}:${gap}${of}${used}${after}` };
  });
const fields = unique(field, ({ own }) => own).map((list) => list.map(({ written }) => written).join(' '));
const value = fc
  .tuple(name, described, directive)
  .map(([own, about, used]) => ({ own, written: `${about}${own}${used}` }));
const definition: fc.Arbitrary<(name: string) => string> = fc.oneof(
  fc.tuple(described, space, fields).map(
    ([about, gap, body]) =>
      (own: string) =>
        `${about}type ${own}${gap}{${gap}${body}}`,
  ),
  fc.tuple(described, fields).map(
    ([about, body]) =>
      (own: string) =>
        `${about}interface ${own} {${body}}`,
  ),
  fc
    .tuple(
      described,
      unique(fc.tuple(name, described, space, inputType, string), ([own]) => own),
    )
    .map(([about, list]) => (own: string) => {
      const body = list.map(
        ([each, told, gap, of, text]) => `${told}${each}:${gap}${of}${of === 'String' ? ` = ${text}` : ''}`,
      );
      return `${about}input ${own} {${body.join(' ')}}`;
    }),
  fc
    .tuple(
      described,
      unique(value, ({ own }) => own),
    )
    .map(
      ([about, list]) =>
        (own: string) =>
          `${about}enum ${own} {${list.map(({ written }) => written).join(' ')}}`,
    ),
  described.map((about) => (own: string) => `${about}scalar ${own}`),
  described.map((about) => (own: string) => `${about}union ${own} = Query`),
);

function expectSame(built: GraphQLSchema, sdl: string): void {
  const expected = buildSchema(sdl);
  expect(printSchema(lexicographicSortSchema(built))).toBe(printSchema(lexicographicSortSchema(expected)));
  expect(introspectionFromSchema(lexicographicSortSchema(built))).toEqual(
    introspectionFromSchema(lexicographicSortSchema(expected)),
  );
}
