/** What became of the questions to one source whose answers are kept, since it was opened. */
export interface CacheStats {
  /** Answered by what was kept and fresh. */
  hits: number;
  /** Asked of the service, together or alone. */
  misses: number;
  /** Answered by what was fresh no more, and asked for anew. */
  stale: number;
  /** Answered by what was fresh no more, because the service failed. */
  staleOnError: number;
  /** The service said that the answer still holds. */
  renewed: number;
  kept: number;
  /** Mutations that took something out. */
  invalidations: number;
}

export function createCacheStats(): CacheStats {
  return { hits: 0, misses: 0, stale: 0, staleOnError: 0, renewed: 0, kept: 0, invalidations: 0 };
}
