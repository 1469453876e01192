import type { IncomingMessage } from 'node:http';
import { SkeinError } from '../../kernel/errors.ts';
import type { CachingState } from '../../sources/cache/caching.ts';
import type { UpstreamState } from '../../sources/upstream/resilience/contracts.ts';
import type { Graph } from '../graph/graph.ts';
import type { SourceState } from '../graph/source-states.ts';
import { credentialsOf } from '../identity/credentials.ts';
import type { Keyring } from '../identity/keyring.ts';
import type { Lifetimes } from '../lifetimes.ts';

/** How the gateway is doing, for operators: plain data without secrets. */
export interface GatewayStatus {
  /** Number of the graph that serves; 0 when there is none. */
  readonly generation: number;
  /** Graphs that still have requests or streams, the one that serves among them. */
  readonly generationsInUse: readonly number[];
  readonly requests: number;
  readonly streams: number;
  readonly sources: readonly SourceStatus[];
  /** What is kept of answers; absent when none are. */
  readonly cache?: CachingState;
  /** By name of a provider of models. */
  readonly providers: Readonly<Record<string, UpstreamStatus>>;
}

export interface SourceStatus extends Pick<SourceState, 'name' | 'kind' | 'fields' | 'inGraph'> {
  /** Why it is not in the graph: it cannot be reached, or is left out. */
  readonly reason?: string;
  /** Endpoints, breakers, retries and what is under way; absent where nothing stands in between. */
  readonly upstream?: UpstreamStatus;
}

/** How long calls took is told by `/metrics`. */
export type UpstreamStatus = Omit<UpstreamState, 'durations'>;

export type Status = (request: IncomingMessage) => Promise<GatewayStatus>;

export interface StatusDeps {
  readonly graph: Graph;
  readonly keyring: Keyring;
  readonly lifetimes: Pick<Lifetimes, 'size' | 'streams'>;
}

/** @throws SkeinError as `identify` does, and FORBIDDEN for one that is no operator's */
export async function mustBeOperator(keyring: Pick<Keyring, 'identify'>, request: IncomingMessage): Promise<void> {
  const { isOperator } = await keyring.identify(credentialsOf(request));
  if (!isOperator) throw new SkeinError('FORBIDDEN', 'The key is no operator’s: skein.yaml says `operator: true`.');
}

/** @throws SkeinError as `mustBeOperator` does */
export function createStatus({ graph, keyring, lifetimes }: StatusDeps): Status {
  return async (request) => {
    await mustBeOperator(keyring, request);
    const upstreams = new Map(graph.sources().map((source) => [source.name, source.upstream?.()]));
    const { streams, size } = lifetimes;
    const cache = graph.cacheState();
    return {
      generation: graph.registry.current()?.number ?? 0,
      generationsInUse: graph.generationsInUse(),
      requests: size - streams,
      streams,
      sources: graph.states().map((state) => describe(state, upstreams.get(state.name))),
      ...(cache === undefined ? {} : { cache }),
      providers: Object.fromEntries(
        Object.entries(graph.models?.upstreams() ?? {}).map(([name, upstream]) => [name, withoutDurations(upstream)]),
      ),
    };
  };
}

function describe(state: SourceState, upstream: UpstreamState | undefined): SourceStatus {
  const { name, kind, fields, inGraph } = state;
  const reason = inGraph ? undefined : (state.failed ?? state.unreachable);
  return {
    ...{ name, kind, fields, inGraph },
    ...(reason === undefined ? {} : { reason }),
    ...(upstream === undefined ? {} : { upstream: withoutDurations(upstream) }),
  };
}

function withoutDurations({ durations: _, ...shown }: UpstreamState): UpstreamStatus {
  return shown;
}
