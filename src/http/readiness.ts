import type { Graph } from '../graph/graph.ts';

/** What `/readyz` says to everybody, so of sources their names only. */
export interface Readiness {
  readonly ready: boolean;
  /** Number of the graph that serves; 0 when there is none. */
  readonly generation: number;
  /** Sources of the configuration that the graph lacks because they cannot be reached. Absent when there are none. */
  readonly missing?: readonly string[];
  /** Those it lacks because what their services say is wrong, or does not fit. Absent when there are none. */
  readonly failed?: readonly string[];
  /** Absent where there is no store. It serves what it knows while the store does not answer. */
  readonly store?: { readonly reachable: boolean; readonly silentMs: number };
}

export function createReadiness(
  graph: Pick<Graph, 'registry' | 'missing'>,
  storeHealth?: () => NonNullable<Readiness['store']>,
): () => Readiness {
  return () => {
    const generation = graph.registry.current()?.number ?? 0;
    const lacking = graph.missing();
    const missing = lacking.flatMap(({ name, hasFailed }) => (hasFailed ? [] : [name]));
    const failed = lacking.flatMap(({ name, hasFailed }) => (hasFailed ? [name] : []));
    return {
      // With a store, graphs of tenants may come at any time.
      ready: generation > 0 || storeHealth !== undefined,
      generation,
      ...(missing.length === 0 ? {} : { missing }),
      ...(failed.length === 0 ? {} : { failed }),
      ...(storeHealth === undefined ? {} : { store: storeHealth() }),
    };
  };
}
