import { describe, expect, it } from 'vitest';
import { createOperationFilter, createPattern } from './operation-filter.ts';

describe('a pattern', () => {
  it('takes a star for anything within a segment, and two stars for anything', () => {
    expect(createPattern('/v1/*')('/v1/users')).toBe(true);
    expect(createPattern('/v1/*')('/v1/users/7')).toBe(false);
    expect(createPattern('/v1/**')('/v1/users/7')).toBe(true);
    expect(createPattern('Query.*')('Query.user')).toBe(true);
    expect(createPattern('list*')('list')).toBe(true);
    expect(createPattern('*.internal*')('Product.internalNote')).toBe(true);
  });

  it('takes every other sign for itself', () => {
    expect(createPattern('a+b')('aab')).toBe(false);
    expect(createPattern('a+b')('a+b')).toBe(true);
    expect(createPattern('[ab]')('a')).toBe(false);
  });

  it('needs little time for many stars', () => {
    expect(createPattern('**a'.repeat(30))('a'.repeat(29))).toBe(false);
    expect(createPattern(`${'*a'.repeat(200)}b`)('a'.repeat(2_000))).toBe(false);
  });
});

describe('an operation filter', () => {
  it('lets in what fits every list of include and not all lists of exclude', () => {
    const lets = createOperationFilter({
      include: { tags: ['public'], paths: ['/v1/**'] },
      exclude: { operations: ['delete*'] },
    });
    expect(lets({ names: ['listUsers'], tags: ['public'], path: '/v1/users' })).toBe(true);
    expect(lets({ names: ['listUsers'], tags: ['admin'], path: '/v1/users' })).toBe(false);
    expect(lets({ names: ['listUsers'], tags: ['public'], path: '/v2/users' })).toBe(false);
    expect(lets({ names: ['deleteUser', 'DELETE /v1/users'], tags: ['public'], path: '/v1/users' })).toBe(false);
  });

  it('lets everything in when there is none', () => {
    expect(createOperationFilter({})({ names: ['x'] })).toBe(true);
  });
});
