import { expect, it } from 'vitest';
import { DURATION_BOUNDS_MS, Durations, joinDurations } from './durations.ts';

it('a duration is counted once, below the bound that it does not exceed', () => {
  const durations = new Durations();
  for (const ms of [0, 1, 1.001, 120_000, 120_001]) durations.observe(ms);
  expect(durations.counts).toHaveLength(DURATION_BOUNDS_MS.length + 1);
  expect(durations.counts.slice(0, 3)).toEqual([2, 1, 0]);
  expect(durations.counts.slice(-2)).toEqual([1, 1]);
  expect(durations.sumMs).toBeCloseTo(240_003.001, 6);
});

it('the durations of two things are counted together, and each stays as it was', () => {
  const [one, other] = [new Durations(), new Durations()];
  one.observe(3);
  other.observe(4);
  other.observe(1e9);
  const { counts, sumMs } = joinDurations(one, other);
  expect([counts[2], counts.at(-1), sumMs]).toEqual([2, 1, 1e9 + 7]);
  expect(one.sumMs).toBe(3);
});
