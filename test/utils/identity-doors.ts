import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { silentLog, systemClock } from '../../kernel/ports.ts';
import { compose } from '../../schema/compose.ts';
import { createRegistry } from '../../schema/registry.ts';
import { corsOptions, limitOptions, type SkeinConfig } from '../../src/config/schema.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { createGraphqlDoor } from '../../src/http/graphql-door.ts';
import { createGraphqlSse } from '../../src/http/graphql-sse.ts';
import { createGraphqlWs } from '../../src/http/graphql-ws.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { createStatus } from '../../src/http/status.ts';
import type { Directory } from '../../src/identity/directory.ts';
import { authOptions } from '../../src/identity/options.ts';
import { createRevocations, type Revocations } from '../../src/identity/revocations.ts';
import { createLifetimes, type Lifetimes } from '../../src/lifetimes.ts';
import { createLiveSettings } from '../../src/live-settings.ts';
import { createOperations, oneGraph } from '../../src/operations.ts';
import { createTicker, type Ticker } from './ticker.ts';

export interface IdentityDoors {
  readonly url: string;
  readonly ticker: Ticker;
  readonly lifetimes: Lifetimes;
  readonly revocations: Revocations;
  close(): Promise<void>;
}

/** Every door, over callers of a directory and of tokens. Revocations are looked at when the test says so. */
export async function startIdentityDoors(
  directory: () => Directory | undefined,
  auth: object = {},
  now: () => number = Date.now,
): Promise<IdentityDoors> {
  const ticker = createTicker();
  const { composition, problems } = compose({ sources: [ticker.source], links: {}, types: {}, isMissing: () => false });
  if (composition === undefined) throw new Error(problems.map(({ message }) => message).join('\n'));
  const limits = limitOptions.parse({});
  const registry = createRegistry({ rules: [], maxTokens: limits.tokens, overrides: undefined });
  registry.publish(composition);
  const config: Partial<SkeinConfig> = { keys: [], auth: authOptions.parse(auth), cors: corsOptions.parse({}), limits };
  const { keyring, cors } = createLiveSettings(config as SkeinConfig, { directory, clock: { now } });
  const ids = { next: randomUUID };
  const log = silentLog;
  const lifetimes = createLifetimes({ clock: systemClock, ids, log });
  const revocations = createRevocations({ lifetimes, keyring, everyMs: 3_600_000 });
  const operations = createOperations({ graphOf: oneGraph(registry) });
  const shared = { operations, keyring, lifetimes, ids, log, limits };
  const graphqlWs = createGraphqlWs(shared);
  const graph: Partial<Graph> = {
    ...{ registry, models: undefined, sources: () => [], states: () => [], cacheState: () => undefined },
    generationsInUse: () => [],
  };
  const server = createHttpServer({
    graphql: createGraphqlDoor({ ...shared, sse: createGraphqlSse(operations) }),
    ...{ graphqlWs, cors, ids, log },
    graphiql: async (_request, response) => void response.end(),
    status: createStatus({ graph: graph as Graph, keyring, lifetimes }),
    readiness: () => ({ ready: true, generation: 1 }),
    isDraining: () => false,
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    ...{ ticker, lifetimes, revocations },
    async close() {
      revocations.stop();
      await graphqlWs.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await lifetimes.whenIdle();
    },
  };
}
