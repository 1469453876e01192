import fc from 'fast-check';
import { expect, it } from 'vitest';
import { keyText, shortKey } from './keys.ts';
import { freezePlain } from './plain-value.ts';

const plain = fc.jsonValue({ maxDepth: 3 });

it('texts of values are the same for the same, whatever the order of keys, and differ for others', () => {
  const reversed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(reversed);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).reverse();
    return Object.fromEntries(entries.map(([key, inner]) => [key, reversed(inner)]));
  };
  const sorted = (value: unknown) => JSON.stringify(reversed(value), undefined);
  fc.assert(
    fc.property(plain, plain, (one, other) => {
      expect(keyText(reversed(one))).toBe(keyText(one));
      if (keyText(one) === keyText(other)) expect(other).toEqual(one);
      else expect(sorted(one)).not.toBe(sorted(other));
    }),
  );
  expect([1, '1', 1n, true, 'true', null, 'null', undefined, [1], { 1: 1 }].map(keyText)).toHaveLength(
    new Set([1, '1', 1n, true, 'true', null, 'null', undefined, [1], { 1: 1 }].map(keyText)).size,
  );
});

it('what no text stands for has none', () => {
  let deep: unknown = 1;
  for (let depth = 0; depth < 200_000; depth++) deep = [deep];
  for (const value of [deep, { file: Promise.resolve() }, new Date(), () => 1, Buffer.from('a')])
    expect(keyText(value)).toBeUndefined();
});

it('keys are short, and those of long texts differ', () => {
  const long = 'x'.repeat(10_000);
  expect(shortKey(long).length).toBeLessThan(64);
  expect(shortKey(long)).not.toBe(shortKey(`${long}y`));
  expect(shortKey('short')).toBe('short');
});

it('values are frozen to their last object and measured, however deep, and what is no plain data is told', () => {
  const value = { list: [{ a: 'text' }], none: null };
  expect(freezePlain(value)).toEqual({ bytes: expect.any(Number), isJson: true });
  expect([value, value.list, value.list[0]].every(Object.isFrozen)).toBe(true);
  expect(freezePlain('x'.repeat(1_000))?.bytes).toBeGreaterThan(1_000);
  for (const lossy of [1n, Number.NaN, -0, [undefined]]) expect(freezePlain(lossy)?.isJson).toBe(false);
  for (const other of [new Error('no'), { a: [new Error('no')] }, new Date(), Buffer.from('a'), () => 1, Symbol('a')])
    expect(freezePlain(other)).toBeUndefined();
  const around: Record<string, unknown> = {};
  around.self = around;
  expect(freezePlain(around)).toBeDefined();
  let deep: unknown = 1;
  for (let depth = 0; depth < 200_000; depth++) deep = [deep];
  expect(freezePlain(deep)?.bytes).toBeGreaterThan(200_000);
});
