import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { administrator, createTenant } from '../utils/control-admin.ts';
import { type ControlGateway, startControlGateway } from '../utils/control-gateway.ts';
import { startCatalog } from '../utils/control-services.ts';
import { describeControlStores } from '../utils/control-stores.ts';
import { freePort } from '../utils/free-port.ts';
import { hasMongodbProcess, startMongodbProcess } from '../utils/mongodb-process.ts';
import { readPrometheus, type Scrape } from '../utils/prometheus.ts';
import { createProviderServer, openaiAnswer, sendJson } from '../utils/provider-server.ts';

const OPERATOR = 'operator-key';
const SOON = { timeout: 20_000, interval: 50 };
/** Closes what a test has opened. */
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const configuration = (more: object = {}) =>
  JSON.stringify({
    keys: [
      { name: 'operator', key: OPERATOR, operator: true },
      { name: 'app', key: 'app-key' },
    ],
    ...more,
  });
const scrape = async (gateway: ControlGateway): Promise<Scrape> => {
  const response = await fetch(`${gateway.url}/metrics`, { headers: { authorization: `Bearer ${OPERATOR}` } });
  return readPrometheus(await response.text());
};
const until = (gateway: ControlGateway, name: string, value: number, labels = {}) =>
  vi.waitFor(async () => expect((await scrape(gateway)).value(name, labels)).toBe(value), SOON);

describeControlStores('metrics of a gateway with tenants', (store) => {
  it('tell of each by its name, of usage records, of webhooks, and of a file that is refused', async () => {
    const catalog = await startCatalog();
    const provider = await createProviderServer((_request, response) => sendJson(response, openaiAnswer('Hi')));
    const answers = [500, 200];
    const hook = createServer((_request, response) => void response.writeHead(answers.shift() ?? 200).end());
    await once(hook.listen(0, '127.0.0.1'), 'listening');
    closers.push(
      () => catalog.close(),
      () => provider.close(),
      () => hook.closeAllConnections(),
      () => hook.close(),
    );
    const models = {
      providers: { stub: { dialect: 'openai', endpoint: provider.endpoint } },
      models: { small: { provider: 'stub', model: 'small-1' } },
      routes: { default: ['small'] },
    };
    const file = join(await store.folder(), 'skein.yaml');
    await writeFile(file, configuration(models));
    const gateway = await store.start();

    const acme = await createTenant(gateway, 'acme');
    await acme.publishSource('catalog', catalog.options, catalog.document);
    const app = await acme.createApp('shop');
    const key = await acme.createKey(app.id, 'k');
    await vi.waitFor(
      async () => expect((await gateway.ask(key.secret, '{ products { sku } }')).data).toBeDefined(),
      SOON,
    );
    const { value, all } = await scrape(gateway);
    expect(all('skein_graph_generation').map(({ labels }) => labels.tenant)).toEqual(['default', 'acme']);
    expect(value('skein_graphs')).toBe(2);
    expect(value('skein_source_in_graph', { tenant: 'acme', source: 'catalog' })).toBe(1);
    const attempts = { tenant: 'acme', kind: 'source', upstream: 'catalog', outcome: 'ok' };
    expect(value('skein_upstream_attempts_total', attempts)).toBe(1);
    expect(value('skein_store_reachable')).toBe(1);
    expect(Math.abs(Date.now() / 1_000 - (value('skein_store_last_answer_timestamp_seconds') ?? 0))).toBeLessThan(30);
    expect(value('skein_store_feed_lag_seconds')).toBeLessThan(30);
    expect([value('skein_graph_tenants_failing'), value('skein_graph_failed_builds_total')]).toEqual([0, 0]);

    await gateway.ask(
      'app-key',
      'mutation { chat(input: { model: "default", messages: [{ role: USER, content: "Hi" }] }) { text } }',
    );
    await until(gateway, 'skein_usage_records_written_total', 1);
    expect((await scrape(gateway)).value('skein_usage_records_waiting')).toBe(0);

    await acme.run(
      'mutation($input: CreateWebhookInput!) { createWebhook(input: $input) { webhook { id } errors { path message } } }',
      { input: { name: 'hook', url: `http://127.0.0.1:${(hook.address() as AddressInfo).port}/` } },
    );
    await acme.createKey(app.id, 'another');
    await until(gateway, 'skein_webhook_deliveries_total', 1, { outcome: 'failed' });
    await until(gateway, 'skein_webhook_deliveries_total', 1, { outcome: 'delivered' });

    await writeFile(file, configuration({ ...models, sources: { odd: { kind: 'graphql', endpoint: 'nowhere' } } }));
    await until(gateway, 'skein_configuration_taken', 0);
    expect((await scrape(gateway)).value('skein_graph_failed_builds_total')).toBeGreaterThan(0);
    await writeFile(file, configuration({ ...models, reload: { files: true } }));
    await until(gateway, 'skein_configuration_taken', 1);
    expect((await administrator(gateway).query('{ viewer { name } }')).viewer).toBeDefined();
  });
});

describe.skipIf(!hasMongodbProcess)(
  'metrics of a gateway whose MongoDB stops (left out without SKEIN_TEST_MONGODB_URI and .ci/mongodb/build)',
  { timeout: 120_000 },
  () => {
    it('say that the store does not answer, since when, and what waits for it', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'skein-metrics-'));
      const provider = await createProviderServer((_request, response) => sendJson(response, openaiAnswer('Hi')));
      const server = await startMongodbProcess(await freePort());
      await writeFile(
        join(folder, 'skein.yaml'),
        configuration({
          providers: { stub: { dialect: 'openai', endpoint: provider.endpoint } },
          models: { small: { provider: 'stub', model: 'small-1' } },
          routes: { default: ['small'] },
        }),
      );
      const env = { MONGODB_URI: server.uri, SKEIN_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64') };
      const gateway = await startControlGateway({ folder, env });
      closers.push(
        () => gateway.stop('SIGKILL'),
        () => server.kill('SIGKILL'),
        () => provider.close(),
        () => rm(folder, { recursive: true, force: true }),
      );
      await until(gateway, 'skein_store_reachable', 1);
      server.kill('SIGSTOP');
      await until(gateway, 'skein_store_reachable', 0);
      const answeredAt = (await scrape(gateway)).value('skein_store_last_answer_timestamp_seconds');
      const ask = 'mutation { chat(input: { model: "default", messages: [{ role: USER, content: "Hi" }] }) { text } }';
      expect((await gateway.ask('app-key', ask)).data).toEqual({ chat: { text: 'Hi' } });
      const away = await scrape(gateway);
      expect(away.value('skein_store_last_answer_timestamp_seconds')).toBe(answeredAt);
      expect(away.value('skein_usage_records_waiting')).toBe(1);
      expect(away.value('skein_model_calls_total', { model: 'small', outcome: 'ok' })).toBe(1);
      expect(await gateway.ready()).toMatchObject({ ready: true, store: { reachable: false } });

      server.kill('SIGCONT');
      await until(gateway, 'skein_store_reachable', 1);
      await until(gateway, 'skein_usage_records_written_total', 1);
      const back = await scrape(gateway);
      expect(back.value('skein_store_last_answer_timestamp_seconds')).toBeGreaterThan(answeredAt ?? 0);
      expect(back.value('skein_usage_records_lost_total')).toBe(0);
    });
  },
);
