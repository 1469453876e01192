import { randomUUID } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { type Clock, silentLog } from '../../../kernel/ports.ts';
import { startRedis } from '../../../test/utils/redis-server.ts';
import { createMemoryCounters } from './memory-store.ts';
import { createRedisCounters } from './redis-store.ts';
import type { CounterCheck, CounterStore } from './store.ts';

const redis = await startRedis();
const open: CounterStore[] = [];
afterAll(async () => {
  await Promise.all(open.map((store) => store.dispose()));
  await redis?.stop();
});

const MINUTE = 60_000;
const BEGIN = 1_800_000_000_123;

function createClock(now = BEGIN) {
  const clock = { time: now, now: () => clock.time };
  return clock;
}

function overRedis(windowClock?: Clock, prefix = `test-${randomUUID()}`): CounterStore {
  const url = redis?.url ?? '';
  const settings = { url, prefix, waitMs: 5_000, instance: randomUUID(), log: silentLog };
  const store = createRedisCounters(windowClock === undefined ? settings : { ...settings, windowClock });
  open.push(store);
  return store;
}

const stores: [name: string, create: (clock: Clock) => CounterStore][] = [
  ['memory', (clock) => createMemoryCounters({ clock })],
];
if (redis !== undefined) stores.push(['Redis', (clock) => overRedis(clock)]);

const limitOf = (limit: number, over: Partial<CounterCheck> = {}): CounterCheck => ({
  ...{ key: 'a', limit, windowMs: MINUTE, cost: 1 },
  ...over,
});

async function countAllowed(store: CounterStore, times: number, checks: readonly CounterCheck[]): Promise<number> {
  const verdicts = await Promise.all(Array.from({ length: times }, () => store.consume(checks)));
  return verdicts.filter(({ allowed }) => allowed).length;
}

describe.each(stores)('counters in %s', (_name, create) => {
  it('let exactly the limit through, however many ask at once', async () => {
    const store = create(createClock());
    expect(await countAllowed(store, 200, [limitOf(100)])).toBe(100);
    expect(await countAllowed(store, 10, [limitOf(100)])).toBe(0);
    expect(await countAllowed(store, 10, [limitOf(7, { key: 'b' })])).toBe(7);
  });

  it('tell what is left, and when all of it is there again', async () => {
    const clock = createClock(BEGIN - (BEGIN % MINUTE));
    const store = create(clock);
    const slice = MINUTE / 64;
    const resetMs = Math.ceil(MINUTE + slice);
    expect(await store.consume([limitOf(3)])).toEqual({
      allowed: true,
      standings: [{ remaining: 2, resetMs, retryAfterMs: 0 }],
    });
    clock.time += 30_000;
    expect(await store.consume([limitOf(3, { cost: 2 })])).toEqual({
      allowed: true,
      standings: [{ remaining: 0, resetMs, retryAfterMs: 0 }],
    });
    clock.time += 10_000;
    const later = resetMs - 10_000;
    expect(await store.consume([limitOf(3)])).toEqual({
      allowed: false,
      standings: [{ remaining: 0, resetMs: later, retryAfterMs: resetMs - 40_000 }],
    });
    expect(await store.consume([limitOf(3, { cost: 2 })])).toMatchObject({ standings: [{ retryAfterMs: later }] });
    expect(await store.consume([limitOf(3, { cost: 4 })])).toMatchObject({
      allowed: false,
      standings: [{ retryAfterMs: Number.POSITIVE_INFINITY }],
    });
  });

  it('let through what was refused when they said that it would fit, and not before', async () => {
    const clock = createClock();
    const store = create(clock);
    for (const gapMs of [0, 1_700, 900, 20_000]) {
      clock.time += gapMs;
      expect((await store.consume([limitOf(4)])).allowed).toBe(true);
    }
    for (const cost of [1, 3]) {
      const [standing] = (await store.consume([limitOf(4, { cost })])).standings;
      clock.time += (standing?.retryAfterMs ?? 0) - 1;
      expect((await store.consume([limitOf(4, { cost })])).allowed).toBe(false);
      clock.time += 1;
      expect((await store.consume([limitOf(4, { cost })])).allowed).toBe(true);
    }
    clock.time += ((await store.consume([limitOf(4)])).standings[0]?.resetMs ?? 0) - 1;
    expect((await store.consume([limitOf(4, { cost: 4 })])).allowed).toBe(false);
    clock.time += 1;
    expect((await store.consume([limitOf(4, { cost: 4 })])).allowed).toBe(true);
  });

  it('charge all limits or none', async () => {
    const store = create(createClock());
    const both = [limitOf(10, { key: 'wide' }), limitOf(3, { key: 'narrow' })];
    expect(await countAllowed(store, 20, both)).toBe(3);
    expect(await store.consume(both)).toMatchObject({
      allowed: false,
      standings: [
        { remaining: 7, retryAfterMs: 0 },
        { remaining: 0, retryAfterMs: expect.any(Number) },
      ],
    });
    expect(await countAllowed(store, 20, [limitOf(10, { key: 'wide' })])).toBe(7);
  });

  it('take another limit on the same count at once', async () => {
    const store = create(createClock());
    expect(await countAllowed(store, 5, [limitOf(5)])).toBe(5);
    expect(await countAllowed(store, 5, [limitOf(8)])).toBe(3);
    expect(await store.consume([limitOf(2)])).toMatchObject({ allowed: false, standings: [{ remaining: 0 }] });
  });

  it('count windows of any length, and keys of any characters', async () => {
    const clock = createClock();
    const store = create(clock);
    const short = limitOf(2, { key: 'user:"ä b"\n|', windowMs: 7 });
    expect(await countAllowed(store, 5, [short])).toBe(2);
    clock.time += 8;
    expect(await countAllowed(store, 5, [short])).toBe(2);
    expect(await countAllowed(store, 3, [limitOf(1, { key: '__proto__', windowMs: 30 * 86_400_000 })])).toBe(1);
  });

  it('never let more through than the limit in a window, nor less than what has long passed', async () => {
    const clock = createClock();
    const store = create(clock);
    const random = randomOf(4);
    const limit = 20;
    const windowMs = 6_400;
    const passed: { at: number; cost: number }[] = [];
    const sum = (sinceMs: number) =>
      passed.filter(({ at }) => at > clock.time - sinceMs).reduce((total, { cost }) => total + cost, 0);
    for (let i = 0; i < 600; i++) {
      clock.time += Math.floor(random() * 500);
      const cost = 1 + Math.floor(random() * 4);
      const { allowed, standings } = await store.consume([limitOf(limit, { windowMs, cost })]);
      if (allowed) passed.push({ at: clock.time, cost });
      else expect(sum(windowMs + windowMs / 64) + cost).toBeGreaterThan(limit);
      expect(sum(windowMs)).toBeLessThanOrEqual(limit);
      expect(standings[0]?.remaining).toBeLessThanOrEqual(limit - sum(windowMs));
    }
    expect(passed.length).toBeGreaterThan(100);
    expect(passed.length).toBeLessThan(500);
  });
});

function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('counters in memory', () => {
  it('go when nothing in them counts any more, and are never more than they may be', () => {
    const clock = createClock();
    const store = createMemoryCounters({ clock, maxCounters: 100 });
    for (let i = 0; i < 1_000; i++) store.consume([limitOf(1, { key: `key-${i}` })]);
    expect(store.size).toBe(100);
    expect(store.consume([limitOf(1, { key: 'key-999' })]).allowed).toBe(false);
    clock.time += 2 * MINUTE;
    for (let i = 0; i < 60; i++) store.consume([limitOf(1, { key: `new-${i}` })]);
    expect(store.size).toBeLessThan(100);
    expect(store.consume([limitOf(1, { key: 'new-0' })]).allowed).toBe(false);
  });

  it('make no second past of a clock that is set back', () => {
    const clock = createClock();
    const store = createMemoryCounters({ clock });
    expect(store.consume([limitOf(2)]).allowed).toBe(true);
    clock.time -= 10 * MINUTE;
    expect(store.consume([limitOf(2)]).allowed).toBe(true);
    expect(store.consume([limitOf(2)]).allowed).toBe(false);
  });
});
