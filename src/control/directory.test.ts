import { beforeEach, describe, expect, it } from 'vitest';
import type { Product } from '../../admin/models/product.ts';
import { createDirectory, type LiveDirectory } from './directory.ts';
import { type Changed, WATCHED } from './records.ts';

const NOTHING = Object.fromEntries(WATCHED.map((name) => [name, []])) as unknown as Changed;

describe('what is known of tenants, apps, keys and grants', () => {
  let now: number;
  let directory: LiveDirectory;
  const record = (fields: object) => ({ version: 1, seq: 1, archivedAt: null, ...fields });
  const take = (changed: object) => directory.take({ ...NOTHING, ...changed } as Changed);
  const tenant = (id: string, fields: object = {}) => record({ _id: id, tenant: id, name: id, rates: [], ...fields });
  const product = (fields: Partial<Product> = {}) =>
    record({ _id: 'prd', tenant: 'acme', name: 'goods', state: 'published', sunsetAt: null, fields: [], ...fields });
  const grants = () => [...(directory.key('hash')?.app.grants.keys() ?? [])];

  beforeEach(() => {
    now = 1_000_000;
    directory = createDirectory(() => now);
    take({
      tenants: [tenant('acme'), tenant('beta')],
      apps: [record({ _id: 'app', tenant: 'beta', name: 'reader', rates: [] })],
      keys: [
        record({
          ...{ _id: 'key', tenant: 'beta', app: 'app', name: 'k', hash: 'hash', products: [], origins: [], cidrs: [] },
          ...{ rates: [], revokedAt: null, expiresAt: null },
        }),
      ],
      products: [product()],
      grants: [
        record({
          _id: 'grt',
          tenant: 'beta',
          app: 'app',
          product: 'prd',
          productTenant: 'acme',
          plan: null,
          state: 'approved',
        }),
      ],
    });
  });

  it('ends a deprecated product with its sunset, when the time comes', () => {
    take({ products: [product({ state: 'deprecated', sunsetAt: new Date(now + 5_000) })] });
    expect(grants()).toEqual(['prd']);
    expect(directory.holdsGrants('app', ['grt'])).toBe(true);
    now += 4_999;
    expect(directory.passTime()).toBe(false);
    expect(grants()).toEqual(['prd']);
    now += 1;
    expect(directory.passTime()).toBe(true);
    expect(grants()).toEqual([]);
    expect(directory.productsOf('beta')).toEqual([]);
    expect(directory.holdsGrants('app', ['grt'])).toBe(false);
    expect(directory.passTime()).toBe(false);
  });

  it('ends what a tenant offers while it is archived', () => {
    take({ tenants: [tenant('acme', { archivedAt: new Date(now) })] });
    expect([grants(), directory.productsOf('beta')]).toEqual([[], []]);
    expect(directory.followersOf([{ _id: 'acme' }])).toEqual(new Set(['beta']));
    take({ tenants: [tenant('acme')] });
    expect(grants()).toEqual(['prd']);
  });

  it('knows tenants by their names, whichever of those that changed them was changed last', () => {
    take({ tenants: [tenant('acme', { name: 'other', version: 2 })] });
    // The name goes from one to the other, and the first is changed once more.
    take({ tenants: [tenant('beta', { name: 'other', version: 2 }), tenant('acme', { name: 'third', version: 4 })] });
    expect([directory.tenantRecord('other')?._id, directory.tenantRecord('third')?._id]).toEqual(['beta', 'acme']);
  });

  it('tells of a sunset also when another product changes after it', () => {
    take({ products: [product({ state: 'deprecated', sunsetAt: new Date(now + 5_000) })] });
    now += 5_000;
    take({ products: [product({ _id: 'other' })] });
    expect(directory.passTime()).toBe(true);
    expect(directory.passTime()).toBe(false);
  });

  it('makes keys anew when a product changes, so that nothing is held that was judged by the old one', () => {
    const before = directory.key('hash');
    expect(directory.key('hash')).toBe(before);
    take({ products: [product({ fields: ['Query.other'] })] });
    expect(directory.key('hash')).not.toBe(before);
  });

  it('forgets keys of archived apps and tenants, and knows them again', () => {
    take({ tenants: [tenant('beta', { archivedAt: new Date(now) })] });
    expect(directory.key('hash')).toBeUndefined();
    take({ tenants: [tenant('beta')] });
    expect(directory.key('hash')?.id).toBe('key');
  });
});
