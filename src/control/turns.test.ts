import { expect, it } from 'vitest';
import { deferred } from '../../test/utils/deferred.ts';
import { createTurns } from './turns.ts';

const refuse = () => new Error('too many');

it('does some at a time, and one of each, however many ask', async () => {
  const turns = createTurns({ most: 2, mostOfOne: 1, mostWaitingOfOne: 9, mostWaiting: 9, refuse });
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const work = (name: string) =>
    turns.run(name.slice(0, 1), () => {
      begun.push(name);
      const end = deferred<string>();
      ends.set(name, () => end.resolve(name));
      return end.promise;
    });
  const all = ['a1', 'a2', 'b1', 'c1'].map(work);
  expect(begun).toEqual(['a1', 'b1']);
  ends.get('b1')?.();
  await all[2];
  // The turn of `a2` came first, but `a` has its own already.
  expect(begun).toEqual(['a1', 'b1', 'c1']);
  ends.get('a1')?.();
  await all[0];
  expect(begun).toEqual(['a1', 'b1', 'c1', 'a2']);
  ends.get('a2')?.();
  ends.get('c1')?.();
  expect(await Promise.all(all)).toEqual(['a1', 'a2', 'b1', 'c1']);
});

it('refuses what would wait behind too much, and goes on after work that failed', async () => {
  const turns = createTurns({ most: 1, mostOfOne: 1, mostWaitingOfOne: 1, mostWaiting: 2, refuse });
  const gate = deferred<void>();
  const first = turns.run('a', async () => {
    await gate.promise;
    throw new Error('failed');
  });
  const second = turns.run('a', async () => 'second');
  await expect(turns.run('a', async () => 'third')).rejects.toThrow('too many');
  const other = turns.run('b', async () => 'other');
  await expect(turns.run('c', async () => 'another')).rejects.toThrow('too many');
  gate.resolve();
  await expect(first).rejects.toThrow('failed');
  expect(await Promise.all([second, other])).toEqual(['second', 'other']);
});
