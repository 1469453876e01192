import { buildSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import { compileSubgraph } from './compile-subgraph.ts';

const link = (version: string, ...names: string[]) =>
  `extend schema @link(url: "https://specs.apollo.dev/federation/${version}", import: [${names.map((name) => `"@${name}"`).join(', ')}])`;

function compile(text: string) {
  const { subgraph, problems } = compileSubgraph('users', text, 'users.graphql');
  if (subgraph === undefined) throw new Error(problems.map(({ message }) => message).join('\n'));
  return subgraph;
}

const problemsOf = (text: string) =>
  compileSubgraph('users', text, 'users.graphql').problems.map(
    ({ message, line, suggestion }) =>
      `${line ?? '-'}: ${message}${suggestion === undefined ? '' : ` > ${suggestion}`}`,
  );

describe('the SDL of a subgraph', () => {
  it('has plain names, whatever it imports them as, and one query type', () => {
    const { sdl, federationSdl, renamedRoots, rootFields } = compile(`
      schema
        @link(url: "https://specs.apollo.dev/link/v1.0")
        @link(
          url: "https://specs.apollo.dev/federation/v2.5"
          as: "fed"
          import: ["@key", { name: "@shareable", as: "@shared" }, "FieldSet"]
        )
      { query: Root }
      directive @fed__external(reason: String) on OBJECT | FIELD_DEFINITION
      scalar FieldSet
      scalar fed__Scope
      scalar link__Import
      scalar _Any
      union _Entity = User
      type _Service { sdl: String }
      "Who is here."
      type User @key(fields: "id") {
        id: ID!
        name: String @shared @deprecated(reason: "Ask for names.")
        root: Root
        borrowed: Int @fed__external
        made: Int @fed__requires(fields: "borrowed")
      }
      extend type User { names: [String!] @fed__shareable }
      type Root {
        _service: _Service!
        _entities(representations: [_Any!]!): [_Entity]!
        users(ids: [ID!]! = ["1"], first: Int): [User]
      }
    `);
    expect(`${sdl}\n----\n${federationSdl}`).toMatchInlineSnapshot(`
      ""Who is here."
      type User {
        id: ID!
        name: String @deprecated(reason: "Ask for names.")
        root: Query
        borrowed: Int
        made: Int
        names: [String!]
      }

      type Query {
        users(ids: [ID!]! = ["1"], first: Int): [User]
      }
      ----
      extend schema
        @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@requires", "@external", "@shareable"])

      "Who is here."
      type User @key(fields: "id") {
        id: ID!
        name: String @shareable @deprecated(reason: "Ask for names.")
        root: Query
        borrowed: Int @external
        made: Int @requires(fields: "borrowed")
      }

      extend type User {
        names: [String!] @shareable
      }

      type Query {
        users(ids: [ID!]! = ["1"], first: Int): [User]
      }"
    `);
    expect(renamedRoots).toEqual(new Map([['Query', 'Root']]));
    expect(rootFields).toEqual(
      new Map([
        [
          'Query.users',
          {
            type: 'query',
            isNullable: true,
            name: 'users',
            arguments: new Map([
              ['ids', '[ID!]!'],
              ['first', 'Int'],
            ]),
          },
        ],
      ]),
    );
  });

  it('of the first version may extend what it does not define', () => {
    const { sdl, federationSdl } = compile(`
      directive @key(fields: _FieldSet!) on OBJECT | INTERFACE
      scalar _FieldSet
      extend type Query { top: Product }
      extend type Product @key(fields: "upc") @key(fields: "sku") {
        upc: String! @external
        sku: String! @external
        weight: Int @external
        cost: Int @requires(fields: "weight")
      }
      type Shop @extends @key(fields: "id") { id: ID! @external }
      extend enum Size { XL }
    `);
    expect(Object.keys(buildSchema(sdl).getTypeMap())).toEqual(expect.arrayContaining(['Product', 'Shop', 'Size']));
    expect(sdl).not.toMatch(/extend|@/);
    expect(federationSdl).toContain('extend type Product @key(fields: "upc") @key(fields: "sku")');
    expect(federationSdl).toContain('type Shop @extends');
    expect(federationSdl).not.toMatch(/link|_FieldSet|directive/);
  });

  it('keeps directives for clients, with how they are composed, and tells what it leaves out', () => {
    const { sdl, federationSdl, notices } = compile(`
      ${link('v2.8', 'key', 'composeDirective', 'authenticated', 'policy', 'cost', 'context', 'fromContext')}
      @link(url: "https://example.com/mask/v1.0", import: ["@mask", "@cache"])
      @composeDirective(name: "@mask")
      directive @mask(with: Mask) on FIELD | OBJECT
      directive @cache(seconds: Int) on OBJECT
      enum Mask { STARS }
      type Query @cache(seconds: 3) { me: User @authenticated, all: [User] @cost(weight: 5) }
      type User @key(fields: "id") @mask @context(name: "user") { id: ID!, posts: [Post] @authenticated }
      type Post @key(fields: "id") {
        id: ID!
        mine(of: ID @fromContext(field: "$user { id }")): Boolean
      }
    `);
    expect(sdl).toContain('directive @mask(with: Mask) on FIELD');
    expect(federationSdl).toContain(
      '@link(url: "https://example.com/mask/v1.0", import: ["@mask"])\n  @composeDirective(name: "@mask")',
    );
    expect(sdl + federationSdl).not.toMatch(/@cache|mine/);
    expect(notices.map(({ message, line }) => `${line}: ${message}`)).toEqual([
      '8: @authenticated is not enforced by the gateway. It is used in Query, User.',
      '8: @cost does not count for the limits of queries. It is used in Query.',
      "8: Directives of the subgraph's own say nothing to the graph and are left out: @cache, @mask.",
      '12: Fields with an argument from a context cannot be asked for and are left out: Post.mine.',
    ]);
  });

  it('of a later version is read as the newest one that is known', () => {
    const { federationSdl, notices } = compile(`${link('v2.11', 'key')} type Query { a: Int }`);
    expect(federationSdl).toContain('federation/v2.9');
    expect(notices.map(({ message }) => message)).toEqual([
      'The subgraph links federation v2.11, which is read as v2.9.',
    ]);
  });
});

describe('mistakes in the SDL of a subgraph', () => {
  it('are told all at once, with their lines', () => {
    expect(
      problemsOf(`${link('v2.3', 'key', 'sharable')}
      type Query { me: User @shareable, other: Nope, third: Int @kye(fields: "id") }
      type User @key(fields: "id {") @key(fields: 3) { id: ID! @key(fields: "id") }
      type User { id: ID! }
      `),
    ).toEqual([
      '1: Federation has no @sharable that could be imported. > Did you mean "@shareable"?',
      '2: There is no directive @shareable. > Add "@shareable" to what the link to federation imports.',
      '2: There is no directive @kye. > Did you mean "@key"?',
      '3: The fields of @key cannot be read: Syntax Error: Expected Name, found "}".',
      '3: The fields of @key are no text.',
      '2: Unknown type "Nope".',
      '3: Directive "@key" may not be used on FIELD_DEFINITION.',
      '4: There can be only one type named "User".',
      '4: Field "User.id" can only be defined once.',
    ]);
  });

  it('are told as the composer says them where they are about federation', () => {
    expect(
      problemsOf(`${link('v2.3', 'key', 'requires')}
      type Query { me: User }
      type User @key(fields: "uid") {
        id: ID!
        name: String @requires(fields: "id")
      }`),
    ).toEqual([
      expect.stringMatching(
        /^3: On type "User", for @key\(fields: "uid"\): Cannot query field "uid" .*KEY_INVALID_FIELDS/,
      ),
      expect.stringMatching(
        /^5: On field "User.name", for @requires\(fields: "id"\): .*REQUIRES_FIELDS_MISSING_EXTERNAL/,
      ),
    ]);
  });

  it.each([
    [
      'an interface that is not implemented',
      'interface I { a: Int }\ntype Query implements I { b: Int }',
      /^1: Interface field I.a expected/,
    ],
    [
      'one type of two kinds',
      'type Query { a: Int }\nextend interface Query { b: Int }',
      /^2: Cannot extend non-interface type "Query"/,
    ],
    [
      'an extension of two kinds',
      'extend type A { a: Int }\nextend union A = B\ntype B { a: Int }',
      /^2: Cannot extend non-union type "A"/,
    ],
    ['an unknown version', link('v3.0'), /^1: The subgraph links federation in version v3.0, which is not known\./],
    ['no version', 'extend schema @link(url: "https://specs.apollo.dev/federation")', /^1: .* without a version/],
    [
      'a link that is no URL',
      'extend schema @link(url: "federation")\ntype Query { a: Int }',
      /^1: @link has no address/,
    ],
    ['two links to the same', `${link('v2.0')} ${link('v2.3')} type Query { a: Int }`, /^1: .* is linked twice/],
    [
      'imports of nothing',
      'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: [3])',
      /imports something/,
    ],
    [
      'a misleading name',
      'schema { query: Q }\ntype Q { a: Int }\ntype Query { b: Int }',
      /^3: The type Query is not the root type/,
    ],
    [
      'nothing of its own',
      'type Query { _service: _Service }\ntype _Service { sdl: String }',
      /^-: The subgraph has neither types/,
    ],
    ['text that is no GraphQL', 'type Query {\n a: \n}', /^3: Syntax Error/],
    [
      'a directive of version 2 without its link',
      'type Query { a: Int @shareable }',
      /^1: There is no directive @shareable. > Link federation 2/,
    ],
  ])('can be %s', (_, text, expected) => {
    expect(problemsOf(text)).toContainEqual(expect.stringMatching(expected));
  });
});

describe('hostile SDL', () => {
  it('of a hundred thousand fields is read', () => {
    const types = Array.from({ length: 100 }, (_, index) => {
      const fields = Array.from({ length: 1_000 }, (__, field) => `f${field}: String`).join(' ');
      return `type T${index} { ${fields} }`;
    });
    expect(compile(`type Query { t: T0 } ${types.join('\n')}`).sdl).toContain('type T99');
  });

  it.each([
    ['tokens without end', `enum Without { ${'END '.repeat(1_000_000)} }`, /more that 1000000 tokens/],
    [
      'lists in lists',
      `type Query { a: ${'['.repeat(200_000)}Int${']'.repeat(200_000)} }`,
      /^-: The document nests too deep/,
    ],
    [
      'values in values',
      `type Query { a(b: [Int] = ${'['.repeat(200_000)}${']'.repeat(200_000)}): Int }`,
      /nests too deep/,
    ],
    ['a long key', `type Query @key(fields: "${'a '.repeat(10_000)}") { a: Int }`, /longer than 10000 characters/],
    [
      'a deep key',
      `type Query @key(fields: "${'a { '.repeat(20)}a${' }'.repeat(20)}") { a: Query }`,
      /deeper than 16 levels/,
    ],
    ['__proto__', 'type Query { a: __proto__ }\ntype __proto__ { a: Int }', /must not begin with "__"/],
  ])('with %s is refused', (_, text, expected) => {
    expect(problemsOf(text)).toContainEqual(expect.stringMatching(expected));
  });

  it('with mistakes without end tells the first of them', () => {
    const text = `type Query { a: Int }\n${Array.from({ length: 5_000 }, (_, index) => `type T${index} @nope { a: Int }`).join('\n')}`;
    const problems = problemsOf(text);
    expect(problems).toHaveLength(51);
    expect(problems.at(-1)).toBe('-: There are 4950 more problems in this document.');
  });
});
