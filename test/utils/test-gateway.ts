import { randomUUID } from 'node:crypto';
import { type Log, silentLog, systemClock } from '../../kernel/ports.ts';
import { compose } from '../../schema/compose.ts';
import type { LinkOptions, MergeOptions, OverrideOptions } from '../../schema/options.ts';
import type { Way } from '../../schema/plan/way.ts';
import { createRegistry } from '../../schema/registry.ts';
import type { Models } from '../../sources/ai/model-client.ts';
import type { Source } from '../../sources/source.ts';
import { type LimitOptions, limitOptions } from '../../src/config/schema.ts';
import { createGateway, type Gateway } from '../../src/gateway.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { createCors } from '../../src/http/cors.ts';
import type { AdminDoors } from '../../src/http/server.ts';
import { createKeyring } from '../../src/identity/keyring.ts';
import { createQueryLimits } from '../../src/policy/query-limits.ts';
import type { RateOptions } from '../../src/policy/rates/options.ts';
import type { Rates } from '../../src/policy/rates/rates.ts';

export const TEST_KEY = 'skein_test_key';

export interface TestGateway {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly gateway: Gateway;
  /** POSTs an operation as JSON. */
  post(
    body: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<{ status: number; headers: Headers; body: never }>;
  close(): Promise<void>;
}

/** A whole gateway on a socket of its own, over sources in this process. */
export async function startTestGateway(
  sources: readonly Source[],
  links: Readonly<Record<string, LinkOptions>> = {},
  options: {
    readonly limits?: Partial<LimitOptions>;
    readonly way?: Way;
    readonly origins?: readonly string[];
    readonly log?: Log;
    readonly types?: Readonly<Record<string, MergeOptions>>;
    readonly overrides?: Readonly<Record<string, OverrideOptions>>;
    readonly tell?: (line: string) => void;
    /** What is under `/admin`. Default: nothing. */
    readonly admin?: AdminDoors;
    /** Limits of the test key, and what counts them. */
    readonly keyRates?: readonly RateOptions[];
    readonly rates?: Rates;
    /** What is under `/v1`; whoever made them disposes of them. Default: none. */
    readonly models?: Models;
  } = {},
): Promise<TestGateway> {
  const limits = limitOptions.parse(options.limits ?? {});
  const { composition, problems } = compose({ sources, links, types: options.types ?? {}, isMissing: () => false });
  if (composition === undefined) throw new Error(problems.map(({ message }) => message).join('\n'));
  const registry = createRegistry({
    rules: [createQueryLimits(limits)],
    maxTokens: limits.tokens,
    overrides: options.overrides,
    ...(options.way === undefined ? {} : { way: options.way }),
  });
  registry.publish(composition);
  const graph: Graph = {
    registry,
    models: options.models,
    sources: () => [],
    states: () => [],
    cacheState: () => undefined,
    missing: () => [],
    failures: () => [],
    givenOut: () => new Map(),
    notices: () => [],
    uncheckedLinks: () => [],
    isIdle: () => true,
    generationsInUse: () => [],
    files: () => new Set(),
    change: () => Promise.reject(new Error('not here')),
    probe: async () => {},
    dispose: async () => {
      await Promise.all(sources.map((source) => source.dispose()));
    },
  };
  const gateway = createGateway({
    graph,
    keyring: createKeyring({ configured: [{ name: 'test', key: TEST_KEY, rates: options.keyRates ?? [] }] }),
    limits,
    cors: createCors(options.origins ?? []),
    rates: options.rates,
    graphiql: { developmentKey: TEST_KEY, defaultQuery: '{ __typename }' },
    clock: systemClock,
    ids: { next: randomUUID },
    log: options.log ?? silentLog,
    admin: options.admin,
    tell: options.tell,
  });
  const { port } = await gateway.listen(0, '127.0.0.1');
  const url = `http://127.0.0.1:${port}/graphql`;
  const headers = { authorization: `Bearer ${TEST_KEY}` };
  return {
    url,
    headers,
    gateway,
    async post(body, extra = {}) {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers, ...extra },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      });
      return { status: response.status, headers: response.headers, body: (await response.json()) as never };
    },
    close: () => gateway.close(),
  };
}
