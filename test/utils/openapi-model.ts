import { buildSchema, type GraphQLSchema, validateSchema } from 'graphql';
import { expect } from 'vitest';
import { silentLog } from '../../kernel/ports.ts';
import type { Problem } from '../../kernel/problem.ts';
import { createOpenapiSource } from '../../sources/openapi/openapi-source.ts';
import { openapiOptions } from '../../sources/openapi/options.ts';
import type { SourceModel } from '../../sources/source.ts';

export interface MadeModel {
  readonly model: SourceModel;
  readonly reported: readonly Problem[];
  readonly notices: readonly string[];
  /** Lines of a type, input, union or enum of the SDL, without its braces. */
  lines(type: string): string[];
}

/** The model of a document that is expected to make valid SDL with a call for each of its root fields. */
export function makeModel(document: object, options: object = {}): MadeModel {
  const reported: Problem[] = [];
  const parsed = openapiOptions.parse({
    kind: 'openapi',
    document: 'api.json',
    endpoint: 'http://127.0.0.1:1',
    ...options,
  });
  const text = JSON.stringify('swagger' in document ? document : { openapi: '3.1.0', ...document }, null, 1);
  const deps = { log: silentLog, report: (problem: Problem) => reported.push(problem) };
  const { model } = createOpenapiSource('api', parsed, text, 'api.json', deps);
  const isQueryless = !model.sdl.includes('type Query {');
  const schema = buildSchema(isQueryless ? `${model.sdl}\ntype Query { none: Int }` : model.sdl);
  expect(validateSchema(schema)).toEqual([]);
  expect([...model.calls.keys()].sort()).toEqual(rootFieldsOf(schema).sort());
  return {
    model,
    reported,
    notices: (model.notices ?? []).map((notice) => notice.message),
    lines: (type) => linesOf(model.sdl, type),
  };
}

function linesOf(sdl: string, type: string): string[] {
  const union = new RegExp(`^union ${type} = (.*)$`, 'm').exec(sdl);
  if (union !== null) return union[1]?.split(' | ') ?? [];
  const body =
    new RegExp(`^(?:type|interface|input|enum) ${type}(?: [^{\n]*)? \\{\\n(.*?)\\n\\}`, 'ms').exec(sdl)?.[1] ?? '';
  return body
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
}

function rootFieldsOf(schema: GraphQLSchema): string[] {
  return [schema.getQueryType(), schema.getMutationType()]
    .flatMap((type) => Object.keys(type?.getFields() ?? {}).map((field) => `${type?.name}.${field}`))
    .filter((name) => name !== 'Query.none');
}

export const text = { type: 'string' };
export const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
export const answer = (schema: object) => ({ responses: { 200: { content: { 'application/json': { schema } } } } });
export const done = { responses: { 204: { description: 'Done.' } } };
/** An object whose properties are required, unless the list says otherwise. */
export const object = (properties: object, required: readonly string[] = Object.keys(properties)) => ({
  type: 'object',
  properties,
  required,
});

/** A document with one reading operation that answers with the schema. */
export const reading = (schema: object, schemas: object = {}) => ({
  paths: { '/thing': { get: { operationId: 'getThing', ...answer(schema) } } },
  components: { schemas },
});

/** A document with one writing operation that takes the schema. */
export const writing = (schema: object, schemas: object = {}) => ({
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
