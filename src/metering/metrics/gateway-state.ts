import type { CachingState } from '../../../sources/cache/caching.ts';
import type { UpstreamState } from '../../../sources/upstream/resilience/contracts.ts';
import type { Graph } from '../../graph/graph.ts';
import type { SharedCountersState } from '../../policy/counters/store.ts';
import type { UsageSinkState } from '../usage-sink.ts';

/** What a scrape reads of the gateway: state that is there anyway. */
export interface GatewayState {
  readonly requests: number;
  readonly streams: number;
  readonly webSockets: number;
  readonly isDraining: boolean;
  /** The graph of the default tenant first. */
  readonly graphs: Iterable<{ readonly tenant: string; readonly graph: StateGraph }>;
  /** Absent where there is no store. */
  readonly control?: ControlState | undefined;
  readonly usage?: UsageSinkState | undefined;
  /** Absent where limits are counted in the process. */
  readonly rateStore?: SharedCountersState | undefined;
}

export type StateGraph = Pick<Graph, 'registry' | 'generationsInUse' | 'states' | 'sources' | 'cacheState' | 'models'>;

/** How the control plane stands. Counts are since the start. */
export interface ControlState {
  readonly store: {
    readonly reachable: boolean;
    /** Milliseconds since the epoch, when it last answered. */
    readonly answeredAt: number;
    /** How old the newest change was when it came to be known here; undefined until there was one. */
    readonly lagMs: number | undefined;
  };
  /** Graphs of tenants whose last requests and streams are yet to end. */
  readonly graphsLeaving: number;
  readonly failedBuilds: number;
  /** Tenants whose graph is not as their configuration says. */
  readonly tenantsFailing: number;
  readonly webhooks: { readonly delivered: number; readonly failed: number; readonly givenUp: number };
}

/** One graph as metrics have it. */
export interface GraphSnapshot {
  readonly tenant: string;
  readonly generation: number;
  readonly generationsInUse: number;
  readonly sources: readonly { readonly name: string; readonly inGraph: boolean }[];
  readonly upstreams: readonly UpstreamSnapshot[];
  readonly cache: CachingState | undefined;
}

export interface UpstreamSnapshot {
  readonly kind: 'source' | 'provider';
  readonly name: string;
  readonly state: UpstreamState;
}

export interface Snapshot extends Omit<GatewayState, 'graphs'> {
  readonly graphs: readonly GraphSnapshot[];
  /** Graphs that are not among them, because there are so many. */
  readonly graphsLeftOut: number;
}

/** Series stay few enough for one scrape, however many tenants there are. */
const MOST_GRAPHS = 500;
const MOST_SOURCES = 500;

export function takeSnapshot({ graphs: all, ...state }: GatewayState): Snapshot {
  const graphs: GraphSnapshot[] = [];
  let sources = 0;
  let graphsLeftOut = 0;
  for (const { tenant, graph } of all) {
    if (graphs.length >= MOST_GRAPHS || sources >= MOST_SOURCES) {
      graphsLeftOut += 1;
      continue;
    }
    const snapshot = snapshotOf(tenant, graph);
    sources += snapshot.sources.length;
    graphs.push(snapshot);
  }
  return { ...state, graphs, graphsLeftOut };
}

function snapshotOf(tenant: string, graph: StateGraph): GraphSnapshot {
  const states = graph.states();
  const configured = new Set(states.map(({ name }) => name));
  const upstreams: UpstreamSnapshot[] = [];
  for (const source of graph.sources()) {
    // What was given by other tenants is told with theirs.
    const state = configured.has(source.name) ? source.upstream?.() : undefined;
    if (state === undefined || upstreams.some(({ name }) => name === source.name)) continue;
    upstreams.push({ kind: 'source', name: source.name, state });
  }
  for (const [name, state] of Object.entries(graph.models?.upstreams() ?? {}))
    upstreams.push({ kind: 'provider', name, state });
  return {
    tenant,
    generation: graph.registry.current()?.number ?? 0,
    generationsInUse: graph.generationsInUse().length,
    sources: states.map(({ name, inGraph }) => ({ name, inGraph })),
    upstreams,
    cache: graph.cacheState(),
  };
}
