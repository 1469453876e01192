import { serverError, unsupported } from './errors.ts';
import { someAtPath, splitPath } from './paths.ts';
import { type BsonDocument, compareValues, isPlainObject, RANKS } from './values.ts';

export type SortSpec = readonly {
  readonly path: string;
  readonly parts: readonly string[];
  readonly direction: 1 | -1;
}[];

const DIRECTIONS = new Map<unknown, 1 | -1>([
  [1, 1],
  ['1', 1],
  ['asc', 1],
  ['ascending', 1],
  [-1, -1],
  ['-1', -1],
  ['desc', -1],
  ['descending', -1],
]);

/** Takes what the MongoDB driver takes: a name, an object, a Map, or pairs. */
export function parseSort(sort: unknown): SortSpec {
  if (sort === undefined || sort === null) return [];
  return sortEntries(sort).map(([path, direction]) => {
    const parsed = DIRECTIONS.get(typeof direction === 'object' ? Number(direction) : direction);
    if (isPlainObject(direction)) throw unsupported('$meta in a sort');
    if (parsed === undefined) throw serverError('BadValue', `The sort order of ${path} has to be 1 or -1.`);
    return { path, parts: splitPath(path), direction: parsed };
  });
}

function sortEntries(sort: unknown): [string, unknown][] {
  if (typeof sort === 'string') return [[sort, 1]];
  if (sort instanceof Map) return [...sort].map(([path, direction]) => [String(path), direction]);
  if (!Array.isArray(sort)) return Object.entries(sort as object);
  if (sort.length === 2 && typeof sort[0] === 'string' && DIRECTIONS.has(sort[1])) return [[sort[0], sort[1]]];
  return sort.map((item) => (Array.isArray(item) ? [String(item[0]), item[1]] : [String(item), 1]));
}

/** An array sorts by its least item, or by its greatest in descending order; an empty one before null. */
function sortKey(document: BsonDocument, parts: readonly string[], direction: 1 | -1): unknown {
  let best: { value: unknown } | undefined;
  const consider = (value: unknown) => {
    if (best === undefined || compareKeys(value, best.value) * direction < 0) best = { value };
  };
  someAtPath(document, parts, (value) => {
    if (!Array.isArray(value)) consider(value ?? null);
    else if (value.length === 0) consider(EMPTY);
    else for (const item of value) consider(item);
    return false;
  });
  return best === undefined ? null : best.value;
}

const EMPTY = Symbol('empty array');

function compareKeys(a: unknown, b: unknown): number {
  if (a !== EMPTY && b !== EMPTY) return compareValues(a, b);
  if (a === b) return 0;
  // Only MinKey is less than an empty array.
  const other = a === EMPTY ? b : a;
  const isMinKey = (other as { _bsontype?: unknown } | null)?._bsontype === 'MinKey';
  return (a === EMPTY) === isMinKey ? RANKS.minKey : -RANKS.minKey;
}

/** A stable sort: equal documents keep their order. */
export function sortDocuments<T>(items: readonly T[], sort: SortSpec, documentOf: (item: T) => BsonDocument): T[] {
  const keyed = items.map((item) => ({
    item,
    keys: sort.map(({ parts, direction }) => sortKey(documentOf(item), parts, direction)),
  }));
  keyed.sort((a, b) => {
    for (const [position, { direction }] of sort.entries()) {
      const order = compareKeys(a.keys[position], b.keys[position]) * direction;
      if (order !== 0) return order;
    }
    return 0;
  });
  return keyed.map(({ item }) => item);
}
