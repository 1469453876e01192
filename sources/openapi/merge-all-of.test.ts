import { describe, expect, test } from 'vitest';
import { makeModel, object, reading, ref, text } from '../../test/utils/openapi-model.ts';

const number = { type: 'integer' };
const result = (schema: object, schemas: object = {}) => {
  const { lines, notices } = makeModel(reading(schema, schemas));
  return { fields: lines('GetThingResult'), lines, notices };
};

describe('allOf', () => {
  const Base = object({ id: text });

  test('nested, with siblings, and with what is only required', () => {
    const schema = {
      allOf: [{ allOf: [ref('Base'), object({ a: text }, [])] }, { required: ['a', 'b'] }, { description: 'Words.' }],
      properties: { b: number },
    };
    expect(result(schema, { Base }).fields).toEqual(['id: String!', 'a: String!', 'b: Int!']);
  });

  test('around one type adds only words, and null', () => {
    const { fields, lines } = result(
      object({
        a: { allOf: [ref('Base')], description: 'The a.' },
        b: { allOf: [ref('Base')], nullable: true },
        c: { allOf: [ref('Base'), { nullable: true }] },
        d: { allOf: [ref('Color')], default: 'red' },
      }),
      { Base: { ...Base, description: 'A base.' }, Color: { type: 'string', enum: ['red'], description: 'A color.' } },
    );
    expect(fields).toEqual(['"The a."', 'a: Base!', 'b: Base', 'c: Base', 'd: Color!']);
    expect(lines('Base')).toEqual(['id: String!']);
  });

  test('keeps the narrower of two types of one property', () => {
    const one = object({
      kind: text,
      size: { type: 'number' },
      base: ref('Base'),
      list: { type: 'array', items: ref('Base') },
    });
    const other = object({
      kind: { enum: ['x'] },
      size: number,
      base: object({ more: text }),
      list: { type: 'array', items: object({ more: text }) },
    });
    const { fields, lines, notices } = result({ allOf: [one, other] }, { Base });
    expect(fields).toEqual([
      'kind: GetThingResultKind!',
      'size: Int!',
      'base: GetThingResultBase!',
      'list: [GetThingResultList!]!',
    ]);
    expect(lines('GetThingResultBase')).toEqual(['id: String!', 'more: String!']);
    expect(notices).toEqual([]);
  });

  test('whose parts contradict each other is JSON, with a notice', () => {
    const { fields, notices } = result({ allOf: [object({ a: text }), object({ a: number })] });
    expect(fields).toEqual(['a: JSON']);
    expect(notices).toEqual(['getThing: GetThingResult.a: its parts (allOf: string, integer) contradict each other.']);
  });

  test('of types that contain each other ends', () => {
    const schemas = {
      A: object({ a: ref('A'), b: ref('B') }),
      B: object({ a: ref('B'), b: ref('A') }),
    };
    const { fields, lines } = result({ allOf: [ref('A'), ref('B')] }, schemas);
    expect(fields).toEqual(['a: GetThingResultA!', 'b: GetThingResultB!']);
    expect(lines('GetThingResultA')).toEqual(['a: GetThingResultA!', 'b: GetThingResultB!']);
  });

  test('with a map tells that more properties are not shown', () => {
    const schema = { allOf: [ref('Base'), { type: 'object', additionalProperties: text }] };
    const { lines, notices } = result(schema, { Base });
    expect(lines('Base')).toEqual(['id: String!']);
    expect(notices).toEqual(['getThing: GetThingResult: properties beyond the named ones are not shown.']);
  });

  test('of several choices is JSON, with a notice', () => {
    const choice = (name: string) => ({ oneOf: [object({ [name]: text }), object({ other: number })] });
    const { fields, notices } = result(object({ a: { allOf: [choice('x'), choice('y')] } }));
    expect(fields).toEqual(['a: JSON!']);
    expect(notices).toEqual(['getThing: GetThingResult.a: several choices at once (oneOf, anyOf) are not told apart.']);
  });
});

describe('what stands beside a reference', () => {
  const schema = object({ a: { ...ref('Base'), properties: { more: text }, required: ['more'] } });
  const Base = object({ id: text });

  test('counts in OpenAPI 3.1', () => {
    const { lines } = makeModel(reading(schema, { Base }));
    expect(lines('GetThingResultA')).toEqual(['id: String!', 'more: String!']);
  });

  test('is of no meaning in OpenAPI 3.0, but for words', () => {
    const words = object({
      a: { ...ref('Base'), properties: { more: text }, description: 'The a.', deprecated: true },
    });
    const { lines } = makeModel({ ...reading(words, { Base }), openapi: '3.0.3' });
    expect(lines('GetThingResult')).toEqual(['"The a."', 'a: Base! @deprecated']);
  });
});
