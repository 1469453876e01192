import { expect, it } from 'vitest';
import { deferred } from '../../test/utils/deferred.ts';
import { createWorkQueue } from './build-queue.ts';

it('works on each thing once however often it is asked for, and on what somebody waits for first', async () => {
  const done: string[] = [];
  const first = deferred();
  const queue = createWorkQueue(async (name) => {
    if (name === 'a') await first.promise;
    done.push(name);
    return true;
  });
  queue.add(['a', 'b', 'c']);
  queue.add(['b', 'c']);
  queue.addFirst('d');
  first.resolve();
  await queue.whenSettled();
  expect(done).toEqual(['a', 'd', 'b', 'c']);
});

it('tries again what came to nothing, until it is stopped', async () => {
  let tries = 0;
  const thrice = deferred();
  const queue = createWorkQueue(async () => {
    tries += 1;
    if (tries === 3) thrice.resolve();
    return tries === 3;
  }, 1);
  queue.add(['a']);
  await thrice.promise;
  await queue.stop();
  queue.add(['b']);
  expect(tries).toBe(3);
});
