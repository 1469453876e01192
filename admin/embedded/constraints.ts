import { encodeValue } from './keys.ts';
import { type BsonDocument, isPlainObject, RANKS, rankOf } from './values.ts';

/** Ascending components, or prefixes of them, between which values lie. */
export interface Bounds {
  readonly low: Buffer;
  readonly high: Buffer;
}

/** What a filter demands of one path, as far as an index can look it up. */
export interface Constraint {
  /** Encoded values, one of which it must be. */
  readonly equal?: readonly Buffer[];
  /** The type of a range, and its encoded bounds. */
  readonly rank?: number;
  readonly low?: Buffer;
  readonly high?: Buffer;
}

export type Constraints = ReadonlyMap<string, Constraint>;

/** The constraints that every matching document meets: of the filter itself, its `$and`, and all branches of `$or`. */
export function collectConstraints(filter: BsonDocument): Constraints {
  const found = new Map<string, Constraint>();
  addFilter(filter, found);
  return found;
}

function addFilter(filter: BsonDocument, found: Map<string, Constraint>): void {
  for (const [name, condition] of Object.entries(filter)) {
    if (name === '$and' && Array.isArray(condition)) {
      for (const branch of condition) if (isPlainObject(branch)) addFilter(branch, found);
    } else if (name === '$or' && Array.isArray(condition)) {
      addHull(condition, found);
    } else if (!name.startsWith('$')) {
      for (const constraint of conditionConstraints(condition)) {
        found.set(name, narrower(found.get(name), constraint));
      }
    }
  }
}

function narrower(known: Constraint | undefined, added: Constraint): Constraint {
  if (known === undefined) return added;
  if (known.equal !== undefined || added.equal !== undefined) {
    if (known.equal === undefined) return added;
    if (added.equal === undefined) return known;
    return added.equal.length < known.equal.length ? added : known;
  }
  if (known.rank !== added.rank) return known;
  // Several bounds of one side: any of them will do, the filter tests the others.
  return { ...added, ...known };
}

function conditionConstraints(condition: unknown): Constraint[] {
  if (!isPlainObject(condition)) return equality(condition);
  const names = Object.keys(condition);
  if (!names.some((name) => name.startsWith('$'))) return equality(condition);
  return names.flatMap((name) => operatorConstraint(name, condition[name]));
}

function operatorConstraint(name: string, operand: unknown): Constraint[] {
  switch (name) {
    case '$eq':
      return equality(operand);
    case '$in': {
      if (!Array.isArray(operand)) return [];
      const values = operand.map(equality);
      if (values.some((constraint) => constraint.length === 0)) return [];
      const unique = new Map(
        values.flatMap(([constraint]) => constraint?.equal ?? []).map((key) => [key.toString('latin1'), key]),
      );
      return [{ equal: [...unique.values()] }];
    }
    case '$gt':
    case '$gte':
      return range(operand, 'low');
    case '$lt':
    case '$lte':
      return range(operand, 'high');
    default:
      return [];
  }
}

const LOOKED_UP = new Set<number>([
  RANKS.null,
  RANKS.number,
  RANKS.string,
  RANKS.object,
  RANKS.binary,
  RANKS.objectId,
  RANKS.boolean,
  RANKS.date,
  RANKS.timestamp,
]);

/** Arrays are not looked up: an index holds their items. */
function equality(value: unknown): Constraint[] {
  return LOOKED_UP.has(rankOf(value)) ? [{ equal: [encodeValue(value)] }] : [];
}

function range(operand: unknown, side: 'low' | 'high'): Constraint[] {
  const rank = rankOf(operand);
  if (rank === RANKS.null) return equality(operand);
  return LOOKED_UP.has(rank) ? [{ rank, [side]: encodeValue(operand) }] : [];
}

/** From the least to the greatest value that a path has in the branches, where every branch says something of it. */
function addHull(branches: readonly unknown[], found: Map<string, Constraint>): void {
  const all = branches.map((branch) =>
    isPlainObject(branch) ? collectConstraints(branch) : new Map<string, Constraint>(),
  );
  for (const path of all[0]?.keys() ?? []) {
    const constraints = all.map((branch) => branch.get(path));
    const hull = constraints.reduce((a, b) => (a === undefined || b === undefined ? undefined : joined(a, b)));
    if (hull !== undefined) found.set(path, narrower(found.get(path), hull));
  }
}

function joined(a: Constraint, b: Constraint): Constraint | undefined {
  if (a.equal !== undefined && b.equal !== undefined) return { equal: [...a.equal, ...b.equal] };
  const [x, y] = [asRange(a), asRange(b)];
  if (x === undefined || y === undefined || x.rank !== y.rank) return undefined;
  return {
    rank: x.rank,
    ...(x.low !== undefined && y.low !== undefined && { low: Buffer.compare(x.low, y.low) < 0 ? x.low : y.low }),
    ...(x.high !== undefined && y.high !== undefined && { high: Buffer.compare(x.high, y.high) > 0 ? x.high : y.high }),
  };
}

type Range = Constraint & { readonly rank: number };

function asRange({ equal, rank, low, high }: Constraint): Range | undefined {
  if (rank !== undefined) return { rank, ...(low && { low }), ...(high && { high }) };
  const sorted = [...(equal ?? [])].sort(Buffer.compare);
  const first = sorted[0];
  const last = sorted.at(-1);
  if (first === undefined || last === undefined || first[0] === undefined || first[0] !== last[0]) return undefined;
  return { rank: first[0], low: first, high: last };
}
