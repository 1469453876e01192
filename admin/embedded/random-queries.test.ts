import fc from 'fast-check';
import { Query } from 'mingo';
import mongoose, { type Connection } from 'mongoose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Collection, freshCollection } from '../../test/utils/embedded-backends.ts';
import { openEmbedded } from '../../test/utils/embedded-writer.ts';
import { runs } from '../../test/utils/runs.ts';
import { encodeValue } from './keys.ts';
import { plainValue } from './paths.ts';

const { Long } = mongoose.mongo;
const RUNS = { numRuns: runs(80) };
const SIMPLE_INDEXES = [{ a: 1 }, { b: -1 }, { 'c.d': 1 }];
const COMPOUND_INDEXES = [
  { b: -1, a: 1 },
  { 'c.d': 1, b: 1 },
  { a: 1, 'c.d': -1 },
];

let connection: Connection;

beforeAll(async () => {
  connection = await openEmbedded(':memory:');
});

afterAll(async () => {
  await connection.close();
});

const scalar = fc.oneof(
  fc.integer({ min: -2, max: 4 }),
  fc.constantFrom('', 'a', 'b', 'ab', 'a\u0000b', 'é'),
  fc.boolean(),
  fc.constantFrom(-1, 0, 1).map((time) => new Date(time)),
);
const odd = fc.constantFrom<unknown>(null, 0.5, -0, Number.NaN, Long.fromString('9007199254740993'), {}, { d: 1 });
const path = fc.constantFrom('a', 'b', 'c.d', 'x');

function documents(value: fc.Arbitrary<unknown>): fc.Arbitrary<Record<string, unknown>[]> {
  const part = fc.record({ d: value }, { requiredKeys: [] });
  const document = fc.record({ a: value, b: value, c: part }, { requiredKeys: [] });
  return fc.array(document, { minLength: 5, maxLength: 25 });
}

function filters(value: fc.Arbitrary<unknown>): fc.Arbitrary<Record<string, unknown>> {
  const comparison = fc.tuple(fc.constantFrom('$eq', '$gt', '$gte', '$lt', '$lte', '$ne'), value);
  const list = fc.tuple(fc.constantFrom('$in', '$nin'), fc.array(value, { maxLength: 4 }));
  const small = fc.integer({ min: -2, max: 4 });
  const range = fc.record({ $gt: small, $lte: small });
  const condition = fc.oneof(
    value,
    range,
    fc
      .array(fc.oneof({ weight: 4, arbitrary: comparison }, list), { minLength: 1, maxLength: 2 })
      .map(Object.fromEntries),
  );
  const leaf = fc.dictionary(path, condition, { minKeys: 1, maxKeys: 3, noNullPrototype: true });
  return fc.oneof(
    { weight: 3, arbitrary: leaf },
    fc
      .tuple(fc.constantFrom('$or', '$and', '$nor'), fc.array(leaf, { minLength: 1, maxLength: 3 }), leaf)
      .map(([operator, branches, rest]) => ({ ...rest, [operator]: branches })),
  );
}

const sorts = fc.dictionary(path, fc.constantFrom(1 as const, -1 as const), { maxKeys: 2, noNullPrototype: true });

async function fill(contents: readonly object[], indexes: readonly object[]): Promise<Collection> {
  const collection = freshCollection(connection);
  for (const index of indexes) await collection.createIndex(index as never);
  await collection.insertMany(contents.map((document, _id) => ({ _id: _id as never, ...document })));
  return collection;
}

test('finds what mingo finds, with and without indexes', { timeout: 120_000 }, async () => {
  // Where mingo keeps to MongoDB: arrays of scalars, and documents of one path.
  const values = fc.oneof({ weight: 4, arbitrary: scalar }, fc.array(scalar, { minLength: 1, maxLength: 3 }));
  const property = fc.asyncProperty(
    documents(values),
    fc.array(filters(scalar), { minLength: 6, maxLength: 6 }),
    async (contents, queries) => {
      const plain = await fill(contents, []);
      const indexed = await fill(contents, SIMPLE_INDEXES);
      for (const filter of queries) {
        const query = new Query(filter);
        const expected = contents.flatMap((document, position) => (query.test(document) ? [position] : []));
        for (const collection of [plain, indexed]) {
          const found = (await collection.find(filter).toArray()).map(({ _id }) => Number(_id)).sort((x, y) => x - y);
          expect({ filter, found }).toEqual({ filter, found: expected });
        }
      }
      await plain.drop();
      await indexed.drop();
    },
  );
  await fc.assert(property, RUNS);
});

test('an index changes neither what is found nor its order', { timeout: 120_000 }, async () => {
  const values = fc.oneof({ weight: 3, arbitrary: scalar }, odd);
  const query = fc.record({ filter: filters(values), sort: sorts, skip: fc.nat(3), limit: fc.nat(6) });
  const queries = fc.array(query, { minLength: 6, maxLength: 6 });
  const simple = fc.record({
    contents: documents(fc.oneof({ weight: 3, arbitrary: values }, fc.array(values, { maxLength: 3 }))),
    indexes: fc.subarray<object>(SIMPLE_INDEXES, { minLength: 1 }),
  });
  // Two arrays do not fit into one compound index.
  const compound = fc.record({
    contents: documents(values),
    indexes: fc.subarray<object>([...SIMPLE_INDEXES, ...COMPOUND_INDEXES], { minLength: 1 }),
  });
  const property = fc.asyncProperty(fc.oneof(simple, compound), queries, async ({ contents, indexes }, asked) => {
    const plain = await fill(contents, []);
    const indexed = await fill(contents, indexes);
    for (const { filter, sort, skip, limit } of asked) {
      const page = async (collection: Collection) => {
        const cursor = collection
          .find(filter)
          .sort({ ...sort, _id: 1 })
          .skip(skip)
          .limit(limit);
        return (await cursor.toArray()).map(({ _id }) => Number(_id));
      };
      expect({ filter, sort, ids: await page(indexed) }).toEqual({ filter, sort, ids: await page(plain) });
      // Without an id at the end, equal documents come in any order: their values are compared.
      const ordered = async (collection: Collection) => {
        const found = await collection.find(filter).sort(sort).toArray();
        const keys = found.map((document) => Object.keys(sort).map((name) => plainValue(document, name.split('.'))));
        const isComparable = !keys.flat().some(Array.isArray);
        return {
          keys: isComparable && keys.map((key) => encodeValue(key).toString('hex')),
          ids: new Set(found.map(({ _id }) => Number(_id))),
        };
      };
      expect({ filter, sort, ...(await ordered(indexed)) }).toEqual({ filter, sort, ...(await ordered(plain)) });
    }
    await plain.drop();
    await indexed.drop();
  });
  await fc.assert(property, RUNS);
});
