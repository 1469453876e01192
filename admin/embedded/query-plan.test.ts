import type { Connection } from 'mongoose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Collection, freshCollection } from '../../test/utils/embedded-backends.ts';
import { openEmbedded } from '../../test/utils/embedded-writer.ts';
import type { EmbeddedClient } from './database.ts';

let connection: Connection;
let collection: Collection;

beforeAll(async () => {
  connection = await openEmbedded(':memory:');
  collection = freshCollection(connection);
  await collection.createIndex({ tenant: 1, at: -1 });
  await collection.createIndex({ name: 1 }, { unique: true });
  await collection.createIndex({ tags: 1 });
  await collection.insertMany(
    Array.from({ length: 60 }, (_, n) => ({
      _id: n as never,
      name: `n${n}`,
      tenant: `t${n % 3}`,
      at: (n * 7) % 60,
      tags: [n % 5, 10 + (n % 7)],
    })),
  );
});

afterAll(async () => {
  await connection.close();
});

test.each([
  [{ _id: 5 }, {}, { stage: 'FETCH', inputStage: { stage: 'IXSCAN', indexName: '_id_' } }],
  [{ name: 'n1', tenant: 't1' }, {}, { stage: 'FETCH', inputStage: { indexName: 'name_1' } }],
  [{ tenant: 't1' }, { at: -1 }, { stage: 'FETCH', inputStage: { indexName: 'tenant_1_at_-1' } }],
  [{ tenant: 't1' }, { at: 1 }, { stage: 'FETCH', inputStage: { indexName: 'tenant_1_at_-1' } }],
  [{ tenant: 't1', at: { $gt: 5 } }, { at: 1 }, { stage: 'FETCH', inputStage: { indexName: 'tenant_1_at_-1' } }],
  [{ tenant: { $in: ['t1', 't0'] } }, { at: -1 }, { stage: 'SORT', inputStage: { stage: 'FETCH' } }],
  [{ tenant: 't1' }, { name: 1 }, { stage: 'SORT', inputStage: { stage: 'FETCH' } }],
  [{}, { name: -1 }, { stage: 'FETCH', inputStage: { indexName: 'name_1' } }],
  [{ tags: 3 }, { tags: 1 }, { stage: 'SORT', inputStage: { inputStage: { indexName: 'tags_1' } } }],
  [{ $or: [{ name: 'n1' }, { _id: 3 }] }, {}, { stage: 'FETCH', inputStage: { indexName: 'name_1, _id_' } }],
  [{ $or: [{ name: 'n1' }, { other: 3 }] }, {}, { stage: 'COLLSCAN' }],
  [{ at: 3 }, {}, { stage: 'COLLSCAN' }],
  [{ name: { $ne: 'n1' } }, {}, { stage: 'COLLSCAN' }],
  [{ name: /^n1/ }, {}, { stage: 'COLLSCAN' }],
] as const)('%o sorted by %o', async (filter, sort, winningPlan) => {
  const explained = await collection
    .find(filter as never)
    .sort(sort)
    .explain();
  expect(explained).toMatchObject({ queryPlanner: { winningPlan } });
});

test('several ranges of an index are merged into the order asked for', async () => {
  const found = await collection
    .find({ tenant: { $in: ['t1', 't0'] } })
    .sort({ at: -1 })
    .toArray();
  const times = found.map(({ at }) => Number(at));
  expect(times).toHaveLength(40);
  expect(times).toEqual(times.toSorted((a, b) => b - a));
});

test('a document with several keys in a range is found once', async () => {
  const found = await collection.find({ tags: { $gte: 0 } }).toArray();
  expect(found).toHaveLength(60);
});

test('long results come in portions, in order and complete, both ways', async () => {
  const many = freshCollection(connection);
  await many.createIndex({ g: 1, n: 1 });
  await many.insertMany(Array.from({ length: 700 }, (_, n) => ({ _id: n as never, g: 0, n: Math.floor(n / 300) })));
  const up = (await many.find({ g: 0 }).sort({ g: 1, n: 1 }).toArray()).map(({ _id }) => Number(_id));
  const down = (await many.find({ g: 0 }).sort({ g: -1, n: -1 }).toArray()).map(({ _id }) => Number(_id));
  expect(up).toEqual(Array.from({ length: 700 }, (_, n) => n));
  expect(down).toEqual(up.toReversed());
  expect(await many.find().toArray()).toHaveLength(700);
});

test('queries without an index are counted', async () => {
  const { fullScans } = connection.getClient() as unknown as EmbeddedClient;
  const name = collection.collectionName;
  const before = fullScans.get(name) ?? 0;
  await collection.findOne({ name: 'n1' });
  await collection.find({}).toArray();
  expect(fullScans.get(name) ?? 0).toBe(before);
  await collection.findOne({ at: 5 });
  expect(fullScans.get(name)).toBe(before + 1);
});
