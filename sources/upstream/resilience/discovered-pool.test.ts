import { createServer, type Server, type ServerResponse } from 'node:http';
import type { LookupFunction } from 'node:net';
import { Pool } from 'undici';
import { afterEach, expect, it } from 'vitest';
import { deferred } from '../../../test/utils/deferred.ts';
import { createBreaker } from './breaker.ts';
import type { PlannedCall, PooledEndpoint } from './contracts.ts';
import { createDiscovery, pinnedLookup } from './discovery.ts';
import { createEndpointPool } from './endpoint-pool.ts';
import { upstreamOptions } from './options.ts';

const CALL: PlannedCall = { operation: 'getPet', repeatable: 'always' };
const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** The server that stands for an address, and says so; to `/slow` it answers when the test wants it to. */
async function listen(ip: string) {
  const waiting: ServerResponse[] = [];
  const [asked, closed] = [deferred(), deferred()];
  const server = createServer((request, response) => {
    if (request.url !== '/slow') {
      response.end(`${ip} as ${request.headers.host}`);
      return;
    }
    response.write(ip);
    waiting.push(response);
    asked.resolve();
  });
  server.on('connection', (socket) => socket.on('close', () => closed.resolve()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endings.push(() => close(server));
  const address = server.address();
  return {
    port: address !== null && typeof address === 'object' ? address.port : 0,
    asked: asked.promise,
    socketClosed: closed.promise,
    answer() {
      for (const response of waiting.splice(0)) response.end(' at last');
    },
  };
}

const close = (server: Server) => new Promise((resolve) => server.close(resolve).closeAllConnections());

async function get(endpoint: PooledEndpoint<Pool> | undefined, path: string): Promise<string> {
  if (endpoint === undefined) throw new Error('no endpoint');
  endpoint.active += 1;
  try {
    const { body } = await endpoint.transport.request({ path, method: 'GET' });
    return await body.text();
  } finally {
    endpoint.active -= 1;
  }
}

/** All servers of this test are on one address. */
const openSockets = (port = 0) =>
  new Pool(`http://pets.example:${port}`, { connect: { lookup: pinnedLookup('127.0.0.1') } });

it('follows a name from address to address: a call at one that goes ends in peace, and then its sockets are closed', async () => {
  const first = await listen('10.0.0.1');
  const servers = new Map([
    ['10.0.0.1', first],
    ['10.0.0.2', await listen('10.0.0.2')],
  ]);
  const ips = ['10.0.0.1'];
  const lookup: LookupFunction = (_host, _options, callback) =>
    callback(
      null,
      ips.map((address) => ({ address, family: 4 })),
    );
  const options = upstreamOptions.parse({ discover: { everyMs: 1 } });
  const pool = createEndpointPool<Pool>({
    endpoints: [],
    options,
    createBreaker: () => createBreaker(options.breaker),
    close: (transport) => transport.destroy(),
  });
  endings.push(() => pool.dispose());
  const stop = createDiscovery({
    host: 'pets.example',
    port: 80,
    everyMs: options.discover?.everyMs ?? 1,
    lookup,
    onChange: ({ addresses }) =>
      pool.update(
        addresses.map(({ ip, authority }) => ({
          address: `http://${authority}`,
          weight: 1,
          open: () => openSockets(servers.get(ip)?.port),
        })),
      ),
    onFailure: expect.unreachable,
  });
  endings.push(stop);
  const updated = () =>
    new Promise<void>((resolve) => {
      const unsubscribe = pool.onUpdate(() => {
        unsubscribe();
        resolve();
      });
    });

  await updated();
  const slow = get(pool.pick(CALL, 0), '/slow');
  await first.asked;
  ips.splice(0, 1, '10.0.0.2');
  await updated();
  expect(await get(pool.pick(CALL, 0), '/')).toMatch(/^10\.0\.0\.2 as pets\.example:/);
  expect(await get(pool.pick(CALL, 0), '/')).toMatch(/^10\.0\.0\.2 as pets\.example:/);
  first.answer();
  expect(await slow).toBe('10.0.0.1 at last');
  await first.socketClosed;
  ips.push('10.0.0.1');
  await updated();
  const answers = [await get(pool.pick(CALL, 0), '/'), await get(pool.pick(CALL, 0), '/')];
  expect(answers.map((answer) => answer.split(' ')[0]).sort()).toEqual(['10.0.0.1', '10.0.0.2']);
});
