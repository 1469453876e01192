import { GraphQLError } from 'graphql';
import { describe, expect, it } from 'vitest';
import { createOracleGraph } from '../../test/utils/oracle.ts';
import { createSubgraphSource } from '../../test/utils/oracle-sources.ts';
import type { SubgraphRequest } from '../../test/utils/subgraph-server.ts';

const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.8", import: ["@key", "@shareable"]) type Query @shareable { viewer(id: ID): Viewer }';

type Fields = Readonly<Record<string, unknown>>;

/** What a client may see of itself: each subgraph has its own part of it, and none has a key. */
function createGraph(requests: SubgraphRequest[] = []) {
  const viewer = (_: unknown, { id = 'v' }: Fields) => {
    if (id === 'nobody') return null;
    return { id };
  };
  const viewerOfShop = (root: unknown, args: Fields) => {
    if (args.id === 'lost') throw new GraphQLError('The shop is closed.');
    return args.id === 'guest' ? null : viewer(root, args);
  };
  const people = {
    name: 'people',
    sdl: `${LINK} type Viewer @shareable { id: ID! name(short: Boolean): String me: Person friends: [Person!] }
      type Person @key(fields: "id") { id: ID! name: String }`,
    resolvers: {
      Query: { viewer },
      Viewer: {
        name: ({ id }: Fields, { short }: Fields) => (short === true ? `${id}` : `Viewer ${id}`),
        me: () => ({ id: 'p' }),
        friends: () => [{ id: 'q' }, { id: 'r' }],
      },
      Person: { name: ({ id }: Fields) => `Person ${id}` },
    },
  };
  const shop = {
    name: 'shop',
    sdl: `${LINK} type Viewer @shareable { id: ID! cart: Int wish: String debt: Int favourite: Person }
      type Person @key(fields: "id") { id: ID! orders: Int }`,
    resolvers: {
      Query: { viewer: viewerOfShop },
      Viewer: {
        cart: () => 3,
        wish: () => 'tent',
        debt: () => {
          throw new GraphQLError('Nobody counts that.');
        },
        favourite: () => ({ id: 'f' }),
      },
      Person: { orders: ({ id }: Fields) => String(id).charCodeAt(0) },
    },
  };
  return createOracleGraph([people, shop].map((options) => createSubgraphSource({ ...options, requests })));
}

describe('a root field of which each subgraph has a part', () => {
  it.each([
    ['{ viewer { name cart } }', { name: 'Viewer v', cart: 3 }],
    [
      '{ viewer { __typename id name cart me { orders } } }',
      {
        ...{ __typename: 'Viewer', id: 'v', name: 'Viewer v', cart: 3, me: { orders: 112 } },
      },
    ],
    [
      '{ viewer { me { name orders } favourite { name orders } } }',
      {
        me: { name: 'Person p', orders: 112 },
        favourite: { name: 'Person f', orders: 102 },
      },
    ],
    ['{ viewer { cart friends { orders } } }', { cart: 3, friends: [{ orders: 113 }, { orders: 114 }] }],
    [
      'query ($id: ID = "x", $no: Boolean = false) { viewer(id: $id) { id n: name(short: true) name c: cart @include(if: $no) ...F } } fragment F on Viewer { wish @skip(if: $no) }',
      {
        ...{ id: 'x', n: 'x', name: 'Viewer x', wish: 'tent' },
      },
    ],
    ['{ viewer(id: "nobody") { name cart } }', null],
    ['{ viewer(id: "guest") { name cart } }', { name: 'Viewer guest', cart: null }],
  ])('is asked of all of them: %s', async (text, viewer) => {
    const requests: SubgraphRequest[] = [];
    const graph = createGraph(requests);
    for (let run = 0; run < 3; run += 1) {
      requests.length = 0;
      expect(await graph.ask(text)).toEqual({ data: { viewer }, errors: [] });
      expect(
        requests
          .filter(({ query }) => query.includes('viewer'))
          .map(({ subgraph }) => subgraph)
          .sort(),
      ).toEqual(['people', 'shop']);
    }
  });

  it('loses no more than the part that fails', async () => {
    const graph = createGraph();
    for (let run = 0; run < 3; run += 1) {
      expect(await graph.ask('{ viewer { name debt cart } }')).toEqual({
        data: { viewer: { name: 'Viewer v', debt: null, cart: 3 } },
        errors: ['viewer.debt'],
      });
      expect(await graph.ask('{ viewer(id: "lost") { name me { orders } cart favourite { name } } }')).toEqual({
        data: { viewer: { name: 'Viewer lost', me: { orders: 112 }, cart: null, favourite: null } },
        errors: ['viewer.cart', 'viewer.favourite'],
      });
    }
  });

  it('is told apart under two aliases', async () => {
    expect(
      await createGraph().ask('{ a: viewer { name cart } b: viewer(id: 2) { cart name } c: viewer { wish name } }'),
    ).toEqual({
      data: {
        a: { name: 'Viewer v', cart: 3 },
        b: { name: 'Viewer 2', cart: 3 },
        c: { name: 'Viewer v', wish: 'tent' },
      },
      errors: [],
    });
  });
});
