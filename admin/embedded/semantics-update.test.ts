import mongoose, { type Connection } from 'mongoose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backends, type Collection, freshCollection, keepsCorners } from '../../test/utils/embedded-backends.ts';
import { mongodbUri } from '../../test/utils/mongodb-server.ts';

const { Decimal128, Double, Int32, Long, ObjectId } = mongoose.mongo;

const DAY = new Date('2026-01-02T03:04:05.006Z');

/** A document, an update, and the document afterwards. */
const UPDATES: readonly (readonly [string, object, object, object])[] = [
  ['$set makes what is missing on the way', { a: 1 }, { $set: { 'b.c.d': 1 } }, { a: 1, b: { c: { d: 1 } } }],
  ['$set reaches a place in an array', { a: [1, { b: 2 }] }, { $set: { 'a.1.b': 3, 'a.0': 0 } }, { a: [0, { b: 3 }] }],
  ['$set pads an array with null', { a: [1] }, { $set: { 'a.3': 4 } }, { a: [1, null, null, 4] }],
  ['$set with a number below a document is a field', { a: {} }, { $set: { 'a.0': 1 } }, { a: { 0: 1 } }],
  ['$unset removes', { a: 1, b: { c: 1, d: 2 } }, { $unset: { a: '', 'b.c': 1, x: 1 } }, { b: { d: 2 } }],
  ['$unset leaves null in an array', { a: [1, 2] }, { $unset: { 'a.0': 1 } }, { a: [null, 2] }],
  ['$inc adds, and begins at 0', { a: 1 }, { $inc: { a: 2, b: 3 } }, { a: 3, b: 3 }],
  ['$inc of doubles', { a: 1.5 }, { $inc: { a: 1 } }, { a: 2.5 }],
  ['$mul multiplies, and begins at 0', { a: 3 }, { $mul: { a: 2, b: 5 } }, { a: 6, b: 0 }],
  ['$min and $max', { a: 5, b: 5 }, { $min: { a: 3, c: 1 }, $max: { b: 3, d: 1 } }, { a: 3, b: 5, c: 1, d: 1 }],
  ['$max across types', { a: 5 }, { $max: { a: 'x' } }, { a: 'x' }],
  ['$rename', { a: 1, b: { c: 2 } }, { $rename: { a: 'x', 'b.c': 'y', none: 'z' } }, { x: 1, b: {}, y: 2 }],
  ['$setOnInsert does nothing to what is there', { a: 1 }, { $setOnInsert: { a: 2 }, $set: { b: 1 } }, { a: 1, b: 1 }],
  ['$push makes an array', {}, { $push: { a: 1 } }, { a: [1] }],
  ['$push of an array is one item', { a: [1] }, { $push: { a: [2, 3] } }, { a: [1, [2, 3]] }],
  ['$push with $each and $slice', { a: [1, 2] }, { $push: { a: { $each: [3, 4], $slice: -3 } } }, { a: [2, 3, 4] }],
  ['$push with $position', { a: [1, 2] }, { $push: { a: { $each: [0], $position: 0 } } }, { a: [0, 1, 2] }],
  [
    '$push with $sort',
    { a: [{ n: 2 }, { n: 3 }] },
    { $push: { a: { $each: [{ n: 1 }], $sort: { n: -1 }, $slice: 2 } } },
    { a: [{ n: 3 }, { n: 2 }] },
  ],
  ['$addToSet adds what is new', { a: [1, 'x'] }, { $addToSet: { a: { $each: [1, 2, 'x'] } } }, { a: [1, 'x', 2] }],
  ['$addToSet knows documents', { a: [{ b: 1 }] }, { $addToSet: { a: { b: 1 } } }, { a: [{ b: 1 }] }],
  ['$pull by value', { a: [1, 2, 1, '1'] }, { $pull: { a: 1 } }, { a: [2, '1'] }],
  ['$pull by condition', { a: [1, 5, 9] }, { $pull: { a: { $gte: 5 } } }, { a: [1] }],
  ['$pull by fields', { a: [{ b: 1, c: 1 }, { b: 2 }] }, { $pull: { a: { b: 1 } } }, { a: [{ b: 2 }] }],
  ['$pull by $in', { a: ['x', 'y', 'z'] }, { $pull: { a: { $in: ['x', 'z'] } } }, { a: ['y'] }],
  ['$pull where nothing is', { b: 1 }, { $pull: { a: 1 } }, { b: 1 }],
  ['$pullAll', { a: [1, 2, 3, 2] }, { $pullAll: { a: [2, 3] } }, { a: [1] }],
  ['$pop from both ends', { a: [1, 2, 3], b: [1, 2] }, { $pop: { a: 1, b: -1 } }, { a: [1, 2], b: [2] }],
  [
    'dates and ids survive',
    { a: DAY },
    { $set: { b: new ObjectId('650000000000000000000001') } },
    {
      a: DAY,
      b: new ObjectId('650000000000000000000001'),
    },
  ],
];

/**
 * A document, an update, and the code it is refused with; the document stays as it was. Corners are asked of the
 * embedded store and MongoDB itself alone.
 */
const REFUSED: readonly (readonly [string, object, object, number, 'corner'?])[] = [
  ['$inc of text', { a: 'x' }, { $inc: { a: 1 } }, 14],
  ['$inc by text', { a: 1 }, { $inc: { a: 'x' } }, 14],
  ['$inc of null', { a: null }, { $inc: { a: 1 } }, 14, 'corner'],
  ['$mul of text', { a: 'x' }, { $mul: { a: 1 } }, 14],
  ['$push onto a number', { a: 1 }, { $push: { a: 1 } }, 2],
  ['$addToSet onto a number', { a: 1 }, { $addToSet: { a: 1 } }, 2, 'corner'],
  ['$pull from a number', { a: 1 }, { $pull: { a: 1 } }, 2],
  ['$pop from a number', { a: 1 }, { $pop: { a: 1 } }, 14, 'corner'],
  ['a path through a number', { a: 1 }, { $set: { 'a.b': 1 } }, 28],
  ['a path through an array without a place', { a: [1] }, { $set: { 'a.b': 1 } }, 28],
  ['two operators on one path', { a: 1 }, { $set: { a: 1 }, $inc: { a: 1 } }, 40],
  ['a path and one below it', { a: {} }, { $set: { a: {}, 'a.b': 1 } }, 40],
  ['another id', { a: 1 }, { $set: { _id: 99 } }, 66],
  ['an unknown operator', { a: 1 }, { $unknown: { a: 1 } }, 9],
];

describe.each(backends(mongodbUri()))('$name', ({ open }) => {
  let connection: Connection;
  let collection: Collection;
  let isExact: boolean;
  beforeAll(async () => {
    connection = await open();
    isExact = await keepsCorners(connection);
  });
  afterAll(async () => {
    await connection.dropDatabase();
    await connection.close();
  });

  async function withDocument(document: object): Promise<Collection> {
    collection = freshCollection(connection);
    await collection.insertOne({ _id: 1 as never, ...document });
    return collection;
  }

  test.each(UPDATES)('%s', async (_, before, update, after) => {
    await withDocument(before);
    const result = await collection.updateOne({ _id: 1 as never }, update);
    expect(await collection.findOne()).toEqual({ _id: 1, ...after });
    expect(result).toMatchObject({ acknowledged: true, matchedCount: 1, upsertedCount: 0, upsertedId: null });
  });

  const refused = REFUSED.map(([title, before, update, code, corner]) => ({ title, before, update, code, corner }));
  test.each(refused)('$title is refused', async ({ before, update, code, corner }) => {
    if (corner !== undefined && !isExact) return;
    await withDocument(before);
    await expect(collection.updateOne({ _id: 1 as never }, update)).rejects.toMatchObject({ code });
    expect(await collection.findOne()).toEqual({ _id: 1, ...before });
  });

  test('$inc keeps the widths of numbers, and grows them', async () => {
    await withDocument({
      int: new Int32(2147483647),
      long: Long.fromNumber(1),
      double: new Double(1),
      money: Decimal128.fromString('0.10'),
    });
    await collection.updateOne({}, { $inc: { int: 1, long: 1, double: 1, money: Decimal128.fromString('0.20') } });
    const found = await collection.findOne({}, { promoteValues: false });
    expect(found).toMatchObject({
      int: Long.fromString('2147483648'),
      long: Long.fromNumber(2),
      double: new Double(2),
      money: Decimal128.fromString('0.30'),
    });
    await withDocument({ long: Long.MAX_VALUE });
    if (isExact) await expect(collection.updateOne({}, { $inc: { long: 1 } })).rejects.toMatchObject({ code: 2 });
  });

  test('what does not change is matched, not modified', async () => {
    await withDocument({ a: 1 });
    expect(await collection.updateOne({ a: 1 }, { $set: { a: 1 } })).toMatchObject({
      matchedCount: 1,
      modifiedCount: 0,
    });
    expect(await collection.updateOne({ a: 2 }, { $set: { a: 1 } })).toMatchObject({
      matchedCount: 0,
      modifiedCount: 0,
    });
    expect(await collection.replaceOne({ a: 1 }, { b: 2 })).toMatchObject({ matchedCount: 1, modifiedCount: 1 });
    expect(await collection.findOne()).toEqual({ _id: 1, b: 2 });
  });

  test('an upsert begins with what the filter says is equal', async () => {
    collection = freshCollection(connection);
    const filter = { a: 1, 'b.c': { $eq: 2 }, d: { $gt: 5 }, $and: [{ e: 'x' }] };
    const update = { $set: { f: 1 }, $setOnInsert: { g: 2 }, $inc: { n: 1 } };
    const result = await collection.updateOne(filter, update, { upsert: true });
    expect(result).toMatchObject({ matchedCount: 0, modifiedCount: 0, upsertedCount: 1 });
    expect(await collection.findOne()).toEqual({ _id: result.upsertedId, a: 1, b: { c: 2 }, e: 'x', f: 1, g: 2, n: 1 });
    const again = await collection.updateOne({ a: 1 }, update, { upsert: true });
    expect(again).toMatchObject({ matchedCount: 1, modifiedCount: 1, upsertedCount: 0 });
    expect(await collection.findOne()).toMatchObject({ n: 2, g: 2 });
    await collection.replaceOne({ _id: 7 as never }, { z: 1 }, { upsert: true });
    expect(await collection.findOne({ _id: 7 as never })).toEqual({ _id: 7, z: 1 });
  });

  test('many are updated and deleted', async () => {
    collection = freshCollection(connection);
    await collection.createIndex({ n: 1 });
    await collection.insertMany(Array.from({ length: 40 }, (_, n) => ({ _id: n as never, n })));
    // Whoever reads the index while changing it would meet documents again.
    expect(await collection.updateMany({ n: { $gte: 0 } }, { $inc: { n: 100 } })).toMatchObject({
      matchedCount: 40,
      modifiedCount: 40,
    });
    expect(await collection.countDocuments({ n: { $gte: 100, $lt: 140 } })).toBe(40);
    expect(await collection.deleteMany({ n: { $lt: 110 } })).toMatchObject({ deletedCount: 10 });
    expect(await collection.deleteOne({ n: 110 })).toMatchObject({ deletedCount: 1 });
    expect(await collection.countDocuments()).toBe(29);
  });

  test('findOneAnd… give the document before or after', async () => {
    await withDocument({ n: 1 });
    await collection.insertOne({ _id: 2 as never, n: 5 });
    expect(await collection.findOneAndUpdate({}, { $inc: { n: 1 } }, { sort: { n: -1 } })).toEqual({ _id: 2, n: 5 });
    expect(
      await collection.findOneAndUpdate({ _id: 1 as never }, { $inc: { n: 1 } }, { returnDocument: 'after' }),
    ).toEqual({ _id: 1, n: 2 });
    expect(await collection.findOneAndUpdate({ n: 99 }, { $set: { n: 1 } })).toBeNull();
    expect(await collection.findOneAndReplace({ _id: 1 as never }, { m: 1 }, { returnDocument: 'after' })).toEqual({
      _id: 1,
      m: 1,
    });
    expect(await collection.findOneAndDelete({ m: 1 })).toEqual({ _id: 1, m: 1 });
    expect(
      await collection.findOneAndUpdate(
        { _id: 3 as never },
        { $set: { n: 3 } },
        { upsert: true, returnDocument: 'after', includeResultMetadata: true },
      ),
    ).toMatchObject({
      value: { _id: 3, n: 3 },
      ...(isExact && { lastErrorObject: { n: 1, updatedExisting: false, upserted: 3 } }),
      ok: 1,
    });
  });

  test('unique indexes hold, compound and over arrays', async () => {
    collection = freshCollection(connection);
    await collection.createIndex({ tenant: 1, names: 1 }, { unique: true });
    await collection.insertOne({ _id: 1 as never, tenant: 'a', names: ['x', 'y', 'x'] });
    const duplicate = collection.insertOne({ _id: 2 as never, tenant: 'a', names: ['z', 'y'] });
    await expect(duplicate).rejects.toMatchObject({ code: 11000 });
    await collection.insertOne({ _id: 2 as never, tenant: 'b', names: ['z', 'y'] });
    await expect(collection.updateOne({ _id: 2 as never }, { $set: { tenant: 'a' } })).rejects.toMatchObject({
      code: 11000,
    });
    await collection.updateOne({ _id: 2 as never }, { $set: { tenant: 'a', names: ['z'] } });
    await expect(collection.insertOne({ _id: 2 as never })).rejects.toMatchObject({ code: 11000 });
    // A missing field is null to a unique index.
    await collection.insertOne({ _id: 3 as never, tenant: 'c' });
    await expect(collection.insertOne({ tenant: 'c', names: null })).rejects.toMatchObject({ code: 11000 });
    if (isExact) {
      await expect(collection.insertOne({ tenant: 'a', names: ['y'] })).rejects.toMatchObject({
        keyPattern: { tenant: 1, names: 1 },
        keyValue: { tenant: 'a', names: 'y' },
      });
    }
    await collection.deleteOne({ _id: 1 as never });
    await collection.insertOne({ tenant: 'a', names: ['x', 'y'] });
    await expect(collection.createIndex({ tenant: 1 }, { unique: true })).rejects.toMatchObject({ code: 11000 });
  });

  test('indexes are listed, kept apart by name, and dropped', async () => {
    collection = freshCollection(connection);
    expect(await collection.createIndex({ a: 1, b: -1 })).toBe('a_1_b_-1');
    expect(await collection.createIndex({ a: 1, b: -1 })).toBe('a_1_b_-1');
    await collection.createIndex({ c: 1 }, { unique: true, name: 'mine' });
    await expect(collection.createIndex({ d: 1 }, { name: 'mine' })).rejects.toMatchObject({ code: 86 });
    const indexes = (await collection.listIndexes().toArray()).map(({ key, name: indexName, unique }) => ({
      key,
      indexName,
      unique,
    }));
    expect(indexes.sort((a, b) => a.indexName.localeCompare(b.indexName))).toEqual([
      { key: { _id: 1 }, indexName: '_id_', unique: undefined },
      { key: { a: 1, b: -1 }, indexName: 'a_1_b_-1', unique: undefined },
      { key: { c: 1 }, indexName: 'mine', unique: true },
    ]);
    await collection.dropIndex('mine');
    await expect(collection.dropIndex('mine')).rejects.toMatchObject({ code: 27 });
  });

  test('two arrays cannot share an index', async () => {
    collection = freshCollection(connection);
    await collection.createIndex({ a: 1, b: 1 });
    if (isExact) await expect(collection.insertOne({ a: [1], b: [2] })).rejects.toMatchObject({ code: 171 });
    await collection.insertOne({ a: [1, 2], b: 2 });
    expect(await collection.countDocuments({ a: 2, b: 2 })).toBe(1);
  });

  test('a bulk write counts, and stops at the first error when it is ordered', async () => {
    collection = freshCollection(connection);
    const operations = [
      { insertOne: { document: { _id: 1 as never, n: 1 } } },
      { updateMany: { filter: { n: 1 }, update: { $inc: { n: 1 } } } },
      { insertOne: { document: { _id: 1 as never } } },
      { updateOne: { filter: { _id: 5 as never }, update: { $inc: { n: 1 } }, upsert: true } },
      { replaceOne: { filter: { _id: 9 as never }, replacement: { r: 1 }, upsert: true } },
    ];
    await expect(collection.bulkWrite(operations)).rejects.toMatchObject({
      code: 11000,
      ...(isExact && { insertedCount: 1 }),
      matchedCount: 1,
    });
    expect(await collection.countDocuments()).toBe(1);
    await expect(collection.bulkWrite(operations.slice(1), { ordered: false })).rejects.toMatchObject({
      code: 11000,
      writeErrors: [{ index: 1 }],
      upsertedCount: 2,
    });
    const result = await collection.bulkWrite([
      { deleteOne: { filter: { _id: 9 as never } } },
      { updateOne: { filter: { _id: 5 as never }, update: { $set: { n: 1 } } } },
      { updateOne: { filter: { _id: 6 as never }, update: { $set: { n: 1 } }, upsert: true } },
    ]);
    expect(result).toMatchObject({
      deletedCount: 1,
      matchedCount: 1,
      modifiedCount: 0,
      upsertedCount: 1,
      upsertedIds: { 2: 6 },
    });
  });
});
