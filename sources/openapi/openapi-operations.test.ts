import { buildSchema, type GraphQLSchema, validateSchema } from 'graphql';
import { describe, expect, test } from 'vitest';
import { silentLog } from '../../kernel/ports.ts';
import { type Problem, ProblemsError } from '../../kernel/problem.ts';
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

describe('operations', () => {
  const fields = (paths: object, options: object = {}) => [...make({ paths }, options).model.calls.keys()];

  test('lose a reading word where nothing collides', () => {
    const paths = {
      '/products': { get: { operationId: 'listProducts', ...done }, post: { operationId: 'getQuote', ...done } },
      '/a': { get: { operationId: 'get_a', ...done } },
      '/b': { get: { operationId: 'getB', ...done }, head: { operationId: 'findB', ...done } },
      '/c': { get: { operationId: 'fetchC', ...done } },
      '/d': { get: { operationId: 'c', ...done } },
    };
    expect(fields(paths)).toEqual([
      'Query.products',
      'Query.a',
      'Query.getB',
      'Query.findB',
      'Query.fetchC',
      'Query.c',
      'Mutation.getQuote',
    ]);
  });

  test('without an operationId are named after method and path', () => {
    const paths = {
      '/products/{sku}/reviews': { parameters: [{ name: 'sku', in: 'path', schema: text }], get: done, delete: done },
    };
    expect(fields(paths)).toEqual(['Query.productsBySkuReviews', 'Mutation.deleteProductsBySkuReviews']);
  });

  test('follow the options: name, as and hide, by operationId or by method and path', () => {
    const paths = {
      '/a': { get: { operationId: 'getA', ...done }, put: { operationId: 'putA', ...done } },
      '/search': { post: done },
      '/b': { get: { operationId: 'getB', ...done } },
    };
    const operations = {
      getA: { name: 'firstLetter' },
      'PUT /a': { hide: true },
      'POST /search': { as: 'query', name: 'search' },
      getB: { as: 'mutation' },
    };
    expect(fields(paths, { operations })).toEqual(['Query.firstLetter', 'Query.search', 'Mutation.getB']);
  });

  test('that the options name and the document lacks are reported with a guess', () => {
    const paths = { '/a': { get: { operationId: 'getProduct', ...done } } };
    const operations = { getProdukt: { hide: true }, zzzzzzzzz: {}, getProduct: { as: 'subscription' } };
    expect(make({ paths }, { operations }).reported).toEqual([
      {
        path: ['operations', 'getProdukt'],
        message: 'The document has no operation "getProdukt".',
        suggestion: 'Did you mean "getProduct"?',
      },
      {
        path: ['operations', 'zzzzzzzzz'],
        message: 'The document has no operation "zzzzzzzzz".',
        suggestion: 'The document has getProduct.',
      },
      {
        path: ['operations', 'getProduct', 'as'],
        message: 'The operation "getProduct" cannot be a subscription: REST answers once.',
        suggestion: 'Use query or mutation.',
      },
    ]);
  });

  test('that the options give the same name are reported', () => {
    const paths = { '/a': { get: { operationId: 'a', ...done } }, '/b': { get: { operationId: 'b', ...done } } };
    const { reported } = make({ paths }, { operations: { a: { name: 'x' }, b: { name: 'x' } } });
    expect(reported.map((problem) => problem.message)).toEqual(['Two operations are named "x".']);
  });

  test('that cannot be offered are left out with a notice, and the rest works', () => {
    const { model, notices } = make({
      paths: {
        '/parts': { get: { operationId: 'getParts', responses: { 200: { content: { 'multipart/mixed': {} } } } } },
        '/upload': {
          post: {
            operationId: 'upload',
            requestBody: { required: true, content: { 'application/xml': {} } },
            ...done,
          },
        },
        '/deep': {
          get: {
            operationId: 'deep',
            parameters: [{ name: 'f', in: 'path', required: true, style: 'deepObject' }],
            ...done,
          },
        },
        '/lost': { get: { operationId: 'lost', ...answer(ref('Nobody')) } },
        '/x/{id}': { get: { operationId: 'x', ...done } },
        '/soft': {
          get: {
            operationId: 'soft',
            parameters: [{ name: 'f', in: 'query', content: { 'application/xml': {} } }],
            ...done,
          },
        },
        '/quiet': { get: { operationId: 'quiet', responses: { default: {} } } },
        '/away': { $ref: 'other.yaml' },
      },
    });
    expect([...model.calls.keys()]).toEqual(['Query.soft', 'Query.quiet']);
    expect(notices).toEqual([
      '/away: $ref "other.yaml" leads out of the document, which is not followed: bundle it into one document.',
      'getParts is left out, because it answers with multipart/mixed.',
      'deep is left out, because its parameter "f" cannot be sent, because the style "deepObject" is not known in the path.',
      'lost is left out, because $ref "#/components/schemas/Nobody" leads nowhere.',
      'x is left out, because its path needs {id}, which is no usable parameter.',
      'soft: the parameter "f" is left out, because it is written as application/xml.',
      'quiet: the document does not say what it answers.',
      'upload is left out, because its body cannot be sent, because it is application/xml.',
    ]);
    expect(model.notices?.find((notice) => notice.message.startsWith('getParts'))).toMatchObject({
      file: 'api.json',
      line: 5,
    });
  });

  test('of which none can be offered are no source', () => {
    expect(() => make({ paths: {} })).toThrow(ProblemsError);
  });

  test('take headers as arguments, except those that the configuration or the gateway sets', () => {
    const header = (name: string) => ({ name, in: 'header', schema: text });
    const names = ['X-Key', 'X-Trace', 'Accept', 'Authorization', 'Host', 'Transfer-Encoding'];
    const paths = { '/a': { get: { operationId: 'a', parameters: names.map(header), ...done } } };
    const { model, notices } = make({ paths }, { headers: { 'x-key': 'secret' } });
    expect(model.sdl).toContain('a(\n    xTrace: String\n  ): Boolean');
    expect(notices).toHaveLength(3);
  });

  test('show defaults that fit their type, and tell of others', () => {
    const parameter = (name: string, schema: object) => ({ name, in: 'query', schema });
    const parameters = [
      parameter('a', { ...text, default: 'x"y' }),
      parameter('b', { type: 'array', items: text, default: ['p'] }),
      parameter('c', { type: 'string', enum: ['a-b'], default: 'a-b' }),
      parameter('d', { type: 'integer', default: 'five' }),
      parameter('e', { type: 'boolean', default: false }),
    ];
    const { model, notices } = make({ paths: { '/a': { get: { operationId: 'a', parameters, ...done } } } });
    for (const shown of [
      'a: String = "x\\"y"',
      'b: [String!] = ["p"]',
      'c: AC = A_B',
      'd: Int\n',
      'e: Boolean = false',
    ]) {
      expect(model.sdl).toContain(shown);
    }
    expect(notices).toEqual(['a: the default of the parameter "d" is not shown, because it does not fit its type.']);
  });
});
