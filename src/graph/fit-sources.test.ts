import { expect, it } from 'vitest';
import type { Problem } from '../../kernel/problem.ts';
import { fitSources } from './fit-sources.ts';

/** Composes by a rule; keeps what was left out and how often was composed. */
async function fitAll(candidates: readonly string[], rule: (there: ReadonlySet<string>) => readonly Problem[]) {
  const there = new Set(candidates);
  const told = new Map<string, readonly string[]>();
  let composed = 0;
  const result = await fitSources({
    compose: async () => {
      composed += 1;
      return { problems: rule(there) };
    },
    candidates,
    versions: {},
    isConflict: ({ path }) => path?.[0] !== 'links',
    leaveOut(name, problems) {
      there.delete(name);
      told.set(
        name,
        problems.map(({ message }) => message),
      );
    },
    putBack: (name) => void there.add(name),
  });
  const left = candidates.filter((name) => !there.has(name));
  return { left: left.map((name) => [name, told.get(name)]), composed, problems: result.problems };
}

const problem = (message: string, path?: readonly string[]): Problem => ({ message, ...(path && { path }) });

it('leaves out the last one that the problems name, with what they say of it', async () => {
  const message = 'Non-shareable field "Query.a" is resolved from "a" and "b".';
  const found = await fitAll(['a', 'b', 'c'], (there) => (there.has('a') && there.has('b') ? [problem(message)] : []));
  expect(found).toEqual({ left: [['b', [message]]], composed: 2, problems: [] });
});

it('tries those that no problem names from the end, and puts back those that fit after all', async () => {
  const found = await fitAll(['a', 'b', 'c', 'd'], (there) => (there.has('b') ? [problem('It fails.')] : []));
  expect(found).toEqual({ left: [['b', ['It fails.']]], composed: 6, problems: [] });
});

it('leaves out what only made sense with what is left out', async () => {
  const found = await fitAll(['a', 'b'], (there) => {
    if (there.has('b')) return [problem('[b] Unknown type.')];
    return there.has('a') ? [problem('[a] Its field is in "b".')] : [];
  });
  expect(found.left).toEqual([
    ['a', ['[a] Its field is in "b".']],
    ['b', ['[b] Unknown type.']],
  ]);
});

it('leaves out none for what none is to blame for, and for lines of the operator', async () => {
  const files = [problem('The files do not fit.')];
  expect(await fitAll(['a', 'b'], () => files)).toEqual({ left: [], composed: 3, problems: files });
  const link = [problem('There is no such call.', ['links', 'Query.a'])];
  expect(await fitAll(['a', 'b'], () => link)).toEqual({ left: [], composed: 1, problems: link });
});

it('composes a bounded number of times, however many there are', async () => {
  const many = Array.from({ length: 500 }, (_, index) => `s${index}`);
  const { left, composed } = await fitAll(many, (there) => (there.has('s0') ? [problem('It fails.')] : []));
  expect(composed).toBeLessThanOrEqual(50);
  expect(left.map(([name]) => name)).toContain('s0');
});
