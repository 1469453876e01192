import { composeServices, transformSupergraphToPublicSchema } from '@theguild/federation-composition';
import { parse, print } from 'graphql';
import { expect, it } from 'vitest';
import { composeSupergraph, SHOP_SUBGRAPHS } from '../../../test/fixtures/federation/shop.ts';
import { SMALL_GRAPHS } from '../../../test/fixtures/federation/small-graphs.ts';
import { sortedSdl, supergraphFacts } from '../../../test/utils/supergraph-facts.ts';
import { compileSupergraph } from './compile-supergraph.ts';

function recompose(supergraphSdl: string) {
  const { subgraphs, problems } = compileSupergraph('shop', supergraphSdl, 'supergraph.graphql', { endpoints: {} });
  expect(problems).toEqual([]);
  const result = composeServices(
    subgraphs.map(({ name, endpoint, subgraph }) => ({
      name: name.slice('shop.'.length),
      url: endpoint,
      typeDefs: parse(subgraph.federationSdl.replaceAll('from: "shop.', 'from: "')),
    })),
  );
  expect(result.errors ?? []).toEqual([]);
  return result.supergraphSdl ?? '';
}

const publicSdl = (supergraphSdl: string) => print(transformSupergraphToPublicSchema(parse(supergraphSdl)));

it.each([['a shop', SHOP_SUBGRAPHS] as const, ...Object.entries(SMALL_GRAPHS)])(
  'takes the supergraph of %s apart into subgraphs that make it again',
  (_, subgraphs) => {
    const supergraphSdl = composeSupergraph(subgraphs);
    const again = recompose(supergraphSdl);
    expect(supergraphFacts(again)).toEqual(supergraphFacts(supergraphSdl));
    expect(sortedSdl(publicSdl(again))).toBe(sortedSdl(publicSdl(supergraphSdl)));
  },
);

it('gives data that can come from another thread', () => {
  const result = compileSupergraph('shop', composeSupergraph(SHOP_SUBGRAPHS), 'supergraph.graphql', { endpoints: {} });
  expect(result.subgraphs).toHaveLength(4);
  expect(structuredClone(result)).toEqual(result);
});

it('tells whose a field is where composers of federation 1 did not', () => {
  const supergraphSdl = composeSupergraph([
    {
      name: 'people',
      sdl: 'type Query { me: Person } type Person @key(fields: "id") @key(fields: "nick") { id: ID!, nick: String! }',
    },
    {
      name: 'posts',
      sdl: `extend type Person @key(fields: "id") {
        id: ID! @external
        nick: String! @external
        greeting: String @requires(fields: "nick")
      }`,
    },
  ]);
  const again = recompose(supergraphSdl);
  expect(supergraphFacts(supergraphSdl)).toContain('Person.nick: String! ');
  expect(supergraphFacts(again)).toContain(
    'Person.nick: String! @join__field(external: true, graph: POSTS) @join__field(graph: PEOPLE)',
  );
  expect(supergraphFacts(recompose(again))).toEqual(supergraphFacts(again));
});

const CORE = `
  schema @core(feature: "https://specs.apollo.dev/core/v0.1") @core(feature: "https://specs.apollo.dev/join/v0.1") {
    query: Query
  }
  directive @core(feature: String!) repeatable on SCHEMA
  directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet) on FIELD_DEFINITION
  directive @join__type(graph: join__Graph!, key: join__FieldSet) repeatable on OBJECT | INTERFACE
  directive @join__owner(graph: join__Graph!) on OBJECT | INTERFACE
  directive @join__graph(name: String!, url: String!) on ENUM_VALUE
  scalar join__FieldSet
  enum join__Graph {
    GOODS @join__graph(name: "goods" url: "http://goods.example/graphql")
    RATINGS @join__graph(name: "ratings" url: "http://ratings.example/graphql")
  }
  type Query {
    good(id: ID!): Good @join__field(graph: GOODS)
    best: [Rating] @join__field(graph: RATINGS)
  }
  interface Priced { price: Money }
  type Good implements Priced @join__owner(graph: GOODS) @join__type(graph: GOODS, key: "id") @join__type(graph: RATINGS, key: "id") {
    id: ID! @join__field(graph: GOODS)
    price: Money @join__field(graph: GOODS)
    name: String @join__field(graph: GOODS)
    score: Int @join__field(graph: RATINGS, requires: "price { amount }")
  }
  type Rating { stars: Stars, good: Good @join__field(graph: RATINGS, provides: "name") }
  type Money { amount: Int }
  enum Stars { ONE TWO }
`;

it('reads what composers of federation 1 wrote, with types where they are used', () => {
  const { subgraphs, problems } = compileSupergraph('shop', CORE, 'supergraph.graphql', { endpoints: {} });
  expect(problems).toEqual([]);
  expect(
    subgraphs.map(({ name, endpoint, subgraph }) => `# ${name} ${endpoint}\n${subgraph.federationSdl}`).join('\n\n'),
  ).toMatchInlineSnapshot(`
    "# shop.goods http://goods.example/graphql
    extend schema
      @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@requires", "@external", "@shareable"])

    type Query {
      good(id: ID!): Good
    }

    interface Priced {
      price: Money
    }

    type Good implements Priced @key(fields: "id") {
      id: ID! @shareable
      price: Money
      name: String
    }

    type Money {
      amount: Int @shareable
    }

    # shop.ratings http://ratings.example/graphql
    extend schema
      @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@requires", "@external", "@shareable", "@provides"])

    type Query {
      best: [Rating]
    }

    type Good @key(fields: "id") {
      score: Int @requires(fields: "price { amount }")
      id: ID! @shareable
      price: Money @external
      name: String @external
    }

    type Rating {
      stars: Stars
      good: Good @provides(fields: "name")
    }

    type Money {
      amount: Int @shareable
    }

    enum Stars {
      ONE
      TWO
    }"
  `);
  const { supergraphSdl } = composeServices(
    subgraphs.map(({ name, subgraph }) => ({ name, typeDefs: parse(subgraph.federationSdl) })),
  );
  expect(supergraphSdl).toBeDefined();
});
