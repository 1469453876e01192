import { expect, it } from 'vitest';
import { type Deferred, deferred } from '../../test/utils/deferred.ts';
import { createWorkQueue, type WorkQueueOptions } from './build-queue.ts';

it('works on each thing once however often it is asked for, and on what somebody waits for first', async () => {
  const done: string[] = [];
  const first = deferred();
  const queue = createWorkQueue(
    async (name) => {
      if (name === 'a') await first.promise;
      done.push(name);
      return true;
    },
    { most: 1 },
  );
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
  const queue = createWorkQueue(
    async () => {
      tries += 1;
      if (tries === 3) thrice.resolve();
      return tries === 3;
    },
    { retryMs: 1 },
  );
  queue.add(['a']);
  await thrice.promise;
  await queue.stop();
  queue.add(['b']);
  expect(tries).toBe(3);
});

/** A queue whose works end when the test says so. */
function createHeld(options: WorkQueueOptions) {
  const begun: string[] = [];
  const held = new Map<string, Deferred<boolean>>();
  const beginnings = new Map<string, Deferred<void>>();
  const beginningOf = (name: string) => {
    const known = beginnings.get(name) ?? deferred();
    beginnings.set(name, known);
    return known;
  };
  const queue = createWorkQueue((name) => {
    begun.push(name);
    const work = deferred<boolean>();
    held.set(name, work);
    beginningOf(name).resolve();
    return work.promise;
  }, options);
  const end = (name: string) => held.get(name)?.resolve(true);
  return { queue, begun, end, whenBegun: (name: string) => beginningOf(name).promise };
}

it('does some at a time, but never one thing twice: what is asked for meanwhile is done again', async () => {
  const { queue, begun, end, whenBegun } = createHeld({ most: 2 });
  queue.add(['a', 'b', 'c', 'd']);
  expect(begun).toEqual(['a', 'b']);
  queue.add(['a']);
  end('b');
  await whenBegun('c');
  expect(begun).toEqual(['a', 'b', 'c']);
  end('c');
  await whenBegun('d');
  end('d');
  end('a');
  const again = queue.whenDone('a');
  await whenBegun('d');
  while (begun.length < 5) await new Promise((resolve) => setImmediate(resolve));
  expect(begun).toEqual(['a', 'b', 'c', 'd', 'a']);
  end('a');
  await again;
  await queue.whenSettled();
});

it('makes room for others beside what takes long, up to a bound', async () => {
  const { queue, begun, end, whenBegun } = createHeld({ most: 1, longMs: 1, mostLong: 2 });
  queue.add(['heavy', 'heavier', 'light', 'late']);
  await whenBegun('heavier');
  await whenBegun('light');
  // Two take long and hold nobody up; the third has the only place.
  expect(begun).toEqual(['heavy', 'heavier', 'light']);
  const light = queue.whenDone('light');
  end('light');
  await light;
  await whenBegun('late');
  for (const name of ['heavy', 'heavier', 'late']) end(name);
  await queue.whenSettled();
});

it('tells when one thing is done, and does it next', async () => {
  const { queue, begun, end, whenBegun } = createHeld({ most: 1 });
  queue.add(['a', 'b', 'c']);
  const done = queue.whenDone('c');
  end('a');
  await whenBegun('c');
  expect(begun).toEqual(['a', 'c']);
  end('c');
  await done;
  await queue.whenDone('unknown');
  // What waits for nothing any more is told so as well.
  await whenBegun('b');
  queue.add(['a']);
  const never = queue.whenDone('a');
  end('b');
  await queue.stop();
  await never;
});
