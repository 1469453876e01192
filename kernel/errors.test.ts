import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { describeError, ERROR_TABLE, isErrorCode, SkeinError } from './errors.ts';

const ROW = /^\| `([A-Z_]+)` \| (.*?) \| (.*?) \| (.*?) \| (.*?) \|$/gm;

test('ERRORS.md has one row for each code, and says of it what the table says', () => {
  const text = readFileSync(new URL('../ERRORS.md', import.meta.url), 'utf8');
  const documented = [...text.matchAll(ROW)].map(([, code, status, retry]) => ({ code, status, retry }));
  const expected = Object.entries(ERROR_TABLE).map(([code, { status, retryable }]) => ({
    code,
    status: String(status),
    retry: retryable ? 'yes' : 'no',
  }));
  expect(documented).toEqual(expected);
});

test('ERRORS.md says of each code when it happens and what to do', () => {
  const text = readFileSync(new URL('../ERRORS.md', import.meta.url), 'utf8');
  for (const [row, , , , when, whatToDo] of text.matchAll(ROW)) {
    expect([when, whatToDo], row).toEqual([expect.stringMatching(/^[A-Z].+\.$/), expect.stringMatching(/^[A-Z].+\.$/)]);
  }
});

test('an error has the status and message of its code, and shows its details but not its cause', () => {
  const error = new SkeinError('UPSTREAM_TIMEOUT', undefined, {
    details: { source: 'inventory', operation: 'GetStock' },
    cause: new Error('connect 10.0.0.7'),
  });
  expect(error.status).toBe(504);
  expect(error.message).toBe(ERROR_TABLE.UPSTREAM_TIMEOUT.message);
  expect(error.extensions).toEqual({ code: 'UPSTREAM_TIMEOUT', source: 'inventory', operation: 'GetStock' });
  expect(JSON.stringify(error)).not.toContain('10.0.0.7');
});

test('names that every object has are no codes', () => {
  expect(isErrorCode('NOT_FOUND')).toBe(true);
  expect(['constructor', '__proto__', 'not_found', 7, undefined].map(isErrorCode)).not.toContain(true);
});

test('anything thrown can be described', () => {
  expect(describeError(new Error('no'))).toBe('no');
  expect(describeError(new RangeError())).toBe('RangeError');
  expect(describeError(new AggregateError([new Error('a'), 'b']))).toBe('a; b');
  expect(describeError(undefined)).toBe('undefined');
});
