import mongoose, { type mongo } from 'mongoose';
import { serverError } from './errors.ts';
import { type BsonNumber, compareNumbers } from './numbers.ts';

const { BSON } = mongoose.mongo;

export type BsonDocument = Record<string, unknown>;

/** The order of types in which MongoDB sorts, by its canonical numbers. Missing fields sort as null. */
export const RANKS = {
  minKey: 1,
  undefined: 2,
  null: 5,
  number: 10,
  string: 15,
  object: 20,
  array: 25,
  binary: 30,
  objectId: 35,
  boolean: 40,
  date: 45,
  timestamp: 47,
  regex: 50,
  other: 60,
  maxKey: 127,
} as const;

/** The largest document, as MongoDB has it. */
export const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;

const RANK_BY_BSON_TYPE: Readonly<Record<string, number>> = {
  ObjectId: RANKS.objectId,
  Int32: RANKS.number,
  Double: RANKS.number,
  Long: RANKS.number,
  Decimal128: RANKS.number,
  Binary: RANKS.binary,
  Timestamp: RANKS.timestamp,
  BSONRegExp: RANKS.regex,
  MinKey: RANKS.minKey,
  MaxKey: RANKS.maxKey,
  BSONSymbol: RANKS.string,
};

export function rankOf(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return RANKS.string;
    case 'number':
    case 'bigint':
      return RANKS.number;
    case 'boolean':
      return RANKS.boolean;
    case 'undefined':
      return RANKS.null;
  }
  if (value === null) return RANKS.null;
  if (Array.isArray(value)) return RANKS.array;
  if (value instanceof Date) return RANKS.date;
  if (value instanceof RegExp) return RANKS.regex;
  const bsonType = (value as { _bsontype?: unknown })._bsontype;
  if (typeof bsonType === 'string') return RANK_BY_BSON_TYPE[bsonType] ?? RANKS.other;
  return ArrayBuffer.isView(value) ? RANKS.binary : RANKS.object;
}

export function isPlainObject(value: unknown): value is BsonDocument {
  return rankOf(value) === RANKS.object;
}

/** MongoDB's order over all values: by type first, numbers of every width together. */
export function compareValues(a: unknown, b: unknown): number {
  const rank = rankOf(a);
  const difference = rank - rankOf(b);
  if (difference !== 0) return difference;
  switch (rank) {
    case RANKS.number:
      return compareNumbers(a as BsonNumber, b as BsonNumber);
    case RANKS.string:
      return compareStrings(String(a), String(b));
    case RANKS.object:
      return compareObjects(a as BsonDocument, b as BsonDocument);
    case RANKS.array:
      return compareArrays(a as unknown[], b as unknown[]);
    case RANKS.null:
    case RANKS.minKey:
    case RANKS.maxKey:
      return 0;
    case RANKS.boolean:
    case RANKS.date:
      return Number(a) - Number(b);
    default:
      return Buffer.compare(scalarBytes(a, rank), scalarBytes(b, rank));
  }
}

export function equalValues(a: unknown, b: unknown): boolean {
  return a === b || compareValues(a, b) === 0;
}

function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  // UTF-16 and UTF-8 disagree on the order of surrogates only.
  return SURROGATE.test(a) || SURROGATE.test(b) ? Buffer.compare(Buffer.from(a), Buffer.from(b)) : a < b ? -1 : 1;
}

const SURROGATE = /[\ud800-\uffff]/;

function compareObjects(a: BsonDocument, b: BsonDocument): number {
  const keysA = Object.keys(a);
  const keysB = Object.keys(b);
  for (const [index, keyA] of keysA.entries()) {
    const keyB = keysB[index];
    if (keyB === undefined) return 1;
    const order = rankOf(a[keyA]) - rankOf(b[keyB]) || compareStrings(keyA, keyB) || compareValues(a[keyA], b[keyB]);
    if (order !== 0) return order;
  }
  return keysA.length - keysB.length;
}

function compareArrays(a: readonly unknown[], b: readonly unknown[]): number {
  for (const [index, item] of a.entries()) {
    if (index >= b.length) return 1;
    const order = compareValues(item, b[index]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** The bytes of a scalar of the rarer types, in their order. */
export function scalarBytes(value: unknown, rank: number): Buffer {
  switch (rank) {
    case RANKS.objectId:
      return Buffer.from((value as mongo.ObjectId).id);
    case RANKS.binary:
      return binaryBytes(value as mongo.Binary | Uint8Array);
    case RANKS.timestamp: {
      const bytes = Buffer.allocUnsafe(8);
      bytes.writeBigUInt64BE(BigInt.asUintN(64, (value as mongo.Timestamp).toBigInt()));
      return bytes;
    }
    case RANKS.regex: {
      const { source, flags } = toRegExp(value as RegExp | mongo.BSONRegExp);
      return Buffer.from(`${source}\0${flags}`);
    }
    default:
      return Buffer.from(BSON.serialize({ value }));
  }
}

function binaryBytes(value: mongo.Binary | Uint8Array): Buffer {
  const isView = ArrayBuffer.isView(value);
  const content = isView ? value : value.value();
  const head = Buffer.allocUnsafe(5);
  head.writeUInt32BE(content.length);
  head[4] = isView ? 0 : value.sub_type;
  return Buffer.concat([head, content]);
}

/** Without `g` and `y`: a search must not remember where the last one ended. */
export function toRegExp(value: RegExp | mongo.BSONRegExp): RegExp {
  if (value instanceof RegExp) return new RegExp(value.source, value.flags.replace(/[gy]/g, ''));
  return new RegExp(value.pattern, value.options.replace(/[^ims]/g, ''));
}

export interface ReadOptions {
  readonly promoteLongs?: boolean;
  readonly promoteValues?: boolean;
  readonly promoteBuffers?: boolean;
  readonly useBigInt64?: boolean;
}

/** To bytes as the MongoDB driver does it: Maps and `toBSON()` are resolved, `undefined` becomes null. */
export function serialize(document: object, ignoreUndefined = false): Buffer {
  const bytes = Buffer.from(BSON.serialize(document as BsonDocument, { ignoreUndefined }));
  if (bytes.length > MAX_DOCUMENT_BYTES) {
    throw serverError('BSONObjectTooLarge', `A document has ${bytes.length} bytes, ${MAX_DOCUMENT_BYTES} are allowed.`);
  }
  return bytes;
}

/** From bytes as the MongoDB driver gives it: numbers as JavaScript numbers, 64-bit integers beyond those as Long. */
export function deserialize(bytes: Uint8Array | ArrayBuffer, options: ReadOptions = {}): BsonDocument {
  const { promoteLongs = true, promoteValues = true, promoteBuffers = false, useBigInt64 = false } = options;
  const view = bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : bytes;
  return BSON.deserialize(view, { promoteLongs, promoteValues, promoteBuffers, useBigInt64 });
}

/** From bytes with the width of every number kept: what updates work on. */
export function deserializeExact(bytes: Uint8Array | ArrayBuffer): BsonDocument {
  const view = bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : bytes;
  return BSON.deserialize(view, { promoteValues: false, promoteLongs: false, bsonRegExp: true });
}

/** A caller's filter or document as the server would see it. */
export function normalize(document: object): BsonDocument {
  return deserialize(serialize(document));
}

export function normalizeExact(document: object, ignoreUndefined = false): BsonDocument {
  return deserializeExact(serialize(document, ignoreUndefined));
}
