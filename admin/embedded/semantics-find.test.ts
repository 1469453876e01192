import mongoose, { type Connection } from 'mongoose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backends, freshCollection, keepsCorners } from '../../test/utils/embedded-backends.ts';
import { mongodbUri } from '../../test/utils/mongodb-server.ts';

const { Binary, Decimal128, Double, Long, MaxKey, MinKey, ObjectId } = mongoose.mongo;

const FIRST = new ObjectId('650000000000000000000001');
const SECOND = new ObjectId('650000000000000000000002');
const DAY = new Date('2026-01-02T03:04:05.006Z');

/**
 * A filter, and which documents (by position) it finds in MongoDB. In its corners, servers that only speak MongoDB's
 * protocol differ: those are asked of the embedded store and of MongoDB itself.
 */
type Query = readonly [object, readonly number[], 'corner'?];

const CASES: readonly (readonly [string, readonly object[], readonly Query[]])[] = [
  [
    'null, missing and empty',
    [{ a: null }, {}, { a: 0 }, { a: [] }, { a: [null] }, { a: '' }, { a: {} }, { a: false }],
    [
      [{ a: null }, [0, 1, 4]],
      [{ a: { $eq: null } }, [0, 1, 4]],
      [{ a: { $ne: null } }, [2, 3, 5, 6, 7]],
      [{ a: { $in: [null, 0] } }, [0, 1, 2, 4]],
      [{ a: { $nin: [null] } }, [2, 3, 5, 6, 7]],
      [{ a: { $exists: true } }, [0, 2, 3, 4, 5, 6, 7]],
      [{ a: { $exists: false } }, [1]],
      [{ a: { $gte: null } }, [0, 1, 4], 'corner'],
      [{ a: { $gt: null } }, []],
      [{ a: { $type: 'null' } }, [0, 4]],
      [{ a: [] }, [3]],
      [{ a: { $size: 0 } }, [3]],
    ],
  ],
  [
    'arrays stand for their items and themselves',
    [{ a: [1, 2, 3] }, { a: 2 }, { a: [[1, 2], 5] }, { a: ['x', 2] }, { a: [10] }, { a: [1, 20] }],
    [
      [{ a: 2 }, [0, 1, 3]],
      [{ a: [1, 2] }, [2], 'corner'],
      [{ a: [1, 2, 3] }, [0]],
      [{ a: { $ne: 2 } }, [2, 4, 5]],
      [{ a: { $gt: 5, $lt: 8 } }, [5], 'corner'],
      [{ a: { $elemMatch: { $gt: 5, $lt: 15 } } }, [4]],
      [{ a: { $size: 2 } }, [2, 3, 5]],
      [{ a: { $all: [1, 2] } }, [0]],
      [{ a: { $all: [2] } }, [0, 1, 3], 'corner'],
      [{ a: { $all: [] } }, []],
      [{ 'a.0': 1 }, [0, 2, 5], 'corner'],
      [{ 'a.1': { $gt: 4 } }, [2, 5]],
      [{ a: { $in: [5, 'x'] } }, [2, 3]],
      [{ a: { $type: 'array' } }, [0, 2, 3, 4, 5]],
      [{ a: { $mod: [10, 0] } }, [4, 5]],
    ],
  ],
  [
    'comparisons stay within a type',
    [
      { a: 5 },
      { a: '5' },
      { a: DAY },
      { a: true },
      { a: FIRST },
      { a: null },
      { a: Long.fromString('9007199254740993') },
    ],
    [
      [{ a: { $gt: 4 } }, [0, 6]],
      [{ a: { $gte: '' } }, [1]],
      [{ a: { $lt: new Date(DAY.getTime() + 1) } }, [2]],
      [{ a: { $gt: false } }, [3]],
      [{ a: { $lte: SECOND } }, [4]],
      [{ a: { $not: { $gt: 4 } } }, [1, 2, 3, 4, 5]],
      [{ a: { $gt: Long.fromString('9007199254740992') } }, [6]],
      [{ a: { $lt: Long.fromString('9007199254740993') } }, [0]],
      [{ a: Long.fromString('9007199254740993') }, [6]],
      [{ a: Long.fromString('9007199254740992') }, []],
      [{ a: { $type: 'number' } }, [0, 6]],
      [{ a: { $type: ['string', 'date'] } }, [1, 2]],
    ],
  ],
  [
    'numbers are equal across their types',
    [{ a: 1 }, { a: new Double(1) }, { a: Long.fromNumber(1) }, { a: -0 }, { a: 0 }, { a: 1.5 }, { a: Number.NaN }],
    [
      [{ a: 1 }, [0, 1, 2]],
      [{ a: Long.fromNumber(1) }, [0, 1, 2]],
      [{ a: 0 }, [3, 4]],
      [{ a: -0 }, [3, 4]],
      [{ a: { $lt: 1 } }, [3, 4]],
      [{ a: { $gt: 1 } }, [5], 'corner'],
      [{ a: Number.NaN }, [6]],
      [{ a: { $in: [1.5, -0] } }, [3, 4, 5]],
    ],
  ],
  [
    'paths go through documents and arrays of documents',
    [
      { a: { b: 1 } },
      { a: [{ b: 1 }, { b: 2 }] },
      { a: [{ c: 1 }, { b: 3 }] },
      { a: { b: [1, 2] } },
      { a: 5 },
      { a: [{ b: [7, 8] }] },
    ],
    [
      [{ 'a.b': 1 }, [0, 1, 3]],
      [{ 'a.b': { $gt: 2 } }, [2, 5]],
      [{ 'a.b': null }, [2, 4]],
      [{ 'a.b': { $exists: false } }, [4], 'corner'],
      [{ 'a.0.b': 1 }, [1]],
      [{ 'a.b.1': 2 }, [3]],
      [{ 'a.b': 8 }, [5]],
      [{ a: { $elemMatch: { b: 2 } } }, [1]],
      [{ a: { $elemMatch: { b: { $gt: 1, $lt: 3 } } } }, [1]],
      [{ 'a.b': { $ne: 1 } }, [2, 4, 5]],
    ],
  ],
  [
    'text and patterns',
    [{ a: 'Ant' }, { a: 'bee' }, { a: ['cat', 'ANT'] }, { a: 5 }, { a: 'two\nant' }],
    [
      [{ a: /^ant/i }, [0, 2]],
      [{ a: { $regex: '^ant', $options: 'i' } }, [0, 2]],
      [{ a: { $regex: '^ant', $options: 'm' } }, [4]],
      [{ a: { $in: [/^b/, 5] } }, [1, 3]],
      [{ a: { $not: /a/i } }, [1, 3]],
      [{ a: { $gte: 'a', $lt: 'c' } }, [1, 2], 'corner'],
    ],
  ],
  [
    'logic',
    [{ a: 1, b: 1 }, { a: 1, b: 2 }, { a: 2, b: 2 }, {}],
    [
      [{ $or: [{ a: 2 }, { b: 1 }] }, [0, 2]],
      [{ $and: [{ a: 1 }, { b: 2 }] }, [1]],
      [{ $nor: [{ a: 1 }, { b: 2 }] }, [3]],
      [{ a: 1, $or: [{ b: 1 }, { b: 3 }] }, [0]],
      [{ a: { $gt: 0, $ne: 2 } }, [0, 1]],
      [{}, [0, 1, 2, 3]],
    ],
  ],
  [
    'ids, binaries and dates',
    [
      { a: FIRST },
      { a: new Binary(Buffer.from('ab')) },
      { a: new Date(-1) },
      { a: new Date(0) },
      { a: FIRST.toHexString() },
      { a: Buffer.from('abc') },
    ],
    [
      [{ a: FIRST }, [0]],
      [{ a: Buffer.from('ab') }, [1]],
      [{ a: { $lt: new Date(0) } }, [2]],
      [{ a: { $gt: new Binary(Buffer.from('ab')) } }, [5]],
      [{ a: { $in: [new Date(0), FIRST] } }, [0, 3]],
    ],
  ],
];

const MIXED = [
  new MinKey(),
  null,
  Number.NaN,
  Number.NEGATIVE_INFINITY,
  -1.5,
  Decimal128.fromString('-0.5'),
  0,
  Long.fromString('9007199254740993'),
  1e300,
  '',
  'B',
  'a',
  'ab',
  'é',
  '\uffee',
  '😀',
  {},
  { a: 1 },
  { a: 1, b: 1 },
  { b: 0 },
  new Binary(Buffer.from([9])),
  new Binary(Buffer.from([1, 2])),
  FIRST,
  SECOND,
  false,
  true,
  new Date(-5),
  new Date(5),
  new MaxKey(),
];

describe.each(backends(mongodbUri()))('$name', ({ open }) => {
  let connection: Connection;
  let isExact: boolean;
  beforeAll(async () => {
    connection = await open();
    isExact = await keepsCorners(connection);
  });
  afterAll(async () => {
    await connection.dropDatabase();
    await connection.close();
  });

  describe.each([
    ['without an index', []],
    ['with an index', ['a']],
    ['with an index of the field below', ['a.b']],
    ['with a descending index', ['-a']],
  ])('%s', (_, indexes) => {
    test.each(CASES)('%s', async (_name, documents, queries) => {
      const collection = freshCollection(connection);
      for (const index of indexes)
        await collection.createIndex({ [index.replace('-', '')]: index.startsWith('-') ? -1 : 1 });
      await collection.insertMany(documents.map((document, _id) => ({ _id: _id as never, ...document })));
      const asked = queries.filter(([, , corner]) => corner === undefined || isExact);
      const found: unknown[] = [];
      for (const [filter, , ...corner] of asked) {
        const ids = (await collection.find(filter).toArray()).map(({ _id }) => Number(_id)).sort((x, y) => x - y);
        found.push([filter, ids, ...corner]);
        expect(await collection.countDocuments(filter)).toBe(ids.length);
      }
      expect(found).toEqual(asked);
    });

    test('values of all types sort in one order, both ways', async () => {
      const collection = freshCollection(connection);
      for (const index of indexes)
        await collection.createIndex({ [index.replace('-', '')]: index.startsWith('-') ? -1 : 1 });
      const corners = isExact ? [] : [Number.NaN, '😀'];
      const values = MIXED.map((a, _id) => ({ _id: _id as never, a })).filter(
        ({ a }) => !corners.some((c) => Object.is(c, a)),
      );
      await collection.insertMany(values.toSorted((x, y) => ((Number(x._id) * 7) % 29) - ((Number(y._id) * 7) % 29)));
      const up = await collection.find({}).sort({ a: 1 }).toArray();
      expect(up.map(({ _id }) => Number(_id))).toEqual(values.map(({ _id }) => Number(_id)));
      const down = await collection.find({}).sort({ a: -1 }).skip(1).limit(3).toArray();
      expect(down.map(({ _id }) => Number(_id))).toEqual([27, 26, 25]);
    });
  });

  test('arrays sort by their least item upwards and by their greatest downwards', async () => {
    const collection = freshCollection(connection);
    const arrays = [{ a: [5, 1] }, { a: [3] }, { a: 2 }, { a: [] }, {}];
    await collection.insertMany(arrays.map((document, _id) => ({ _id: _id as never, ...document })));
    const ids = async (direction: 1 | -1) =>
      (await collection.find({}).sort({ a: direction }).toArray()).map(({ _id }) => Number(_id));
    expect(await ids(1)).toEqual([3, 4, 0, 2, 1]);
    expect(await ids(-1)).toEqual([0, 1, 2, 4, 3]);
  });

  test('projections include or exclude, also below arrays', async () => {
    const collection = freshCollection(connection);
    await collection.insertOne({ _id: 1 as never, a: { b: 1, c: 2 }, l: [{ x: 1, y: 2 }, 3], z: 1 });
    const projected = (projection: object) => collection.findOne({}, { projection: projection as never });
    expect(await projected({ z: 1 })).toEqual({ _id: 1, z: 1 });
    expect(await projected({ 'a.b': 1, 'l.x': 1, _id: 0 })).toEqual({ a: { b: 1 }, l: [{ x: 1 }] });
    expect(await projected({ 'a.b': 0, 'l.y': 0, z: 0 })).toEqual({ _id: 1, a: { c: 2 }, l: [{ x: 1 }, 3] });
  });

  test('types come back as they were stored', async () => {
    const collection = freshCollection(connection);
    const stored = {
      _id: FIRST as never,
      long: Long.fromString('9223372036854775807'),
      decimal: Decimal128.fromString('0.10'),
      binary: new Binary(Buffer.from([0, 255])),
      date: DAY,
      none: null,
      nested: { list: [1, 'x', [true]] },
      negativeZero: -0,
      map: new Map([['k', 1]]),
      big: 5n,
      undefined: undefined,
    };
    await collection.insertOne(stored);
    const found = await collection.findOne({ _id: FIRST as never });
    expect(found).toEqual({ ...stored, map: { k: 1 }, big: 5, undefined: null });
    expect(Object.is(found?.negativeZero, -0)).toBe(true);
    expect(await collection.findOne({}, { projection: { big: 1, _id: 0 }, promoteLongs: false })).toEqual({
      big: Long.fromNumber(5),
    });
  });

  test('groups are counted and summed', async () => {
    const collection = freshCollection(connection);
    await collection.insertMany([
      { tenant: 'a', cost: 5, day: 1 },
      { tenant: 'a', cost: Long.fromString('9007199254740993'), day: 2 },
      { tenant: 'b', cost: 'x', day: 1 },
      { cost: 1.5, day: 1 },
    ]);
    const groups = await collection
      .aggregate([
        { $match: { cost: { $ne: null } } },
        { $group: { _id: '$tenant', count: { $sum: 1 }, cost: { $sum: '$cost' } } },
        { $sort: { _id: 1 } },
        { $project: { count: 1, cost: 1 } },
      ])
      .toArray();
    expect(groups).toEqual([
      { _id: null, count: 1, cost: 1.5 },
      { _id: 'a', count: 2, cost: Long.fromString('9007199254740998') },
      { _id: 'b', count: 1, cost: 0 },
    ]);
    const page = [{ $sort: { cost: 1 } }, { $skip: 1 }, { $limit: 2 }, { $project: { _id: 0, cost: 1 } }];
    expect(await collection.aggregate(page).toArray()).toEqual([
      { cost: 5 },
      { cost: Long.fromString('9007199254740993') },
    ]);
    const pairs = await collection
      .aggregate([{ $group: { _id: { t: '$tenant', d: '$day' }, n: { $sum: 1 } } }, { $sort: { n: 1, _id: 1 } }])
      .toArray();
    expect(pairs).toHaveLength(4);
    expect(await collection.distinct('day')).toEqual([1, 2]);
  });
});
