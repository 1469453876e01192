import type { Clock, Log } from '../../kernel/ports.ts';
import { systemClock } from '../../kernel/ports.ts';
import type { Problem } from '../../kernel/problem.ts';
import type { Source } from '../source.ts';
import { type ForwardRule, forwardedNames } from '../upstream/client-headers.ts';
import { createCachedSource } from './cached-source.ts';
import { digestOf } from './keys.ts';
import { createMemoryStore } from './memory-store.ts';
import type { CacheOptions, SourceCacheOptions } from './options.ts';
import { cacheProblems } from './rules.ts';
import { readSdlTypes } from './sdl-types.ts';
import { type CacheStats, createCacheStats } from './stats.ts';
import type { CacheStore, CacheStoreState, OwnerState } from './store.ts';

/** What a gateway keeps of the answers of its sources, and where. */
export interface Caching {
  /** The sources of one entry of the configuration with their answers kept; problems have paths below the entry. */
  wrap(
    sources: readonly Source[],
    options: CachedOptions,
    report: (problem: Problem) => void,
  ): Promise<readonly Source[]>;
  /** The store itself, for what is no source's; let go of it when it is not needed any more. */
  open(): Promise<{ readonly store: CacheStore; release(): Promise<void> }>;
  /** For operators; undefined while nothing is kept. */
  state(): CachingState | undefined;
}

/** A source's own options. */
export interface CachedOptions {
  readonly cache?: SourceCacheOptions | undefined;
  readonly forwardHeaders?: readonly ForwardRule[];
}

export interface CachingState {
  readonly store: Omit<CacheStoreState, 'owners'>;
  readonly sources: readonly SourceCacheState[];
}

export interface SourceCacheState extends Readonly<CacheStats>, Partial<OwnerState> {
  readonly source: string;
}

export interface CachingDeps {
  readonly log: Log;
  readonly clock?: Clock;
}

/** The store is opened with the first source that keeps answers, and closed with the last. */
export function createCaching(options: CacheOptions, { log, clock = systemClock }: CachingDeps): Caching {
  let store: Promise<CacheStore> | undefined;
  let opened: CacheStore | undefined;
  let users = 0;
  const stats = new Map<string, CacheStats>();

  async function acquire(): Promise<CacheStore> {
    users++;
    store ??= openStore(options, { log, clock });
    opened = await store;
    return opened;
  }

  async function release(): Promise<void> {
    users--;
    if (users > 0) return;
    const last = await store;
    if (users > 0) return;
    store = undefined;
    opened = undefined;
    await last?.dispose();
  }

  return {
    async wrap(sources, own, report) {
      const { cache, forwardHeaders = [] } = own;
      if (cache === undefined) return sources;
      const types = sources.map(({ model }) => readSdlTypes(model.sdl));
      const isFederation = sources.some(({ kind }) => kind === 'federation');
      const problems = cacheProblems(cache, types, isFederation);
      problems.forEach(report);
      if (problems.length > 0) return sources;
      const forwardedHeaders = forwardedNames(forwardHeaders);
      const fingerprint = digestOf(JSON.stringify({ ...own, cache: undefined }));
      return Promise.all(
        sources.map(async (source) => {
          const counts = stats.get(source.name) ?? createCacheStats();
          stats.set(source.name, counts);
          const deps = { clock, stats: counts, forwardedHeaders, fingerprint, onDispose: release };
          return createCachedSource(source, cache, { ...deps, store: await acquire() });
        }),
      );
    },
    async open() {
      return { store: await acquire(), release };
    },
    state() {
      if (opened === undefined) return undefined;
      const { owners, ...state } = opened.state();
      return {
        store: state,
        sources: [...stats].map(([source, counts]) => ({ source, ...counts, ...owners.get(source) })),
      };
    },
  };
}

async function openStore(
  options: CacheOptions,
  deps: { readonly log: Log; readonly clock: Clock },
): Promise<CacheStore> {
  if (options.store === 'memory') return createMemoryStore({ maxBytes: options.maxBytes, clock: deps.clock });
  const { createRedisStore } = await import('./redis-store.ts');
  return createRedisStore({ ...options, url: options.store, ...deps });
}
