import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createMemoryLog } from '../../test/utils/call-context.ts';
import { createHttpUpstream } from './http-upstream.ts';
import { upstreamOptions } from './resilience/options.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function listen() {
  const seen = { connections: 0, port: 0 };
  const server: Server = createServer((socket) => {
    seen.connections += 1;
    socket.on('error', () => {}).destroy();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => server.close());
  seen.port = (server.address() as AddressInfo).port;
  return seen;
}

function open(endpoint: string, upstream: object) {
  const log = createMemoryLog();
  const options = { source: 's', endpoint, headers: {}, timeoutMs: 5_000, maxResponseBytes: 1_000, log };
  const opened = createHttpUpstream({ ...options, upstream: upstreamOptions.parse(upstream) });
  ends.push(() => opened.dispose());
  return { upstream: opened, log };
}

const probe = ({ upstream }: ReturnType<typeof open>) => upstream.probe(new AbortController().signal);
const CHECKS = { healthCheck: { everyMs: 5, downAfter: 1, upAfter: 1 } };

describe('a service whose name stands for a private address', () => {
  it('is connected to by probes and health checks where it may be anywhere', async () => {
    const seen = await listen();
    const service = open(`http://localhost:${seen.port}`, CHECKS);
    await probe(service);
    await expect.poll(() => service.upstream.state()?.endpoints[0]?.health).toBe('up');
    await expect.poll(() => seen.connections).toBeGreaterThan(1);
  });

  it('is connected to by none of them where it must be public', async () => {
    const seen = await listen();
    const service = open(`http://localhost:${seen.port}`, { ...CHECKS, network: 'public' });
    await expect(probe(service)).rejects.toMatchObject({
      code: 'UPSTREAM_UNREACHABLE',
      message: expect.not.stringContaining('localhost'),
      cause: { code: 'ERR_SKEIN_PRIVATE_ADDRESS' },
    });
    await expect.poll(() => service.upstream.state()?.endpoints[0]?.health).toBe('down');
    expect(service.log.lines[0]?.fields.reason).toContain('private');
    expect(seen.connections).toBe(0);
  });
});
