import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { type GraphQLSchema, parse } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { createYoga } from 'graphql-yoga';
import { WebSocketServer } from 'ws';

/** A request as a subgraph saw it. */
export interface SubgraphRequest {
  readonly subgraph: string;
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly headers: IncomingHttpHeaders;
}

export interface SubgraphOptions {
  /** What its requests are recorded under. */
  readonly name: string;
  /** Federation 1 or 2, as the author of a subgraph writes it. */
  readonly sdl: string;
  /** By type and field; `__resolveReference` and `__resolveType` as @apollo/subgraph has them. */
  readonly resolvers: Readonly<Record<string, unknown>>;
  /** Where requests are recorded, beside those of other subgraphs. */
  readonly requests?: SubgraphRequest[];
}

export interface SubgraphServer {
  /** The GraphQL endpoint: queries and mutations by POST, subscriptions over SSE. */
  readonly url: string;
  /** The same over WebSocket, as graphql-transport-ws. */
  readonly wsUrl: string;
  readonly schema: GraphQLSchema;
  /** All requests but the one for the SDL, in the order of their arrival. */
  readonly requests: SubgraphRequest[];
  close(): Promise<void>;
}

/** A real federation subgraph: @apollo/subgraph behind graphql-yoga and graphql-ws, on a port of its own. */
export async function startSubgraph(options: SubgraphOptions): Promise<SubgraphServer> {
  const { name, sdl, resolvers, requests = [] } = options;
  const schema = buildSubgraphSchema({ typeDefs: parse(sdl), resolvers: resolvers as never });
  const record = (query: unknown, variables: unknown, headers: IncomingHttpHeaders) => {
    if (typeof query !== 'string' || query.includes('_service')) return;
    requests.push({ subgraph: name, query, variables: (variables ?? {}) as Record<string, unknown>, headers });
  };
  const yoga = createYoga({
    schema,
    logging: false,
    maskedErrors: false,
    plugins: [
      {
        onParams: ({ params, request }) =>
          record(params.query, params.variables, Object.fromEntries(request.headers.entries())),
      },
    ],
  });
  const server = createServer((request, response) => void yoga(request, response));
  const webSockets = new WebSocketServer({ server, path: '/graphql' });
  useServer(
    {
      schema,
      onSubscribe: ({ extra }, _id, { query, variables }) => record(query, variables, extra.request.headers),
    },
    webSockets,
  );
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/graphql`,
    wsUrl: `ws://127.0.0.1:${port}/graphql`,
    schema,
    requests,
    async close() {
      webSockets.close();
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
