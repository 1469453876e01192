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
  expect(mistake({ yaml: 'a: 1\nb: { c: 1, c: 2 }\na: 2' })).toBe(
    'yaml: is no YAML: Map keys must be unique, and "c" is there again at line 2, column 12; Map keys must be unique, and "a" is there again at line 3, column 1.',
  );
});

test('what is too deep, too large, or grows when it is read is refused', () => {
  expect(readOptions({ options: nested(64) })).toBeDefined();
  expect(mistake({ options: nested(65) })).toBe('options: is nested more than 64 levels deep');
  expect(mistake({ options: nested(100_000) })).toBe('options: is nested more than 64 levels deep');
  expect(mistake({ yaml: '['.repeat(50_000) })).toBe('yaml: is nested more than 64 levels deep');
  expect(mistake({ yaml: `a: ${'x'.repeat(1_048_576)}` })).toMatch(/^yaml: has 1048579 bytes/);
  const bomb = ['a0: &a0 [x, x]', ...Array.from({ length: 30 }, (_, n) => `a${n + 1}: &a${n + 1} [*a${n}, *a${n}]`)];
  expect(mistake({ yaml: bomb.join('\n') })).toMatch(/^yaml: cannot be read/);
  expect(Object.getPrototypeOf(readOptions({ yaml: '__proto__: { a: 1 }' }))).toBe(Object.prototype);
});

test('what has too many parts is refused before anything is made of it', () => {
  const many = Array.from({ length: 50_001 }, () => 1);
  expect(mistake({ options: { many } })).toBe('options: has more than 50000 values, and may have no more: give less');
  expect(mistake({ options: { text: 'x'.repeat(1_048_577) } })).toMatch(/^options: has more than 1048576 characters/);
  let read = 0;
  const inner = {
    get text() {
      read += 1;
      return 'x';
    },
  };
  expect(mistake({ options: [...many, inner] })).toMatch(/50000 values/);
  expect(read).toBe(0);
  for (const yaml of ['k:\n'.repeat(150_000), `[${'1,'.repeat(500_000)}1]`, '# x\n'.repeat(200_000)])
    expect(mistake({ yaml })).toMatch(
      /^yaml: has more than 100000 names, values and signs, .* give the options as JSON/,
    );
  expect(mistake({ yaml: `a: &a [${'x, '.repeat(5_000)}x]\nb: [${'*a, '.repeat(20)}*a]` })).toMatch(/50000 values/);
});

test('a map of many keys is read in one go', () => {
  const yaml = Array.from({ length: 14_000 }, (_, index) => `k${index}: 1`).join('\n');
  expect(Object.keys(readOptions({ yaml }) as object)).toHaveLength(14_000);
});
