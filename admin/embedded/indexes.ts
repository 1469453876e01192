import { type CollectionEntry, type IndexEntry, keyPattern } from './catalog.ts';
import { duplicateKey, serverError } from './errors.ts';
import { EMPTY_ARRAY, encodeComponent, invert } from './keys.ts';
import { isArrayIndex, ownValue } from './paths.ts';
import type { Storage } from './storage.ts';
import { type BsonDocument, isPlainObject } from './values.ts';

/** A field of an index on its way through a document. */
interface Walk {
  readonly value: unknown;
  readonly rest: readonly string[];
  /** Where the walk is, so that fields below one array go through its items together. */
  readonly at: string;
  readonly isItem: boolean;
}

export interface DocumentKeys {
  readonly keys: readonly Buffer[];
  readonly multikey: boolean;
}

/** Keys of documents are many, but bounded: an array of more items is not to be indexed. */
const MAX_KEYS = 10_000;

/** The keys of a document in an index: one, or one for each item of an array. */
export function documentKeys(index: IndexEntry, document: BsonDocument): DocumentKeys {
  const found = new Map<string, Buffer>();
  const start = index.fields.map(({ parts }) => ({ value: document, rest: parts, at: '', isItem: false }));
  const multikey = expand(index, start, (values) => {
    const key = Buffer.concat(values);
    found.set(key.toString('latin1'), key);
    if (found.size > MAX_KEYS) {
      throw serverError('BadValue', `The document has more than ${MAX_KEYS} keys in the index ${index.name}.`);
    }
  });
  return { keys: [...found.values()], multikey };
}

function expand(index: IndexEntry, walks: readonly Walk[], emit: (components: Buffer[]) => void): boolean {
  const settled = walks.map(descend);
  const arrays = settled.filter(isExpandable);
  const place = arrays[0]?.at;
  if (place === undefined) {
    emit(settled.map((walk, position) => component(walk.value, index.fields[position]?.direction ?? 1)));
    return false;
  }
  if (arrays.some((walk) => walk.at !== place)) {
    throw serverError('CannotIndexParallelArrays', `The index ${index.name} cannot hold two arrays of one document.`);
  }
  const items = arrays[0]?.value as readonly unknown[];
  const steps: readonly unknown[] = items.length === 0 ? [NO_ITEMS] : items;
  for (const item of steps) {
    const next = settled.map((walk) =>
      isExpandable(walk) ? { value: stepValue(item, walk), rest: walk.rest, at: `${place}.*`, isItem: true } : walk,
    );
    expand(index, next, emit);
  }
  return true;
}

const NO_ITEMS = Symbol('no items');

function stepValue(item: unknown, walk: Walk): unknown {
  if (item !== NO_ITEMS) return item;
  return walk.rest.length === 0 ? NO_ITEMS : undefined;
}

/** Goes down through documents, and through arrays where a number names a place. */
function descend(walk: Walk): Walk {
  let { value, rest, at } = walk;
  let isItem = walk.isItem;
  for (;;) {
    const [part] = rest;
    if (part === undefined) break;
    if (isPlainObject(value)) value = ownValue(value, part);
    else if (Array.isArray(value) && isArrayIndex(part) && Number(part) < value.length) value = value[Number(part)];
    else if (Array.isArray(value) && !isItem) break;
    else value = undefined;
    at = `${at}.${part}`;
    rest = rest.slice(1);
    isItem = false;
  }
  return { value, rest, at, isItem };
}

function isExpandable(walk: Walk): boolean {
  return Array.isArray(walk.value) && !walk.isItem;
}

function component(value: unknown, direction: 1 | -1): Buffer {
  if (value !== NO_ITEMS) return encodeComponent(value, direction);
  return direction === 1 ? EMPTY_ARRAY : invert(EMPTY_ARRAY);
}

/** @throws MongoServerError 11000 when another document has one of the keys of a unique index. */
export function assertUnique(
  storage: Storage,
  collection: CollectionEntry,
  index: IndexEntry,
  keys: readonly Buffer[],
  document: BsonDocument,
): void {
  for (const key of keys) {
    const taken = storage.get(`SELECT seq FROM ${index.table} WHERE ${index.keyColumn} = ? LIMIT 1`, [key]);
    if (taken !== undefined) {
      throw duplicateKey(collection.name, index.name, keyPattern(index), keyValue(index, key, document));
    }
  }
}

/** The values that are taken: of an array, the item whose key it is. */
function keyValue(index: IndexEntry, key: Buffer, document: BsonDocument): Record<string, unknown> {
  let found: Record<string, unknown> = {};
  const start = index.fields.map(({ parts }) => ({ value: document, rest: parts, at: '', isItem: false }));
  const values: unknown[][] = [];
  collect(start, values);
  for (const candidate of values) {
    const encoded = candidate.map((value, position) => component(value, index.fields[position]?.direction ?? 1));
    if (!Buffer.concat(encoded).equals(key)) continue;
    found = Object.fromEntries(index.fields.map(({ path }, position) => [path, plain(candidate[position])]));
    break;
  }
  return found;
}

function collect(walks: readonly Walk[], values: unknown[][]): void {
  const settled = walks.map(descend);
  const array = settled.find(isExpandable);
  if (array === undefined) {
    values.push(settled.map((walk) => walk.value));
    return;
  }
  const items = array.value as readonly unknown[];
  for (const item of items.length === 0 ? [NO_ITEMS] : items) {
    const next = settled.map((walk) =>
      isExpandable(walk) ? { value: stepValue(item, walk), rest: walk.rest, at: `${walk.at}.*`, isItem: true } : walk,
    );
    collect(next, values);
  }
}

function plain(value: unknown): unknown {
  return value === undefined || value === NO_ITEMS ? null : value;
}
