import { buildSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import type { Problem } from '../../kernel/problem.ts';
import { ProblemsError } from '../../kernel/problem.ts';
import { createModelSdl } from './model-sdl.ts';
import { readSchema } from './read-schema.ts';

const SDL = `
directive @secret(level: Int) on FIELD_DEFINITION | OBJECT
scalar Date @specifiedBy(url: "https://example.com/date")
extend schema @link(url: "https://specs.apollo.dev/federation/v2.0")
schema { query: Root, mutation: Changes }
"Where all begins."
type Root @secret(level: 1) {
  "The reviews."
  reviews(first: Int = 10, order: Order = NEWEST): [Review!]! @secret
  old: Date @deprecated(reason: "Gone soon.")
  hidden: String
}
type Changes { addReview(text: String!): Payload }
type Payload { review: Review query: Root }
enum Order { NEWEST BEST }
type Review @key(fields: "id") { id: ID! text: String }
extend type Review { stars: Int }
extend type Extra { a: Int }
union Anything = Review | Extra
`;

describe('the SDL of a GraphQL source', () => {
  it('has the usual root names, the fields that are shown and no directives of the service', () => {
    const problems: Problem[] = [];
    const operations = {
      old: { name: 'date' },
      hidden: { hide: true },
      reviws: {},
      addReview: { as: 'query' as const },
    };
    const model = createModelSdl(readSchema(SDL, 'schema.graphql'), { operations }, (problem) =>
      problems.push(problem),
    );
    buildSchema(model.sdl);
    expect(model.sdl).toMatchInlineSnapshot(`
      "scalar Date @specifiedBy(url: "https://example.com/date")

      """Where all begins."""
      type Query {
        """The reviews."""
        reviews(first: Int = 10, order: Order = NEWEST): [Review!]
        date: Date @deprecated(reason: "Gone soon.")
      }

      type Mutation {
        addReview(text: String!): Payload
      }

      type Payload {
        review: Review
        query: Query
      }

      enum Order {
        NEWEST
        BEST
      }

      type Review {
        id: ID!
        text: String
        stars: Int
      }

      type Extra {
        a: Int
      }

      union Anything = Review | Extra"
    `);
    expect([...model.fields].map(([name, field]) => [name, field.type, field.name])).toEqual([
      ['Query.reviews', 'query', 'reviews'],
      ['Query.date', 'query', 'old'],
      ['Mutation.addReview', 'mutation', 'addReview'],
    ]);
    expect(model.fields.get('Query.reviews')?.arguments).toEqual(
      new Map([
        ['first', 'Int'],
        ['order', 'Order'],
      ]),
    );
    expect(problems).toEqual([
      {
        path: ['operations', 'reviws'],
        message: 'The service has no root field "reviws".',
        suggestion: 'Did you mean "reviews"?',
      },
      {
        path: ['operations', 'addReview', 'as'],
        message: 'A field of a GraphQL service stays what it is there: query, mutation or subscription.',
      },
    ]);
  });

  it.each([
    ['type Query {', 1],
    ['type Query { a: Int }\n\ninterface I { b: Int }\ntype T implements I { a: Int }', 3],
  ])('tells the line of a mistake in %j', (text, line) => {
    const read = () => readSchema(text, 'schema.graphql');
    expect(read).toThrow(ProblemsError);
    expect(read).toThrow(
      expect.objectContaining({ problems: [{ message: expect.any(String), file: 'schema.graphql', line }] }),
    );
  });

  it('tells of types that are missing', () => {
    expect(() => readSchema('type Query { a: Missing }', 'schema.graphql')).toThrow(/Missing/);
  });
});
