import { ErrorReply } from '@redis/client';
import type { Clock, Log } from '../../../kernel/ports.ts';
import { systemClock } from '../../../kernel/ports.ts';
import { openRedis } from '../../../sources/cache/redis-connection.ts';
import { createMemoryCounters } from './memory-store.ts';
import { BEAT, CONSUME, type RedisScript } from './redis-scripts.ts';
import { type CounterCheck, type CounterStore, type CounterVerdict, SLICES } from './store.ts';

export interface RedisCountersSettings {
  /** `redis://` or `rediss://`, with user, password and database as far as there are. */
  readonly url: string;
  /** Begins all keys. */
  readonly prefix: string;
  /** How long a request waits for Redis at the most, in milliseconds. */
  readonly waitMs: number;
  /** The id of this instance among those that share the Redis. */
  readonly instance: string;
  readonly log: Log;
  /** For what is counted here while Redis is away. */
  readonly clock?: Clock;
  /** The time of windows in Redis. Default: its own clock, the same for all instances. */
  readonly windowClock?: Clock;
}

/** An instance that has said nothing for so long is gone. */
const PRESENT_MS = 15_000;
const BEAT_EVERY_MS = 5_000;

const WORDS = {
  away: 'Redis does not answer: each instance holds callers to its share of their limits until it does.',
  back: 'Redis answers again: limits are counted there.',
  refused: 'Redis refuses a command: limits that it should count are counted here, each instance its share.',
};

/**
 * Counters that all instances share. While Redis is slow or away, each instance counts for itself and lets through its
 * share: the limit by the number of instances that there were last.
 */
export function createRedisCounters(settings: RedisCountersSettings): CounterStore {
  const { url, prefix, waitMs, instance, log, clock = systemClock, windowClock } = settings;
  const redis = openRedis({ url, waitMs, clock, log, words: WORDS });
  const { client, standing } = redis;
  const local = createMemoryCounters({ clock });
  const instancesKey = `${prefix}:instances`;
  let instances = 1;
  let isOpened = false;
  void redis.opened.then(() => {
    isOpened = true;
  });

  async function run({ text, sha }: RedisScript, options: { keys: string[]; arguments: string[] }): Promise<unknown> {
    // The first requests wait for the first connection, if it does not take long.
    if (!isOpened) await redis.opened;
    try {
      return await client.evalSha(sha, options);
    } catch (error) {
      if (!(error instanceof ErrorReply) || !error.message.startsWith('NOSCRIPT')) throw error;
      return client.eval(text, options);
    }
  }

  function beat(): void {
    const options = { keys: [instancesKey], arguments: [instance, String(PRESENT_MS)] };
    void standing
      .run(() => run(BEAT, options))
      .then((count) => {
        if (typeof count === 'number') instances = Math.max(1, count);
      });
  }
  client.on('ready', beat);
  const beats = setInterval(beat, BEAT_EVERY_MS);
  beats.unref();

  /** Its share of a limit, and once what one request costs: a small limit would otherwise let nobody through. */
  const shareOf = (check: CounterCheck): CounterCheck => {
    const share = Math.max(1, Math.floor(check.limit / instances), Math.min(check.cost, check.limit));
    return { ...check, limit: share };
  };

  return {
    async consume(checks) {
      const verdict = verdictOf(
        checks,
        await standing.run(() =>
          run(CONSUME, {
            keys: checks.map(({ key }) => `${prefix}:rate:${key}`),
            arguments: [
              String(SLICES),
              windowClock === undefined ? '' : String(windowClock.now()),
              ...checks.flatMap(({ limit, windowMs, cost }) => [String(limit), String(windowMs), String(cost)]),
            ],
          }),
        ),
      );
      if (verdict === undefined) return local.consume(checks.map(shareOf));
      // What it has let through counts against its share as well, should Redis go away.
      if (verdict.allowed) local.charge(checks);
      return verdict;
    },
    state: () => standing.state(),
    async dispose() {
      clearInterval(beats);
      if (client.isReady) await standing.run(() => client.zRem(instancesKey, instance));
      await redis.dispose();
      await local.dispose();
    },
  };
}

function verdictOf(checks: readonly CounterCheck[], answer: unknown): CounterVerdict | undefined {
  if (!Array.isArray(answer)) return undefined;
  const [allowed, ...numbers] = answer as number[];
  return {
    allowed: allowed === 1,
    standings: checks.map(({ limit }, index) => {
      const [total = 0, resetMs = 0, retryAfterMs = 0] = numbers.slice(3 * index, 3 * index + 3);
      return {
        remaining: Math.max(0, limit - total),
        resetMs,
        retryAfterMs: retryAfterMs < 0 ? Number.POSITIVE_INFINITY : retryAfterMs,
      };
    }),
  };
}
