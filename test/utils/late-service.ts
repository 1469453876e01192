import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildSchema, getIntrospectionQuery, graphql } from 'graphql';
import { onTestFinished } from 'vitest';

/** A GraphQL service of one field that is not there until it is told to be. It ends with the test. */
export async function startLateService(field: string) {
  let isThere = false;
  const schema = buildSchema(`type Query { ${field}: Int }`);
  const server = createServer(async (_request, response) => {
    if (!isThere) return response.writeHead(503).end();
    const answer = await graphql({ schema, source: getIntrospectionQuery() });
    return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    source: { kind: 'graphql', endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` },
    come: () => {
      isThere = true;
    },
  };
}
