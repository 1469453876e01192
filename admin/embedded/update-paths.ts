import mongoose from 'mongoose';
import { serverError, unsupported } from './errors.ts';
import { isArrayIndex, ownValue, setOwn, splitPath } from './paths.ts';
import { type BsonDocument, isPlainObject, RANKS, rankOf } from './values.ts';

/** An array is not padded further than this, or one small update could fill the memory. */
const MAX_PADDING = 10_000;

/** The place a path of an update leads to. */
export interface Place {
  readonly value: unknown;
  set(value: unknown): void;
  remove(): void;
}

/** @throws MongoServerError for positional operators, empty names, and `_id` parts that begin with $ */
export function updatePath(path: string): string[] {
  const parts = splitPath(path);
  for (const part of parts) {
    if (part === '') throw serverError('EmptyFieldName', `The update path '${path}' contains an empty field name.`);
    if (part === '$' || part.startsWith('$[')) throw unsupported(`positional operator ${part} in an update`);
    if (part.startsWith('$')) {
      throw serverError('DollarPrefixedFieldName', `The field '${part}' in '${path}' is not valid for storage.`);
    }
  }
  return parts;
}

/**
 * Goes down a path. With `create`, missing documents on the way are made once something is set; without, the place of
 * what is not there is `undefined`.
 *
 * @throws MongoServerError 28 where a value on the way has no fields
 */
export function placeOf(document: BsonDocument, parts: readonly string[], create: boolean): Place | undefined {
  let container: unknown = document;
  for (const part of parts.slice(0, -1)) {
    let next = child(container, part, create);
    if (next === undefined) {
      if (!create) return undefined;
      next = {};
      setChild(container, part, next);
    }
    container = next;
  }
  const last = parts.at(-1) ?? '';
  const parent = container;
  const value = child(parent, last, create);
  if (value === undefined && !create) return undefined;
  return {
    value,
    set: (next) => setChild(parent, last, next),
    remove: () => removeChild(parent, last),
  };
}

function child(container: unknown, part: string, create: boolean): unknown {
  if (isPlainObject(container)) return ownValue(container, part);
  if (Array.isArray(container) && isArrayIndex(part)) return container[Number(part)];
  if (!create) return undefined;
  throw serverError('PathNotViable', `Cannot create field '${part}' in element of type ${typeName(container)}`);
}

function setChild(container: unknown, part: string, value: unknown): void {
  if (!Array.isArray(container)) {
    setOwn(container as BsonDocument, part, value);
    return;
  }
  const index = Number(part);
  if (index - container.length > MAX_PADDING) {
    throw serverError('BadValue', `The array would have to be padded with more than ${MAX_PADDING} nulls.`);
  }
  while (container.length < index) container.push(null);
  container[index] = value;
}

function removeChild(container: unknown, part: string): void {
  if (Array.isArray(container)) {
    if (Number(part) < container.length) container[Number(part)] = null;
  } else {
    delete (container as BsonDocument)[part];
  }
}

const NAMES = new Map<number, string>(Object.entries(RANKS).map(([name, rank]) => [rank, name]));

/** As in MongoDB's messages: `string`, `object`, `int`. */
export function typeName(value: unknown): string {
  const rank = rankOf(value);
  if (rank !== RANKS.number) return NAMES.get(rank) ?? 'unknown';
  const { Int32, Long, Decimal128 } = mongoose.mongo;
  if (value instanceof Int32) return 'int';
  if (value instanceof Long) return 'long';
  return value instanceof Decimal128 ? 'decimal' : 'double';
}
