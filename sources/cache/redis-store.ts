import { type Clock, type Log, systemClock } from '../../kernel/ports.ts';
import { digestOf } from './keys.ts';
import { openRedis } from './redis-connection.ts';
import { readRecord, writeRecord } from './redis-record.ts';
import { DROP, DROP_ALL, KEEP } from './redis-scripts.ts';
import type { RedisWords } from './redis-standing.ts';
import { type CacheStore, type Lookup, NO_STAMP } from './store.ts';

export interface RedisStoreSettings {
  /** `redis://` or `rediss://`, with user, password and database as far as there are. */
  readonly url: string;
  /** Begins all keys. */
  readonly prefix: string;
  /** How long a call of the store may take. */
  readonly waitMs: number;
  readonly log: Log;
  readonly clock?: Clock;
}

/** Larger answers are asked for each time: Redis does one thing after the other. */
const MOST_BYTES = 4_194_304;
/** Longer than any call to a service takes. */
const DROPPED_FOR_MS = 3_600_000;
/** Tags that could not be dropped while Redis was away; beyond, all answers of the prefix go out of use. */
const MOST_MISSED = 10_000;
const MOST_DROPPED_AT_ONCE = 500;
/** How soon it is tried again if nobody asks: other instances give meanwhile what should be gone. */
const DROP_AGAIN_MS = 1_000;
const WORDS: RedisWords = {
  away: 'Redis does not answer: nothing that is kept can be used until it does.',
  back: 'Redis answers again.',
  refused: 'Redis refuses a command: what it was to do for kept answers is not done.',
};

const NOTHING: Lookup = { answer: undefined, stamp: NO_STAMP };

/**
 * Answers that all instances share. While Redis is slow or away, requests go on as if nothing was kept. Keys hold
 * digests only: of questions and headers nothing can be read there. Takes one server, or one behind one address: no
 * cluster.
 */
export function createRedisStore(settings: RedisStoreSettings): CacheStore {
  const { url, prefix, waitMs, log, clock = systemClock } = settings;
  const redis = openRedis({ url, waitMs, log, clock, words: WORDS });
  const { client, run } = redis;

  const stampKey = `${prefix}:cache:stamp`;
  const floorKey = `${prefix}:cache:floor`;
  const entryKey = (key: string) => `${prefix}:cache:a:${digestOf(key)}`;
  const tagKeys = (tags: readonly string[]) =>
    tags.flatMap((tag) => {
      const digest = digestOf(tag);
      return [`${prefix}:cache:t:${digest}`, `${prefix}:cache:d:${digest}`];
    });

  /** What could not be dropped, and the last time, counted in misses; until it is, nothing that is kept can be trusted. */
  const missed = new Map<string, number>();
  let misses = 0;
  let dropping: Promise<void> | undefined;
  let again: NodeJS.Timeout | undefined;
  let isDisposed = false;

  async function drop(tags: readonly string[]): Promise<boolean> {
    const command = { keys: [stampKey, ...tagKeys(tags)], arguments: [String(DROPPED_FOR_MS)] };
    return (await run(() => client.eval(DROP, command))) !== undefined;
  }

  /** What is missed again while this is under way is dropped again: answers may have been kept in between. */
  async function dropMissed(): Promise<void> {
    const before = misses;
    const isAll = missed.size >= MOST_MISSED;
    const tags = [...missed.keys()].slice(0, MOST_DROPPED_AT_ONCE);
    const isDone = isAll
      ? (await run(() => client.eval(DROP_ALL, { keys: [stampKey, floorKey] }))) !== undefined
      : await drop(tags);
    dropping = undefined;
    if (!isDone) return;
    if (!isAll) {
      for (const tag of tags) if ((missed.get(tag) ?? 0) <= before) missed.delete(tag);
    } else if (misses === before) missed.clear();
  }

  /** One at a time, whoever wants it. */
  function dropMissedOnce(): Promise<void> {
    dropping ??= dropMissed();
    return dropping;
  }

  function dropMissedLater(): void {
    if (isDisposed) return;
    again ??= setTimeout(() => {
      const dropped = missed.size > 0 ? dropMissedOnce() : Promise.resolve();
      void dropped.then(() => {
        again = undefined;
        if (missed.size > 0) dropMissedLater();
      });
    }, DROP_AGAIN_MS).unref();
  }

  return {
    async get(key) {
      if (missed.size > 0) {
        await dropMissedOnce();
        return NOTHING;
      }
      const found = await run(() => client.mGet([entryKey(key), stampKey, floorKey]));
      // It may have been missed meanwhile.
      if (found === undefined || missed.size > 0) return NOTHING;
      const [text, stamp, floor] = found;
      const record = text == null ? undefined : readRecord(text);
      const counts = record !== undefined && record.stamp >= Number(floor ?? 0);
      return { answer: counts ? record.answer : undefined, stamp: Number(stamp ?? 0) };
    },
    async set(key, answer, { ttlMs, stamp }) {
      if (stamp === NO_STAMP || missed.size > 0 || ttlMs < 1 || answer.bytes > MOST_BYTES) return false;
      const kept = await run(() =>
        client.eval(KEEP, {
          keys: [entryKey(key), ...tagKeys(answer.tags)],
          arguments: [writeRecord({ answer, stamp }), String(stamp), String(Math.ceil(ttlMs))],
        }),
      );
      return kept === 1;
    },
    async invalidate(tags) {
      if (tags.length === 0 || (await drop(tags))) return;
      misses += 1;
      for (const tag of tags) if (missed.size < MOST_MISSED) missed.set(tag, misses);
      dropMissedLater();
    },
    state: () => ({
      kind: 'redis',
      ...redis.standing.state(),
      entries: undefined,
      bytes: undefined,
      maxBytes: undefined,
      evictions: undefined,
      owners: new Map(),
    }),
    dispose() {
      isDisposed = true;
      clearTimeout(again);
      return redis.dispose();
    },
  };
}
