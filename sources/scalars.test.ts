import { parseValue } from 'graphql';
import { describe, expect, test } from 'vitest';
import { SCALARS } from './scalars.ts';

describe('Int64', () => {
  const { Int64 } = SCALARS;

  test.each([0, -7, 2 ** 53 - 1, '9223372036854775807', '-9223372036854775808', 18446744073709551615n])(
    'takes %s',
    (value) => {
      expect(Int64.serialize(value)).toBe(String(value));
      expect(Int64.parseValue(String(value))).toBe(String(value));
      expect(Int64.parseLiteral(parseValue(String(value)))).toBe(String(value));
    },
  );

  test.each(['18446744073709551616', '-9223372036854775809', 2 ** 53, 1.5, '1.5', '', ' 1', '0x10', true, null, []])(
    'refuses %j',
    (value) => {
      expect(() => Int64.serialize(value)).toThrow('Int64 must be an integer');
      expect(() => Int64.parseValue(value)).toThrow('Int64 must be an integer');
    },
  );
});

describe('Upload', () => {
  const { Upload } = SCALARS;

  test('is a file, and nothing else', () => {
    const file = new File(['x'], 'x.txt', { type: 'text/plain' });
    expect(Upload.parseValue(file)).toBe(file);
    for (const value of ['x', {}, { name: 'x', size: 1, arrayBuffer: 'x' }, null, 1]) {
      expect(() => Upload.parseValue(value)).toThrow('An Upload must be a file of a multipart request.');
    }
  });

  test('cannot be written into a document, nor be answered', () => {
    expect(() => Upload.parseLiteral(parseValue('"x"'))).toThrow('An Upload must be given by a variable.');
    expect(() => Upload.serialize(new File([], 'x'))).toThrow('An Upload can only be given, not be answered.');
  });
});
