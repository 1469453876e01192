import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { valueFor } from './structured.ts';

const ajv = new Ajv2020({ strict: false, validateFormats: false });

const sentiment = {
  type: 'object',
  additionalProperties: false,
  required: ['label', 'score'],
  properties: { label: { enum: ['POSITIVE', 'NEUTRAL', 'NEGATIVE'] }, score: { type: 'number' } },
};

test.each([
  ['I love this lamp, it is excellent.', { label: 'POSITIVE', score: 0.75 }],
  ['Broken on arrival. Disappointing.', { label: 'NEGATIVE', score: 0.25 }],
  ['It is not good.', { label: 'NEGATIVE', score: 0.33 }],
  ['It is a lamp.', { label: 'NEUTRAL', score: 0.5 }],
])('the sentiment of %j is told by its words', (text, expected) => {
  expect(valueFor(sentiment, text)).toEqual(expected);
});

test.each<[string, Record<string, unknown>]>([
  ['numbers between bounds', { type: 'number', exclusiveMinimum: 3, exclusiveMaximum: 3.5 }],
  ['numbers above a bound', { type: 'number', exclusiveMinimum: 1000 }],
  ['whole numbers', { type: 'integer', exclusiveMinimum: 0, maximum: 1.9 }],
  ['numbers below zero', { type: 'integer', maximum: -4 }],
  ['texts of a length', { type: 'string', minLength: 30, maxLength: 40 }],
  ['short texts', { type: 'string', maxLength: 3 }],
  ['lists', { type: 'array', minItems: 3, maxItems: 3, items: { type: ['boolean', 'null'] } }],
  ['empty lists', { type: 'array', maxItems: 0 }],
  ['constants', { const: { a: [1] } }],
  ['what may be null', { anyOf: [{ type: 'null' }, { enum: ['lower_case', 'x'] }] }],
  [
    'what is put together',
    {
      allOf: [
        { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'] },
        { properties: { b: { type: 'null' } }, required: ['b'] },
      ],
    },
  ],
  [
    'what contains itself',
    {
      $ref: '#/$defs/Tree',
      $defs: {
        Tree: {
          type: 'object',
          required: ['leaves', 'next'],
          properties: {
            leaves: { type: 'array', items: { $ref: '#/$defs/Tree' } },
            next: { anyOf: [{ $ref: '#/$defs/Tree' }, { type: 'null' }] },
            more: { $ref: '#/$defs/Tree' },
          },
        },
      },
    },
  ],
])('%s are valid against their schema', (_, schema) => {
  const value = valueFor(schema, 'A great lamp in lower case.');
  expect(ajv.validate(schema, value), ajv.errorsText()).toBe(true);
});

test.each<[string, Record<string, unknown>]>([
  ['that has no end', { $ref: '#' }],
  ['of another document', { $ref: 'https://example.com/schema' }],
  ['too large', { type: 'array', minItems: 1e9 }],
  ['of far too long texts', { type: 'string', minLength: 1e9 }],
])('a schema %s is refused', (_, schema) => {
  expect(() => valueFor(schema, 'text')).toThrow(/^The schema /);
});
