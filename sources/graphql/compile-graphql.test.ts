import { buildSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import { compileGraphql } from './compile-graphql.ts';
import { type GraphqlOptions, graphqlOptions } from './options.ts';

const SDL = `
  schema { query: Root, mutation: Mutation }
  type Root { reviews: [Review] review(id: ID!): Review adminStats: Int }
  type Mutation { addReview(text: String): Review setPicture(picture: Picture!): Review }
  type Review { id: ID! }
  scalar Upload
  input Picture { file: Upload nested: [Picture!] }
`;

function compile(text: string, options: Partial<GraphqlOptions> = {}) {
  const parsed = graphqlOptions.parse({ kind: 'graphql', endpoint: 'http://h', ...options });
  return compileGraphql({ kind: 'sdl', text, file: 'schema.graphql' }, parsed);
}

describe('compiling a GraphQL service', () => {
  it('gives plain data, which comes whole from a worker thread', () => {
    const compiled = compile(SDL);
    expect(structuredClone(compiled)).toEqual(compiled);
    expect(compiled.problems).toEqual([]);
    expect(compiled.model?.rootNames).toEqual(new Map([['Query', 'Root']]));
    buildSchema(compiled.model?.sdl ?? '');
  });

  it('leaves out what takes files, and says so', () => {
    const { model } = compile(SDL);
    expect([...(model?.fields.keys() ?? [])]).toEqual([
      'Query.reviews',
      'Query.review',
      'Query.adminStats',
      'Mutation.addReview',
    ]);
    expect(model?.notices).toEqual([{ message: expect.stringContaining('Mutation.setPicture takes a file') }]);
  });

  it.each([
    [{ include: { operations: ['review*'] } }, ['Query.reviews', 'Query.review']],
    [{ include: { operations: ['Query.*'] }, exclude: { operations: ['admin*'] } }, ['Query.reviews', 'Query.review']],
    [{ exclude: { operations: ['Mutation.*', 'reviews'] } }, ['Query.review', 'Query.adminStats']],
  ])('has with %j the fields %j', (options, names) => {
    const { model, problems } = compile(SDL, options);
    expect([...(model?.fields.keys() ?? [])]).toEqual(names);
    expect(problems).toEqual([]);
    expect(buildSchema(model?.sdl ?? '').getMutationType()).toBeUndefined();
  });

  it.each([
    [{ include: { operations: ['nothing'] } }, 'include'],
    [{ exclude: { operations: ['**'] } }, 'exclude'],
  ])('tells that with %j nothing is left', (options, place) => {
    expect(compile(SDL, options).problems).toEqual([
      { path: [place], message: expect.stringContaining('No root field') },
    ]);
  });

  it('tells of a root type that is left without fields and asked for', () => {
    const text = 'type Query { a: Int } type Mutation { set: Payload } type Payload { query: Query }';
    expect(compile(text, { include: { operations: ['set'] } })).toEqual({
      model: undefined,
      problems: [
        {
          message: 'Payload.query returns Query, of which no field is left.',
          suggestion: expect.any(String),
          file: 'schema.graphql',
        },
      ],
    });
  });

  it('tells of options that mean nothing here', () => {
    const { problems } = compile(SDL, { operations: { reviews: { responseHeaders: true } } });
    expect(problems).toMatchObject([{ path: ['operations', 'reviews', 'responseHeaders'] }]);
  });

  it('gives up on what cannot be read, however it is nested', () => {
    for (const text of [`type Query { a: ${'['.repeat(50_000)}Int${']'.repeat(50_000)} }`, '{'.repeat(100_000), '']) {
      expect(compile(text)).toMatchObject({ model: undefined, problems: [{ file: 'schema.graphql' }] });
    }
    const introspection = { kind: 'introspection', text: `{"data":{"__schema":${'['.repeat(50_000)}` } as const;
    expect(compileGraphql(introspection, { operations: {}, include: undefined, exclude: undefined })).toMatchObject({
      model: undefined,
      problems: [{ path: ['endpoint'] }],
    });
  });
});
