import { buildSchema } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCallContext, createMemoryLog } from '../../test/utils/call-context.ts';
import { type SubgraphServer, startSubgraph } from '../../test/utils/subgraph-server.ts';
import type { Selected, Source } from '../source.ts';
import { createFederationSources } from './federation-source.ts';
import { federationOptions } from './options.ts';

const SDL = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@shareable"])
  type Query { user(id: ID!): User, users: [User!]! }
  type Mutation { rename(id: ID!, name: String!): User }
  type Subscription { renamed(times: Int!): User }
  type User @key(fields: "id") { id: ID!, name: String @shareable }
`;

const resolvers = {
  Query: {
    user: (_: unknown, { id }: { id: string }) => ({ id, name: `user ${id}` }),
    users: () => [{ id: '1' }],
  },
  Mutation: { rename: (_: unknown, user: object) => user },
  Subscription: {
    renamed: {
      subscribe: async function* (_: unknown, { times }: { times: number }) {
        for (let id = 1; id <= times; id += 1) yield { renamed: { id: String(id), name: `new ${id}` } };
      },
    },
  },
  User: { __resolveReference: ({ id }: { id: string }) => ({ id, name: `by key ${id}` }) },
};

async function sourceAt(endpoint: string, options: object = {}, texts = {}): Promise<Source> {
  const deps = { log: createMemoryLog(), report: () => {} };
  const parsed = federationOptions.parse({ kind: 'federation', endpoint, ...options });
  const [source] = await createFederationSources('users', parsed, texts, deps);
  if (source === undefined) throw new Error('There is no source.');
  return source;
}

function select(text: string): Selected {
  return { shape: { text, variables: new Map() }, values: {} };
}

describe('a federation subgraph', () => {
  let server: SubgraphServer;
  let source: Source;

  beforeAll(async () => {
    server = await startSubgraph({ name: 'users', sdl: SDL, resolvers });
    source = await sourceAt(server.url);
  });
  afterAll(async () => {
    await source.dispose();
    await server.close();
  });

  it('is learned from the service itself, and says the same as its document', async () => {
    const read = await sourceAt(server.url, { document: 'users.graphql' }, { document: SDL });
    const types = (sdl: string) => Object.keys(buildSchema(sdl).getTypeMap()).filter((name) => !name.startsWith('__'));
    expect(types(source.model.sdl).sort()).toEqual(types(read.model.sdl).sort());
    expect(source.model.sdl).not.toMatch(/@(key|shareable|link)|_entities|_service|_Any|federation__|link__/);
    expect([...source.model.calls.keys()]).toEqual([
      'Query.user',
      'Query.users',
      'Mutation.rename',
      'Subscription.renamed',
    ]);
    await read.dispose();
  });

  it('answers whole operations, with entities by their keys', async () => {
    const { context } = createCallContext();
    const answer = await source.graphql?.execute(
      {
        operation: '_entities',
        query: 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on User { name } } }',
        variables: { r: [{ __typename: 'User', id: '7' }] },
      },
      context,
    );
    expect(answer).toEqual({ data: { _entities: [{ name: 'by key 7' }] }, errors: [] });
  });

  it('has a call for every root field', async () => {
    const { context } = createCallContext();
    const [user, rename] = [source.model.calls.get('Query.user'), source.model.calls.get('Mutation.rename')];
    if (user?.type !== 'unary' || rename?.type !== 'unary') throw new Error('They are no unary calls.');
    expect(await user.invoke({ id: '1' }, context, select('{ id title: name }'))).toEqual({ id: '1', title: 'user 1' });
    expect(await rename.invoke({ id: '1', name: 'x' }, context, select('{ name }'))).toEqual({ name: 'x' });
    expect(user.usesSelection).toBe(true);
  });

  it.each(['sse', 'ws'])('is subscribed to over %s', async (protocol) => {
    const subscriptions = { protocol, ...(protocol === 'ws' ? { endpoint: server.wsUrl } : {}) };
    const subscribed = await sourceAt(server.url, { subscriptions });
    const call = subscribed.model.calls.get('Subscription.renamed');
    if (call?.type !== 'stream') throw new Error('It is no stream.');
    const events: unknown[] = [];
    for await (const event of call.open({ times: 2 }, createCallContext().context, select('{ id name }'))) {
      events.push(event);
    }
    expect(events).toEqual([
      { id: '1', name: 'new 1' },
      { id: '2', name: 'new 2' },
    ]);
    await subscribed.dispose();
  });
});
