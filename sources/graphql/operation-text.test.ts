import { describe, expect, it } from 'vitest';
import { createRequest } from './operation-text.ts';

const FIELD = {
  type: 'query',
  name: 'reviews',
  arguments: new Map([
    ['skus', '[ID!]!'],
    ['first', 'Int'],
  ]),
} as const;

describe('a request to a GraphQL service', () => {
  it('has the arguments as variables that collide with none of the selection', () => {
    const request = createRequest(FIELD);
    const shape = { text: '{ id replies(first: $a_first) { id } }', variables: new Map([['a_first', 'Int!']]) };
    const selected = { shape, values: { a_first: 3, unrelated: 'x' } };
    expect(request({ skus: ['"a'] }, selected)).toEqual({
      operation: 'reviews',
      query:
        'query reviews($aa_skus: [ID!]!, $a_first: Int!) { reviews(skus: $aa_skus) { id replies(first: $a_first) { id } } }',
      variables: { aa_skus: ['"a'], a_first: 3 },
    });
    expect(request({ skus: [], first: null }, selected)).toEqual({
      operation: 'reviews',
      query: expect.stringContaining('query reviews($aa_skus: [ID!]!, $aa_first: Int, $a_first: Int!)'),
      variables: { aa_skus: [], aa_first: null, a_first: 3 },
    });
  });

  it('leaves out what is not there', () => {
    const request = createRequest({ type: 'mutation', name: 'reset', arguments: new Map() });
    expect(request({ strange: 1 }, undefined)).toEqual({
      operation: 'reset',
      query: 'mutation reset { reset  }',
      variables: {},
    });
    const shape = { text: '{ id }', variables: new Map([['n', 'Int']]) };
    expect(request({}, { shape, values: {} })).toMatchObject({ variables: {} });
  });
});
