import { describe, expect, test } from 'vitest';
import { createRedactor, providerErrorOf, retryAfterMs, statusErrorCode } from './provider-errors.ts';

describe('retryAfterMs', () => {
  const now = Date.parse('2025-01-01T00:00:00Z');

  test.each([
    [{ 'retry-after': '3' }, 3_000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after': 'Wed, 01 Jan 2025 00:00:10 GMT' }, 10_000],
    [{ 'retry-after': 'Tue, 31 Dec 2024 00:00:00 GMT' }, 0],
    [{ 'retry-after': '3', 'retry-after-ms': '1200' }, 1_200],
    [{ 'retry-after': '99999999' }, 3_600_000],
    [{ 'retry-after': 'Fri, 01 Jan 2100 00:00:00 GMT' }, 3_600_000],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '-5' }, undefined],
    [{}, undefined],
  ])('of %j is %s', (headers, expected) => {
    expect(retryAfterMs(headers, now)).toBe(expected);
  });
});

test('a status has a code', () => {
  const codes = [301, 400, 401, 403, 404, 429, 500, 503, 529].map(statusErrorCode);
  expect(codes).toEqual([
    'UPSTREAM_BAD_RESPONSE',
    ...Array.from({ length: 5 }, () => 'UPSTREAM_REJECTED'),
    ...Array.from({ length: 3 }, () => 'UPSTREAM_FAILED'),
  ]);
});

test.each([
  [
    { error: { type: 'requests', code: 'rate_limit_exceeded', message: 'Slow' } },
    'requests rate_limit_exceeded',
    'Slow',
  ],
  [{ error: 'plain' }, '', 'plain'],
  [{ message: 'outer' }, '', 'outer'],
  [{ detail: 'other' }, '', 'other'],
  ['<html>', '', 'No message.'],
])('the error in %j is found', (body, type, message) => {
  expect(providerErrorOf(body)).toEqual({ type, message });
});

test('a message for the log has no secret, no part of a key, and an end', () => {
  const redact = createRedactor(['topsecret-1', '1', '']);
  expect(redact('topsecret-1 and 1 for sk-proj-ab***9z, key-77.')).toBe('[redacted] and 1 for [redacted], [redacted]');
  expect(redact('x'.repeat(10_000))).toHaveLength(500);
});
