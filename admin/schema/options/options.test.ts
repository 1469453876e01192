import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeOptions } from '../../../src/config/option-types.ts';
import { mistakes } from '../../../test/utils/admin-suite.ts';
import { anyOptions, throughSchema, toInput } from '../../../test/utils/typed-options.ts';
import { RESOURCE_KINDS } from '../../models/resource.ts';
import { createAdminSchema } from '../index.ts';
import { placeOf } from './place-of.ts';

const types = describeOptions();
const schema = createAdminSchema(types);
const read = (kind: (typeof RESOURCE_KINDS)[number], input: unknown) => throughSchema(schema, types.kinds[kind], input);

describe('options as inputs', () => {
  it.each(RESOURCE_KINDS)('say what any options of %s say', (kind) => {
    const type = types.kinds[kind];
    const check = (options: unknown) => {
      expect(throughSchema(schema, type, toInput(type, options))).toEqual(options);
    };
    fc.assert(fc.property(anyOptions(type), check), { numRuns: 200 });
  });

  it('become what stands in skein.yaml', () => {
    const input = {
      openapi: {
        document: 'shop.yaml',
        endpoint: 'https://shop.example',
        headers: [{ name: 'authorization', value: '${TOKEN}' }],
        forwardHeaders: [{ name: 'x-one' }, { name: 'x-two', as: 'x-three' }],
        errors: 'MESSAGE',
        operations: [{ operation: 'GET /a', hide: true }],
        upstream: {
          balance: { strategy: 'LEAST_CONNECTIONS' },
          retries: { enabled: false },
          breaker: { enabled: true },
        },
        security: [{ name: 'login', value: { basic: { username: 'a', password: 'b' } } }],
        transforms: {
          prefix: { types: 'Shop', fields: 'Shop' },
          fields: [{ field: 'Query.a', deprecated: { enabled: true }, arguments: [{ argument: 'x', default: null }] }],
        },
        cache: { fields: [{ name: 'a', ttlMs: 31_536_000_000 }] },
        tls: null,
      },
    };
    expect(read('sources', input)).toEqual({
      kind: 'openapi',
      document: 'shop.yaml',
      endpoint: 'https://shop.example',
      headers: { authorization: '${TOKEN}' },
      forwardHeaders: ['x-one', { name: 'x-two', as: 'x-three' }],
      errors: 'message',
      operations: { 'GET /a': { hide: true } },
      upstream: { balance: 'least-connections', retries: false, breaker: {} },
      security: { login: { username: 'a', password: 'b' } },
      transforms: { prefix: 'Shop', fields: { 'Query.a': { deprecated: true, arguments: { x: { default: null } } } } },
      cache: { fields: { a: 31_536_000_000 } },
    });
    expect(read('routes', { targets: [{ model: 'a' }, { model: 'b' }] })).toEqual(['a', 'b']);
    expect(read('routes', { targets: [{ model: 'a', weight: 2 }] })).toEqual({ targets: [{ model: 'a', weight: 2 }] });
  });

  it('are refused for what only inputs can get wrong, all of it at once', async () => {
    const twice = [
      { name: 'x', value: '1' },
      { name: 'x', value: '2' },
    ];
    const upstream = { retries: { enabled: false, most: 2 } };
    const input = { graphql: { endpoint: 'https://a.example', headers: twice, upstream } };
    expect(await mistakes((async () => read('sources', input))())).toEqual([
      'INVALID graphql.headers.1.name',
      'INVALID graphql.upstream.retries.enabled',
    ]);
  });

  it.each([
    ['sources', { openapi: { headers: [{ name: 'x', value: '' }] } }, 'headers.x', 'openapi.headers.0'],
    [
      'sources',
      { openapi: { operations: [{ operation: 'a', name: '?' }] } },
      'operations.a.name',
      'openapi.operations.0.name',
    ],
    ['sources', { openapi: { forwardHeaders: [{ name: '?' }] } }, 'forwardHeaders.0', 'openapi.forwardHeaders.0.name'],
    [
      'sources',
      { openapi: { upstream: { balance: { hash: { header: '' } } } } },
      'upstream.balance.hash.header',
      'openapi.upstream.balance.hash.header',
    ],
    [
      'sources',
      { openapi: { upstream: { retries: { enabled: false } } } },
      'upstream.retries',
      'openapi.upstream.retries',
    ],
    ['sources', { openapi: {} }, 'nothing.here', 'openapi'],
    ['links', { call: 'a.b', args: { x: { y: 1 } } }, 'args.x.y', 'args.x.y'],
    ['routes', { targets: [{ model: '' }] }, '0', 'targets.0.model'],
    ['prompts', { versions: [{ version: 'a', template: '{{' }] }, 'versions.a.template', 'versions.0.template'],
  ] as const)('of %s have places: %j at %s is %s', (kind, input, path, place) => {
    expect(placeOf(types.kinds[kind], input, path.split('.')).join('.')).toBe(place);
  });
});

it('the place of a mistake is found without reading what stands beside it', () => {
  const type = types.kinds.sources;
  const openapi = {
    operations: [{ operation: 'a', name: '?' }],
    get headers() {
      return expect.fail('is read');
    },
  };
  const place = placeOf(type, { openapi }, ['operations', 'a', 'name']);
  expect(place).toEqual(['openapi', 'operations', '0', 'name']);
});
