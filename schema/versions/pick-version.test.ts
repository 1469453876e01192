import { describe, expect, it } from 'vitest';
import { SkeinError } from '../../kernel/errors.ts';
import { type Picking, pickVersion } from './pick-version.ts';

const PICKING: Picking = {
  name: 'reviews',
  header: 'x-reviews',
  missing: ['v0'],
  shares: [
    { source: 'v3', weight: 10 },
    { source: 'v2', weight: 90 },
    { source: 'v1', weight: 0 },
  ],
};
const all = () => true;

function pick(requestId: string, named?: string, can: (index: number) => boolean = all): number {
  return pickVersion(
    PICKING,
    { requestId, headers: named === undefined ? {} : { 'x-reviews': named } },
    can,
    'Query.a',
  );
}

function countOf(can: (index: number) => boolean): number[] {
  const counts = [0, 0, 0];
  for (let i = 0; i < 10_000; i += 1) {
    const index = pick(`request-${i}`, undefined, can);
    counts[index] = (counts[index] ?? 0) + 1;
  }
  return counts;
}

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof SkeinError) return `${error.code}: ${error.message}`;
  }
  throw new Error('nothing was refused');
}

describe('the version that gets a call', () => {
  it('is chosen by weight over many requests', () => {
    expect(countOf(all)).toMatchInlineSnapshot(`
      [
        1052,
        8948,
        0,
      ]
    `);
  });

  it('is the same for all calls of a request', () => {
    for (let i = 0; i < 100; i += 1) expect(new Set([pick(`r${i}`), pick(`r${i}`), pick(`r${i}`)]).size).toBe(1);
  });

  it('is one that can answer, whatever its weight', () => {
    expect(countOf((index) => index === 0)).toEqual([10_000, 0, 0]);
    expect(countOf((index) => index === 2)).toEqual([0, 0, 10_000]);
  });

  it('stays that of the request where that can answer', () => {
    for (let i = 0; i < 100; i += 1) {
      const own = pick(`r${i}`);
      expect(pick(`r${i}`, undefined, (index) => index !== 1 - own)).toBe(own);
    }
  });

  it('is the one that the client names, against all weights', () => {
    for (let i = 0; i < 20; i += 1) expect(pick(`r${i}`, 'v1')).toBe(2);
    expect(pick('r', '')).toBe(pick('r'));
  });

  it('is refused where the client names none, one that is not there, or one that cannot answer', () => {
    expect(refusal(() => pick('r', 'v9'))).toBe(
      'BAD_USER_INPUT: The header "x-reviews" names a version of reviews: it must be one of "v3", "v2", "v1".',
    );
    expect(refusal(() => pick('r', 'v0'))).toMatch(/^UPSTREAM_UNREACHABLE/);
    expect(refusal(() => pick('r', 'v1', (index) => index !== 2))).toBe(
      'BAD_USER_INPUT: The version that the header "x-reviews" names does not have all that is asked of Query.a.',
    );
    expect(refusal(() => pick('r', undefined, () => false))).toBe(
      'BAD_USER_INPUT: No version of reviews has all that is asked of Query.a.',
    );
  });
});
