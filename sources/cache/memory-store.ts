import { LRUCache } from 'lru-cache';
import { type Clock, systemClock } from '../../kernel/ports.ts';
import type { CacheStore, KeptAnswer, OwnerState } from './store.ts';

interface Entry {
  readonly answer: KeptAnswer;
  readonly owner: string;
  readonly expiresAt: number;
}

interface Owner {
  entries: number;
  bytes: number;
  evictions: number;
}

export interface MemoryStoreSettings {
  readonly maxBytes: number;
  readonly clock?: Clock;
  /** Tags whose last dropping is remembered for answers that are still on their way. */
  readonly mostDropped?: number;
}

/** What an entry takes beside its value, key and tags, about. */
const ENTRY_BYTES = 400;
const TAG_BYTES = 120;
const MOST_DROPPED = 10_000;

/** The answers that were wanted last, up to a number of bytes. */
export function createMemoryStore(settings: MemoryStoreSettings): CacheStore {
  const { maxBytes, clock = systemClock, mostDropped = MOST_DROPPED } = settings;
  const owners = new Map<string, Owner>();
  const byTag = new Map<string, Set<string>>();
  /** Tag → stamp after it was dropped. */
  const dropped = new LRUCache<string, number>({
    max: mostDropped,
    dispose: (stamp, _tag, reason) => forget(stamp, reason),
  });
  /** What was asked for with an earlier stamp may have been dropped since: nobody knows any more. */
  let oldestStamp = 0;
  let stamp = 0;
  let evictions = 0;

  function forget(of: number, reason: string): void {
    if (reason === 'evict') oldestStamp = Math.max(oldestStamp, of);
  }
  const sizeOf = (key: string, { bytes, tags }: KeptAnswer) =>
    ENTRY_BYTES + key.length + bytes + tags.reduce((sum, tag) => sum + tag.length + TAG_BYTES, 0);

  const entries = new LRUCache<string, Entry>({
    maxSize: maxBytes,
    dispose({ answer, owner: name }, key, reason) {
      for (const tag of answer.tags) {
        const keys = byTag.get(tag);
        keys?.delete(key);
        if (keys?.size === 0) byTag.delete(tag);
      }
      const owner = owners.get(name);
      if (owner === undefined) return;
      owner.entries--;
      owner.bytes -= sizeOf(key, answer);
      if (reason !== 'evict') return;
      owner.evictions++;
      evictions++;
    },
  });

  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return { answer: undefined, stamp };
      if (clock.now() < entry.expiresAt) return { answer: entry.answer, stamp };
      entries.delete(key);
      return { answer: undefined, stamp };
    },
    set(key, answer, { owner: name, ttlMs, stamp: since }) {
      if (since < oldestStamp || answer.tags.some((tag) => (dropped.peek(tag) ?? 0) > since)) return false;
      const size = sizeOf(key, answer);
      if (size > maxBytes || ttlMs <= 0) return false;
      entries.set(key, { answer, owner: name, expiresAt: clock.now() + ttlMs }, { size });
      for (const tag of answer.tags) {
        const keys = byTag.get(tag);
        if (keys === undefined) byTag.set(tag, new Set([key]));
        else keys.add(key);
      }
      let owner = owners.get(name);
      if (owner === undefined) {
        owner = { entries: 0, bytes: 0, evictions: 0 };
        owners.set(name, owner);
      }
      owner.entries++;
      owner.bytes += size;
      return true;
    },
    invalidate(tags) {
      stamp++;
      for (const tag of tags) {
        dropped.set(tag, stamp);
        for (const key of [...(byTag.get(tag) ?? [])]) entries.delete(key);
      }
    },
    state: () => ({
      kind: 'memory',
      health: 'up',
      entries: entries.size,
      bytes: entries.calculatedSize,
      maxBytes,
      evictions,
      errors: 0,
      owners: new Map([...owners].map(([name, owner]): [string, OwnerState] => [name, { ...owner }])),
    }),
    async dispose() {
      entries.clear();
      dropped.clear();
    },
  };
}
