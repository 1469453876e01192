import type { Graph } from '../graph/graph.ts';

/** What `/readyz` says to everybody, so of sources their names only. */
export interface Readiness {
  readonly ready: boolean;
  /** Number of the graph that serves; 0 when there is none. */
  readonly generation: number;
  /** Sources of the configuration that the graph lacks because they cannot be reached. Absent when all are there. */
  readonly missing?: readonly string[];
}

/** A graph gets sources by being built anew only: what one lacks is looked up once. */
export function createReadiness(graph: Pick<Graph, 'registry' | 'states'>): () => Readiness {
  let known: Readiness | undefined;
  return () => {
    const generation = graph.registry.current()?.number ?? 0;
    if (known === undefined || known.generation !== generation) {
      const missing = graph.states().flatMap(({ name, inGraph }) => (inGraph ? [] : [name]));
      known = { ready: generation > 0, generation, ...(missing.length === 0 ? {} : { missing }) };
    }
    return known;
  };
}
