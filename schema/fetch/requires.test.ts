import { describe, expect, it } from 'vitest';
import { createOracleGraph } from '../../test/utils/oracle.ts';
import { createSubgraphSource } from '../../test/utils/oracle-sources.ts';
import type { SubgraphRequest } from '../../test/utils/subgraph-server.ts';

const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.8", import: ["@key", "@external", "@requires", "@shareable"])';

type Fields = Readonly<Record<string, unknown>>;
const told =
  (name: string, ...required: string[]) =>
  (parent: Fields) =>
    `${name}(${[parent.id, ...required.map((field) => parent[field])].join()})`;

/** Three subgraphs that need each other for their fields of one entity. */
function createGraph(requests: SubgraphRequest[]) {
  return createOracleGraph(
    [
      {
        name: 'start',
        sdl: `${LINK} type Query { thing: Thing list: [Thing!]! } type Thing @key(fields: "id") { id: ID! }`,
        resolvers: { Query: { thing: () => ({ id: 1 }), list: () => [{ id: 1 }, { id: 2 }] } },
      },
      {
        name: 'a',
        sdl: `${LINK} type Thing @key(fields: "id") {
          id: ID!
          plain: String
          f: String @requires(fields: "g")
          last: String @requires(fields: "deep")
          g: String @external
          deep: String @external
        }`,
        resolvers: { Thing: { plain: told('plain'), f: told('f', 'g'), last: told('last', 'deep') } },
      },
      {
        name: 'b',
        sdl: `${LINK} type Thing @key(fields: "id") {
          id: ID!
          g: String
          h: String @requires(fields: "plain")
          deep: String @requires(fields: "f")
          plain: String @external
          f: String @external
        }`,
        resolvers: { Thing: { g: told('g'), h: told('h', 'plain'), deep: told('deep', 'f') } },
      },
    ].map((options) => createSubgraphSource({ ...options, requests })),
  );
}

const thing = {
  plain: 'plain(1)',
  f: 'f(1,g(1))',
  g: 'g(1)',
  h: 'h(1,plain(1))',
  deep: 'deep(1,f(1,g(1)))',
  last: 'last(1,deep(1,f(1,g(1))))',
};

describe('fields that require fields of other subgraphs', () => {
  const selections = [
    'f h',
    'h f',
    'plain f g h',
    'deep',
    'last',
    'last deep h g f plain',
    'h last plain',
    'f last',
    'last f',
  ];
  it.each(selections)('are had in turns: { %s }', async (selection) => {
    const requests: SubgraphRequest[] = [];
    const graph = createGraph(requests);
    const names = selection.split(' ') as (keyof typeof thing)[];
    for (let run = 0; run < 3; run += 1) {
      requests.length = 0;
      expect(await graph.ask(`{ thing { ${selection} } }`)).toEqual({
        data: { thing: Object.fromEntries(names.map((name) => [name, thing[name]])) },
        errors: [],
      });
      expect(requests.length).toBeLessThanOrEqual(7);
    }
  });

  it('are had for all objects of a list at once', async () => {
    const requests: SubgraphRequest[] = [];
    await createGraph(requests).ask('{ list { last plain h } }');
    expect(requests.map(({ subgraph }) => subgraph)).toMatchInlineSnapshot(`
      [
        "start",
        "b",
        "a",
        "a",
        "b",
        "b",
        "a",
      ]
    `);
  });
});
