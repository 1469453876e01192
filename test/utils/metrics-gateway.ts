import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog, systemClock } from '../../kernel/ports.ts';
import { noMeter } from '../../sources/ai/meter.ts';
import { readConfig } from '../../src/config/read-config.ts';
import { createGateway } from '../../src/gateway.ts';
import { createGraph } from '../../src/graph/graph.ts';
import { generationOptions } from '../../src/graph/load-graph.ts';
import { createLiveSettings } from '../../src/live-settings.ts';
import { createMetrics } from '../../src/metering/metrics/metrics.ts';
import { createCounters } from '../../src/policy/counters/create-counters.ts';
import { createRates } from '../../src/policy/rates/rates.ts';
import { readPrometheus, type Scrape } from './prometheus.ts';
import {
  createProviderServer,
  openaiAnswer,
  openaiChunks,
  openaiEvents,
  sendEvents,
  sendJson,
} from './provider-server.ts';

const json = (schema: object) => ({ 200: { description: 'ok', content: { 'application/json': { schema } } } });
const get = (operationId: string) => ({ get: { operationId, responses: json({ type: 'string' }) } });
const documentOf = (...names: readonly string[]) =>
  JSON.stringify({
    openapi: '3.0.3',
    info: { title: 't', version: '1' },
    paths: Object.fromEntries(names.map((name) => [`/${name}`, get(name)])),
  });

export interface MetricsGateway {
  readonly origin: string;
  /** Sends with the key of a user, unless another is given. */
  send(path: string, init?: RequestInit, key?: string): Promise<Response>;
  /** POSTs an operation, and reads the answer to its end. */
  ask(query: string, more?: { readonly key?: string; readonly headers?: Record<string, string> }): Promise<string>;
  /** What the service behind the source `ill` answers from now on. */
  illStatus: number;
  scrape(key?: string): Promise<Scrape>;
  close(): Promise<void>;
}

/** A gateway with sources that are well, ill and gone, one whose answers are kept, a model and a prompt. */
export async function startMetricsGateway(): Promise<MetricsGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'skein-metrics-'));
  const backend = createServer((request, response) => {
    const status = request.url?.startsWith('/ill') ? gateway.illStatus : 200;
    response.writeHead(status, { 'content-type': 'application/json' }).end('"hi"');
  });
  await once(backend.listen(0, '127.0.0.1'), 'listening');
  const endpoint = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`;
  const provider = await createProviderServer(({ body }, response) => {
    // It begins to answer, and says nothing more.
    if (JSON.stringify(body.messages).includes('silence')) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`data: ${JSON.stringify(openaiChunks('Hel')[0])}\n\n`);
    } else if (body.stream === true) sendEvents(response, openaiEvents(...openaiChunks('Hel', 'lo')));
    else sendJson(response, openaiAnswer('Hello'));
  });
  for (const [file, names] of Object.entries({ well: ['hello'], ill: ['ill'], kept: ['kept'] }))
    await writeFile(join(folder, `${file}.json`), documentOf(...names));
  const file = join(folder, 'skein.yaml');
  const source = (name: string, more: object) => ({ kind: 'openapi', document: `${name}.json`, endpoint, ...more });
  await writeFile(
    file,
    JSON.stringify({
      keys: [
        { name: 'user', key: 'user-key' },
        { name: 'limited', key: 'limited-key', rates: [{ limit: 1, windowSeconds: 3_600 }] },
        { name: 'operator', key: 'operator-key', operator: true },
      ],
      sources: {
        well: source('well', { upstream: { concurrency: { most: 5 } } }),
        ill: source('ill', { upstream: { retries: false, breaker: { failures: 3, openMs: 600_000 } } }),
        kept: source('kept', { cache: { fields: { kept: 600_000 } } }),
        gone: { kind: 'graphql', endpoint: 'http://127.0.0.1:1/graphql' },
      },
      providers: { stub: { dialect: 'openai', endpoint: provider.endpoint } },
      models: { small: { provider: 'stub', model: 'small-1', price: { input: 1_000, output: 2_000 } } },
      routes: { default: ['small'] },
      prompts: { say: { input: { text: 'String!' }, template: '{{ text }}' } },
    }),
  );
  const reading = await readConfig(file, {});
  const { config } = reading;
  const [log, clock] = [silentLog, systemClock];
  const metrics = createMetrics();
  const meter = metrics.meter(noMeter);
  const graph = await createGraph(config, reading.problems, { log, meter, generation: generationOptions(config) });
  const { keyring, limits, cors } = createLiveSettings(config);
  const server = createGateway({
    ...{ graph, keyring, limits, cors, log, clock, metrics },
    rates: createRates({ counters: createCounters(config.rates, { clock, log }), log }),
    graphiql: { developmentKey: undefined, defaultQuery: '' },
    ids: { next: randomUUID },
  });
  const { port } = await server.listen(0, '127.0.0.1');
  const origin = `http://127.0.0.1:${port}`;
  const gateway: MetricsGateway = {
    origin,
    illStatus: 200,
    send: (path, init = {}, key = 'user-key') =>
      fetch(origin + path, {
        ...init,
        headers: { authorization: `Bearer ${key}`, ...(init.headers as Record<string, string> | undefined) },
      }),
    async ask(query, { key, headers = {} } = {}) {
      const init = {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query }),
      };
      return (await gateway.send('/graphql', init, key)).text();
    },
    async scrape(key = 'operator-key') {
      const response = await gateway.send('/metrics', {}, key);
      return readPrometheus(await response.text());
    },
    async close() {
      await server.close();
      await provider.close();
      backend.closeAllConnections();
      backend.close();
      await rm(folder, { recursive: true });
    },
  };
  return gateway;
}
