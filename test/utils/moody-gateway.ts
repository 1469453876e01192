import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { systemClock } from '../../kernel/ports.ts';
import type { Way } from '../../schema/plan/way.ts';
import { readConfig } from '../../src/config/read-config.ts';
import { createGateway } from '../../src/gateway.ts';
import { createGraph } from '../../src/graph/graph.ts';
import { generationOptions } from '../../src/graph/load-graph.ts';
import type { GatewayStatus, UpstreamStatus } from '../../src/http/status.ts';
import { createLiveSettings } from '../../src/live-settings.ts';
import { createReloader } from '../../src/reload.ts';
import { createMemoryLog } from './call-context.ts';
import { createEventReader, type EventReader } from './event-reader.ts';
import type { Result } from './fault-answers.ts';
import { MOODY_DOCUMENTS, MOODY_KINDS, type MoodyKindName } from './moody-kinds.ts';
import type { MoodyServer } from './moody-server.ts';

export interface AskOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** A whole gateway, as its configuration makes it, over services on sockets of their own. */
export interface MoodyGateway {
  readonly log: ReturnType<typeof createMemoryLog>;
  ask(query: string, options?: AskOptions): Promise<Result>;
  /** Of the answer, which is thrown away. */
  headersOf(query: string, options?: AskOptions): Promise<Headers>;
  /** A subscription over server-sent events. */
  open(query: string, options?: AskOptions): Promise<EventReader>;
  status(): Promise<GatewayStatus>;
  /** Takes what has changed in the files it was made of. */
  reload(): Promise<void>;
  /** Of one source. */
  upstream(source: string): Promise<UpstreamStatus>;
  /** Nothing is under way and nothing waits, at any source or provider; `servers` have no sockets once it is closed. */
  expectIdle(): Promise<void>;
  close(): Promise<void>;
}

/**
 * A source of a kind at these servers: the first is its endpoint. Reads are sent one by one unless `upstream` says
 * otherwise: tests ask the same many times at once, and count.
 */
export function moodySource(
  kind: MoodyKindName,
  servers: readonly Pick<MoodyServer, 'origin'>[],
  upstream: object = {},
  options: object = {},
): object {
  const [first, ...others] = servers;
  const { source, path } = MOODY_KINDS[kind];
  const endpoints = others.map(({ origin }) => origin);
  return {
    ...source,
    endpoint: `${first?.origin}${path}`,
    upstream: { endpoints, shareReads: false, ...upstream },
    ...options,
  };
}

const KEYS = [
  { name: 'operator', key: 'operator-key', operator: true },
  { name: 'other', key: 'other-key' },
];

export async function startMoodyGateway(
  way: Way,
  config: { readonly sources: object } & Readonly<Record<string, unknown>>,
): Promise<MoodyGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'skein-moody-'));
  for (const [name, text] of Object.entries(MOODY_DOCUMENTS)) await writeFile(join(folder, name), text);
  const file = join(folder, 'skein.yaml');
  await writeFile(file, JSON.stringify({ keys: KEYS, ...config }));
  const log = createMemoryLog();
  const reading = await readConfig(file, {});
  const generation = { ...generationOptions(reading.config), way };
  const graph = await createGraph(reading.config, reading.problems, { log, generation });
  const settings = createLiveSettings(reading.config);
  const { keyring, limits, cors } = settings;
  const gateway = createGateway({
    ...{ graph, keyring, limits, cors, log, clock: systemClock },
    graphiql: { developmentKey: undefined, defaultQuery: '' },
    ids: { next: randomUUID },
  });
  const { port } = await gateway.listen(0, '127.0.0.1');
  const url = `http://127.0.0.1:${port}`;
  const authorization = 'Bearer operator-key';
  const post = (query: string, accept: string, { headers = {}, signal }: AskOptions = {}) =>
    fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization, accept, ...headers },
      body: JSON.stringify({ query }),
      ...(signal === undefined ? {} : { signal }),
    });
  const status = async () => {
    const response = await fetch(`${url}/status`, { headers: { authorization } });
    return (await response.json()) as GatewayStatus;
  };
  const busy = async () => {
    const { sources, providers, requests, streams } = await status();
    const upstreams = [...sources.map(({ upstream }) => upstream), ...Object.values(providers)];
    const counts = upstreams.flatMap((each) => (each === undefined ? [] : [each.active, each.queued]));
    return { requests, streams, inUpstreams: counts.reduce((sum, count) => sum + count, 0) };
  };
  return {
    log,
    async ask(query, options) {
      const response = await post(query, 'application/json', options);
      return (await response.json()) as Result;
    },
    async headersOf(query, options) {
      const response = await post(query, 'application/json', options);
      await response.arrayBuffer();
      return response.headers;
    },
    async open(query, options) {
      return createEventReader(await post(query, 'text/event-stream', options));
    },
    status,
    async reload() {
      const reloader = createReloader({ graph, reading, settings, env: () => ({}), log });
      await reloader.reload(graph.files(), false);
      reloader.stop();
    },
    async upstream(source) {
      const { sources, providers } = await status();
      const found = sources.find(({ name }) => name === source)?.upstream ?? providers[source];
      if (found === undefined) throw new Error(`There is no state of ${source}.`);
      return found;
    },
    async expectIdle() {
      await vi.waitFor(async () => expect(await busy()).toEqual({ requests: 0, streams: 0, inUpstreams: 0 }), WAIT);
    },
    async close() {
      await gateway.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** For what happens soon, on a machine that may be busy. */
export const WAIT = { timeout: 10_000, interval: 10 };

/** Timers that keep the process alive. */
export function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}

/** The code and what else is told of each error, by path. */
export function codes({ errors = [] }: Result): readonly string[] {
  return errors.map(({ path, extensions }) => `${(path ?? []).join('.')} ${extensions.code}`).sort();
}
