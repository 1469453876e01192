import { buildSchema } from 'graphql';
import { expect, it } from 'vitest';
import type { Problem } from '../../kernel/problem.ts';
import { readInputValues } from './input-values.ts';

const schema = buildSchema('type Query { ask(tags: [String!]!): String }');
const args = schema.getQueryType()?.getFields().ask?.args ?? [];

function read(given: Readonly<Record<string, unknown>>) {
  const problems: Problem[] = [];
  const values = readInputValues(args, given, (problem) => problems.push(problem));
  return { values, problems };
}

it.each([
  ['items', (count: number) => ({ tags: Array(count).fill(5) })],
  [
    'names',
    (count: number) => ({ tags: [], ...Object.fromEntries(Array.from({ length: count }, (_, i) => [`x${i}`, 1])) }),
  ],
])('tells the first mistakes of very many wrong %s, and that there are more', (_, many) => {
  const all = read(many(50));
  expect(all.values).toBeUndefined();
  expect(all.problems).toHaveLength(50);
  expect(all.problems.every(({ path }) => path !== undefined)).toBe(true);

  const more = read(many(5_000));
  expect(more.values).toBeUndefined();
  expect(more.problems.slice(0, 50)).toEqual(all.problems);
  expect(more.problems.slice(50)).toEqual([{ message: 'There are more mistakes than these 50.' }]);
});
