import { randomUUID } from 'node:crypto';
import { createCatalogServer } from '../../examples/quickstart/catalog/server.ts';
import { createInventoryServer } from '../../examples/quickstart/inventory/server.ts';
import { createReviewsServer } from '../../examples/quickstart/reviews/server.ts';
import { createStandInServer } from '../../examples/quickstart/stand-in/server.ts';
import { silentLog, systemClock } from '../../kernel/ports.ts';
import type { Way } from '../../schema/plan/way.ts';
import { readConfig } from '../../src/config/read-config.ts';
import { createGateway } from '../../src/gateway.ts';
import { createGraph, type Graph } from '../../src/graph/graph.ts';
import { createCors } from '../../src/http/cors.ts';
import { createKeyring } from '../../src/identity/keyring.ts';
import { createQueryLimits } from '../../src/policy/query-limits.ts';
import { TEST_KEY } from './test-gateway.ts';

export interface QuickstartBackends {
  /** What `skein.yaml` reads their addresses from. */
  readonly env: Readonly<Record<string, string>>;
  /** Operations that reached the backends, in order; streams that ended are `end:<operation>`. */
  readonly calls: string[];
  close(): Promise<void>;
}

/** The quickstart's backends in this process, on ports of their own, counting what reaches them. */
export async function startQuickstartBackends(): Promise<QuickstartBackends> {
  const calls: string[] = [];
  const options = {
    onCall: (operation: string) => void calls.push(operation),
    onStreamEnd: (operation: string) => void calls.push(`end:${operation}`),
  };
  const catalog = createCatalogServer(options);
  const inventory = createInventoryServer({ ...options, changeEveryMs: 20 });
  const reviews = createReviewsServer(options);
  const standIn = createStandInServer({ ...options, wordEveryMs: 10 });
  const backends = [catalog, inventory, reviews, standIn];
  const [catalogPort, inventoryPort, reviewsPort, standInPort] = await Promise.all(
    backends.map((backend) => backend.listen()),
  );
  return {
    env: {
      CATALOG_URL: `http://127.0.0.1:${catalogPort}`,
      INVENTORY_ADDRESS: `127.0.0.1:${inventoryPort}`,
      REVIEWS_URL: `http://127.0.0.1:${reviewsPort}/graphql`,
      STAND_IN_URL: `http://127.0.0.1:${standInPort}/v1`,
      SKEIN_API_KEY: TEST_KEY,
    },
    calls,
    async close() {
      await Promise.all(backends.map((backend) => backend.close()));
    },
  };
}

export interface QuickstartGateway {
  readonly url: string;
  readonly graph: Graph;
  post(
    query: string,
    variables?: object,
    extensions?: object,
  ): Promise<{ data: never; errors?: never; extensions?: never }>;
  close(): Promise<void>;
}

/** The gateway as `npm start` makes it, in this process. */
export async function startQuickstartGateway(
  env: Readonly<Record<string, string>>,
  way?: Way,
): Promise<QuickstartGateway> {
  const reading = await readConfig('examples/quickstart/skein.yaml', env);
  const { limits, keys } = reading.config;
  const graph = await createGraph(reading.config, reading.problems, {
    log: silentLog,
    generation: { rules: [createQueryLimits(limits)], maxTokens: limits.tokens, ...(way === undefined ? {} : { way }) },
  });
  const gateway = createGateway({
    graph,
    keyring: createKeyring({ configured: keys }),
    cors: createCors([]),
    limits: { ...limits, drainTimeoutMs: 100 },
    graphiql: { developmentKey: undefined, defaultQuery: '{ __typename }' },
    clock: systemClock,
    ids: { next: randomUUID },
    log: silentLog,
  });
  const { port } = await gateway.listen(0, '127.0.0.1');
  const url = `http://127.0.0.1:${port}/graphql`;
  return {
    url,
    graph,
    async post(query, variables = {}, extensions = {}) {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${TEST_KEY}` },
        body: JSON.stringify({ query, variables, extensions }),
      });
      return (await response.json()) as { data: never };
    },
    close: () => gateway.close(),
  };
}
