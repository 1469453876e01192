import { expect, test } from 'vitest';
import { UserErrors } from '../errors.ts';
import { readOptions } from './read-options.ts';

function mistake(given: Parameters<typeof readOptions>[0]): string {
  try {
    readOptions(given);
  } catch (error) {
    if (error instanceof UserErrors) return error.message;
    throw error;
  }
  return 'none';
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}

test('options are JSON or YAML', () => {
  expect(readOptions({ options: { a: null } })).toEqual({ a: null });
  expect(readOptions({ yaml: 'a: 1\nb: { c: [x] }\n' })).toEqual({ a: 1, b: { c: ['x'] } });
  expect(readOptions({ yaml: 'base: &b { a: 1 }\nmore: *b\n' })).toEqual({ base: { a: 1 }, more: { a: 1 } });
  expect(readOptions({ yaml: '' })).toEqual({});
  expect(readOptions({})).toBeUndefined();
  expect(mistake({ options: {}, yaml: '' })).toBe('yaml: Give the options as JSON or as YAML, not both.');
});

test('all mistakes of YAML are told', () => {
  expect(mistake({ yaml: 'a: [1\nb: 2' })).toMatch(/^yaml: is no YAML: /);
  expect(mistake({ yaml: 'a: 1\na: 2' })).toMatch(/unique/);
});

test('what is too deep, too large, or grows when it is read is refused', () => {
  expect(readOptions({ options: nested(64) })).toBeDefined();
  expect(mistake({ options: nested(65) })).toBe('options: is nested more than 64 levels deep');
  expect(mistake({ options: nested(100_000) })).toBe('options: is nested more than 64 levels deep');
  expect(mistake({ yaml: '['.repeat(100_000) })).toBe('yaml: is nested more than 64 levels deep');
  expect(mistake({ yaml: `a: ${'x'.repeat(1_048_576)}` })).toMatch(/^yaml: has 1048579 bytes/);
  const bomb = ['a0: &a0 [x, x]', ...Array.from({ length: 30 }, (_, n) => `a${n + 1}: &a${n + 1} [*a${n}, *a${n}]`)];
  expect(mistake({ yaml: bomb.join('\n') })).toMatch(/^yaml: cannot be read/);
  expect(Object.getPrototypeOf(readOptions({ yaml: '__proto__: { a: 1 }' }))).toBe(Object.prototype);
});
