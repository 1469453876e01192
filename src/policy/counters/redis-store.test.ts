import { randomUUID } from 'node:crypto';
import { createClient } from '@redis/client';
import { expect, it } from 'vitest';
import { createMemoryLog } from '../../../test/utils/call-context.ts';
import { startOwnRedis } from '../../../test/utils/redis-server.ts';
import { createRedisCounters } from './redis-store.ts';
import type { CounterCheck, CounterStore } from './store.ts';

const probe = await startOwnRedis();
await probe?.stop();
const redisTest = it.runIf(probe !== undefined);

const check = (limit: number, over: Partial<CounterCheck> = {}): CounterCheck => ({
  ...{ key: 'a', limit, windowMs: 600_000, cost: 1 },
  ...over,
});

async function start() {
  const redis = await startOwnRedis();
  if (redis === undefined) throw new Error('no redis-server');
  const log = createMemoryLog();
  const prefix = `test-${randomUUID()}`;
  let now = 1_800_000_000_000;
  const open: CounterStore[] = [];
  const instance = (waitMs = 5_000) => {
    const clock = { now: () => now };
    const store = createRedisCounters({ url: redis.url, prefix, waitMs, instance: randomUUID(), log, clock });
    open.push(store);
    return store;
  };
  const reader = createClient({ url: redis.url });
  // It loses its connections in these tests.
  reader.on('error', () => {});
  await reader.connect();
  let isGone = false;
  const goAway = async () => {
    if (!isGone) await redis.stop();
    isGone = true;
  };
  return {
    redis,
    reader,
    prefix,
    log,
    instance,
    goAway,
    /** A Redis that failed is asked again after a second. */
    pass: (ms: number) => {
      now += ms;
    },
    async stop() {
      await Promise.all(open.map((store) => store.dispose()));
      reader.destroy();
      await goAway();
    },
  };
}

async function countAllowed(store: CounterStore, times: number, checks: readonly CounterCheck[]): Promise<number> {
  const verdicts = await Promise.all(Array.from({ length: times }, () => store.consume(checks)));
  return verdicts.filter(({ allowed }) => allowed).length;
}

redisTest('instances on one Redis let exactly the limit through between them', async () => {
  const { instance, stop } = await start();
  const [one, two] = await Promise.all([
    countAllowed(instance(), 100, [check(100)]),
    countAllowed(instance(), 100, [check(100)]),
  ]);
  expect(one + two).toBe(100);
  expect(await countAllowed(instance(), 5, [check(100)])).toBe(0);
  await stop();
});

redisTest('the first requests wait for the connection, so that they are counted there', async () => {
  const { reader, prefix, instance, log, stop } = await start();
  expect(await countAllowed(instance(), 8, [check(5)])).toBe(5);
  const taken = await reader.hVals(`${prefix}:rate:a`);
  expect(taken.map(Number).reduce((sum, count) => sum + count, 0)).toBe(5);
  expect(log.lines).toEqual([]);
  await stop();
});

redisTest('what Redis holds of a counter ends by itself, soon after its window', async () => {
  const { reader, prefix, instance, stop } = await start();
  await instance().consume([check(5, { windowMs: 64_000 })]);
  const ttl = await reader.pTTL(`${prefix}:rate:a`);
  expect(ttl).toBeGreaterThan(60_000);
  expect(ttl).toBeLessThanOrEqual(66_000);
  await stop();
});

redisTest('while Redis is away each instance lets its share through, and says so once', async () => {
  const { redis, reader, prefix, instance, log, pass, stop } = await start();
  const [one, two] = [instance(200), instance(200)];
  await one.consume([check(9, { key: 'other' })]);
  await two.consume([check(9, { key: 'other' })]);
  await expect.poll(() => reader.zCard(`${prefix}:instances`)).toBe(2);
  // The second heard of itself and the first; the first is told with its next beat, which a new connection brings.
  await reader.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']);
  await expect
    .poll(async () => {
      pass(1_001);
      const before = await reader.hLen(`${prefix}:rate:probe`);
      await one.consume([check(1_000, { key: 'probe' })]);
      return (await reader.hLen(`${prefix}:rate:probe`)) > before;
    })
    .toBe(true);
  const told = log.lines.length;

  redis.freeze();
  expect(await countAllowed(one, 20, [check(10)])).toBe(5);
  expect(await countAllowed(two, 20, [check(10)])).toBe(5);
  expect(await countAllowed(one, 20, [check(10)])).toBe(0);
  const warnings = log.lines.slice(told).filter(({ level }) => level === 'warn');
  expect(warnings.map(({ message }) => message)).toEqual([
    'Redis does not answer: each instance holds callers to its share of their limits until it does.',
    'Redis does not answer: each instance holds callers to its share of their limits until it does.',
  ]);

  redis.thaw();
  await expect
    .poll(async () => {
      pass(1_001);
      await one.consume([check(1_000, { key: 'back' })]);
      return reader.hLen(`${prefix}:rate:back`);
    })
    .toBeGreaterThan(0);
  await stop();
});

redisTest('what was let through before Redis went away counts against the share', async () => {
  const { goAway, instance, stop } = await start();
  const store = instance();
  expect(await countAllowed(store, 6, [check(10)])).toBe(6);
  await goAway();
  expect(await countAllowed(store, 20, [check(10)])).toBe(4);
  await stop();
});

it('without a server each instance counts for itself from the beginning', async () => {
  const log = createMemoryLog();
  const url = 'redis://127.0.0.1:1';
  const store = createRedisCounters({ url, prefix: 'test', waitMs: 50, instance: 'one', log });
  expect(await countAllowed(store, 20, [check(10)])).toBe(10);
  expect(store.state?.()).toMatchObject({ health: 'down' });
  expect(log.lines.map(({ level }) => level)).toEqual(['warn']);
  await store.dispose();
});
