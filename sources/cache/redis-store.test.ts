import { randomUUID } from 'node:crypto';
import { createClient } from '@redis/client';
import { expect, it } from 'vitest';
import { createMemoryLog } from '../../test/utils/call-context.ts';
import { startOwnRedis } from '../../test/utils/redis-server.ts';
import { digestOf } from './keys.ts';
import { createRedisStore } from './redis-store.ts';
import type { KeptAnswer } from './store.ts';

const probe = await startOwnRedis();
await probe?.stop();
const redisTest = it.runIf(probe !== undefined);

const answer: KeptAnswer = {
  value: 'kept',
  keptAt: 0,
  freshUntil: 1,
  staleUntil: 1,
  errorUntil: 1,
  validators: undefined,
  tags: ['product'],
  bytes: 10,
  isJson: true,
};

async function start(waitMs: number) {
  const redis = await startOwnRedis();
  if (redis === undefined) throw new Error('no redis-server');
  const log = createMemoryLog();
  let now = 1_000_000;
  const prefix = `test-${randomUUID()}`;
  const store = createRedisStore({ url: redis.url, prefix, waitMs, log, clock: { now: () => now } });
  /** A slow machine may take longer than the store waits: it is left alone again then, until time passes. */
  const isUp = () =>
    expect
      .poll(
        async () => {
          now += 1_001;
          return (await store.get('key')).stamp;
        },
        { timeout: 15_000 },
      )
      .toBeGreaterThanOrEqual(0);
  await isUp();
  const keep = async () =>
    store.set('key', answer, { owner: 'shop', ttlMs: 60_000, stamp: (await store.get('key')).stamp });
  const pass = (ms: number) => {
    now += ms;
  };
  const warnings = () => log.lines.filter(({ level }) => level === 'warn').length;
  return { redis, store, prefix, log, pass, isUp, keep, warnings };
}

redisTest('one that is silent is waited for once, and then left alone for a while', async () => {
  const { redis, store, log, pass, isUp, keep, warnings } = await start(200);
  expect(await keep()).toBe(true);
  redis.freeze();
  expect((await store.get('key')).answer).toBeUndefined();
  expect(store.state()).toMatchObject({ health: 'down', errors: 1 });
  // These do not wait: the time for which it is left alone stands still.
  for (let index = 0; index < 1_000; index++) expect((await store.get('key')).answer).toBeUndefined();
  expect(await store.set('key', answer, { owner: 'shop', ttlMs: 1, stamp: 0 })).toBe(false);
  expect(store.state().errors).toBe(1);
  redis.thaw();
  pass(1_001);
  await isUp();
  expect((await store.get('key')).answer?.value).toBe('kept');
  expect(store.state().health).toBe('up');
  expect(warnings()).toBe(1);
  expect(log.lines.at(-1)?.message).toBe('Redis answers again.');
  await store.dispose();
  await redis.stop();
});

redisTest('what could not be dropped while it was silent is dropped before anything else is given', async () => {
  const { redis, store, pass, isUp, keep } = await start(200);
  await keep();
  redis.freeze();
  await store.invalidate(['product']);
  redis.thaw();
  pass(1_001);
  await isUp();
  expect((await store.get('key')).answer).toBeUndefined();
  await store.dispose();
  await redis.stop();
});

redisTest('what could not be dropped is dropped for the other instances, too, if nobody asks this one', async () => {
  const { redis, store, prefix, pass, keep } = await start(200);
  const other = createRedisStore({ url: redis.url, prefix, waitMs: 5_000, log: createMemoryLog() });
  expect(await keep()).toBe(true);
  redis.freeze();
  await store.get('key');
  redis.thaw();
  // It is left alone, and told nothing.
  await store.invalidate(['product']);
  await expect.poll(async () => (await other.get('key')).answer?.value).toBe('kept');
  pass(1_001);
  await expect.poll(async () => (await other.get('key')).answer, { timeout: 10_000 }).toBeUndefined();
  expect(other.state().health).toBe('up');
  await store.dispose();
  await other.dispose();
  await redis.stop();
});

redisTest('what could not be dropped again while it is being dropped is dropped once more', async () => {
  const { redis, store, prefix, pass, keep } = await start(1_000);
  const client = createClient({ url: redis.url });
  await client.connect();
  const droppedAt = async () => Number((await client.get(`${prefix}:cache:d:${digestOf('product')}`)) ?? 0);
  expect(await keep()).toBe(true);
  redis.freeze();
  await store.invalidate(['product']);
  pass(1_001);
  const underWay = store.get('key');
  // It is asked once for a while, and this is not sent.
  await store.invalidate(['product']);
  redis.thaw();
  await underWay;
  pass(1_001);
  // The first that came too late, the one under way, and another.
  await store.get('key');
  await expect.poll(droppedAt).toBeGreaterThanOrEqual(3);
  client.destroy();
  await store.dispose();
  await redis.stop();
});

redisTest('when more could not be dropped than is remembered, nothing that was kept counts any more', async () => {
  const { redis, store, pass, isUp, keep } = await start(200);
  await keep();
  redis.freeze();
  await store.invalidate(Array.from({ length: 10_001 }, (_, index) => `tag-${index}`));
  redis.thaw();
  pass(1_001);
  await isUp();
  expect((await store.get('key')).answer).toBeUndefined();
  expect(await keep()).toBe(true);
  expect((await store.get('key')).answer?.value).toBe('kept');
  await store.dispose();
  await redis.stop();
});

redisTest('one that goes away and comes back is used again', async () => {
  const { redis, store, isUp, keep, pass, warnings } = await start(2_000);
  await keep();
  const { port } = new URL(redis.url);
  await redis.stop();
  await expect.poll(() => store.state().health).toBe('down');
  expect((await store.get('key')).answer).toBeUndefined();
  const again = await startOwnRedis(Number(port));
  pass(1_001);
  await isUp();
  expect(await keep()).toBe(true);
  expect(warnings()).toBe(1);
  await store.dispose();
  await again?.stop();
});

redisTest('keys tell nothing of questions, and all of them end', async () => {
  const { redis, store, prefix } = await start(2_000);
  const secret = 'Bearer of a token';
  const { stamp } = await store.get(secret);
  await store.set(secret, { ...answer, tags: [secret] }, { owner: 'shop', ttlMs: 60_000, stamp });
  await store.invalidate(['other']);
  const client = createClient({ url: redis.url });
  await client.connect();
  const keys = await client.keys('*');
  expect(keys.length).toBeGreaterThan(2);
  for (const key of keys) {
    expect(key.startsWith(`${prefix}:cache:`)).toBe(true);
    expect(key).not.toContain('token');
    if (!key.endsWith(':stamp')) expect(await client.pTTL(key)).toBeGreaterThan(0);
  }
  client.destroy();
  await store.dispose();
  await redis.stop();
});

it('without a server nothing is kept, and nothing fails', async () => {
  const log = createMemoryLog();
  const store = createRedisStore({ url: 'redis://127.0.0.1:1', prefix: 'test', waitMs: 50, log });
  expect(await store.get('key')).toEqual({ answer: undefined, stamp: -1 });
  await store.invalidate(['product']);
  await expect.poll(() => store.state().health).toBe('down');
  expect(log.lines.filter(({ level }) => level === 'warn').length).toBe(1);
  await store.dispose();
});
