import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import type { Problem } from '../../kernel/problem.ts';
import { startFederatedShop } from '../../test/fixtures/federation/shop.ts';
import { createCallContext, createMemoryLog } from '../../test/utils/call-context.ts';
import { createFederationSources } from './federation-source.ts';
import { federationOptions } from './options.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

/** A service that answers everything alike. */
async function serve(body: string, status = 200): Promise<string> {
  server = createServer((_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
}

function create(options: object, texts: object = {}, report: (problem: Problem) => void = () => {}) {
  const parsed = federationOptions.parse({ kind: 'federation', ...options });
  return createFederationSources('users', parsed, texts, { log: createMemoryLog(), report });
}

it.each([
  ['refuses', '{"errors":[{"message":"Cannot query field \\"_service\\" on type \\"Query\\"."}]}', 400],
  ['has no SDL', '{"data":{"_service":null}}', 200],
  ['has something else', '{"data":{"_service":{"sdl":{"type":"Query"}}}}', 200],
  ['has an empty one', '{"data":{"_service":{"sdl":" "}}}', 200],
  ['has no service', '{"data":{}}', 200],
])('tells of a service that %s when it is asked for its SDL', async (_, body, status) => {
  await expect(create({ endpoint: await serve(body, status) })).rejects.toMatchObject({
    name: 'ProblemsError',
    problems: [
      {
        path: ['endpoint'],
        message: expect.stringMatching(/^The service does not tell its SDL by `_service { sdl }`/),
        suggestion: expect.stringContaining('`document`'),
      },
    ],
  });
});

it('tells of mistakes in the SDL of a service, with their lines', async () => {
  const endpoint = await serve('{"data":{"_service":{"sdl":"type Query {\\n  a: Nope\\n}"}}}');
  await expect(create({ endpoint })).rejects.toMatchObject({
    problems: [{ message: 'Unknown type "Nope".', file: '_service { sdl }', line: 2 }],
  });
});

it('can be tried again when the service is not there or fails', async () => {
  const endpoint = await serve('no', 503);
  await expect(create({ endpoint })).rejects.toMatchObject({ name: 'SkeinError', code: 'UPSTREAM_FAILED' });
  server?.close();
  server?.closeAllConnections();
  await expect(create({ endpoint })).rejects.toMatchObject({ name: 'SkeinError', code: 'UPSTREAM_UNREACHABLE' });
});

it('bounds what a service says', async () => {
  const endpoint = await serve(JSON.stringify({ data: { _service: { sdl: 'a'.repeat(100_000) } } }));
  await expect(create({ endpoint, maxResponseBytes: 10_000 })).rejects.toMatchObject({
    code: 'UPSTREAM_RESPONSE_TOO_LARGE',
  });
});

it('makes a source of each subgraph of a supergraph, which answer', async () => {
  const shop = await startFederatedShop();
  const sources = await create({ supergraph: 'supergraph.graphql' }, { supergraph: shop.supergraphSdl });
  expect(sources.map(({ name }) => name)).toEqual([
    'users.accounts',
    'users.catalog',
    'users.reviews',
    'users.shipping',
  ]);
  const [accounts, , reviews] = sources;
  const call = accounts?.model.calls.get('Query.user');
  if (call?.type !== 'unary') throw new Error('It is no unary call.');
  const selected = { shape: { text: '{ id nickname }', variables: new Map() }, values: {} };
  const { context } = createCallContext();
  expect(await call.invoke({ email: 'ada@example.com' }, context, selected)).toEqual({ id: 'u1', nickname: 'ada' });
  expect(reviews?.model.federation?.sdl).toContain('@override(from: "users.catalog", label: "percent(50)")');
  expect(shop.requests.map(({ subgraph }) => subgraph)).toEqual(['accounts']);
  await Promise.all(sources.map((source) => source.dispose()));
  await shop.close();
});

it('serves the subgraphs of a supergraph that are well, and reports the rest', async () => {
  const shop = await startFederatedShop();
  const problems: Problem[] = [];
  const supergraph = shop.supergraphSdl.replace(/url: "[^"]*"\)(?=\s+SHIPPING)/, 'url: "ftp://reviews/")');
  const sources = await create(
    { supergraph: 's.graphql', subscriptions: { endpoint: 'ws://localhost/' } },
    { supergraph },
    (problem) => problems.push(problem),
  );
  expect(sources.map(({ name }) => name)).toEqual(['users.accounts', 'users.catalog', 'users.shipping']);
  expect(problems.map(({ message }) => message)).toEqual([
    'Subgraph "reviews": The supergraph has an address that is neither http:// nor https:// for the subgraph "reviews".',
    'The subgraphs of a supergraph cannot share one address for subscriptions.',
  ]);
  await Promise.all(sources.map((source) => source.dispose()));
  await shop.close();
});
