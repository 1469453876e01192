import { userError } from '../errors.ts';

/** In which order: by a field that no two records of the list have the same value of, and that all have. */
export interface Sort {
  readonly field: string;
  readonly descending: boolean;
}

/** The place behind a record: its value of the field that is sorted by. */
export interface After {
  readonly value: string | number;
}

export interface PageRequest {
  readonly first: number;
  readonly after?: After | undefined;
  readonly sort: Sort;
}

export interface Page<T> {
  readonly records: readonly T[];
  readonly hasMore: boolean;
}

/** A place as text that clients hand back. */
export function writeCursor(record: { readonly _id: string }, { field }: Sort): string {
  const value = (record as unknown as Record<string, unknown>)[field];
  return Buffer.from(JSON.stringify([field, value])).toString('base64url');
}

/** Names and ids are shorter. */
const MOST_CURSOR_CHARACTERS = 1_000;

/** @throws UserErrors for what is no cursor, or one of a list in another order */
export function readCursor(cursor: string, { field }: Sort): After {
  try {
    if (cursor.length > MOST_CURSOR_CHARACTERS) throw new Error('It is none of ours.');
    const [wrote, value]: unknown[] = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (wrote === field && (typeof value === 'string' || typeof value === 'number')) return { value };
  } catch {
    // Told below.
  }
  throw userError('INVALID', ['after'], 'This is no cursor of a list in this order.');
}

/** What comes behind a place. */
export function afterFilter({ value }: After, { field, descending }: Sort): object {
  return { [field]: { [descending ? '$lt' : '$gt']: value } };
}

/** Where a page ends, as GraphQL's connections say it. */
export function endOfPage<T extends { readonly _id: string }>({ records, hasMore }: Page<T>, sort: Sort) {
  const last = records.at(-1);
  return { hasNextPage: hasMore, endCursor: last === undefined ? null : writeCursor(last, sort) };
}
