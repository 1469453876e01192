import { randomUUID } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../kernel/ports.ts';
import { startRedis } from '../../test/utils/redis-server.ts';
import { createMemoryStore } from './memory-store.ts';
import { createRedisStore } from './redis-store.ts';
import type { CacheStore, KeepRequest, KeptAnswer } from './store.ts';

const redis = await startRedis();
const open: CacheStore[] = [];
afterAll(async () => {
  await Promise.all(open.map((store) => store.dispose()));
  await redis?.stop();
});

function answerOf(value: unknown, over: Partial<KeptAnswer> = {}): KeptAnswer {
  const times = { keptAt: 1_000, freshUntil: 2_000, staleUntil: 3_000, errorUntil: 4_000 };
  return { value, ...times, validators: undefined, tags: [], bytes: 100, isJson: true, ...over };
}

async function connected(prefix: string): Promise<CacheStore> {
  const store = createRedisStore({ url: redis?.url ?? '', prefix, waitMs: 5_000, log: silentLog });
  open.push(store);
  await expect.poll(async () => (await store.get('anything')).stamp).toBeGreaterThanOrEqual(0);
  return store;
}

const stores: [name: string, create: () => Promise<CacheStore>][] = [
  ['memory', async () => createMemoryStore({ maxBytes: 1_000_000 })],
];
if (redis !== undefined) stores.push(['redis', () => connected(`test-${randomUUID()}`)]);

async function keep(store: CacheStore, key: string, answer: KeptAnswer, over: Partial<KeepRequest> = {}) {
  const { stamp } = await store.get(key);
  return store.set(key, answer, { owner: 'shop', ttlMs: 60_000, stamp, ...over });
}
const keptAt = async (store: CacheStore, key: string) => (await store.get(key)).answer?.value;

describe.each(stores)('a store in %s', (_name, create) => {
  it('gives an answer as it was kept, with all that is known of it', async () => {
    const store = await create();
    const validators = { etag: '"1"', lastModified: 'Sat, 21 Nov 2026 10:00:00 GMT' };
    const answer = answerOf(
      { sku: 'ä', price: 1.5, list: [null, true, { deep: [] }] },
      { validators, tags: ['a', 'b'] },
    );
    expect(await keep(store, 'key', answer)).toBe(true);
    expect((await store.get('key')).answer).toEqual(answer);
  });

  it('loses nothing of what JSON does not know', async () => {
    const store = await create();
    const value = { big: 2n ** 70n, not: Number.NaN, all: Number.POSITIVE_INFINITY, zero: -0 };
    await keep(store, 'key', answerOf(value, { isJson: false }));
    expect(await keptAt(store, 'key')).toEqual(value);
  });

  it('knows no key but those that were kept', async () => {
    const store = await create();
    await keep(store, 'key', answerOf(1));
    expect((await store.get('other')).answer).toBeUndefined();
    expect(await keptAt(store, '__proto__')).toBeUndefined();
  });

  it('gives the last of several answers to one key', async () => {
    const store = await create();
    await keep(store, 'key', answerOf('old', { tags: ['old'] }));
    await keep(store, 'key', answerOf('new', { tags: ['new'] }));
    expect(await keptAt(store, 'key')).toBe('new');
    await store.invalidate(['new']);
    expect(await keptAt(store, 'key')).toBeUndefined();
  });

  it('drops all answers with one of the tags, and no others', async () => {
    const store = await create();
    await keep(store, 'a', answerOf('a', { tags: ['one', 'both'] }));
    await keep(store, 'b', answerOf('b', { tags: ['both'] }));
    await keep(store, 'c', answerOf('c', { tags: ['other'] }));
    await keep(store, 'd', answerOf('d'));
    await store.invalidate(['one', 'unknown']);
    expect(await Promise.all(['a', 'b', 'c', 'd'].map((key) => keptAt(store, key)))).toEqual([
      undefined,
      'b',
      'c',
      'd',
    ]);
    await store.invalidate(['both', 'other']);
    expect(await Promise.all(['b', 'c', 'd'].map((key) => keptAt(store, key)))).toEqual([undefined, undefined, 'd']);
  });

  it('drops more answers than fit in one command', async () => {
    const store = await create();
    const keys = Array.from({ length: 1_500 }, (_, index) => `key-${index}`);
    await Promise.all(keys.map((key) => keep(store, key, answerOf(1, { tags: ['all'], bytes: 1 }))));
    await store.invalidate(['all']);
    const left = await Promise.all(keys.map((key) => keptAt(store, key)));
    expect(left.filter((value) => value !== undefined)).toEqual([]);
  });

  it('does not keep what was asked for before one of its tags was dropped', async () => {
    const store = await create();
    const { stamp } = await store.get('key');
    await store.invalidate(['product']);
    expect(
      await store.set('key', answerOf('old', { tags: ['product'] }), { owner: 'shop', ttlMs: 60_000, stamp }),
    ).toBe(false);
    expect(await keptAt(store, 'key')).toBeUndefined();
    expect(
      await store.set('other', answerOf('fine', { tags: ['user'] }), { owner: 'shop', ttlMs: 60_000, stamp }),
    ).toBe(true);
    expect(await keep(store, 'key', answerOf('new', { tags: ['product'] }))).toBe(true);
    expect(await keptAt(store, 'key')).toBe('new');
  });

  it('forgets answers when their time is over', async () => {
    const store = await create();
    await keep(store, 'key', answerOf(1), { ttlMs: 1 });
    await expect.poll(() => keptAt(store, 'key')).toBeUndefined();
    expect(await keep(store, 'key', answerOf(1), { ttlMs: 0 })).toBe(false);
  });

  it('keeps nothing without a stamp', async () => {
    const store = await create();
    expect(await keep(store, 'key', answerOf(1), { stamp: -1 })).toBe(false);
  });

  it('tells how it is', async () => {
    const store = await create();
    await keep(store, 'key', answerOf(1));
    expect(store.state()).toMatchObject({ health: 'up', errors: 0 });
  });
});

describe('a store in memory', () => {
  it('holds so many bytes and no more, and counts them by source', async () => {
    const store = createMemoryStore({ maxBytes: 10_000 });
    for (let index = 0; index < 20; index++)
      await keep(store, `key-${index}`, answerOf(index, { bytes: 1_000, tags: [`tag-${index}`] }));
    const { entries, bytes, evictions, owners } = store.state();
    expect(bytes).toBeLessThanOrEqual(10_000);
    expect(entries).toBeGreaterThan(3);
    expect((entries ?? 0) + (evictions ?? 0)).toBe(20);
    expect(owners.get('shop')).toEqual({ entries, bytes, evictions });
    expect(await keptAt(store, 'key-19')).toBe(19);
    expect(await keptAt(store, 'key-0')).toBeUndefined();
    expect(await keep(store, 'large', answerOf(1, { bytes: 10_001 }))).toBe(false);
  });

  it('keeps nothing of which it does not know any more whether it was dropped', async () => {
    const store = createMemoryStore({ maxBytes: 10_000, mostDropped: 2 });
    const { stamp } = await store.get('key');
    for (const tag of ['a', 'b', 'c']) await store.invalidate([tag]);
    expect(await store.set('key', answerOf(1, { tags: ['a'] }), { owner: 'shop', ttlMs: 1_000, stamp })).toBe(false);
    expect(await keep(store, 'key', answerOf(1, { tags: ['a'] }))).toBe(true);
  });
});

it.runIf(redis !== undefined)('stores in one Redis see what the others keep and drop', async () => {
  const prefix = `test-${randomUUID()}`;
  const [one, other] = [await connected(prefix), await connected(prefix)];
  const { stamp } = await other.get('late');
  await keep(one, 'key', answerOf('value', { tags: ['product'] }));
  expect(await keptAt(other, 'key')).toBe('value');
  await one.invalidate(['product']);
  expect(await keptAt(other, 'key')).toBeUndefined();
  expect(await other.set('late', answerOf(1, { tags: ['product'] }), { owner: 'shop', ttlMs: 1_000, stamp })).toBe(
    false,
  );
});
