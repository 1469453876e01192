import { expect, test } from 'vitest';
import { retryAfterMs } from './retry-after.ts';

const now = Date.parse('2025-01-01T00:00:00Z');

test.each([
  [{ 'retry-after': ' 3 ' }, 3_000],
  [{ 'retry-after': 'Wed, 01 Jan 2025 00:00:10 GMT' }, 10_000],
  [{ 'retry-after': '3', 'retry-after-ms': '1200.5' }, 1_201],
  [{ 'retry-after': '86400' }, 3_600_000],
  [{ 'retry-after': 'Fri, 01 Jan 2100 00:00:00 GMT' }, 3_600_000],
  [{ 'retry-after': '-5' }, undefined],
  [{ 'retry-after': ['3', '4'] }, undefined],
  [{}, undefined],
])('of %j is %s', (headers, expected) => {
  expect(retryAfterMs(headers, now)).toBe(expected);
});
