import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ended, openEmbedded, startWriter } from '../../test/utils/embedded-writer.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skein-embedded-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

test('a process killed in the middle of 1,000 writes has lost no acknowledged one', { timeout: 120_000 }, async () => {
  const path = join(directory, 'store.db');
  const { child, lines } = startWriter({ path, writes: 1_000, prefix: 'a' });
  let acknowledged = 0;
  for await (const line of lines) {
    expect(line).toBe(`${acknowledged} won`);
    acknowledged += 1;
    if (acknowledged === 333) child.kill('SIGKILL');
  }
  await ended(child);
  expect(child.signalCode).toBe('SIGKILL');
  expect(acknowledged).toBeGreaterThanOrEqual(333);
  expect(acknowledged).toBeLessThan(1_000);

  const connection = await openEmbedded(path);
  const database = connection.db;
  const documents = await database?.collection('documents').find().toArray();
  const ids = new Set(documents?.map(({ _id }) => String(_id)));
  for (let index = 0; index < acknowledged; index += 1) expect(ids).toContain(`a${index}`);
  // At most the write that was under way is there as well.
  expect(ids.size).toBeLessThanOrEqual(acknowledged + 1);
  const counter = await database?.collection('counters').findOne({});
  expect([acknowledged, acknowledged + 1]).toContain(counter?.n);
  expect(await database?.collection('documents').countDocuments({ tags: 'a' })).toBe(ids.size);
  await connection.close();
});

test('two processes share a file, and a third sees what they do', { timeout: 120_000 }, async () => {
  const path = join(directory, 'new', 'store.db');
  const writers = ['a', 'b'].map((prefix) => startWriter({ path, writes: 200, prefix }));
  const connection = await openEmbedded(path);
  const database = connection.db;
  const documents = database?.collection('documents');
  const said = await Promise.all(
    writers.map(async ({ lines }, writer) => {
      const wins: string[] = [];
      for await (const line of lines) {
        if (line.endsWith(' won')) wins.push(line);
        // What another process has acknowledged is visible at once.
        const id = `${writer === 0 ? 'a' : 'b'}${line.split(' ')[0]}`;
        expect(await documents?.countDocuments({ _id: id as never })).toBe(1);
      }
      return wins;
    }),
  );
  expect(await Promise.all(writers.map(({ child }) => ended(child)))).toEqual([0, 0]);
  expect(said.flat().sort()).toEqual(Array.from({ length: 200 }, (_, index) => `${index} won`).sort());
  expect(await database?.collection('counters').findOne({})).toEqual({ _id: 'all', n: 400 });
  expect(await documents?.countDocuments({ tags: '7' })).toBe(40);
  expect(await documents?.find({ tags: '7' }).explain()).toMatchObject({
    queryPlanner: { winningPlan: { inputStage: { indexName: 'tags_1' } } },
  });
  await connection.close();
});
