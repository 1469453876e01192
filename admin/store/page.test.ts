import { expect, it } from 'vitest';
import { UserErrors } from '../errors.ts';
import { readCursor, writeCursor } from './page.ts';

const BY_NAME = { field: 'name', descending: false };

it('reads back the places that were written, and nothing else', () => {
  const record = { _id: 'app_1', name: 'n'.repeat(200) };
  expect(readCursor(writeCursor(record, BY_NAME), BY_NAME)).toEqual({ value: record.name });
  const forge = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  for (const cursor of [
    '',
    'x',
    forge(['_id', 'a']),
    forge(['name', { $ne: null }]),
    forge(['name', 'n'.repeat(9_999)]),
  ])
    expect(() => readCursor(cursor, BY_NAME)).toThrow(UserErrors);
});
