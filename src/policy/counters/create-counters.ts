import { randomUUID } from 'node:crypto';
import type { Clock, Log } from '../../../kernel/ports.ts';
import { createMemoryCounters } from './memory-store.ts';
import { createRedisCounters } from './redis-store.ts';
import type { CounterStore } from './store.ts';

export interface CountersSettings {
  /** `memory`, or the address of a Redis. */
  readonly store: string;
  readonly prefix: string;
  readonly waitMs: number;
}

/** The counters that the configuration asks for. */
export function createCounters(
  { store, prefix, waitMs }: CountersSettings,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): CounterStore {
  if (store === 'memory') return createMemoryCounters({ clock });
  return createRedisCounters({ url: store, prefix, waitMs, instance: randomUUID(), clock, log });
}
