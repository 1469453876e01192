import { describe, expect, it } from 'vitest';
import { promptOptions } from './options.ts';
import { shortHash, versionHash } from './version-hash.ts';

const BASE = {
  input: { text: 'String!' },
  output: 'Answer!',
  types: 'type Answer { label: Label! } enum Label { A B } input Other { a: Int }',
  template: 'Ask {{ text }}',
  temperature: 0.5,
  examples: [{ input: { text: 'x' }, output: { label: 'A' } }],
};
const hashOf = (options: object, version?: string) => versionHash(promptOptions.parse(options), version);

describe('the hash of a version', () => {
  it('is the same on every machine, for ever', () => {
    expect(hashOf(BASE)).toMatchInlineSnapshot(`"0420fa2f1e8c9bd1bbb52f01a12de8430c3b9bdc7e66a1237c7bfef660d385c4"`);
    expect(hashOf({ template: 'x' })).toMatchInlineSnapshot(
      `"5c16267482e543cda7b75bbc2d481a497d6216aa3912651c0042ef2401e58450"`,
    );
    expect(shortHash(hashOf(BASE))).toBe(hashOf(BASE).slice(0, 12));
  });

  it.each([
    [
      'its name and release',
      {
        ...BASE,
        template: undefined,
        temperature: undefined,
        examples: undefined,
        versions: { a: { template: BASE.template, temperature: 0.5, examples: BASE.examples } },
      },
    ],
    [
      'what clients see of the field',
      { ...BASE, description: 'x', input: { text: { type: 'String!', description: 'y' } } },
    ],
    ['an input that is added', { ...BASE, input: { ...BASE.input, tone: 'String' } }],
    [
      'how types are written, and those of inputs',
      {
        ...BASE,
        types:
          'enum Label {\n B2: Int }'.slice(0, 0) +
          '# types\nenum Label { A, B }\ntype Answer {\n  label: Label!\n}\ninput Other { b: Int }',
      },
    ],
    ['whether the whole may be null', { ...BASE, output: 'Answer' }],
    ['the order of keys', { ...BASE, examples: [{ output: { label: 'A' }, input: { text: 'x' } }] }],
    ['a default that is said', { ...BASE, route: 'default', system: undefined }],
  ])('does not change with %s', (_what, options) => {
    expect(hashOf(options)).toBe(hashOf(BASE));
  });

  it.each([
    ['template', { template: 'Ask: {{ text }}' }],
    ['system text', { system: '' }],
    ['route', { route: 'other' }],
    ['temperature', { temperature: 0 }],
    ['maxTokens', { maxTokens: 5 }],
    ['examples', { examples: [{ input: { text: 'y' }, output: { label: 'A' } }] }],
    ['no examples', { examples: [] }],
    ['output', { output: '[Answer!]!' }],
    ['an enum of the output', { types: BASE.types.replace('A B', 'A B C') }],
    ['a description that models read', { types: `"How." ${BASE.types}` }],
    ['types that cannot be read', { types: 'type {' }],
  ])('changes with %s', (_what, change) => {
    expect(hashOf({ ...BASE, ...change })).not.toBe(hashOf(BASE));
  });

  it('takes the route of the prompt for versions that name none, and needs a version that is there', () => {
    const versions = { a: { template: 'x' }, b: { template: 'x', route: 'fast' } };
    expect(hashOf({ versions, route: 'fast' }, 'a')).toBe(hashOf({ versions, route: 'slow' }, 'b'));
    expect(hashOf({ versions }, 'a')).not.toBe(hashOf({ versions }, 'b'));
    expect(() => hashOf({ versions })).toThrow('The prompt has no version "".');
    expect(() => hashOf({ versions }, 'c')).toThrow('The prompt has no version "c".');
  });
});
