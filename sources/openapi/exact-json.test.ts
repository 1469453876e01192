import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseExactJson } from './exact-json.ts';
import { writeJson } from './write-json.ts';

describe('exact JSON', () => {
  test.each([
    ['9007199254740993', '9007199254740993'],
    ['-9223372036854775808', '-9223372036854775808'],
    ['[18446744073709551615,1]', ['18446744073709551615', 1]],
    ['{"a":{"id":1234567890123456789}}', { a: { id: '1234567890123456789' } }],
    ['9007199254740991', 9007199254740991],
    ['"9007199254740993"', '9007199254740993'],
    ['{"9007199254740993":"\\"9007199254740993"}', { '9007199254740993': '"9007199254740993' }],
    ['["\\\\",9007199254740993]', ['\\', '9007199254740993']],
    ['12345678901234567890.5', Number('12345678901234567890.5')],
    ['1234567890123456789e2', Number('1234567890123456789e2')],
    [' 0.1234567890123456789 ', Number('0.1234567890123456789')],
  ])('%s is %j', (text, value) => {
    expect(parseExactJson(text)).toEqual(value);
  });

  test.each(['09007199254740993', '9007199254740993-', '"9007199254740993', '[9007199254740993', '--9007199254740993'])(
    '%s is none',
    (text) => {
      expect(() => parseExactJson(text)).toThrow(SyntaxError);
    },
  );

  test('is what was written, of anything', () => {
    const digits = fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n });
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.jsonValue(),
        digits,
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(fc.string({ unit: 'binary' }), tie('tree'), { maxKeys: 4 }),
      ),
    }));
    const asRead = (value: unknown): unknown => {
      if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
      if (typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(String(value)))
        return String(value);
      if (Array.isArray(value)) return value.map(asRead);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([key, own]) => [key, asRead(own)]));
    };
    fc.assert(
      fc.property(tree, (value) => {
        expect(parseExactJson(writeJson(value))).toEqual(JSON.parse(JSON.stringify(asRead(value))));
      }),
    );
  });
});
