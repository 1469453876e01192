import type { HttpHeaders } from './http.ts';

const MAX_RETRY_AFTER_MS = 60 * 60 * 1000;

/**
 * How long an upstream asks to be left alone, in milliseconds: `retry-after-ms`, or `Retry-After` in seconds or as a
 * date (RFC 9110, section 10.2.3); an hour at most.
 */
export function retryAfterMs(headers: HttpHeaders, now: number): number | undefined {
  const milliseconds = numberOf(headers['retry-after-ms']);
  const seconds = numberOf(headers['retry-after']);
  const wait = milliseconds ?? (seconds === undefined ? untilDate(headers['retry-after'], now) : seconds * 1000);
  return wait === undefined ? undefined : Math.min(Math.ceil(wait), MAX_RETRY_AFTER_MS);
}

function numberOf(value: HttpHeaders[string]): number | undefined {
  return typeof value === 'string' && /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : undefined;
}

function untilDate(value: HttpHeaders[string], now: number): number | undefined {
  const date = typeof value === 'string' && /^[A-Z][a-z]{2},/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
