import type { RateStanding } from './rates.ts';

/**
 * Tells clients how their limit stands, in the headers that they know (draft-ietf-httpapi-ratelimit-headers-06): one
 * limit, the one that matters most, in whole seconds. For what was refused also `Retry-After` (RFC 9110, section 10.2.3).
 */
export function returnRate(rate: RateStanding | undefined, returnHeader: (name: string, value: string) => void): void {
  if (rate === undefined) return;
  const { limit, windowMs, remaining, resetMs, retryAfterMs } = rate;
  returnHeader('ratelimit-policy', `${limit};w=${seconds(windowMs)}`);
  returnHeader('ratelimit-limit', String(limit));
  returnHeader('ratelimit-remaining', String(remaining));
  returnHeader('ratelimit-reset', String(seconds(resetMs)));
  if (retryAfterMs !== undefined) returnHeader('retry-after', String(seconds(retryAfterMs)));
}

function seconds(ms: number): number {
  return Math.ceil(ms / 1_000);
}
