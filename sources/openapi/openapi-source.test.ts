import { buildSchema, type GraphQLSchema, validateSchema } from 'graphql';
import { describe, expect, test } from 'vitest';
import { silentLog } from '../../kernel/ports.ts';
import type { Problem } from '../../kernel/problem.ts';
import type { SourceModel } from '../source.ts';
import { createOpenapiSource } from './openapi-source.ts';
import { openapiOptions } from './options.ts';

interface Made {
  readonly model: SourceModel;
  readonly reported: readonly Problem[];
  readonly notices: readonly string[];
}

function make(document: object, options: object = {}): Made {
  const reported: Problem[] = [];
  const parsed = openapiOptions.parse({
    kind: 'openapi',
    document: 'api.json',
    endpoint: 'http://127.0.0.1:1',
    ...options,
  });
  const text = JSON.stringify({ openapi: '3.1.0', ...document }, null, 1);
  const deps = { log: silentLog, report: (problem: Problem) => reported.push(problem) };
  const { model } = createOpenapiSource('api', parsed, text, 'api.json', deps);
  const isQueryless = !model.sdl.includes('type Query {');
  const schema = buildSchema(isQueryless ? `${model.sdl}\ntype Query { none: Int }` : model.sdl);
  expect(validateSchema(schema)).toEqual([]);
  expect([...model.calls.keys()].sort()).toEqual(rootFieldsOf(schema).sort());
  return { model, reported, notices: (model.notices ?? []).map((notice) => notice.message) };
}

function rootFieldsOf(schema: GraphQLSchema): string[] {
  return [schema.getQueryType(), schema.getMutationType()]
    .flatMap((type) => Object.keys(type?.getFields() ?? {}).map((field) => `${type?.name}.${field}`))
    .filter((name) => name !== 'Query.none');
}

const answer = (schema: object) => ({ responses: { 200: { content: { 'application/json': { schema } } } } });
const done = { responses: { 204: { description: 'Done.' } } };
const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const text = { type: 'string' };

/** A document with one reading operation that answers with the schema. */
const reading = (schema: object, schemas: object = {}) => ({
  paths: { '/thing': { get: { operationId: 'getThing', ...answer(schema) } } },
  components: { schemas },
});

/** A document with one writing operation that takes the schema. */
const writing = (schema: object, schemas: object = {}) => ({
  paths: {
    '/thing': {
      put: {
        operationId: 'putThing',
        requestBody: { required: true, content: { 'application/json': { schema } } },
        ...done,
      },
    },
  },
  components: { schemas },
});

describe('a small shop', () => {
  const shop = make({
    paths: {
      '/products': {
        parameters: [{ name: 'X-Tenant', in: 'header', schema: text }],
        get: {
          operationId: 'listProducts',
          summary: 'All products.',
          parameters: [
            { name: 'sku', in: 'query', schema: { type: 'array', items: text } },
            { name: 'color', in: 'query', schema: ref('Color') },
            { name: 'page-size', in: 'query', schema: { type: 'integer', default: 20 }, description: 'How "many".' },
            {
              name: 'after',
              in: 'query',
              required: true,
              deprecated: true,
              schema: { type: 'integer', format: 'int64' },
            },
          ],
          ...answer({ type: 'array', items: ref('Product') }),
        },
        post: {
          operationId: 'createProduct',
          summary: 'Adds one.',
          description: 'It must be new.',
          requestBody: { required: true, content: { 'application/json': { schema: ref('NewProduct') } } },
          responses: { 201: { content: { 'application/json': { schema: ref('Product') } } } },
        },
      },
      '/products/{sku}': {
        parameters: [{ name: 'sku', in: 'path', required: true, schema: text }],
        get: { operationId: 'getProduct', ...answer(ref('Product')) },
        delete: { operationId: 'deleteProduct', deprecated: true, ...done },
      },
    },
    components: {
      schemas: {
        Color: { type: 'string', enum: ['dark-red', 'blue'] },
        Product: {
          type: 'object',
          description: 'Something to buy.\nOr to look at.',
          required: ['sku', 'name', 'color', 'tags', 'weight-kg'],
          properties: {
            sku: text,
            name: { type: ['string', 'null'] },
            color: ref('Color'),
            tags: { type: 'array', items: text },
            'weight-kg': { type: 'number' },
            size: { type: 'object', properties: { width: { type: 'integer' } } },
            related: { type: 'array', items: ref('Product') },
            extra: { type: 'object' },
            secret: { ...text, writeOnly: true },
            old: { ...text, deprecated: true },
          },
        },
        NewProduct: {
          type: 'object',
          required: ['sku', 'price'],
          properties: {
            sku: text,
            price: { type: 'integer', format: 'int64' },
            color: ref('Color'),
            id: { ...text, readOnly: true },
          },
        },
      },
    },
  });

  test('has this SDL', () => {
    expect(shop.model.sdl).toMatchInlineSnapshot(`
      "type Query {
        "All products."
        products(
          xTenant: String
          sku: [ID!]
          color: Color
          "How \\"many\\"."
          pageSize: Int = 20
          after: Int64!
        ): [Product!]
        product(
          sku: ID!
        ): Product
      }

      type Mutation {
        """
        Adds one.

        It must be new.
        """
        createProduct(
          xTenant: String
          input: NewProductInput!
        ): Product
        deleteProduct(
          sku: ID!
        ): Boolean @deprecated
      }

      enum Color {
        "dark-red"
        DARK_RED
        "blue"
        BLUE
      }

      input NewProductInput {
        sku: String!
        price: Int64!
        color: Color
      }

      """
      Something to buy.
      Or to look at.
      """
      type Product {
        sku: ID!
        name: String
        color: Color!
        tags: [String!]!
        weightKg: Float!
        size: ProductSize
        related: [Product!]
        extra: JSON
        old: String @deprecated
      }

      type ProductSize {
        width: Int
      }

      scalar JSON

      scalar Int64"
    `);
    expect(shop.notices).toEqual([]);
    expect(shop.reported).toEqual([]);
  });

  test('tells which fields and enum values have other names upstream', () => {
    expect(shop.model.properties).toEqual(new Map([['Product.weightKg', 'weight-kg']]));
    expect(shop.model.enumValues).toEqual(new Map([['Color', { DARK_RED: 'dark-red', BLUE: 'blue' }]]));
  });
});

describe('schemas', () => {
  const fieldsOf = (document: object, type = 'GetThingResult') => {
    const body = new RegExp(`(?:type|input) ${type} \\{([^}]*)\\}`).exec(make(document).model.sdl)?.[1] ?? '';
    return body
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean);
  };
  const object = (properties: object, required: string[] = Object.keys(properties)) => ({
    type: 'object',
    properties,
    required,
  });

  test('say null in both styles', () => {
    const nullable = fieldsOf(
      reading(
        object({
          a: { type: 'string', nullable: true },
          b: { type: ['integer', 'null'] },
          c: { anyOf: [ref('Other'), { type: 'null' }] },
          d: { oneOf: [{ type: 'null' }, text] },
          e: { allOf: [ref('Other')], nullable: true },
          f: { type: 'string', enum: ['x', null] },
          g: { type: 'array', items: { type: ['string', 'null'] } },
          h: ref('Other'),
          i: {},
        }),
        { Other: object({ x: text }) },
      ),
    );
    expect(nullable).toEqual([
      'a: String',
      'b: Int',
      'c: Other',
      'd: String',
      'e: Other',
      'f: GetThingResultF',
      'g: [String]!',
      'h: Other!',
      'i: JSON',
    ]);
  });

  test('merge allOf into one type', () => {
    const schemas = {
      Base: object({ id: text }),
      Dog: { allOf: [ref('Base'), object({ barks: { type: 'boolean' } }, []), { required: ['barks'] }] },
    };
    expect(fieldsOf(reading(ref('Dog'), schemas), 'Dog')).toEqual(['id: String!', 'barks: Boolean!']);
  });

  test('may contain themselves, through lists, allOf and references', () => {
    const schemas = {
      Tree: {
        allOf: [
          object({ name: text }),
          object({ children: { type: 'array', items: ref('Tree') }, parent: ref('Tree') }, []),
        ],
      },
    };
    expect(fieldsOf(reading(ref('Tree'), schemas), 'Tree')).toEqual([
      'name: String!',
      'children: [Tree!]',
      'parent: Tree',
    ]);
  });

  test('that are defined by themselves cost their property its type only', () => {
    const { model, notices } = make(reading(object({ x: ref('A'), y: text }), { A: { allOf: [ref('A')] } }));
    expect(model.sdl).toContain('x: JSON\n  y: String!');
    expect(notices).toEqual(['getThing: GetThingResult.x: a schema is defined by itself.']);
  });

  test('with a real choice of types are JSON, with a notice', () => {
    const { model, notices } = make(
      reading(
        object({
          a: { oneOf: [text, { type: 'integer' }] },
          b: { type: ['string', 'integer'] },
          c: { type: 'object', additionalProperties: text },
        }),
      ),
    );
    expect(model.sdl).toContain('a: JSON!\n  b: JSON!\n  c: JSON!');
    expect(notices).toEqual([
      'getThing: GetThingResult.a: a choice (oneOf) of a string and a number is not told apart.',
      'getThing: GetThingResult.b: a choice of types (string, integer) is not told apart.',
      'getThing: GetThingResult.c: a map has no fixed fields.',
    ]);
  });

  test('whose choice is only about what is required keep their fields', () => {
    const schema = { ...object({ a: text }, []), anyOf: [{ required: ['a'] }] };
    expect(fieldsOf(reading(schema))).toEqual(['a: String']);
  });

  test('give input types of their own, in which a name that is taken gets a number', () => {
    const { model } = make(writing(ref('Thing'), { Thing: object({ x: text }), ThingInput: object({ y: text }) }));
    expect(model.sdl).toContain('input ThingInput2 {');
  });

  test('that end in Input keep their name', () => {
    expect(make(writing(ref('ThingInput'), { ThingInput: object({ y: text }) })).model.sdl).toContain(
      'input ThingInput {',
    );
  });

  test('named like GraphQL’s own types get a number', () => {
    expect(make(reading(ref('Query'), { Query: object({ x: text }) })).model.sdl).toContain('type Query2 {');
  });

  test('that need themselves as input can be left out where the circle closes', () => {
    const { model } = make(writing(ref('A'), { A: object({ b: ref('B') }), B: object({ a: ref('A') }) }));
    expect(model.sdl).toContain('input BInput {\n  a: AInput\n}');
  });

  test('nobody can reach from an operation are not shown', () => {
    expect(make(reading(text, { Lost: object({ x: text }) })).model.sdl).not.toContain('Lost');
  });

  test('with hostile names and words still give valid SDL', () => {
    const { model } = make(
      reading(
        {
          ...object({ __proto__x: text, constructor: text, 'a"b': text, '\u0000': text, ['__' + 'proto__']: text }, []),
          description: 'ends with """ and \\ and\n\u0000 \ud800',
        },
        {},
      ),
    );
    expect(model.sdl).toContain('constructor_: String');
    expect(model.sdl).not.toContain('__proto__');
    expect(model.notices?.map(({ message }) => message)).toContainEqual(
      expect.stringContaining('the property "__proto__" is left out'),
    );
  });
});
