import fc from 'fast-check';
import { expect, test } from 'vitest';
import { asNumberOrBoolean, substitute } from './substitute.ts';

function text(template: string, environment: Record<string, string | undefined> = {}): string {
  return substitute(template, environment).text;
}

test('names are replaced by their values, in one pass', () => {
  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: these are substitutions of skein.yaml
  expect(text('${A}-${B}', { A: '1', B: '2' })).toBe('1-2');
  expect(text('${A}', { A: '${B}', B: 'no' })).toBe('${B}');
  expect(text('${A}', { A: '$& $1 $$' })).toBe('$& $1 $$');
});

test('a default stands in for what is unset or empty', () => {
  expect(text('${A:-http://127.0.0.1:4101}')).toBe('http://127.0.0.1:4101');
  expect(text('${A:-x}', { A: '' })).toBe('x');
  expect(text('${A:-}')).toBe('');
  expect(text('${A}', { A: '' })).toBe('');
});

test('a doubled dollar makes a literal brace', () => {
  expect(text('$${A} $$${A} $A {A} $', { A: 'x' })).toBe('${A} $${A} $A {A} $');
});

test('what is unset is named, also when it is the name of something every object has', () => {
  expect(substitute('${A}${B:-b}${constructor}${A}', {}).unset).toEqual(['A', 'constructor', 'A']);
});

test.each(['${', '${}', '${A', '${A:-', '${A-b}', '${1A}', '${A:-${B}}', '${a b}'])('%s is malformed', (template) => {
  expect(substitute(template, { A: 'a', B: 'b' }).malformed).toBe(true);
});

test('any value of the environment arrives as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), (value, around) => {
      const plain = around.replaceAll('$', '');
      expect(text(`${plain}\${A}${plain}`, { A: value })).toBe(plain + value + plain);
    }),
  );
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: see above
});

test('numbers and booleans are read as YAML reads them', () => {
  const read = (values: string[]) => values.map(asNumberOrBoolean);
  expect(read(['500', '-1.5e3', '.5', '0x1F', '0o17', 'true', 'False'])).toEqual([
    500,
    -1500,
    0.5,
    31,
    15,
    true,
    false,
  ]);
  expect(read(['', ' 1', '1 ', 'yes', 'null', '1_000', 'Infinity', 'NaN', '.', '1.2.3'])).toEqual(
    Array.from({ length: 10 }, () => undefined),
  );
});
