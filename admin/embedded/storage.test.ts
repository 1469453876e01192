import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { Storage } from './storage.ts';

async function open(): Promise<Storage> {
  const storage = await Storage.open(':memory:');
  onTestFinished(() => storage.close());
  return storage;
}

/** Longer than a slice. */
function work(): void {
  const endsAt = performance.now() + 2;
  while (performance.now() < endsAt);
}

test('operations leave turns of the event loop to others, and keep their order', async () => {
  const storage = await open();
  const log: string[] = [];
  const operations = ['read', 'write', 'read', 'write'].map((kind, index) =>
    storage[kind as 'read' | 'write'](() => {
      work();
      log.push(`operation ${index}`);
    }),
  );
  const others = (async () => {
    for (let turn = 0; turn < 8; turn += 1) {
      await nextTurn();
      if (log.at(-1) !== 'other') log.push('other');
    }
  })();
  await Promise.all([...operations, others]);
  expect(log.filter((entry) => entry !== 'other')).toEqual([0, 1, 2, 3].map((index) => `operation ${index}`));
  for (const index of [0, 1, 2]) expect(log[log.indexOf(`operation ${index}`) + 1]).toBe('other');
});

test('what was asked for before the end is done before it', async () => {
  const storage = await open();
  const done: number[] = [];
  const operations = [1, 2, 3].map((index) =>
    storage.write(() => {
      work();
      done.push(index);
    }),
  );
  await storage.close();
  expect(done).toEqual([1, 2, 3]);
  await Promise.all(operations);
});
