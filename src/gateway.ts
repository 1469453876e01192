import type { AddressInfo } from 'node:net';
import { SkeinError } from '../kernel/errors.ts';
import type { Clock, IdGenerator, Log } from '../kernel/ports.ts';
import type { LimitOptions } from './config/schema.ts';
import type { Graph } from './graph/graph.ts';
import { createAwaited } from './http/admin-lifetime.ts';
import type { Cors } from './http/cors.ts';
import { createGraphiql } from './http/graphiql.ts';
import { createGraphqlDoor } from './http/graphql-door.ts';
import { createGraphqlSse } from './http/graphql-sse.ts';
import { createGraphqlWs } from './http/graphql-ws.ts';
import { createMetricsPage } from './http/metrics-page.ts';
import { createReadiness } from './http/readiness.ts';
import { type AdminDoors, createHttpServer } from './http/server.ts';
import { createStatus } from './http/status.ts';
import { type Caller, DEFAULT_TENANT } from './identity/caller.ts';
import type { Keyring } from './identity/keyring.ts';
import { createRevocations } from './identity/revocations.ts';
import { createLifetimes, type Lifetimes } from './lifetimes.ts';
import type { DoorName } from './metering/metrics/door-name.ts';
import type { GatewayState } from './metering/metrics/gateway-state.ts';
import { meterOperations } from './metering/metrics/metered-operations.ts';
import { createMetrics, type Metrics } from './metering/metrics/metrics.ts';
import { createOperations, type OperationsDeps, oneGraph } from './operations.ts';
import { type AccessPolicy, createAccessPolicy } from './policy/access.ts';
import { createCosts } from './policy/costs/costs.ts';
import type { Rates } from './policy/rates/rates.ts';
import { createSurfacesDoor, type SurfacesDeps } from './surfaces/door.ts';
import { modelsView } from './surfaces/models-view.ts';
import { createRestDoor } from './surfaces/rest/rest-door.ts';

export interface GatewayDeps {
  readonly graph: Graph;
  readonly keyring: Keyring;
  readonly limits: LimitOptions;
  readonly cors: Cors;
  /** The graph of a caller. Default: `graph`, for all. */
  readonly graphOf?: OperationsDeps['graphOf'] | undefined;
  /** The models of a caller. Default: those of `graph`, for all. */
  readonly modelsOf?: SurfacesDeps['modelsOf'] | undefined;
  /** What callers may use of it. */
  readonly access?: AccessPolicy | undefined;
  /** Whether the app of a caller still has all these grants. Default: nobody takes them away. */
  readonly holdsGrants?: ((caller: Caller, grants: readonly string[]) => boolean) | undefined;
  /** Takes who is to be told when keys, tokens or grants have changed. */
  readonly onIdentitiesChanged?: ((listener: () => void) => void) | undefined;
  /** `/admin/graphql` with its GraphiQL, and `/admin/audit-log`. Default: there is none. */
  readonly admin?: AdminDoors | undefined;
  /** How the store stands, for `/readyz`. */
  readonly storeHealth?: (() => { readonly reachable: boolean; readonly silentMs: number }) | undefined;
  /** What it counts into. Default: its own. */
  readonly metrics?: Metrics | undefined;
  /** What metrics tell beside what the gateway knows itself. Default: its graph is all there is. */
  readonly standing?: (() => Pick<GatewayState, 'graphs' | 'control' | 'usage'>) | undefined;
  /** Closes what stands behind the gateway, when nothing is under way any more. */
  readonly onClosed?: (() => Promise<void>) | undefined;
  /** How much callers may ask for; the gateway disposes of it. Default: no limits. */
  readonly rates?: Rates | undefined;
  /** The key GraphiQL comes up with on this machine, and the query it shows. */
  readonly graphiql: { readonly developmentKey: string | undefined; readonly defaultQuery: string };
  readonly clock: Clock;
  readonly ids: IdGenerator;
  readonly log: Log;
  /** Takes a line for the person at the terminal: what is waited for while it closes. Default: nobody is told. */
  readonly tell?: ((line: string) => void) | undefined;
}

export interface Gateway {
  /** Resolves with the address once it listens; rejects as Node does, e.g. with EADDRINUSE. */
  listen(port: number, host: string): Promise<AddressInfo>;
  /**
   * Takes no new work, lets what is under way finish until the deadline, ends the rest with SHUTTING_DOWN, and closes
   * every socket. Calling it again hurries: what is left ends at once.
   */
  close(): Promise<void>;
}

/**
 * Puts the gateway together. A request meets these in this order, whatever its door; the folders have their names.
 *
 *  1. http/       routes it, bounds and reads it
 *  2. identity/   says who calls, or refuses
 *  3. operations  parse, validate and plan its document — once per document, kept
 *  4. policy/     limits of documents, as validation rules, are part of that; then limits of callers are counted
 *  5. schema/     runs the plan, direct or stitched
 *  6. sources/    call what stands behind
 *  7. public errors, and the answer in the door's own form
 */
export function createGateway(deps: GatewayDeps): Gateway {
  const { graph, keyring, limits, clock, ids, log } = deps;
  const lifetimes = createLifetimes({ clock, ids, log });
  const graphOf = deps.graphOf ?? oneGraph(graph.registry);
  const access = deps.access ?? createAccessPolicy();
  const metrics = deps.metrics ?? createMetrics();
  const rates = deps.rates && metrics.rates(deps.rates);
  const operations = createOperations({ graphOf, rates, access, costs: createCosts({ limits, log }) });
  const through = (door: DoorName) => meterOperations(operations, metrics.operations.through(door));
  const ofGraphql = through('graphql');
  const revocations = createRevocations({ lifetimes, keyring, holdsGrants: deps.holdsGrants });
  deps.onIdentitiesChanged?.(revocations.check);
  const sse = createGraphqlSse(ofGraphql);
  let closing: Promise<void> | undefined;
  const shared = { keyring, lifetimes, ids, log, limits };
  const graphqlWs = createGraphqlWs({ ...shared, operations: through('graphql-ws') });
  metrics.watch(() => ({
    ...(deps.standing?.() ?? { graphs: [{ tenant: DEFAULT_TENANT, graph }] }),
    requests: lifetimes.size - lifetimes.streams,
    streams: lifetimes.streams,
    webSockets: graphqlWs.size,
    rateStore: rates?.storeState?.(),
    isDraining: closing !== undefined,
  }));

  const server = createHttpServer({
    graphql: createGraphqlDoor({ ...shared, operations: ofGraphql, sse }),
    graphqlWs,
    graphiql: createGraphiql(deps.graphiql),
    surfaces: createSurfacesDoor({
      ...{ keyring, lifetimes, limits, clock, ids, log, rates },
      modelsOf: deps.modelsOf ?? (() => modelsView(graph)),
      isDraining: () => closing !== undefined,
    }),
    rest: createRestDoor({
      ...{ ...shared, operations: through('rest'), graphOf, access, rates },
      isDraining: () => closing !== undefined,
    }),
    cors: deps.cors,
    status: createStatus({ graph, keyring, lifetimes }),
    metrics: { page: createMetricsPage({ keyring, metrics }), http: metrics.http },
    readiness: createReadiness(graph, deps.storeHealth),
    admin: deps.admin && createAwaited({ lifetimes, limits, ids, log })(deps.admin),
    isDraining: () => closing !== undefined,
    ids,
    log,
  });

  const drain = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    sse.drain();
    if (lifetimes.size > 0) deps.tell?.(waitingFor(lifetimes, limits.drainTimeoutMs));
    const late = setTimeout(() => lifetimes.stopAll('SHUTTING_DOWN'), limits.drainTimeoutMs);
    await lifetimes.whenIdle();
    clearTimeout(late);
    await graphqlWs.close();
    // Answers are written; keep-alive connections have nothing left to say.
    server.closeIdleConnections();
    const cut = setTimeout(() => server.closeAllConnections(), 1_000);
    await closed;
    clearTimeout(cut);
    revocations.stop();
    await deps.onClosed?.();
    await graph.dispose();
    await deps.rates?.dispose();
  };

  return {
    listen(port, host) {
      return new Promise((resolve, reject) => {
        if (closing !== undefined) return reject(new SkeinError('SHUTTING_DOWN'));
        server.once('error', reject);
        server.listen(port, host, () => {
          server.off('error', reject);
          resolve(server.address() as AddressInfo);
        });
      });
    },
    close() {
      if (closing === undefined) closing = drain();
      else lifetimes.stopAll('SHUTTING_DOWN');
      return closing;
    },
  };
}

/** `Waiting for 2 requests and 1 stream …` */
function waitingFor({ size, streams }: Lifetimes, timeoutMs: number): string {
  const counts = [
    [size - streams, 'request'],
    [streams, 'stream'],
  ] as const;
  const what = counts
    .filter(([count]) => count > 0)
    .map(([count, noun]) => `${count} ${noun}${count === 1 ? '' : 's'}`)
    .join(' and ');
  return `Waiting for ${what} to end, for ${Math.ceil(timeoutMs / 1_000)} s at the most. Ctrl-C again ends them now.`;
}
