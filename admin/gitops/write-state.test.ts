import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runs } from '../../test/utils/runs.ts';
import { type Item, itemKey } from './items.ts';
import { readState } from './read-state.ts';
import { writeState } from './write-state.ts';

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom(
      'a',
      '\n',
      ' ',
      '\t',
      '\r',
      '#',
      ':',
      '-',
      '"',
      "'",
      '|',
      '>',
      '&',
      '{',
      '\u0085',
      '\ufeff',
      '\u2028',
      '\0',
    ),
  }),
  fc.constantFrom(
    'yes',
    'null',
    '~',
    '0x1',
    '1e3',
    '.inf',
    '<<',
    '---',
    '...',
    '%YAML 1.1',
    '!!str x',
    '*a',
    '= ',
    '\n',
    '\n\n',
    ' \n',
    '2030-01-01',
  ),
);
const key = text.filter((name) => name !== '__proto__');
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

/** A state with one entry of each of these options, and this document. */
function stateOf(options: readonly unknown[], document: string): Map<string, Map<string, Item>> {
  const items: Item[] = [
    {
      kind: 'tenant',
      tenant: 'acme',
      within: '',
      name: 'acme',
      value: { title: '', description: document, network: 'any', rates: [] },
    },
    ...options.map((one, index): Item => {
      const kept = index === 0 ? { name: 'a.graphql', text: document } : null;
      return {
        kind: 'entry',
        tenant: 'acme',
        within: 'sources',
        name: `s${index}`,
        value: { options: one, document: kept },
      };
    }),
  ];
  return new Map([['acme', new Map(items.map((item) => [itemKey(item), item]))]]);
}

test('whatever options and documents have in them is read as it was written', () => {
  const options = fc.array(fc.dictionary(key, value, { maxKeys: 5, noNullPrototype: true }), {
    minLength: 1,
    maxLength: 3,
  });
  fc.assert(
    fc.property(options, text, (given, document) => {
      const tenants = stateOf(given, document.slice(0, 1_000));
      const written = writeState({ allTenants: true, tenants });
      const read = readState(written);
      expect(read.findings.errors).toEqual([]);
      expect(read.tenants).toEqual(tenants);
      expect(writeState({ allTenants: true, tenants: read.tenants })).toBe(written);
      // What goes through a file in UTF-8 is the same.
      expect(Buffer.from(written).toString()).toBe(written);
    }),
    { numRuns: runs(150) },
  );
});
