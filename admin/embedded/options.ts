import { serverError, unsupported } from './errors.ts';
import type { ReadOptions } from './values.ts';

/** The options of the MongoDB driver that mean something here; hints, concerns and comments are taken and ignored. */
export interface OperationOptions extends ReadOptions {
  readonly session?: unknown;
  readonly collation?: unknown;
  readonly arrayFilters?: unknown;
  readonly let?: unknown;
  readonly explain?: unknown;
  readonly projection?: unknown;
  readonly sort?: unknown;
  readonly skip?: unknown;
  readonly limit?: unknown;
  readonly upsert?: boolean | undefined;
  readonly ordered?: boolean | undefined;
  readonly returnDocument?: 'before' | 'after' | undefined;
  readonly includeResultMetadata?: boolean | undefined;
  readonly ignoreUndefined?: boolean | undefined;
  readonly forceServerObjectId?: boolean | undefined;
  readonly tailable?: boolean | undefined;
}

/** @throws MongoServerError 115 for what the embedded store does not have */
export function checkOptions(options: OperationOptions | undefined): OperationOptions {
  const given = options ?? {};
  if (given.session !== undefined && given.session !== null) throw unsupported('sessions and transactions');
  if (given.collation !== undefined && given.collation !== null) throw unsupported('collation');
  if (Array.isArray(given.arrayFilters) && given.arrayFilters.length > 0) throw unsupported('arrayFilters');
  if (given.let !== undefined && given.let !== null) throw unsupported('let variables');
  if (given.tailable === true) throw unsupported('tailable cursors');
  return given;
}

/** A number of documents; absent is 0. */
export function count(name: string, value: unknown): number {
  if (value === undefined || value === null) return 0;
  const number = Number(value);
  if (!Number.isInteger(number)) throw serverError('BadValue', `${name} has to be a whole number`);
  if (number < 0 && name === 'skip') throw serverError('BadValue', 'skip cannot be negative');
  // A negative limit is a single batch of that size.
  return Math.abs(number);
}
