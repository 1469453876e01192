import mongoose, { type Connection } from 'mongoose';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { embeddedDriver } from './driver.ts';

mongoose.setDriver(embeddedDriver);
let connection: Connection;

beforeEach(async () => {
  connection = await mongoose.createConnection('embedded::memory:').asPromise();
});

afterEach(async () => {
  await connection.close();
});

const schema = new mongoose.Schema(
  {
    name: { type: String, required: true },
    tenant: { type: String, index: true },
    roles: [String],
    limits: { type: Map, of: Number },
    secret: Buffer,
    big: BigInt,
    price: mongoose.Schema.Types.Decimal128,
    parts: [{ sku: String, count: Number }],
  },
  { timestamps: true },
);
schema.index({ tenant: 1, name: 1 }, { unique: true });

test('a model is created, found, changed and deleted with its types', async () => {
  const Item = connection.model('Item', schema);
  await Item.init();
  const created = await Item.create({
    name: 'a',
    tenant: 't1',
    roles: ['x', 'y'],
    limits: { perMinute: 5 },
    secret: Buffer.from([1, 2, 3]),
    big: 9007199254740999n,
    price: '0.10',
    parts: [{ sku: 's1', count: 2 }],
  });
  const found = await Item.findOne({ tenant: 't1', name: 'a' }).orFail();
  expect(found.toObject()).toEqual(created.toObject());
  expect(found.big).toBe(9007199254740999n);
  expect(found.limits?.get('perMinute')).toBe(5);
  expect(found.secret?.equals(Buffer.from([1, 2, 3]))).toBe(true);
  expect(String(found.price)).toBe('0.10');

  found.roles.push('z');
  found.name = 'b';
  await found.save();
  const changed = await Item.findById(found._id).lean();
  expect(changed).toMatchObject({ name: 'b', roles: ['x', 'y', 'z'], __v: 1 });
  expect((await Item.deleteOne({ _id: found._id })).deletedCount).toBe(1);
  expect(await Item.countDocuments()).toBe(0);
});

test('a duplicate has the code 11000 and says of what', async () => {
  const Item = connection.model('Item', schema);
  await Item.init();
  await Item.create({ name: 'a', tenant: 't1' });
  await expect(Item.create({ name: 'a', tenant: 't1' })).rejects.toMatchObject({
    code: 11000,
    keyPattern: { tenant: 1, name: 1 },
    keyValue: { tenant: 't1', name: 'a' },
  });
  await Item.create({ name: 'a', tenant: 't2' });
});

test('a stale version is refused', async () => {
  const Item = connection.model('Item', new mongoose.Schema({ name: String }, { optimisticConcurrency: true }));
  const created = await Item.create({ name: 'a' });
  const other = await Item.findById(created._id).orFail();
  created.name = 'b';
  await created.save();
  other.name = 'c';
  await expect(other.save()).rejects.toMatchObject({ name: 'VersionError' });
});

test('bulk writes count, and keep going when they are unordered', async () => {
  const Item = connection.model('Item', schema);
  await Item.init();
  const result = await Item.bulkWrite([
    { insertOne: { document: { name: 'a', tenant: 't' } } },
    { updateOne: { filter: { name: 'a' }, update: { $set: { roles: ['r'] } } } },
    { updateOne: { filter: { name: 'b', tenant: 't' }, update: { $inc: { __v: 1 } }, upsert: true } },
    { deleteMany: { filter: { name: 'none' } } },
  ]);
  expect(result).toMatchObject({ insertedCount: 1, matchedCount: 1, modifiedCount: 1, upsertedCount: 1 });
  const documents = ['a', 'c', 'b', 'd'].map((name) => ({ name, tenant: 't' }));
  await expect(Item.insertMany(documents, { ordered: false })).rejects.toMatchObject({
    code: 11000,
    writeErrors: [{ index: 0 }, { index: 2 }],
  });
  expect(await Item.distinct('name')).toEqual(['a', 'b', 'c', 'd']);
  await expect(Item.insertMany([{ name: 'e' }, { name: 'a', tenant: 't' }, { name: 'f' }])).rejects.toMatchObject({
    code: 11000,
  });
  expect((await Item.distinct('name')).sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('cursors, sorting, aggregation and findOneAnd… work through models', async () => {
  const Item = connection.model('Item', schema);
  await Item.init();
  await Item.insertMany(
    Array.from({ length: 600 }, (_, n) => ({ name: `n${n % 7}-${n}`, tenant: `t${n % 3}`, roles: [] })),
  );
  const seen: string[] = [];
  for await (const item of Item.find({ tenant: 't1' }).sort({ name: -1 }).skip(2).limit(100).cursor())
    seen.push(item.name);
  expect(seen).toHaveLength(100);
  expect([...seen].sort().reverse()).toEqual(seen);
  expect(
    await Item.aggregate([
      { $match: { tenant: { $in: ['t0', 't1'] } } },
      { $group: { _id: '$tenant', count: { $sum: 1 } } },
      { $sort: { _id: -1 } },
    ]),
  ).toEqual([
    { _id: 't1', count: 200 },
    { _id: 't0', count: 200 },
  ]);
  const upserted = await Item.findOneAndUpdate(
    { name: 'new', tenant: 'x' },
    { $setOnInsert: { roles: ['made'] } },
    { upsert: true, returnDocument: 'after', projection: { roles: 1 } },
  ).lean();
  expect(upserted).toEqual({ _id: upserted?._id, roles: ['made'] });
  const replaced = await Item.findOneAndReplace({ name: 'new' }, { name: 'newer' }, { returnDocument: 'after' });
  expect(replaced?.name).toBe('newer');
  expect((await Item.findOneAndDelete({ name: 'newer' }))?.name).toBe('newer');
  expect(await Item.exists({ name: 'newer' })).toBeNull();
  expect(await Item.find({ tenant: 't1' }).explain()).toMatchObject({
    queryPlanner: { winningPlan: { stage: 'FETCH', inputStage: { stage: 'IXSCAN' } } },
  });
  expect((await Item.listIndexes()).map(({ name }) => name)).toEqual(['_id_', 'tenant_1', 'tenant_1_name_1']);
  expect(await Item.syncIndexes()).toEqual([]);
});
