import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { silentLog } from '../../kernel/ports.ts';
import { createCallContext } from '../../test/utils/call-context.ts';
import { createHttpUpstream } from './http-upstream.ts';
import { upstreamOptions } from './resilience/options.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

it('health checks do not wait behind calls that have taken all sockets: it is then that they are wanted', async () => {
  let status: number | 'silent' = 200;
  const server = createServer((request, response) => {
    if (request.url !== '/health' || status === 'silent') return;
    response.writeHead(status).end('so it is');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const upstream = createHttpUpstream({
    source: 's',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    headers: {},
    timeoutMs: 60_000,
    maxResponseBytes: 1_000,
    maxConnections: 1,
    log: silentLog,
    upstream: upstreamOptions.parse({
      shareReads: false,
      healthCheck: { path: '/health', everyMs: 5, timeoutMs: 50, downAfter: 1, upAfter: 1 },
    }),
  });
  ends.push(() => upstream.dispose());
  const health = () => upstream.state()?.endpoints[0]?.health;
  await expect.poll(health).toBe('up');
  const taken = new Promise((resolve) => {
    server.on('request', ({ url }) => url === '/slow' && resolve(url));
  });
  upstream.exchange({ operation: 'slow', method: 'GET', path: '/slow' }, createCallContext().context).catch(() => {});
  await taken;
  for (const ill of [503, 'silent'] as const) {
    status = ill;
    await expect.poll(health).toBe('down');
    status = 200;
    await expect.poll(health).toBe('up');
  }
});
