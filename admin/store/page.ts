import { userError } from '../errors.ts';

/** In which order: by a field, then by id. */
export interface Sort {
  readonly field: string;
  readonly descending: boolean;
}

/** The place behind a record: its value of the field that is sorted by, and its id. */
export interface After {
  readonly value: string | number | boolean | Date | null;
  readonly id: string;
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
  const plain = value instanceof Date ? { date: value.getTime() } : (value ?? null);
  return Buffer.from(JSON.stringify([field, plain, record._id])).toString('base64url');
}

/** @throws UserErrors for what is no cursor, or one of a list in another order */
export function readCursor(cursor: string, { field }: Sort): After {
  try {
    const [wrote, plain, id]: unknown[] = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    const isDate = typeof plain === 'object' && plain !== null && typeof (plain as { date: unknown }).date === 'number';
    const value = isDate ? new Date((plain as { date: number }).date) : plain;
    const isPlain = isDate || plain === null || ['string', 'number', 'boolean'].includes(typeof plain);
    if (wrote === field && typeof id === 'string' && isPlain) return { value: value as After['value'], id };
  } catch {
    // Told below.
  }
  throw userError('INVALID', ['after'], 'This is no cursor of a list in this order.');
}

/** What comes behind a place. */
export function afterFilter({ value, id }: After, { field, descending }: Sort): object {
  const beyond = descending ? '$lt' : '$gt';
  if (field === '_id') return { _id: { [beyond]: id } };
  const sameValue = { [field]: value, _id: { [beyond]: id } };
  if (value === null) return descending ? sameValue : { $or: [sameValue, { [field]: { $ne: null } }] };
  // Nulls come first, as in MongoDB; a range does not find them.
  const others = descending
    ? [{ [field]: { [beyond]: value } }, { [field]: null }]
    : [{ [field]: { [beyond]: value } }];
  return { $or: [sameValue, ...others] };
}
