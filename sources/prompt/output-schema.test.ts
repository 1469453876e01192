import { buildSchema } from 'graphql';
import { describe, expect, test } from 'vitest';
import { toOutputSchema } from './output-schema.ts';

function convert(output: string, types = '') {
  const type = buildSchema(`type Query { field: ${output} } ${types}`).getQueryType()?.getFields().field?.type;
  if (type === undefined) throw new Error('no type');
  return toOutputSchema(type);
}

test('an object type is a closed object whose null is a type', () => {
  const types = `
    "A feeling."
    enum Label { GOOD BAD }
    "How it feels."
    type Sentiment { "From 0 to 1." score: Float! label: Label second: Label! tags: [String!]! words: [String] author: Author id: ID! count: Int sure: Boolean! }
    type Author { name: String! }
  `;
  expect(convert('Sentiment!', types)).toMatchInlineSnapshot(`
    {
      "schema": {
        "additionalProperties": false,
        "description": "How it feels.",
        "properties": {
          "author": {
            "additionalProperties": false,
            "properties": {
              "name": {
                "type": "string",
              },
            },
            "required": [
              "name",
            ],
            "type": [
              "object",
              "null",
            ],
          },
          "count": {
            "type": [
              "integer",
              "null",
            ],
          },
          "id": {
            "type": "string",
          },
          "label": {
            "description": "A feeling.",
            "enum": [
              "GOOD",
              "BAD",
              null,
            ],
            "type": [
              "string",
              "null",
            ],
          },
          "score": {
            "description": "From 0 to 1.",
            "type": "number",
          },
          "second": {
            "description": "A feeling.",
            "enum": [
              "GOOD",
              "BAD",
            ],
            "type": "string",
          },
          "sure": {
            "type": "boolean",
          },
          "tags": {
            "items": {
              "type": "string",
            },
            "type": "array",
          },
          "words": {
            "items": {
              "type": [
                "string",
                "null",
              ],
            },
            "type": [
              "array",
              "null",
            ],
          },
        },
        "required": [
          "score",
          "label",
          "second",
          "tags",
          "words",
          "author",
          "id",
          "count",
          "sure",
        ],
        "type": "object",
      },
      "wrapped": false,
    }
  `);
  expect(convert('Sentiment', types)).toEqual(convert('Sentiment!', types));
});

test('anything else stands in an object, in the field value', () => {
  const wrap = (value: object) => ({
    schema: { type: 'object', properties: { value }, required: ['value'], additionalProperties: false },
    wrapped: true,
  });
  expect(convert('Int!')).toEqual(wrap({ type: 'integer' }));
  expect(convert('Int')).toEqual(wrap({ type: ['integer', 'null'] }));
  expect(convert('[String!]!')).toEqual(wrap({ type: 'array', items: { type: 'string' } }));
  expect(convert('[Label!]', 'enum Label { GOOD }')).toEqual(
    wrap({ type: ['array', 'null'], items: { type: 'string', enum: ['GOOD'] } }),
  );
});

test('the same type may stand in two places', () => {
  expect(() => convert('A', 'type A { x: B! y: B! } type B { z: Int }')).not.toThrow();
});

describe('a type is refused', () => {
  const chain = Array.from({ length: 12 }, (_, index) => `type T${index} { next: T${index + 1} }`).join(' ');
  const wide = Array.from({ length: 4 }, (_, level) => {
    const fields = Array.from({ length: 10 }, (_, index) => `f${index}: W${level + 1}`);
    return `type W${level} { ${fields.join(' ')} }`;
  }).join(' ');

  test.each([
    ['that holds itself', 'A', 'type A { b: [B] } type B { a: A }', /holds itself \(A → B → A\)/],
    ['that is too deep', 'T0', `${chain} type T12 { x: Int }`, /more than 10 types deep/],
    ['that has too many fields', 'W0', `${wide} type W4 { x: Int }`, /more than 1000 fields/],
    ['whose fields take arguments', 'A', 'type A { x(y: Int): Int }', /"A.x" takes arguments/],
    ['with a scalar of unknown values', 'A', 'scalar JSON type A { x: JSON }', /cannot be asked for "JSON"/],
  ])('%s', (_what, output, types, message) => {
    expect(() => convert(output, types)).toThrow(message);
  });
});
