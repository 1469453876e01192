import type { CollectionEntry, IndexEntry } from './catalog.ts';
import { type Bounds, type Constraint, type Constraints, collectConstraints } from './constraints.ts';
import { invert, successor } from './keys.ts';
import type { SortSpec } from './sort.ts';
import type { BsonDocument } from './values.ts';

/** Keys from `low` up to, not including, `high`. */
export interface KeyRange {
  readonly low: Buffer;
  readonly high: Buffer;
}

export interface IndexScan {
  readonly index: IndexEntry;
  readonly ranges: readonly KeyRange[];
}

/**
 * How the documents that may match are found; the filter is tested on each of them. No scans: all documents, in the
 * order of their insertion.
 */
export interface QueryPlan {
  readonly scans: readonly IndexScan[];
  /** The documents come in the order that was asked for. */
  readonly sorted: boolean;
  readonly reverse: boolean;
}

/** Beyond this, a filter with many values is tested instead of looked up. */
const MAX_RANGES = 1_000;

export function planQuery(collection: CollectionEntry, filter: BsonDocument, sort: SortSpec): QueryPlan {
  const constraints = collectConstraints(filter);
  const best = bestIndex(collection, constraints, sort);
  if (best !== undefined && best.score > 0) return best.plan;
  return (
    planBranches(collection, filter, sort) ?? best?.plan ?? { scans: [], sorted: sort.length === 0, reverse: false }
  );
}

/** `$or` whose every branch has an index. */
function planBranches(collection: CollectionEntry, filter: BsonDocument, sort: SortSpec): QueryPlan | undefined {
  const branches = filter.$or;
  if (!Array.isArray(branches)) return undefined;
  const scans: IndexScan[] = [];
  for (const branch of branches) {
    const best = bestIndex(collection, collectConstraints(branch), []);
    if (best === undefined || best.score <= 0) return undefined;
    scans.push(...best.plan.scans);
  }
  return { scans, sorted: sort.length === 0, reverse: false };
}

function bestIndex(
  collection: CollectionEntry,
  constraints: Constraints,
  sort: SortSpec,
): { plan: QueryPlan; score: number } | undefined {
  let best: { plan: QueryPlan; score: number; rank: number } | undefined;
  for (const index of collection.indexes) {
    const candidate = planIndex(index, constraints, sort);
    const rank = candidate.score * 2 + (candidate.plan.sorted && sort.length > 0 ? 1 : 0);
    if (rank > 0 && rank > (best?.rank ?? 0)) best = { ...candidate, rank };
  }
  return best;
}

function planIndex(index: IndexEntry, constraints: Constraints, sort: SortSpec): { plan: QueryPlan; score: number } {
  let prefixes: Buffer[] = [Buffer.alloc(0)];
  let ranges: KeyRange[] | undefined;
  let equalities = 0;
  let score = 0;
  for (const { path, direction } of index.fields) {
    const constraint = constraints.get(path);
    const values = constraint?.equal;
    if (values !== undefined && prefixes.length * values.length <= MAX_RANGES) {
      const encoded = values.map((value) => (direction === 1 ? value : invert(value)));
      prefixes = prefixes.flatMap((prefix) => encoded.map((value) => Buffer.concat([prefix, value])));
      equalities += 1;
      score += values.length === 1 ? 10 : 8;
      continue;
    }
    const bounds = narrowest(constraint, index.multikey);
    if (bounds !== undefined) {
      ranges = prefixes.map((prefix) => boundedRange(prefix, bounds, direction));
      score += bounds.low !== undefined && bounds.high !== undefined ? 6 : 5;
    }
    break;
  }
  ranges ??= prefixes.map((prefix) => ({ low: prefix, high: successor(prefix) }));
  if (index.unique && equalities === index.fields.length) score += 100;
  const order = sortOrder(index, equalities, prefixes.length, constraints, sort);
  const plan = { scans: [{ index, ranges }], sorted: order !== undefined, reverse: order === 'reverse' };
  return { plan, score };
}

/** Two bounds on an array's items may be met by different items: then only one of them can be looked up. */
function narrowest(constraint: Constraint | undefined, multikey: boolean): Bounds | undefined {
  if (constraint === undefined) return undefined;
  const { rank, low, high } = constraint;
  if (rank === undefined) return undefined;
  const type = Buffer.from([rank]);
  if (multikey && low !== undefined) return { low, high: type };
  return { low: low ?? type, high: high ?? type };
}

/** `low` and `high` are prefixes of the least and the greatest component that may match. */
function boundedRange(prefix: Buffer, { low, high }: Bounds, direction: 1 | -1): KeyRange {
  if (direction === 1) {
    return { low: Buffer.concat([prefix, low]), high: successor(Buffer.concat([prefix, high])) };
  }
  return { low: Buffer.concat([prefix, invert(high)]), high: successor(Buffer.concat([prefix, invert(low)])) };
}

/** Whether the index yields the order asked for: its fields behind those that are equal anyway. */
function sortOrder(
  index: IndexEntry,
  equalities: number,
  prefixes: number,
  constraints: Constraints,
  sort: SortSpec,
): 'forward' | 'reverse' | undefined {
  if (sort.length === 0) return 'forward';
  if (index.multikey || prefixes > 1) return undefined;
  const fixed = new Set(
    index.fields
      .slice(0, equalities)
      .filter(({ path }) => constraints.get(path)?.equal?.length === 1)
      .map(({ path }) => path),
  );
  const wanted = sort.filter(({ path }) => !fixed.has(path));
  const rest = index.fields.slice(equalities);
  let order: 'forward' | 'reverse' | undefined;
  for (const [position, { path, direction }] of wanted.entries()) {
    const field = rest[position];
    if (field === undefined || field.path !== path) return undefined;
    const step = field.direction === direction ? 'forward' : 'reverse';
    if (order !== undefined && order !== step) return undefined;
    order = step;
  }
  return order ?? 'forward';
}
