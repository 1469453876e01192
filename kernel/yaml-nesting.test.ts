import { expect, test } from 'vitest';
import { yamlHasMoreTokensThan, yamlNestsDeeperThan } from './yaml-nesting.ts';

function blockMap(depth: number): string {
  return Array.from({ length: depth }, (_, level) => `${'  '.repeat(level)}a:\n`).join('');
}

test('what people write is not too deep', () => {
  expect(yamlNestsDeeperThan(blockMap(50), 64)).toBe(false);
  expect(yamlNestsDeeperThan('a: [{b: [1, 2]}, {c: 3}]\nd:\n  - - e: f\n', 64)).toBe(false);
  expect(yamlNestsDeeperThan('- [a]\n'.repeat(1_000), 64)).toBe(false);
});

test('brackets, indicators and indentation beyond the limit are too deep', () => {
  expect(yamlNestsDeeperThan('['.repeat(65), 64)).toBe(true);
  expect(yamlNestsDeeperThan('{a: '.repeat(65), 64)).toBe(true);
  expect(yamlNestsDeeperThan('- '.repeat(65), 64)).toBe(true);
  expect(yamlNestsDeeperThan('? '.repeat(65), 64)).toBe(true);
  expect(yamlNestsDeeperThan(blockMap(70), 64)).toBe(true);
});

test('brackets and dashes within text are text', () => {
  const text = `${'[{'.repeat(100)}`;
  expect(yamlNestsDeeperThan(`a: "${text}"\nb: '${text}'\nc: x${'- '.repeat(100)}\n`, 64)).toBe(false);
  expect(yamlNestsDeeperThan(`a: |\n  ${text}\n  ${'- '.repeat(100)}\nb: # ${text}\n`, 64)).toBe(false);
});

test('tells whether a text has more tokens than allowed, whatever they are', () => {
  for (const text of [
    'a:\n'.repeat(34),
    '[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]'.repeat(5),
    '- "x"\n'.repeat(26),
    '# x\n'.repeat(51),
  ])
    expect(yamlHasMoreTokensThan(text, 100)).toBe(true);
  expect(yamlHasMoreTokensThan(`a: |\n${'  one text\n'.repeat(1_000)}`, 100)).toBe(false);
});
