import { GraphQLError } from 'graphql';
import { describe, expect, it } from 'vitest';
import { createOracleGraph } from '../../test/utils/oracle.ts';
import { createSubgraphSource } from '../../test/utils/oracle-sources.ts';

const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.8", import: ["@key", "@external", "@requires", "@interfaceObject"])';

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
