import { expect, test } from 'vitest';
import { Latencies } from './latencies.ts';

test('the median is of the last fifty calls of the last five minutes', () => {
  const latencies = new Latencies();
  expect(latencies.median('a', 0)).toBeUndefined();
  for (const ms of [30, 10, 20]) latencies.record('a', ms, 0);
  expect(latencies.median('a', 0)).toBe(20);
  for (let call = 0; call < 50; call += 1) latencies.record('a', 5, 1_000);
  expect(latencies.median('a', 1_000)).toBe(5);
  expect(latencies.median('a', 1_000 + 300_000)).toBeUndefined();
  expect(latencies.median('b', 0)).toBeUndefined();
});

test('failures are endless', () => {
  const latencies = new Latencies();
  for (const ms of [5, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]) latencies.record('a', ms, 0);
  expect(latencies.median('a', 0)).toBe(Number.POSITIVE_INFINITY);
});
