import { GraphQLError } from 'graphql';
import { describe, expect, it } from 'vitest';
import { createOracleGraph } from '../../test/utils/oracle.ts';
import { createSubgraphSource } from '../../test/utils/oracle-sources.ts';

const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.8", import: ["@key", "@external", "@requires", "@interfaceObject"])';

const fails = (words: string) => () => {
  throw new GraphQLError(words);
};

describe('a field that requires what fails', () => {
  const things = {
    name: 'things',
    sdl: `${LINK} type Query { thing: Thing } type Thing @key(fields: "id") { id: ID! size: Int }`,
    resolvers: { Query: { thing: () => ({ id: 1 }) }, Thing: { size: fails('no size') } },
  };
  const weights = {
    name: 'weights',
    sdl: `${LINK} type Thing @key(fields: "id") { id: ID! weight: Int }`,
    resolvers: { Thing: { weight: fails('no weight') } },
  };
  const shipping = {
    name: 'shipping',
    sdl: `${LINK} type Thing @key(fields: "id") {
      id: ID!
      size: Int @external
      weight: Int @external
      stock: Int
      cents: Int @requires(fields: "weight")
      parcel: Int @requires(fields: "size")
    }`,
    resolvers: { Thing: { stock: () => 4, cents: () => 100, parcel: () => 2 } },
  };

  it.each([
    ['of another subgraph', '{ thing { cents stock } }', { cents: null, stock: 4 }, 'thing.cents'],
    ['of another subgraph, asked first', '{ thing { stock cents } }', { cents: null, stock: 4 }, 'thing.cents'],
    ['of the object itself', '{ thing { parcel stock } }', { parcel: null, stock: 4 }, 'thing.parcel'],
    [
      'of both',
      '{ thing { parcel stock cents } }',
      { parcel: null, stock: 4, cents: null },
      'thing.cents,thing.parcel',
    ],
  ])('%s takes no other field of its subgraph with it', async (_name, text, thing, paths) => {
    const graph = createOracleGraph([things, weights, shipping].map(createSubgraphSource));
    for (let run = 0; run < 3; run += 1) {
      expect(await graph.ask(text)).toEqual({ data: { thing }, errors: paths.split(',') });
    }
  });
});

describe('an interface object whose type cannot be told', () => {
  it('takes no other object of its list with it', async () => {
    const media = {
      name: 'media',
      sdl: `${LINK} type Query { books: [Book] } interface Media @key(fields: "id") { id: ID! title: String }
        type Book implements Media @key(fields: "id") { id: ID! title: String }`,
      resolvers: {
        Query: { books: () => [] },
        Media: {
          __resolveReference: async ({ id }: { id: string }) => {
            if (id === '2') throw new GraphQLError('lost');
            return { __typename: 'Book', id };
          },
          __resolveType: () => 'Book',
        },
        Book: { title: ({ id }: { id: string }) => `Book ${id}` },
      },
    };
    const lists = {
      name: 'lists',
      sdl: `${LINK} type Query { read: [Media] } type Media @key(fields: "id") @interfaceObject { id: ID! stars: Int }`,
      resolvers: {
        Query: { read: () => ['1', '2', '3'].map((id) => ({ id })) },
        Media: { stars: ({ id }: { id: string }) => Number(id) },
      },
    };
    const graph = createOracleGraph([media, lists].map(createSubgraphSource));
    const first = { __typename: 'Book', id: '1', stars: 1, title: 'Book 1' };
    const third = { __typename: 'Book', id: '3', stars: 3, title: 'Book 3' };
    for (let run = 0; run < 3; run += 1) {
      expect(await graph.ask('{ read { __typename id stars title } }')).toEqual({
        data: { read: [first, null, third] },
        errors: ['read.1'],
      });
    }
  });
});
