import type { CollectionEntry } from './catalog.ts';
import type { IndexScan, KeyRange, QueryPlan } from './query-plan.ts';
import type { Storage } from './storage.ts';

/** A document as it lies in the file. */
export interface StoredDocument {
  readonly seq: number;
  readonly bytes: ArrayBuffer;
}

/** Rows are read in portions, so that no statement stays open between turns and a large result is never held whole. */
const FIRST_PORTION = 32;
const PORTION = 256;

/** The documents that a plan finds, each once. `expected` is how many are likely to be read. */
export function* scanDocuments(
  storage: Storage,
  collection: CollectionEntry,
  plan: QueryPlan,
  expected = FIRST_PORTION,
): Generator<StoredDocument> {
  const portion = Math.max(1, Math.min(expected, PORTION));
  if (plan.scans.length === 0) {
    yield* scanTable(storage, collection, portion);
    return;
  }
  const seen = mayRepeat(plan) ? new Set<number>() : undefined;
  for (const scan of plan.scans) {
    for (const range of scan.ranges) {
      for (const stored of scanRange(storage, collection, scan, range, plan.reverse, portion)) {
        if (seen?.has(stored.seq)) continue;
        seen?.add(stored.seq);
        yield stored;
      }
    }
  }
}

function mayRepeat({ scans }: QueryPlan): boolean {
  return scans.length > 1 || scans.some(({ index, ranges }) => index.multikey || ranges.length > 1);
}

function* scanTable(storage: Storage, { table }: CollectionEntry, first: number): Generator<StoredDocument> {
  const sql = `SELECT seq, document FROM ${table} WHERE seq > ? ORDER BY seq LIMIT ?`;
  let after = 0;
  for (let portion = first; ; portion = PORTION) {
    const rows = storage.all(sql, [after, portion]);
    for (const [seq, document] of rows) {
      after = Number(seq);
      yield { seq: after, bytes: document as ArrayBuffer };
    }
    if (rows.length < portion) return;
  }
}

function* scanRange(
  storage: Storage,
  { table }: CollectionEntry,
  { index }: IndexScan,
  range: KeyRange,
  reverse: boolean,
  first: number,
): Generator<StoredDocument> {
  const source =
    index.table === table
      ? `SELECT id, seq, document FROM ${table}`
      : `SELECT key, i.seq, document FROM ${index.table} i CROSS JOIN ${table} d ON d.seq = i.seq`;
  const key = index.keyColumn;
  // The key alone bounds the search; of equal keys, those behind the last one read.
  const seq = index.table === table ? 'seq' : 'i.seq';
  const direction = reverse ? 'DESC' : 'ASC';
  const order = `ORDER BY ${key} ${direction}, ${seq} ${direction} LIMIT ?`;
  const start = `${source} WHERE ${key} >= ? AND ${key} < ? ${order}`;
  const next = reverse
    ? `${source} WHERE ${key} >= ? AND (${key}, ${seq}) < (?, ?) ${order}`
    : `${source} WHERE (${key}, ${seq}) > (?, ?) AND ${key} < ? ${order}`;
  let rows = storage.all(start, [range.low, range.high, first]);
  let portion = first;
  for (;;) {
    for (const row of rows) yield { seq: Number(row[1]), bytes: row[2] as ArrayBuffer };
    const last = rows.at(-1);
    if (last === undefined || rows.length < portion) return;
    portion = PORTION;
    const place = Buffer.from(last[0] as ArrayBuffer);
    const after = Number(last[1]);
    rows = storage.all(next, reverse ? [range.low, place, after, portion] : [place, after, range.high, portion]);
  }
}
