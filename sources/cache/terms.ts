import CachePolicy from 'http-cache-semantics';
import type { Freshness } from '../source.ts';

/** How answers to one query, or to several that are asked together, are kept. */
export interface KeepRule {
  /** Undefined: as the service says. */
  readonly ttlMs: number | undefined;
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
  /** `auto`: everybody, unless the service says that an answer is private. */
  readonly scope: 'shared' | 'caller' | 'auto';
  readonly tags: readonly string[];
}

/** Milliseconds from now. */
export interface Terms {
  readonly freshMs: number;
  readonly staleMs: number;
  readonly errorMs: number;
  readonly isPrivate: boolean;
}

/**
 * How long an answer may be kept; undefined when it may not. What is configured wins over what the service says
 * (RFC 9111, RFC 5861), whose word is taken as that to a shared cache unless the answer is private.
 */
export function termsOf(rule: KeepRule, freshness: Freshness | undefined, now: number): Terms | undefined {
  const said = directives(freshness?.cacheControl);
  const isPrivate = said.has('private');
  if (rule.ttlMs !== undefined) {
    const { ttlMs: freshMs, staleWhileRevalidateMs, staleIfErrorMs } = rule;
    if (freshMs === 0) return undefined;
    return { freshMs, staleMs: staleWhileRevalidateMs, errorMs: staleIfErrorMs, isPrivate };
  }
  if (freshness === undefined || freshness.vary.includes('*')) return undefined;
  const policy = policyOf(freshness, said, now);
  if (!policy.storable()) return undefined;
  const leftMs = (policy.maxAge() - freshness.ageSeconds) * 1_000;
  const freshMs = Math.max(0, leftMs);
  // It may have been stale for a while when it came.
  const staleForMs = Math.max(0, -leftMs);
  const isStrict = said.has('must-revalidate') || said.has('proxy-revalidate') || said.has('no-cache');
  const later = (name: string, own: number) => {
    const seconds = Number(said.get(name));
    const laterMs = Number.isFinite(seconds) && said.has(name) ? seconds * 1_000 : own;
    return isStrict ? 0 : Math.max(0, laterMs - staleForMs);
  };
  const staleMs = later('stale-while-revalidate', rule.staleWhileRevalidateMs);
  const errorMs = later('stale-if-error', rule.staleIfErrorMs);
  if (freshMs + staleMs + errorMs === 0 && freshness.validators === undefined) return undefined;
  return { freshMs, staleMs, errorMs, isPrivate };
}

/** What holds for all of several answers that came as one. */
export function strictest(all: readonly (Terms | undefined)[]): Terms | undefined {
  let strict: Terms | undefined;
  for (const terms of all) {
    if (terms === undefined) return undefined;
    strict =
      strict === undefined
        ? terms
        : {
            freshMs: Math.min(strict.freshMs, terms.freshMs),
            staleMs: Math.min(strict.staleMs, terms.staleMs),
            errorMs: Math.min(strict.errorMs, terms.errorMs),
            isPrivate: strict.isPrivate || terms.isPrivate,
          };
  }
  return strict;
}

function policyOf({ expiresAt }: Freshness, said: ReadonlyMap<string, string>, now: number): CachePolicy {
  const headers: Record<string, string> = { date: new Date(now).toUTCString() };
  // Names in lower case: the library knows no others.
  const written = [...said].map(([name, value]) => (/^[\w-]+$/.test(value) ? `${name}=${value}` : name));
  if (written.length > 0) headers['cache-control'] = written.join(', ');
  // Whole seconds, as the date above: else a time within this second would lie in the past.
  if (expiresAt !== undefined && Number.isFinite(expiresAt)) headers.expires = new Date(expiresAt).toUTCString();
  // Validators make an answer one that may be kept, not one that is fresh: nothing is guessed.
  const options = { shared: !said.has('private'), cacheHeuristic: 0, immutableMinTimeToLive: 0 };
  return new CachePolicy({ method: 'GET', url: '/', headers: {} }, { status: 200, headers }, options);
}

/** `max-age=60, private` → names in lower case with their values. */
function directives(cacheControl: string | undefined): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  if (cacheControl === undefined) return found;
  for (const [, name = '', quoted, plain] of cacheControl.matchAll(/([\w-]+)(?:\s*=\s*(?:"([^"]*)"|([^\s,"]+)))?/g)) {
    if (!found.has(name.toLowerCase())) found.set(name.toLowerCase(), quoted ?? plain ?? '');
  }
  return found;
}
