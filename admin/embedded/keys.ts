import { type BsonNumber, encodeNumber } from './numbers.ts';
import { type BsonDocument, RANKS, rankOf, scalarBytes } from './values.ts';

/*
 * Bytes that compare as MongoDB compares values, so that SQLite can keep an index of them. A component begins with the
 * rank of its type, and none is a prefix of another, so components can stand behind each other in a compound key.
 */

const END = Buffer.from([0]);

export function encodeComponent(value: unknown, direction: 1 | -1): Buffer {
  const bytes = encodeValue(value);
  return direction === 1 ? bytes : invert(bytes);
}

/** Ascending bytes of a value. An absent value is null's equal; `EMPTY_ARRAY` stands below null. */
export function encodeValue(value: unknown): Buffer {
  const rank = rankOf(value);
  return Buffer.concat([Buffer.from([rank]), encodeBody(value, rank)]);
}

/** What an index holds for `[]`: MongoDB takes it as undefined. */
export const EMPTY_ARRAY: Buffer = Buffer.from([RANKS.undefined]);

function encodeBody(value: unknown, rank: number): Buffer {
  switch (rank) {
    case RANKS.minKey:
    case RANKS.maxKey:
    case RANKS.null:
      return Buffer.alloc(0);
    case RANKS.number:
      return encodeNumber(value as BsonNumber);
    case RANKS.boolean:
      return Buffer.from([value === true ? 1 : 0]);
    case RANKS.date: {
      const bytes = Buffer.allocUnsafe(8);
      bytes.writeBigUInt64BE(BigInt.asUintN(64, BigInt((value as Date).getTime()) + 2n ** 63n));
      return bytes;
    }
    case RANKS.string:
      return terminated(Buffer.from(String(value)));
    case RANKS.object:
      return encodeObject(value as BsonDocument);
    case RANKS.array:
      return Buffer.concat([...(value as unknown[]).map(encodeValue), END]);
    case RANKS.objectId:
    case RANKS.binary:
    case RANKS.timestamp:
      return scalarBytes(value, rank);
    default:
      return terminated(scalarBytes(value, rank));
  }
}

function encodeObject(value: BsonDocument): Buffer {
  const parts: Buffer[] = [];
  for (const [name, item] of Object.entries(value)) {
    const rank = rankOf(item);
    parts.push(Buffer.from([rank]), terminated(Buffer.from(name)), encodeBody(item, rank));
  }
  return Buffer.concat([...parts, END]);
}

/** A zero byte in the text becomes 00 FF, so that the end, 00 01, sorts before every longer text. */
function terminated(bytes: Buffer): Buffer {
  if (!bytes.includes(0)) return Buffer.concat([bytes, TERMINATOR]);
  const parts: number[] = [];
  for (const byte of bytes) {
    parts.push(byte);
    if (byte === 0) parts.push(0xff);
  }
  return Buffer.concat([Buffer.from(parts), TERMINATOR]);
}

const TERMINATOR = Buffer.from([0, 1]);

export function invert(bytes: Buffer): Buffer {
  const inverted = Buffer.allocUnsafe(bytes.length);
  for (let index = 0; index < bytes.length; index += 1) inverted[index] = ~(bytes[index] ?? 0) & 0xff;
  return inverted;
}

/** The least key behind all keys that begin with `prefix`. */
export function successor(prefix: Buffer): Buffer {
  let length = prefix.length;
  while (length > 0 && prefix[length - 1] === 0xff) length -= 1;
  // No component begins with 0xff, neither ascending nor descending.
  if (length === 0) return Buffer.from([0xff]);
  const next = Buffer.from(prefix.subarray(0, length));
  next[length - 1] = (next[length - 1] ?? 0) + 1;
  return next;
}
