import { describe, expect, test } from 'vitest';
import { makeModel, object, reading, ref, text } from '../../test/utils/openapi-model.ts';

const field = (schema: object, schemas: object = {}) => {
  const { lines, notices } = makeModel(reading(object({ a: schema }), schemas));
  return { lines: lines('GetThingResult'), notices, type: lines('GetThingResult').at(-1) };
};
const loss = (reason: string) => [`getThing: GetThingResult.a: ${reason}.`];

describe('integers', () => {
  test.each([
    [{ type: 'integer' }, 'Int'],
    [{ type: 'integer', format: 'int32' }, 'Int'],
    [{ type: 'integer', maximum: 2_147_483_647 }, 'Int'],
    [{ type: 'integer', format: 'int64' }, 'Int64'],
    [{ type: 'integer', format: 'uint32' }, 'Int64'],
    [{ type: 'integer', format: 'uint64' }, 'Int64'],
    [{ type: 'number', format: 'int64' }, 'Int64'],
    [{ type: 'integer', maximum: 4_294_967_295 }, 'Int64'],
    [{ type: 'integer', minimum: -3e9 }, 'Int64'],
    [{ type: 'integer', example: 1_700_000_000_000 }, 'Int64'],
    [{ type: 'integer', default: 3e9 }, 'Int64'],
    [{ type: 'integer', enum: [1, 3e9] }, 'Int64'],
    [{ type: 'integer', format: 'int32', maximum: 3e9 }, 'Int64'],
    [{ type: 'number' }, 'Float'],
  ])('%j is %s', (schema, type) => {
    expect(field(schema).type).toBe(`a: ${type}!`);
  });
});

describe('constraints are words', () => {
  test.each([
    [{ ...text, format: 'uuid' }, 'Format: uuid.'],
    [{ ...text, minLength: 1, maxLength: 50 }, '1 to 50 characters.'],
    [{ ...text, maxLength: 50, description: 'The a' }, 'The a. At most 50 characters.'],
    [{ ...text, pattern: '^x+$', example: 'xx' }, 'Pattern: ^x+$ Example: \\"xx\\".'],
    [{ type: 'integer', minimum: 1, multipleOf: 5 }, 'At least 1. A multiple of 5.'],
    [{ type: 'integer', enum: [1, 2] }, 'One of 1, 2.'],
    [{ type: 'boolean', const: true }, 'Always true.'],
    [{ const: 'cat' }, 'Always \\"cat\\".'],
    [{ type: 'array', items: text, maxItems: 3 }, 'At most 3 items.'],
  ])('%j says %s', (schema, words) => {
    expect(field(schema).lines[0]).toBe(`"${words}"`);
  });

  test('that would be long are left out', () => {
    expect(field({ ...text, pattern: 'x'.repeat(1_000), example: 'y'.repeat(1_000) }).lines).toEqual(['a: String!']);
  });
});

describe('what GraphQL cannot say is told', () => {
  test.each([
    [
      { type: 'array', prefixItems: [text, { type: 'integer' }] },
      'a: [JSON]!',
      'the places of a tuple are not told apart',
    ],
    [{ type: 'array', items: [text] }, 'a: [JSON]!', 'the places of a tuple are not told apart'],
    [{ type: 'object', patternProperties: { '^x': text } }, 'a: JSON!', 'a map has no fixed fields'],
    [{ type: 'object', if: {}, else: {} }, 'a: JSON!', 'what holds under a condition (if, then, else) is not shown'],
    [{ dependentSchemas: { x: {} } }, 'a: JSON', 'what holds under a condition (dependentSchemas) is not shown'],
    [{ ...text, not: { const: 'x' } }, 'a: String!', 'what a value must not be (not) is not shown'],
    [{ type: ['string', 'object', 'null'] }, 'a: JSON', 'a choice of types (string, object) is not told apart'],
    [{ enum: ['a', 1] }, 'a: JSON!', 'its values are of several types'],
    [{ type: 'dinosaur' }, 'a: JSON!', 'the type "dinosaur" is not known'],
  ])('%j is %s', (schema, type, reason) => {
    expect(field(schema)).toMatchObject({ type, notices: loss(reason) });
  });

  test('a property beyond the named ones', () => {
    for (const additionalProperties of [true, text]) {
      const { notices } = field({ ...object({ x: text }), additionalProperties });
      expect(notices).toEqual(loss('properties beyond the named ones are not shown'));
    }
    expect(field({ ...object({ x: text }), additionalProperties: false }).notices).toEqual([]);
  });
});

describe('enums', () => {
  test('have their values upstream as descriptions, and no name twice', () => {
    const { lines, model } = makeModel(
      reading(object({ a: { type: 'string', enum: ['A', 'a', 'in-stock', '', '§'] } })),
    );
    expect(lines('GetThingResultA')).toEqual([
      'A',
      '"a"',
      'A2',
      '"in-stock"',
      'IN_STOCK',
      '"(empty)"',
      'EMPTY',
      '"§"',
      'VALUE',
    ]);
    expect(model.enumValues?.get('GetThingResultA')).toEqual({
      A: 'A',
      A2: 'a',
      IN_STOCK: 'in-stock',
      EMPTY: '',
      VALUE: '§',
    });
  });

  test('keep their own description where a place that refers to them has another', () => {
    const Color = { type: 'string', enum: ['red'], description: 'A color.' };
    const { model } = makeModel(
      reading(object({ a: { ...ref('Color'), description: 'Of the car.' }, b: ref('Color') }), { Color }),
    );
    expect(model.sdl).toContain('"A color."\nenum Color {');
    expect(model.sdl).toContain('  "Of the car."\n  a: Color!\n  b: Color!\n');
  });

  test('of texts that YAML reads as something else are texts', () => {
    const { model } = makeModel(reading(object({ a: { type: 'string', enum: [1, true] } })));
    expect(model.enumValues?.get('GetThingResultA')).toEqual({ _1: '1', TRUE: 'true' });
  });
});

test('a property that may not be there is not shown', () => {
  const { lines } = makeModel(reading(object({ a: text, b: false, c: true })));
  expect(lines('GetThingResult')).toEqual(['a: String!', 'c: JSON']);
});
