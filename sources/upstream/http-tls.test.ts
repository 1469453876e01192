import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCallContext } from '../../test/utils/call-context.ts';
import { createHttpUpstream } from './http-upstream.ts';
import { upstreamOptions } from './resilience/options.ts';
import { readTlsFiles, type TlsOptions } from './tls-files.ts';

const file = (name: string) => new URL(`../../test/fixtures/tls/${name}`, import.meta.url).pathname;
const ca = file('ca.crt');
const serverName = 'grpc.test';

describe.each([false, true])('an HTTP service over TLS, with endpoints %s', (hasPool) => {
  const servers: Server[] = [];
  let plain: string;
  let mutual: string;

  beforeAll(async () => {
    for (const requestCert of [false, true]) {
      const server = createServer(
        {
          key: readFileSync(file('server.key')),
          cert: readFileSync(file('server.crt')),
          ca: readFileSync(ca),
          requestCert,
          rejectUnauthorized: requestCert,
        },
        (_request, response) => response.end('well'),
      );
      await once(server.listen(0, '127.0.0.1'), 'listening');
      servers.push(server);
    }
    [plain, mutual] = servers.map((server) => `https://127.0.0.1:${(server.address() as AddressInfo).port}`) as [
      string,
      string,
    ];
  });
  afterAll(() => {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
  });

  async function ask(endpoint: string, tls?: TlsOptions): Promise<string> {
    const upstream = createHttpUpstream({
      ...{ source: 's', endpoint, headers: {}, timeoutMs: 5_000, maxResponseBytes: 1_000 },
      tls: tls && { files: await readTlsFiles(tls), serverName: tls.serverName },
      ...(hasPool ? { upstream: upstreamOptions.parse({ retries: false }) } : {}),
    });
    try {
      const { context } = createCallContext();
      const { body } = await upstream.exchange({ operation: 'o', method: 'GET', path: '/' }, context);
      return body.toString();
    } finally {
      await upstream.dispose();
    }
  }
  const unreachable = { code: 'UPSTREAM_UNREACHABLE', message: expect.not.stringMatching(/certificate|127/) };

  it('trusts the authority it is given, for the name it is given', async () => {
    expect(await ask(plain, { ca, serverName })).toBe('well');
    await expect(ask(plain, { ca })).rejects.toMatchObject(unreachable);
    await expect(ask(plain, { serverName })).rejects.toMatchObject(unreachable);
    await expect(ask(plain)).rejects.toMatchObject(unreachable);
  });

  it('shows its own certificate to a server that asks for it', async () => {
    const own = { certificate: file('client.crt'), key: file('client.key') };
    expect(await ask(mutual, { ca, serverName, ...own })).toBe('well');
    await expect(ask(mutual, { ca, serverName })).rejects.toMatchObject({ code: expect.stringMatching(/^UPSTREAM_/) });
  });
});
