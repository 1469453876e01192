import type { CachingState, SourceCacheState } from '../../../sources/cache/caching.ts';
import type { Snapshot } from './gateway-state.ts';
import { type Register, registerSamples, type Sample } from './series.ts';

/** What graphs keep of answers. What the store does not know has no series. */
export function registerCacheMetrics(registry: Register, snapshot: () => Snapshot): void {
  const ofSources = (
    { name, help, label }: { readonly name: string; readonly help: string; readonly label?: string },
    read: (source: SourceCacheState) => Readonly<Record<string, number>>,
  ) => {
    const labelNames = ['tenant', 'source', ...(label === undefined ? [] : [label])];
    registerSamples(registry, 'counter', { name, help, labelNames }, function* () {
      for (const { tenant, cache } of snapshot().graphs)
        for (const state of cache?.sources ?? [])
          for (const [value, count] of Object.entries(read(state))) {
            const labels = { tenant, source: state.source };
            yield [label === undefined ? labels : { ...labels, [label]: value }, count] satisfies Sample;
          }
    });
  };
  const ofStores = (
    kind: 'counter' | 'gauge',
    name: string,
    help: string,
    read: (store: CachingState['store']) => number | undefined,
  ) =>
    registerSamples(registry, kind, { name, help, labelNames: ['tenant'] }, function* () {
      for (const { tenant, cache } of snapshot().graphs) {
        const value = cache === undefined ? undefined : read(cache.store);
        if (value !== undefined) yield [{ tenant }, value] satisfies Sample;
      }
    });

  ofSources(
    {
      name: 'skein_cache_lookups_total',
      help: 'Questions to sources whose answers are kept. `stale`: answered at once, and asked anew. `stale_on_error`: the service failed.',
      label: 'result',
    },
    ({ hits, misses, stale, staleOnError }) => ({ hit: hits, miss: misses, stale, stale_on_error: staleOnError }),
  );
  ofSources(
    { name: 'skein_cache_renewed_total', help: 'Answers of which the service said that they still hold.' },
    ({ renewed }) => ({ renewed }),
  );
  ofSources({ name: 'skein_cache_kept_total', help: 'Answers that were kept.' }, ({ kept }) => ({ kept }));
  ofSources(
    { name: 'skein_cache_invalidations_total', help: 'Mutations that took answers out.' },
    ({ invalidations }) => ({ invalidations }),
  );
  ofStores('gauge', 'skein_cache_up', 'Whether the store of answers works: 1, or 0.', ({ health }) =>
    health === 'up' ? 1 : 0,
  );
  ofStores('gauge', 'skein_cache_entries', 'Answers that are kept in memory.', ({ entries }) => entries);
  ofStores('gauge', 'skein_cache_bytes', 'What they take, about.', ({ bytes }) => bytes);
  ofStores('gauge', 'skein_cache_limit_bytes', 'What they may take.', ({ maxBytes }) => maxBytes);
  ofStores(
    'counter',
    'skein_cache_evictions_total',
    'Answers that made room for others.',
    ({ evictions }) => evictions,
  );
  ofStores(
    'counter',
    'skein_cache_errors_total',
    'Calls of the store of answers that failed or took too long.',
    ({ errors }) => errors,
  );
}
