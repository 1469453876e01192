import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../kernel/ports.ts';
import { createCaching } from '../../sources/cache/caching.ts';
import { cacheOptions, sourceCacheOptions } from '../../sources/cache/options.ts';
import { createGraphqlSource } from '../../sources/graphql/graphql-source.ts';
import { graphqlOptions } from '../../sources/graphql/options.ts';
import { type SubgraphServer, startSubgraph } from '../utils/subgraph-server.ts';
import { startTestGateway } from '../utils/test-gateway.ts';

const SDL = `
  type Query { user(id: ID!): User users: [User!]! now: Int }
  type Mutation { rename(id: ID!, name: String!): User }
  type User { id: ID! name: String failing: String }
`;
const names = new Map([
  ['a', 'Ann'],
  ['b', 'Bob'],
]);
const user = (id: string) => ({ id, name: names.get(id) });
let server: SubgraphServer;
beforeAll(async () => {
  server = await startSubgraph({
    name: 'people',
    sdl: SDL,
    resolvers: {
      Query: {
        user: (_: unknown, { id }: { id: string }) => user(id),
        users: () => [...names.keys()].map(user),
        now: () => 1,
      },
      Mutation: {
        rename: (_: unknown, { id, name }: { id: string; name: string }) => {
          names.set(id, name);
          return user(id);
        },
      },
      User: {
        failing: () => {
          throw new Error('no');
        },
      },
    },
  });
});
afterAll(() => server.close());

describe.each(['direct', 'stitched'] as const)('kept answers of a GraphQL service, the %s way', (way) => {
  it('are given until a mutation changed what is in them, and never with errors', async () => {
    const caching = createCaching(cacheOptions.parse({}), { log: silentLog });
    const problems: unknown[] = [];
    const report = (problem: unknown) => void problems.push(problem);
    const options = graphqlOptions.parse({ kind: 'graphql', endpoint: server.url, document: 'people.graphql' });
    const plain = await createGraphqlSource('people', options, SDL, { log: silentLog, report });
    const cache = sourceCacheOptions.parse({
      fields: { 'user*': 60_000 },
      invalidate: { rename: { ids: { 'User.id': '$args.id' } } },
    });
    const [source = plain] = await caching.wrap([plain], { ...options, cache }, report);
    const gateway = await startTestGateway([source], {}, { way });
    const ask = async (query: string) => {
      const before = server.requests.length;
      const { data } = (await gateway.post({ query })).body as { readonly data: unknown };
      return [data, server.requests.length - before];
    };
    expect(problems).toEqual([]);

    const one = (id: string) => `{ user(id: "${id}") { name } }`;
    const [before] = await ask(one('a'));
    expect(await ask(one('a'))).toEqual([before, 0]);
    expect((await ask('{ users { id name } }'))[1]).toBe(1);
    expect((await ask('{ users { id name } }'))[1]).toBe(0);
    expect((await ask(`{ user(id: "b") { id name } }`))[1]).toBe(1);
    const name = `Anna ${way}`;
    expect(await ask(`mutation { rename(id: "a", name: "${name}") { name } }`)).toEqual([{ rename: { name } }, 1]);
    expect(await ask(one('a'))).toEqual([{ user: { name } }, 1]);
    expect((await ask(`{ user(id: "b") { id name } }`))[1]).toBe(0);
    expect((await ask('{ users { id name } }'))[1]).toBe(1);

    const partial = '{ users { id failing } }';
    expect(await ask(partial)).toEqual(await ask(partial));
    expect((await ask(partial))[1]).toBe(1);
    expect([(await ask('{ now }'))[1], (await ask('{ now }'))[1]]).toEqual([1, 1]);
    await gateway.close();
    await source.dispose();
  });
});
