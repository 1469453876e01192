import { describe, expect, it } from 'vitest';
import type { Freshness } from '../source.ts';
import { type KeepRule, strictest, termsOf } from './terms.ts';

const NOW = Date.parse('2026-11-21T10:00:00Z');
const rule = (over: Partial<KeepRule> = {}): KeepRule => ({
  ttlMs: undefined,
  staleWhileRevalidateMs: 0,
  staleIfErrorMs: 0,
  scope: 'auto',
  tags: [],
  ...over,
});
const said = (cacheControl?: string, over: Partial<Freshness> = {}): Freshness => ({
  cacheControl,
  ageSeconds: 0,
  expiresAt: undefined,
  vary: [],
  validators: undefined,
  ...over,
});
const etag = { validators: { etag: '"1"' } };

describe('how long an answer is kept', () => {
  it.each([
    ['max-age=60', {}, 60_000],
    ['MAX-AGE="60"', {}, 60_000],
    ['s-maxage=30, max-age=60', {}, 30_000],
    ['ext="no-store, max-age=5", max-age=60', {}, 60_000],
    ['private, s-maxage=30, max-age=60', {}, 60_000],
    ['max-age=60', { ageSeconds: 20 }, 40_000],
    [undefined, { expiresAt: NOW + 90_000 }, 90_000],
    ['max-age=60', { expiresAt: NOW + 90_000 }, 60_000],
    ['max-age=60', { vary: ['accept', 'authorization'] }, 60_000],
    ['no-cache', etag, 0],
    ['max-age=0', etag, 0],
    ['max-age=60', { ageSeconds: 90, ...etag }, 0],
    [undefined, etag, 0],
  ])('is what the service says: %s %o', (cacheControl, over, freshMs) => {
    expect(termsOf(rule(), said(cacheControl, over), NOW)?.freshMs).toBe(freshMs);
  });

  it.each([
    ['no-store', {}],
    ['max-age=60, No-Store', {}],
    ['max-age=60, ext="a, b", NO-STORE', {}],
    ['max-age=60, no-store', {}],
    ['max-age=0', {}],
    ['max-age=-1', {}],
    ['max-age=x', {}],
    ['no-cache', {}],
    [undefined, {}],
    [undefined, { expiresAt: 0 }],
    ['max-age=60', { vary: ['*'] }],
    ['max-age=60', { ageSeconds: 61 }],
  ])('is not at all by %s %o', (cacheControl, over) => {
    expect(termsOf(rule(), said(cacheControl, over), NOW)).toBeUndefined();
  });

  it('is not at all where nobody says', () => {
    expect(termsOf(rule(), undefined, NOW)).toBeUndefined();
    expect(termsOf(rule({ ttlMs: 0 }), said('max-age=60'), NOW)).toBeUndefined();
  });

  it('is what is configured, whatever the service says, but for whom it is', () => {
    const own = rule({ ttlMs: 5, staleWhileRevalidateMs: 6, staleIfErrorMs: 7 });
    for (const cacheControl of ['no-store', 'max-age=60, stale-if-error=9', undefined])
      expect(termsOf(own, said(cacheControl), NOW)).toEqual({ freshMs: 5, staleMs: 6, errorMs: 7, isPrivate: false });
    expect(termsOf(own, said('private'), NOW)?.isPrivate).toBe(true);
    expect(termsOf(own, undefined, NOW)?.freshMs).toBe(5);
  });

  it('goes on as the service says, or else as is configured, unless it forbids it', () => {
    const own = rule({ staleWhileRevalidateMs: 6, staleIfErrorMs: 7 });
    const later = (cacheControl: string) => {
      const { staleMs, errorMs } = termsOf(own, said(cacheControl), NOW) ?? {};
      return [staleMs, errorMs];
    };
    expect(later('max-age=1, stale-while-revalidate=2, stale-if-error=3')).toEqual([2_000, 3_000]);
    expect(later('max-age=1, stale-if-error=0')).toEqual([6, 0]);
    expect(later('max-age=1, must-revalidate, stale-if-error=3')).toEqual([0, 0]);
  });

  it('goes on from the end of its freshness, also when that has passed before it came', () => {
    const own = rule({ staleWhileRevalidateMs: 20_000, staleIfErrorMs: 90_000 });
    const later = (ageSeconds: number) => termsOf(own, said('max-age=10', { ageSeconds, ...etag }), NOW);
    expect(later(5)).toMatchObject({ freshMs: 5_000, staleMs: 20_000, errorMs: 90_000 });
    expect(later(25)).toMatchObject({ freshMs: 0, staleMs: 5_000, errorMs: 75_000 });
    expect(later(1_000)).toMatchObject({ freshMs: 0, staleMs: 0, errorMs: 0 });
  });

  it('is the shortest of several, and private if one is', () => {
    const one = { freshMs: 1, staleMs: 5, errorMs: 9, isPrivate: false };
    const other = { freshMs: 2, staleMs: 4, errorMs: 8, isPrivate: true };
    expect(strictest([one, other])).toEqual({ freshMs: 1, staleMs: 4, errorMs: 8, isPrivate: true });
    expect(strictest([one, undefined])).toBeUndefined();
  });
});
