import { expect, test } from 'vitest';
import { ProblemsError } from '../../kernel/problem.ts';
import { parseText } from './parse-document.ts';

function problemsOf(text: string) {
  try {
    parseText(text, 'shop.yaml');
  } catch (error) {
    if (error instanceof ProblemsError) return error.problems;
    throw error;
  }
  return [];
}

test('a key that is there twice is told at its line, and each of them', () => {
  expect(problemsOf('info:\n  title: a\n  title: b\npaths:\n  /a: {}\n  /b: {}\n  /a: {}\n')).toEqual([
    {
      file: 'shop.yaml',
      line: 3,
      message: 'The document has a syntax error: Map keys must be unique, and "title" is there again.',
    },
    {
      file: 'shop.yaml',
      line: 7,
      message: 'The document has a syntax error: Map keys must be unique, and "/a" is there again.',
    },
  ]);
});

test('merge keys may be there more than once', () => {
  const text = 'x: &x { a: 1 }\ny: &y { b: 2 }\nz:\n  <<: *x\n  <<: *y\n';
  expect(parseText(text, 'shop.yaml').root).toMatchObject({ z: { a: 1, b: 2 } });
});

test('a map of a hundred thousand keys is read as quickly as any other text', () => {
  const text = Array.from({ length: 100_000 }, (_, index) => `key${index}: ${index}`).join('\n');
  expect(Object.keys(parseText(text, 'shop.yaml').root)).toHaveLength(100_000);
});
