import { expect, it } from 'vitest';
import { conditionalHeaders, readFreshness } from './freshness.ts';

it('reads what an answer says of how long it holds', () => {
  const headers = {
    'cache-control': ['max-age=60', 'private'],
    age: '7',
    expires: 'Sat, 21 Nov 2026 10:00:00 GMT',
    vary: 'Accept,  X-User',
    etag: 'W/"1"',
  };
  expect(readFreshness(headers, 'GET')).toEqual({
    cacheControl: 'max-age=60, private',
    ageSeconds: 7,
    expiresAt: Date.parse('2026-11-21T10:00:00Z'),
    vary: ['accept', 'x-user'],
    validators: { etag: 'W/"1"', lastModified: undefined },
  });
});

it('reads nothing where nothing is said, and no date as one that is over', () => {
  const nothing = { cacheControl: undefined, ageSeconds: 0, expiresAt: undefined, vary: [], validators: undefined };
  expect(readFreshness({}, 'GET')).toEqual(nothing);
  expect(readFreshness({ age: '-5', expires: '0' }, 'GET')).toEqual({ ...nothing, expiresAt: 0 });
  expect(readFreshness({ expires: '3000' }, 'GET').expiresAt).toBe(0);
  expect(readFreshness({ age: 'old' }, 'GET')).toEqual(nothing);
});

it('knows of validators only where one can ask with them', () => {
  const headers = { etag: '"1"', 'last-modified': 'Sat, 21 Nov 2026 10:00:00 GMT' };
  expect(readFreshness(headers, 'POST').validators).toBeUndefined();
  const { validators } = readFreshness(headers, 'GET');
  expect(conditionalHeaders(validators ?? {})).toEqual({
    'if-none-match': '"1"',
    'if-modified-since': 'Sat, 21 Nov 2026 10:00:00 GMT',
  });
});
