import { buildSubgraphSchema } from '@apollo/subgraph';
import { GraphQLError, GraphQLScalarType, parse, valueFromASTUntyped } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { createSchema, createYoga } from 'graphql-yoga';
import { WebSocketServer } from 'ws';
import { compileSubgraph } from '../../sources/federation/compile-subgraph.ts';
import { createFederationSources } from '../../sources/federation/federation-source.ts';
import { federationOptions } from '../../sources/federation/options.ts';
import { compileGraphql } from '../../sources/graphql/compile-graphql.ts';
import { createGraphqlSource } from '../../sources/graphql/graphql-source.ts';
import { graphqlOptions } from '../../sources/graphql/options.ts';
import type { Source } from '../../sources/source.ts';
import { SeenCalls, startFront } from './contract-front.ts';
import {
  type Backend,
  COMMON_OPTIONS,
  type Harness,
  type Inability,
  namesOf,
  STRICT_DEPS,
} from './contract-harness.ts';
import { type Binding, type Item, itemOf, Library, LibraryError, SECRET } from './contract-library.ts';

const NAMES_ARE_VALUES: Inability = {
  reason: 'an enum value of GraphQL is its name',
  shows: (sdl) => /HARD_COVER/.test(sdl),
};

const STREAMS = { SSE: {}, WebSocket: { subscriptions: { protocol: 'ws' } } };

/** graphql-yoga, and graphql-ws beside it. */
export const graphqlHarness: Harness = {
  kind: 'graphql',
  prefix: 'Graph',
  cannot: { 'give enum values a name of their own upstream': NAMES_ARE_VALUES },
  addArgument: 'item',
  itemOperation: 'graphItem',
  streamOptions: STREAMS,
  start: () => startService(graphqlHarness),
};

/** @apollo/subgraph behind graphql-yoga and graphql-ws. */
export const federationHarness: Harness = {
  kind: 'federation',
  prefix: 'Fed',
  cannot: {
    'give enum values a name of their own upstream': NAMES_ARE_VALUES,
    'rename and filter by configuration': {
      reason: 'a subgraph has its names from its own SDL, which the composer reads',
      shows: (sdl) => /fedItem\(/.test(sdl),
    },
  },
  addArgument: 'item',
  itemOperation: 'fedItem',
  streamOptions: STREAMS,
  start: () => startService(federationHarness),
};

function sdlOf(harness: Harness): string {
  const { type, item, items, itemsOf, add, watch } = namesOf(harness);
  const { prefix } = harness;
  const [key, head] =
    harness.kind === 'federation'
      ? [
          '@key(fields: "id")',
          'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])',
        ]
      : ['', ''];
  const common = 'title: String! note: String pageCount: Int! weight: Float! lent: Boolean!';
  return `
    ${head}
    scalar Int64
    type Query {
      ${item}(id: ID!): ${type}
      ${items}(limit: Int, binding: ${prefix}Binding): [${type}!]
      ${itemsOf}(ids: [ID!]!): [${type}!]
    }
    type Mutation { ${add}(item: ${type}Input!): ${type} }
    type Subscription { ${watch}(what: String!): ${type} }
    type ${type} ${key} {
      id: ID! ${common} copies: Int64! binding: ${prefix}Binding! added: String!
      author: ${prefix}Author! tags: [String!]! grid: [[Int!]!]!
    }
    type ${prefix}Author { name: String! city: String }
    enum ${prefix}Binding { PAPERBACK HARD_COVER }
    input ${type}Input {
      id: ID! ${common} copies: Int64! binding: ${prefix}Binding! added: String!
      author: ${prefix}AuthorInput! tags: [String!]! grid: [[Int!]!]
    }
    input ${prefix}AuthorInput { name: String! city: String }
  `;
}

function resolversOf(harness: Harness, library: Library) {
  const { type, item, items, itemsOf, add, watch } = namesOf(harness);
  const told = async <T>(answer: () => T | Promise<T>): Promise<T> => {
    try {
      return await answer();
    } catch (error) {
      if (!(error instanceof LibraryError)) throw error;
      const code = error.isRefusal ? 'BAD_USER_INPUT' : 'INTERNAL_SERVER_ERROR';
      throw new GraphQLError(error.message, { extensions: { code, detail: SECRET } });
    }
  };
  return {
    Int64: EXACT_INTEGER,
    Query: {
      [item]: (_: unknown, { id }: { id: string }) => told(() => library.item(id)),
      [items]: (_: unknown, { limit, binding }: { limit?: number; binding?: Binding }) =>
        told(() => library.list(limit, binding)),
      [itemsOf]: (_: unknown, { ids }: { ids: string[] }) => told(() => library.itemsOf(ids)),
    },
    Mutation: {
      [add]: (_: unknown, args: { item: Item }) => told(() => library.add({ ...itemOf(args.item.id), ...args.item })),
    },
    Subscription: {
      [watch]: {
        subscribe: (_: unknown, { what }: { what: string }) => library.watch(what),
        resolve: (event: Item) => event,
      },
    },
    ...(harness.kind === 'federation'
      ? { [type]: { __resolveReference: ({ id }: { id: string }) => library.item(id) } }
      : {}),
  };
}

/** As services that mind have it: digits are kept, wherever they stand. */
const EXACT_INTEGER = new GraphQLScalarType({
  name: 'Int64',
  parseValue: (value) => value,
  parseLiteral: (node) => (node.kind === 'IntValue' ? node.value : valueFromASTUntyped(node)),
});

async function startService(harness: Harness): Promise<Backend> {
  const library = new Library();
  const seen = new SeenCalls();
  const sdl = sdlOf(harness);
  const resolvers = resolversOf(harness, library);
  const schema =
    harness.kind === 'federation'
      ? buildSubgraphSchema({ typeDefs: parse(sdl), resolvers: resolvers as never })
      : createSchema({ typeDefs: sdl, resolvers });
  const yoga = createYoga({ schema, logging: false, maskedErrors: false });
  const front = await startFront(seen, (request, response) => void yoga(request, response));
  const webSockets = new WebSocketServer({ server: front.server, path: '/graphql' });
  useServer({ schema }, webSockets);
  const endpoint = `http://127.0.0.1:${front.port}/graphql`;
  return {
    library,
    seen,
    port: front.port,
    async open({ name = harness.prefix.toLowerCase(), ...options } = {}) {
      const given = { kind: harness.kind, endpoint, ...COMMON_OPTIONS, ...options };
      if (harness.kind === 'graphql') {
        return await createGraphqlSource(name, graphqlOptions.parse(given), sdl, STRICT_DEPS);
      }
      const opened = await createFederationSources(
        name,
        federationOptions.parse(given),
        { document: sdl },
        STRICT_DEPS,
      );
      return opened[0] as Source;
    },
    compile: () =>
      harness.kind === 'graphql'
        ? compileGraphql(
            { kind: 'sdl', text: sdl, file: 'schema' },
            graphqlOptions.parse({ kind: 'graphql', endpoint }),
          )
        : compileSubgraph(harness.prefix, sdl, 'schema'),
    cut: front.cut,
    async close() {
      library.release();
      webSockets.close();
      await front.close();
    },
  };
}
