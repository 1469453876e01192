import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contextOf, fixture, sourceOf, startServer, type TestServer, unary } from '../../test/utils/grpc-server.ts';

function file(name: string): string {
  return new URL(`../../test/fixtures/tls/${name}`, import.meta.url).pathname;
}

const GET_STOCK = (_call: ServerUnaryCall<unknown, unknown>, callback: sendUnaryData<unknown>) =>
  callback(null, { sku: 'a' });

function credentialsOf(asksForClient: boolean): ServerCredentials {
  const pair = { private_key: readFileSync(file('server.key')), cert_chain: readFileSync(file('server.crt')) };
  return ServerCredentials.createSsl(readFileSync(file('ca.crt')), [pair], asksForClient);
}

describe('a gRPC source over TLS', () => {
  const servers: TestServer[] = [];
  let endpoint: string;
  let mutual: string;

  beforeAll(async () => {
    for (const asksForClient of [false, true]) {
      const credentials = credentialsOf(asksForClient);
      servers.push(
        await startServer(fixture('shop.proto'), 'shop.v1.Warehouse', { GetStock: GET_STOCK }, { credentials }),
      );
    }
    [endpoint, mutual] = servers.map((server) => server.endpoint) as [string, string];
  });
  afterAll(() => {
    for (const server of servers) server.stop();
  });

  async function call(at: string, tls: unknown): Promise<unknown> {
    const { source } = await sourceOf(fixture('shop.proto'), at, { tls });
    try {
      return await unary(source, 'Query.getStock').invoke({}, contextOf());
    } finally {
      await source.dispose();
    }
  }

  const ca = file('ca.crt');
  const serverName = 'grpc.test';
  const unreachable = { code: 'UPSTREAM_UNREACHABLE', message: expect.not.stringMatching(/certificate|127/) };

  it('trusts the authority it is given, for the name it is given', async () => {
    expect(await call(endpoint, { ca, serverName })).toMatchObject({ sku: 'a' });
    await expect(call(endpoint, { ca })).rejects.toMatchObject(unreachable);
    await expect(call(endpoint, { serverName })).rejects.toMatchObject(unreachable);
    await expect(call(endpoint, true)).rejects.toMatchObject(unreachable);
    await expect(call(endpoint, false)).rejects.toMatchObject({ name: 'SkeinError' });
  });

  it('shows its own certificate to a server that asks for it', async () => {
    const own = { certificate: file('client.crt'), key: file('client.key') };
    expect(await call(mutual, { ca, serverName, ...own })).toMatchObject({ sku: 'a' });
    await expect(call(mutual, { ca, serverName })).rejects.toMatchObject({ code: 'UPSTREAM_UNREACHABLE' });
  });

  it('tells files that are missing, no certificates or do not belong together', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'skein-tls-'));
    const broken = join(folder, 'broken.crt');
    await writeFile(broken, 'no certificate');
    const problemsOf = (tls: object) => call(endpoint, tls).catch((error: { problems: unknown }) => error.problems);
    expect(await problemsOf({ ca: file('missing.crt'), certificate: file('missing.too') })).toMatchObject([
      { path: ['tls', 'ca'] },
      { path: ['tls', 'certificate'] },
      { path: ['tls', 'key'], message: 'A certificate needs its key.' },
    ]);
    expect(await problemsOf({ key: file('client.key') })).toMatchObject([{ path: ['tls', 'certificate'] }]);
    expect(await problemsOf({ certificate: broken, key: file('client.key') })).toMatchObject([{ path: ['tls'] }]);
    expect(await problemsOf({ certificate: file('client.crt'), key: file('server.key') })).toMatchObject([
      { path: ['tls'], message: expect.not.stringContaining('BEGIN') },
    ]);
    expect(await problemsOf({ ca: broken })).toMatchObject([{ path: ['tls', 'ca'] }]);
    await rm(folder, { recursive: true });
  });
});
