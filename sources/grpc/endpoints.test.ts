import { readFileSync } from 'node:fs';
import {
  type Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceError,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { createMemoryLog } from '../../test/utils/call-context.ts';
import { contextOf, fixture, sourceOf, startServer, type TestServer, unary } from '../../test/utils/grpc-server.ts';
import type { Source } from '../source.ts';
import { asBytes } from './channel.ts';

type Unary = ServerUnaryCall<Buffer, unknown>;
type Reply = sendUnaryData<unknown>;

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function serve(
  reply: (call: Unary, callback: Reply) => void = (_call, callback) => callback(null, {}),
  options: Parameters<typeof startServer>[3] = {},
): Promise<TestServer> {
  const server = await startServer(fixture('shop.proto'), 'shop.v1.Warehouse', { GetStock: reply }, options);
  ends.push(server.stop);
  return server;
}

async function open(endpoint: string, upstream: object, options: object = {}): Promise<Source> {
  const { source } = await sourceOf(fixture('shop.proto'), endpoint, { upstream, ...options });
  ends.unshift(() => source.dispose());
  return source;
}

const read = (source: Source, context = contextOf()) => unary(source, 'Query.getStock').invoke({}, context);
const problemsOf = (endpoint: string, upstream: object) =>
  open(endpoint, upstream).then(
    () => [],
    (error: { problems: unknown }) => error.problems,
  );
const byName = ({ endpoint }: TestServer) => endpoint.replace('127.0.0.1', 'localhost');

/** As the health service says it: https://github.com/grpc/grpc/blob/master/src/proto/grpc/health/v1/health.proto */
function addHealth(server: Server, check: () => number): void {
  const path = '/grpc.health.v1.Health/Check';
  const bytes = { requestSerialize: asBytes, requestDeserialize: asBytes, responseSerialize: asBytes };
  const definition = { path, requestStream: false, responseStream: false, ...bytes, responseDeserialize: asBytes };
  const reply = (_call: Unary, callback: Reply) => callback(null, Buffer.from([0x08, check()]));
  server.addService({ Check: definition }, { Check: reply });
}

describe('the endpoints of a gRPC source', () => {
  it('must be host and port', async () => {
    expect(await problemsOf('127.0.0.1:1', { endpoints: ['https://a.example.com', 'a.example.com', 'a:1'] })).toEqual([
      { path: ['upstream', 'endpoints', 0], message: expect.stringContaining('must be host:port') },
      { path: ['upstream', 'endpoints', 1], message: expect.stringContaining('must be host:port') },
    ]);
  });

  it('are found by name, each address on its own, and called by their name', async () => {
    const hosts: string[] = [];
    const server = await serve((call, callback) => {
      hosts.push(call.getHost());
      callback(null, {});
    });
    const source = await open(byName(server), { discover: {} });
    const addresses = () => source.upstream?.()?.endpoints.map(({ address }) => address);
    await expect.poll(addresses).toContain(`${byName(server)} ${server.endpoint}`);
    await read(source);
    expect(hosts).toEqual([byName(server)]);
  });

  it('show certificates for their name, not for the address that was found, or for the name that is given', async () => {
    const pair = (name: string) => readFileSync(new URL(`../../test/fixtures/tls/${name}`, import.meta.url));
    const own = [{ private_key: pair('server.key'), cert_chain: pair('server.crt') }];
    const server = await serve(undefined, { credentials: ServerCredentials.createSsl(pair('ca.crt'), own) });
    const ca = new URL('../../test/fixtures/tls/ca.crt', import.meta.url).pathname;
    const named = await open(byName(server), { discover: {} }, { tls: { ca, serverName: 'grpc.test' } });
    await expect.poll(() => named.upstream?.()?.endpoints[0]?.address).toContain(' ');
    expect(await read(named)).toMatchObject({ sku: '' });
    const other = await open(byName(server), { discover: {} }, { tls: { ca } });
    await expect.poll(() => other.upstream?.()?.endpoints[0]?.address).toContain(' ');
    const log = createMemoryLog();
    await expect(read(other, { ...contextOf(), log })).rejects.toMatchObject({ code: 'UPSTREAM_UNREACHABLE' });
    expect(log.lines[0]?.fields.cause).toContain('Host: localhost. is not in the cert');
  });

  it('must not be private addresses where the source is public, and neither may their names stand for any', async () => {
    const server = await serve();
    expect(await problemsOf(server.endpoint, { network: 'public' })).toMatchObject([{ path: ['upstream', 'network'] }]);
    for (const upstream of [{ network: 'public' }, { network: 'public', discover: {} }]) {
      const source = await open(byName(server), upstream);
      await expect(read(source)).rejects.toMatchObject({
        code: 'UPSTREAM_UNREACHABLE',
        message: expect.not.stringContaining('127.0.0.1'),
      });
      expect(source.upstream?.()).toMatchObject({ endpoints: [{ address: byName(server) }] });
    }
    await expect(sourceOf(undefined, byName(server), { upstream: { network: 'public' } })).rejects.toMatchObject({
      code: 'UPSTREAM_UNREACHABLE',
    });
  });

  it('are asked by grpc.health.v1.Health whether they are well, and left out while they are not', async () => {
    let health = 1;
    const checked = await serve((_call, callback) => callback(null, { sku: 'checked' }), {
      prepare: (server) => addHealth(server, () => health),
    });
    const plain = await serve((_call, callback) => callback(null, { sku: 'plain' }));
    const healthCheck = { everyMs: 20, downAfter: 1, upAfter: 1 };
    const source = await open(checked.endpoint, { endpoints: [plain.endpoint], healthCheck });
    const isSeen = (...expected: string[]) =>
      expect.poll(() => source.upstream?.()?.endpoints.map((each) => each.health)).toEqual(expected);
    // One without the service answers that it has none, and so it is there.
    await isSeen('up', 'up');
    health = 2;
    await isSeen('down', 'up');
    expect(source.upstream?.()).toMatchObject({
      endpoints: [{ lastFailure: expect.stringContaining('NOT_SERVING') }, {}],
    });
    for (let call = 0; call < 4; call += 1) expect(await read(source)).toMatchObject({ sku: 'plain' });
    health = 1;
    await isSeen('up', 'up');
    plain.stop();
    await isSeen('up', 'down');
  });

  it('have no path for health checks', async () => {
    expect(await problemsOf('127.0.0.1:1', { healthCheck: { path: '/health' } })).toMatchObject([
      { path: ['upstream', 'healthCheck', 'path'] },
    ]);
  });

  it('are probed, all of them, and one is enough', async () => {
    const server = await serve((_call, callback) => callback({ code: status.INTERNAL } as ServiceError, null));
    const source = await open('127.0.0.1:1', { endpoints: [server.endpoint] });
    await expect(source.probe(new AbortController().signal)).resolves.toBeUndefined();
  });
});
