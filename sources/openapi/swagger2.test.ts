import { describe, expect, test } from 'vitest';
import { makeModel } from '../../test/utils/openapi-model.ts';
import { readDocument } from './document.ts';
import { member } from './json-object.ts';

const text = { type: 'string' };
const shop = {
  swagger: '2.0',
  basePath: '/v2',
  consumes: ['application/json'],
  produces: ['application/json'],
  securityDefinitions: { login: { type: 'basic' }, key: { type: 'apiKey', name: 'X-Key', in: 'header' } },
  parameters: {
    page: { name: 'page', in: 'query', type: 'integer', format: 'int32', default: 1 },
    order: { name: 'order', in: 'query', type: 'string', enum: ['up', 'down'] },
  },
  responses: { Pet: { description: 'A pet.', schema: { $ref: '#/definitions/Pet' } } },
  definitions: {
    Pet: {
      type: 'object',
      required: ['id', 'kind', 'nick'],
      discriminator: 'kind',
      properties: { id: { type: 'integer', format: 'int64' }, kind: text, nick: { ...text, 'x-nullable': true } },
    },
  },
  paths: {
    '/pets': {
      parameters: [{ $ref: '#/parameters/page' }],
      get: {
        operationId: 'listPets',
        parameters: [{ $ref: '#/parameters/order' }, { name: 'tag', in: 'query', type: 'array', items: text }],
        responses: { 200: { description: 'All.', schema: { type: 'array', items: { $ref: '#/definitions/Pet' } } } },
      },
      post: {
        operationId: 'addPet',
        parameters: [
          { $ref: '#/parameters/order' },
          { name: 'pet', in: 'body', required: true, schema: { $ref: '#/definitions/Pet' } },
        ],
        responses: { 201: { $ref: '#/responses/Pet' } },
      },
    },
    '/pets/{id}': {
      delete: {
        operationId: 'removePet',
        parameters: [{ name: 'id', in: 'path', required: true, type: 'string' }],
        responses: { 204: { description: 'Gone.' } },
      },
    },
  },
};

/** The parameters, body and answers of one operation, in the shape of OpenAPI 3. */
function converted(operation: object, document: object = {}): unknown {
  const { root } = readDocument(
    JSON.stringify({ swagger: '2.0', ...document, paths: { '/x': { post: operation } } }),
    'a',
  );
  return JSON.parse(JSON.stringify(member(member(member(root, 'paths'), '/x'), 'post')));
}

describe('a Swagger 2.0 document', () => {
  test('makes the graph that its OpenAPI 3 form would', () => {
    const { model, notices } = makeModel(shop);
    expect(notices).toEqual([]);
    expect(model.sdl).toMatchInlineSnapshot(`
      "type Query {
        pets(
          page: Int = 1
          order: ListPetsOrder
          tag: [String!]
        ): [Pet!]
      }

      type Mutation {
        addPet(
          page: Int = 1
          order: ListPetsOrder
          input: PetInput!
        ): Pet
        removePet(
          id: ID!
        ): Boolean
      }

      enum ListPetsOrder {
        "up"
        UP
        "down"
        DOWN
      }

      type Pet {
        id: Int64!
        kind: String!
        nick: String
      }

      input PetInput {
        id: Int64!
        kind: String!
        nick: String
      }

      scalar Int64"
    `);
  });

  test.each([
    ['csv', { style: 'form', explode: false }],
    ['multi', { style: 'form', explode: true }],
    ['ssv', { style: 'spaceDelimited', explode: false }],
    ['pipes', { style: 'pipeDelimited', explode: false }],
    ['tsv', { style: 'tabDelimited', explode: false }],
  ])('has lists in the query by collectionFormat %s', (collectionFormat, style) => {
    const parameter = { name: 'a', in: 'query', type: 'array', items: text, collectionFormat };
    expect(converted({ parameters: [parameter] })).toMatchObject({
      parameters: [{ name: 'a', in: 'query', schema: { type: 'array', items: text }, ...style }],
    });
  });

  test('has forms, and uploads where a field is a file', () => {
    const field = { name: 'a', in: 'formData', type: 'string', required: true, description: 'The a.' };
    const file = { name: 'f', in: 'formData', type: 'file' };
    const list = { name: 'l', in: 'formData', type: 'array', items: text, collectionFormat: 'multi' };
    expect(converted({ parameters: [field, list] })).toMatchObject({
      requestBody: {
        required: true,
        content: {
          'application/x-www-form-urlencoded': {
            schema: {
              type: 'object',
              properties: { a: { type: 'string', description: 'The a.' }, l: { type: 'array', items: text } },
              required: ['a'],
            },
            encoding: { l: { style: 'form', explode: true } },
          },
        },
      },
    });
    expect(converted({ parameters: [file] })).toMatchObject({
      requestBody: {
        required: false,
        content: { 'multipart/form-data': { schema: { properties: { f: { type: 'string', format: 'binary' } } } } },
      },
    });
  });

  test('takes and gives what it consumes and produces, the operation’s own first', () => {
    const body = { name: 'b', in: 'body', schema: text };
    const document = { consumes: ['text/plain'], produces: ['text/csv'] };
    const responses = { 200: { schema: text, headers: { 'X-Count': { type: 'integer', description: 'How many.' } } } };
    expect(converted({ parameters: [body], responses }, document)).toMatchObject({
      requestBody: { content: { 'text/plain': { schema: text } } },
      responses: {
        200: {
          content: { 'text/csv': { schema: text } },
          headers: { 'X-Count': { description: 'How many.', schema: { type: 'integer' } } },
        },
      },
    });
    expect(
      converted({ parameters: [body], consumes: ['application/xml'], produces: [], responses }, document),
    ).toMatchObject({
      requestBody: { content: { 'application/xml': {} } },
      responses: { 200: { content: { 'application/json': {} } } },
    });
  });

  test('has its security schemes by the names of OpenAPI 3', () => {
    expect(member(readDocument(JSON.stringify(shop), 'a').root, 'components')).toMatchObject({
      securitySchemes: {
        login: { type: 'http', scheme: 'basic' },
        key: { type: 'apiKey', name: 'X-Key', in: 'header' },
      },
    });
  });

  test('loses what is broken in it only', () => {
    const paths = {
      ...shop.paths,
      '/lost': { get: { operationId: 'lost', responses: { 200: { $ref: '#/responses/Nobody' } } } },
      '/odd': { get: { operationId: 'odd', parameters: [null, 4, { in: 'body' }], responses: { 204: null } } },
      '/none': null,
    };
    const { model, notices } = makeModel({ ...shop, paths });
    expect([...model.calls.keys()]).toEqual(['Query.pets', 'Mutation.addPet', 'Mutation.removePet']);
    expect(notices).toEqual([
      '/none: it is not an object.',
      'lost is left out, because $ref "#/responses/Nobody" leads nowhere.',
      'odd is left out, because a parameter has no name.',
    ]);
  });
});
