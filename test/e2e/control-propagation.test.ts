import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTenant } from '../utils/control-admin.ts';
import { type ControlGateway, spawnGateway, startControlGateway } from '../utils/control-gateway.ts';
import { type CatalogService, startCatalog } from '../utils/control-services.ts';
import { describeControlStores } from '../utils/control-stores.ts';

/** Under load a second may be long; what is measured is that nobody waits for the full look-through of half a minute. */
const SOON = { timeout: 10_000, interval: 25 };

describeControlStores('two instances on one store', (store) => {
  let catalog: CatalogService;

  beforeEach(async () => {
    catalog = await startCatalog();
  });
  afterEach(() => catalog.close());

  it('start at once, and each goes by what the other has written', async () => {
    const [one, two] = await Promise.all([store.start(), store.start()]);
    const acme = await createTenant(one, 'acme');
    await acme.publishSource('catalog', catalog.options, catalog.document);
    const app = await acme.createApp('shop');
    const key = await acme.createKey(app.id, 'k');
    const product = await acme.publishProduct('goods', { fields: ['Query.product'], approval: 'AUTOMATIC' });
    const beta = await createTenant(one, 'beta');
    const reader = await beta.createApp('reader');
    const readerKey = await beta.createKey(reader.id, 'k');
    const grant = await beta.requestGrant(reader.id, product.id);
    const query = '{ product(sku: "x") { name } }';
    for (const { secret } of [key, readerKey])
      await vi.waitFor(
        async () => expect((await two.ask(secret, query)).data).toEqual({ product: { name: 'Thing x' } }),
        SOON,
      );

    await acme.run(
      'mutation($id: ID!, $version: Int!) { updateApp(id: $id, version: $version, input: { rates: [{ limit: 1, windowSeconds: 600 }] }) { errors { message } } }',
      app,
    );
    await vi.waitFor(async () => expect((await two.ask(key.secret, query)).status).toBe(429), SOON);
    await acme.revokeGrant(grant);
    await vi.waitFor(async () => expect((await two.ask(readerKey.secret, query)).status).toBe(403), SOON);
    await acme.run('mutation($id: ID!) { revokeApiKey(id: $id) { errors { message } } }', key);
    await vi.waitFor(async () => expect((await two.ask(key.secret, query)).status).toBe(401), SOON);

    // And the other way round.
    const again = await two.admin(
      'mutation($app: ID!) { createApiKey(app: $app, input: { name: "two" }) { secret errors { message } } }',
      { app: reader.id },
    );
    const { secret } = (again.data as unknown as { createApiKey: { secret: string } }).createApiKey;
    await vi.waitFor(async () => expect((await one.ask(secret, '{ __typename }')).status).toBe(403), SOON);
  });
});

const CLASSES = '.ci/cache/mongodb/classes';

describe.skipIf(!existsSync(CLASSES) || process.env.SKEIN_TEST_MONGODB_URI === undefined)(
  'a gateway whose MongoDB goes (left out without SKEIN_TEST_MONGODB_URI and .ci/mongodb/build)',
  { timeout: 120_000 },
  () => {
    let folder: string;
    let server: ChildProcess | undefined;
    let gateway: ControlGateway | undefined;

    const startServer = async (port: number): Promise<number> => {
      server = spawn('java', ['-Xmx256m', '-cp', `${CLASSES}:.ci/cache/mongodb/lib/*`, 'Serve', String(port)]);
      let text = '';
      for (;;) {
        const [chunk] = (await once(server.stdout as NonNullable<typeof server.stdout>, 'data')) as [Buffer];
        text += String(chunk);
        const found = /127\.0\.0\.1:(\d+)/.exec(text)?.[1];
        if (found !== undefined) return Number(found);
      }
    };
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'skein-control-'));
    });
    afterEach(async () => {
      await gateway?.stop('SIGKILL');
      server?.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    });
    const env = (port: number) => ({
      MONGODB_URI: `mongodb://127.0.0.1:${port}/skein`,
      SKEIN_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
    });

    it('goes on serving while it hangs and while it is gone, says so, and catches up', async () => {
      const port = await startServer(await freePort());
      const catalog = await startCatalog();
      gateway = await startControlGateway({ folder, env: env(port) });
      const acme = await createTenant(gateway, 'acme');
      await acme.publishSource('catalog', catalog.options, catalog.document);
      const app = await acme.createApp('shop');
      const key = await acme.createKey(app.id, 'k');
      const works = async () =>
        expect((await gateway?.ask(key.secret, '{ products { sku } }'))?.data).toEqual({ products: [{ sku: 'a' }] });
      await vi.waitFor(works, SOON);
      const reachable = (is: boolean) =>
        vi.waitFor(
          async () => expect(await gateway?.ready()).toMatchObject({ ready: true, store: { reachable: is } }),
          {
            timeout: 60_000,
            interval: 100,
          },
        );
      await reachable(true);

      server?.kill('SIGSTOP');
      await reachable(false);
      await works();
      expect((await gateway.ready()).store.silentMs).toBeGreaterThan(1_000);
      server?.kill('SIGCONT');
      await reachable(true);
      await expect.poll(() => gateway?.stderr()).toMatch(/the store does not answer[\s\S]*the store answers again/);

      server?.kill('SIGKILL');
      await reachable(false);
      await works();
      // It ends although its store does not say goodbye.
      expect(await gateway.stop()).toBe(0);
      await catalog.close();
    });

    it('waits for one that is not there yet, in a line for each try, until it is there or it is stopped', async () => {
      const port = await freePort();
      const waiting = spawnGateway({ folder, env: env(port) });
      let err = '';
      waiting.stderr?.on('data', (chunk: Buffer) => {
        err += String(chunk);
      });
      await vi.waitFor(() => expect(err).toMatch(/the store cannot be reached/), { timeout: 30_000 });
      for (const line of err.trim().split('\n'))
        expect(JSON.parse(line)).toMatchObject({ msg: 'the store cannot be reached' });
      expect(err).not.toContain(' at ');
      const exited = once(waiting, 'exit');
      waiting.kill('SIGTERM');
      expect(await exited).toEqual([0, null]);

      const starting = startControlGateway({ folder, env: env(port) });
      await startServer(port);
      gateway = await starting;
      expect((await gateway.admin('{ viewer { name } }')).data).toEqual({ viewer: { name: 'administrator' } });
    });
  },
);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
