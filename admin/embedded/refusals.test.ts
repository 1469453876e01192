import type { Connection } from 'mongoose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshCollection } from '../../test/utils/embedded-backends.ts';
import { openEmbedded } from '../../test/utils/embedded-writer.ts';
import type { EmbeddedCollection } from './collection.ts';

let connection: Connection;
let collection: EmbeddedCollection;

beforeAll(async () => {
  connection = await openEmbedded(':memory:');
  collection = freshCollection(connection) as unknown as EmbeddedCollection;
});

afterAll(async () => {
  await connection.close();
});

const REFUSED: Readonly<Record<string, () => unknown>> = {
  'sessions and transactions': () => collection.insertOne({}, { session: {} }),
  collation: () => collection.find({}, { collation: { locale: 'de' } }),
  arrayFilters: () => collection.updateOne({}, { $set: { a: 1 } }, { arrayFilters: [{ x: 1 }] }),
  '$where in a filter': () => collection.findOne({ $where: 'true' }),
  '$expr in a filter': () => collection.countDocuments({ $expr: {} }),
  '$near in a filter': () => collection.findOne({ a: { $near: [1, 2] } }),
  'pipeline in an update': () => collection.updateOne({}, [{ $set: { a: 1 } }]),
  'positional operator $ in an update': () => collection.updateOne({}, { $set: { 'a.$': 1 } }),
  'positional operator $[] in an update': () => collection.updateMany({}, { $set: { 'a.$[].b': 1 } }),
  'change streams (watch)': () => collection.watch(),
  'stage $lookup in an aggregation': () => collection.aggregate([{ $lookup: {} }]),
  'accumulator $avg in a $group': () => collection.aggregate([{ $group: { _id: null, a: { $avg: '$x' } } }]),
  'partial indexes': () => collection.createIndex({ a: 1 }, { unique: true, partialFilterExpression: {} }),
  'sparse indexes': () => collection.createIndex({ a: 1 }, { sparse: true }),
  'expiring (TTL) indexes': () => collection.createIndex({ a: 1 }, { expireAfterSeconds: 5 }),
  "index of kind 'text' (a)": () => collection.createIndex({ a: 'text' }),
  "second database ('other')": () => connection.useDb('other'),
};

test.each(Object.keys(REFUSED))('%s is refused by name', async (thing) => {
  const attempt = async () => REFUSED[thing]?.();
  await expect(attempt()).rejects.toMatchObject({
    code: 115,
    message: `The embedded store has no ${thing}. MongoDB has: set MONGODB_URI.`,
  });
});

test('a transaction is refused through mongoose as well', async () => {
  await expect(connection.startSession()).rejects.toThrow('The embedded store has no sessions and transactions.');
});

test('a document that is too large is refused', async () => {
  await expect(collection.insertOne({ text: 'x'.repeat(16 * 1024 * 1024) })).rejects.toMatchObject({ code: 10334 });
});

test('the field __proto__ is a field', async () => {
  const document = JSON.parse('{ "_id": 1, "a": { "__proto__": { "b": 1 } } }');
  await collection.insertOne(document);
  const found = (await collection.findOne({ _id: 1 })) as { a: object };
  expect(Object.hasOwn(found.a, '__proto__')).toBe(true);
  expect(({} as { b?: number }).b).toBeUndefined();
});
