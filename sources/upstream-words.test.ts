import { describe, expect, test } from 'vitest';
import { upstreamWords, wordsOfBody } from './upstream-words.ts';

const bodyOf = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

describe('the message of an error answer', () => {
  test.each([
    [{ title: 'Out of stock', detail: 'No lamps are left.', status: 409 }, 'No lamps are left.'],
    [{ type: 'about:blank', title: 'Out of stock' }, 'Out of stock'],
    [{ message: ' No lamps. ', code: 7 }, 'No lamps.'],
    [{ error: 'no lamps' }, 'no lamps'],
    [{ error: { message: 'no lamps', code: 1 } }, 'no lamps'],
    [{ error: 'invalid_grant', error_description: 'The token is old.' }, 'The token is old.'],
    [{ errors: [{ message: 'first' }, { message: 'second' }] }, 'first'],
    [{ errors: ['first'] }, 'first'],
    [{ message: { text: 'x' }, detail: [], title: '' }, undefined],
    [['message'], undefined],
    ['a text', undefined],
    ['<html><title>502</title></html>', undefined],
    ['', undefined],
  ])('in %j is %j', (body, message) => {
    expect(wordsOfBody('message', bodyOf(body))).toEqual(message === undefined ? {} : { upstreamMessage: message });
    expect(wordsOfBody('hidden', bodyOf(body))).toEqual({});
  });

  test('is bounded, and found in bodies that are too long to be shown', () => {
    const words = wordsOfBody('body', bodyOf({ message: '😀'.repeat(5_000) }));
    expect(words.upstreamMessage).toBe(`${'😀'.repeat(250)}…`);
    expect(words.upstreamBody).toBe(`{"message":"${'😀'.repeat(4_093)}`);
  });
});

describe('the body of an error answer', () => {
  test('is parsed where it is JSON, else text', () => {
    expect(wordsOfBody('body', bodyOf({ detail: 'x', lamps: [1] }))).toEqual({
      upstreamMessage: 'x',
      upstreamBody: { detail: 'x', lamps: [1] },
    });
    expect(wordsOfBody('body', bodyOf('\uFEFFno lamps'))).toEqual({ upstreamBody: 'no lamps' });
    expect(wordsOfBody('body', bodyOf('{"cut'))).toEqual({ upstreamBody: '{"cut' });
    expect(wordsOfBody('body', Buffer.from([0x50, 0x4b, 0, 0]))).toEqual({});
  });

  test('that is nested deeply is text', () => {
    const deep = '['.repeat(5_000) + ']'.repeat(5_000);
    expect(wordsOfBody('body', bodyOf(deep))).toEqual({ upstreamBody: deep });
  });

  test('does not show what must not be shown', () => {
    const redact = (text: string) => text.replaceAll('s3cret', '***');
    expect(wordsOfBody('body', bodyOf({ message: 'key s3cret is wrong' }), redact)).toEqual({
      upstreamMessage: 'key *** is wrong',
      upstreamBody: { message: 'key *** is wrong' },
    });
  });
});

test('a protocol that names its message gives it itself', () => {
  expect(upstreamWords('message', { faultcode: 'Server' }, 'No lamps')).toEqual({ upstreamMessage: 'No lamps' });
  expect(upstreamWords('body', { faultcode: 'Server' }, 'No lamps')).toEqual({
    upstreamMessage: 'No lamps',
    upstreamBody: { faultcode: 'Server' },
  });
});

test('what is taken out is found behind escapes of JSON, too', () => {
  const redact = (text: string) => text.replaceAll('s3c/ret', '***');
  const body = Buffer.from(
    '{"message":"No s3c\\/ret.","seen":[{"\\u00733c/ret":"\\u00733c/ret"}],"__proto__":{"a":1}}',
  );
  const words = wordsOfBody('body', body, redact);
  expect(words.upstreamMessage).toBe('No ***.');
  expect(JSON.stringify(words.upstreamBody)).toBe('{"message":"No ***.","seen":[{"***":"***"}],"__proto__":{"a":1}}');
});
