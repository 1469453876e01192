import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { formatProblems } from './print-problems.ts';

const file = resolve('skein.yaml');
const lines = new Map([
  ['sources', 3],
  ['links', 12],
]);
const options = {
  file,
  locate: (path: readonly (string | number)[]) => {
    const line = lines.get(String(path[0]));
    return line === undefined ? undefined : { line, column: 5 };
  },
};

test('nothing wrong prints nothing', () => {
  expect(formatProblems([], options)).toBe('');
});

test('problems stand in the order of files and lines, each with its way out', () => {
  const problems = [
    { message: 'The link is wrong.', path: ['links', 'Product.stock'] },
    { message: 'The type is unknown.', file: resolve('stock.proto'), line: 7 },
    { message: 'The source is wrong.', path: ['sources', 'catalog'], suggestion: 'Write another.' },
    { message: 'PORT is wrong.' },
    { message: 'The field is unknown.', file: resolve('stock.proto'), line: 2 },
    { message: 'Something is wrong.', path: ['nowhere'] },
  ];
  expect(formatProblems(problems, options)).toBe(
    [
      'PORT is wrong.',
      'skein.yaml  Something is wrong.',
      'skein.yaml:3:5  The source is wrong.',
      '  Write another.',
      'skein.yaml:12:5  The link is wrong.',
      'stock.proto:2  The field is unknown.',
      'stock.proto:7  The type is unknown.',
      '6 mistakes.',
      '',
    ].join('\n'),
  );
});

test('a file outside of the working directory is shown with its whole path', () => {
  const outside = resolve('..', 'elsewhere.yaml');
  expect(formatProblems([{ message: 'It is wrong.', file: outside, line: 1 }], options)).toBe(
    `${outside}:1  It is wrong.\n1 mistake.\n`,
  );
});

test('control characters of foreign documents do not reach the terminal', () => {
  const message = 'The name "\u001b]0;x\u0007\u202e" is wrong.\nAnd more.';
  expect(formatProblems([{ message }], options)).toBe(
    'The name "\\u001b]0;x\\u0007\\u202e" is wrong.\n  And more.\n1 mistake.\n',
  );
});

test('colours are there only when asked for', () => {
  const problem = { message: 'It is wrong.', path: ['links'], suggestion: 'Mend it.' };
  expect(formatProblems([problem], { ...options, color: true })).toBe(
    '\u001b[36mskein.yaml:12:5\u001b[0m  It is wrong.\n  \u001b[2mMend it.\u001b[0m\n\u001b[1m1 mistake.\u001b[0m\n',
  );
});
