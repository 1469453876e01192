import { expect, test } from 'vitest';
import { SkeinError } from '../../kernel/errors.ts';
import { KeyRing } from './key-ring.ts';

const answered = (upstreamStatus: number, retryAfterMs?: number) =>
  new SkeinError('UPSTREAM_REJECTED', undefined, { details: { upstreamStatus, retryAfterMs } });

test('keys are taken in turn', () => {
  const ring = new KeyRing(['a', 'b', 'c']);
  expect([1, 2, 3, 4].map(() => ring.take(0))).toEqual(['a', 'b', 'c', 'a']);
});

test('one that has reached its limits rests for as long as its provider says', () => {
  const ring = new KeyRing(['a', 'b']);
  expect(ring.judge('a', answered(429, 5_000), 1_000)).toBe(true);
  expect([ring.take(5_999), ring.take(5_999)]).toEqual(['b', 'b']);
  expect([ring.take(6_000), ring.take(6_000)]).toEqual(['a', 'b']);
});

test('one that is not taken rests, and failures of the provider are not held against a key', () => {
  const ring = new KeyRing(['a', 'b']);
  expect(ring.judge('a', answered(500), 0)).toBe(false);
  expect(ring.judge('a', answered(401), 0)).toBe(true);
  expect([ring.take(59_999), ring.take(60_000)]).toEqual(['b', 'a']);
});

test('when all rest, calls are refused with the time until the first is back', () => {
  const ring = new KeyRing(['a', 'b']);
  expect(ring.judge('a', answered(429, 5_000), 0)).toBe(true);
  expect(ring.judge('b', answered(429, 3_000), 0)).toBe(false);
  expect(() => ring.take(1_000)).toThrow(
    expect.objectContaining({
      code: 'UPSTREAM_REJECTED',
      extensions: { code: 'UPSTREAM_REJECTED', upstreamStatus: 429, retryAfterMs: 2_000 },
    }),
  );
  expect(ring.take(3_000)).toBe('b');
});

test('when none is taken, that is no limit: who asks is not told to come back', () => {
  const ring = new KeyRing(['a', 'b']);
  expect([ring.judge('a', answered(401), 0), ring.judge('b', answered(403), 0)]).toEqual([true, false]);
  expect(() => ring.take(1_000)).toThrow(
    expect.objectContaining({ extensions: { code: 'UPSTREAM_REJECTED', upstreamStatus: 403 } }),
  );
  expect(ring.judge('b', answered(429, 90_000), 1_000)).toBe(false);
  expect(() => ring.take(2_000)).toThrow(
    expect.objectContaining({
      extensions: { code: 'UPSTREAM_REJECTED', upstreamStatus: 429, retryAfterMs: 58_000 },
    }),
  );
});

test('an only key never rests, and no keys are no key', () => {
  const ring = new KeyRing(['a']);
  expect(ring.judge('a', answered(429, 5_000), 0)).toBe(false);
  expect(ring.take(0)).toBe('a');
  expect(new KeyRing([]).take(0)).toBeUndefined();
});
