import { parse } from 'graphql';
import { expect, it } from 'vitest';
import { writtenSize } from './written-size.ts';

const sizeOf = (text: string) => writtenSize(parse(text));

it('is about the length of a text without fragments', () => {
  const text = 'query Q($n: Int = 5) { a(n: $n) @skip(if: false) { b c: d(text: "long, long") } }';
  expect(sizeOf(text)).toBeGreaterThan(text.length - 12);
  expect(sizeOf(text)).toBeLessThanOrEqual(text.length);
});

it('counts a fragment as often as it is spread, literals and all', () => {
  const spread = (times: number) =>
    sizeOf(
      `{ b ${'...f '.repeat(times)} } fragment f on Query { ...g ...g } fragment g on Query { b(x: "${'k'.repeat(1_000)}") }`,
    );
  const once = spread(1) - spread(0);
  expect(once).toBeGreaterThan(2_000);
  // What stands in the operation itself is the spreads' own text.
  expect(spread(100) - spread(0)).toBe(100 * once);
});

it('measures each fragment once: a hundred doublings are no work', () => {
  const levels = Array.from({ length: 100 }, (_, i) => `fragment f${i} on Query { ...f${i + 1} ...f${i + 1} }`);
  expect(sizeOf(`{ ...f0 } ${levels.join(' ')} fragment f100 on Query { b }`)).toBe(Number.MAX_SAFE_INTEGER);
});

it('ends where a fragment spreads itself', () => {
  expect(sizeOf('{ ...f } fragment f on Query { b ...f }')).toBeLessThan(20);
});
