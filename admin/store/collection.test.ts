import type { Model } from 'mongoose';
import { expect, it } from 'vitest';
import { describeStores } from '../../test/utils/admin-suite.ts';
import type { ApiKey, App } from '../models/app.ts';
import { COLLECTIONS } from '../models/index.ts';
import { createCollection } from './collection.ts';

const ALL = { all: true } as const;

/** A server that does not say which index a duplicate met. */
function silent<T>(model: Model<T>): Model<T> {
  const plain = async <R>(work: () => Promise<R>): Promise<R> => {
    try {
      return await work();
    } catch (error) {
      throw Object.assign(new Error('E11000 duplicate key error'), { code: (error as { code: unknown }).code });
    }
  };
  return new Proxy(model, {
    get(target, name, receiver) {
      if (name === 'create') return (record: T) => plain(() => target.create(record));
      if (name === 'findOneAndUpdate')
        return (...given: Parameters<Model<T>['findOneAndUpdate']>) => ({
          exec: () => plain(async () => target.findOneAndUpdate(...given).exec()),
        });
      const value: unknown = Reflect.get(target, name, receiver);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

const app = { tenant: 'ten_a', name: 'shop', title: '', description: '', rates: [] };
const key = {
  ...{ tenant: 'ten_a', app: 'app_a', name: 'web', hash: 'h1', prefix: 'p', expiresAt: null, revokedAt: null },
  ...{ replaces: null, products: [], origins: [], cidrs: [], rates: [], lastUsedAt: null },
};

describeStores('collections', (plane) => {
  it('say which field is taken, also where the server does not', async () => {
    const deps = { nextSeq: async () => 1, now: () => 0 };
    const { connection } = plane();
    const apps = createCollection<App>({
      ...deps,
      model: silent(connection.model<App>('apps')),
      prefix: COLLECTIONS.apps.prefix,
    });
    const keys = createCollection<ApiKey>({ ...deps, model: silent(connection.model<ApiKey>('keys')), prefix: 'key' });
    for (const [apps_, keys_] of [
      [plane().store.apps, plane().store.keys],
      [apps, keys],
    ] as const) {
      const suffix = apps_ === apps ? '2' : '1';
      const one = await apps_.insert(ALL, { ...app, name: `shop${suffix}` });
      await expect(apps_.insert(ALL, { ...app, name: one.name })).rejects.toMatchObject({ fields: ['name'] });
      const other = await apps_.insert(ALL, { ...app, name: `till${suffix}` });
      await expect(apps_.update(ALL, other._id, 1, { name: one.name })).rejects.toMatchObject({ fields: ['name'] });
      await expect(apps_.insert(ALL, { ...app, _id: one._id, name: `x${suffix}` })).rejects.toMatchObject({
        fields: ['_id'],
      });
      const first = await keys_.insert(ALL, { ...key, hash: `h${suffix}`, app: `app${suffix}` });
      await expect(keys_.insert(ALL, { ...key, app: 'app_b', hash: first.hash })).rejects.toMatchObject({
        fields: ['hash'],
      });
      await expect(keys_.insert(ALL, { ...first, _id: keys_.newId(), hash: `o${suffix}` })).rejects.toMatchObject({
        fields: ['app', 'name'],
      });
    }
  });

  it('hold every question and every write to a scope', async () => {
    const { apps, grants } = plane().store;
    const [own, other] = [{ all: false, tenant: 'ten_a' } as const, { all: false, tenant: 'ten_b' } as const];
    const made = await apps.insert(own, app);
    expect(await apps.get(own, made._id)).toEqual(made);
    expect(await apps.get(other, made._id)).toBeUndefined();
    expect(await apps.find(other, { $or: [{ name: 'shop' }, { tenant: 'ten_a' }] })).toBeUndefined();
    expect(await apps.all(other, { tenant: 'ten_a' })).toEqual([]);
    expect(await apps.count(other, {})).toBe(0);
    expect(await apps.update(other, made._id, 1, { title: 'x' })).toBeUndefined();
    expect(await apps.remove(other, made._id)).toBe(false);
    await expect(apps.insert(other, app)).rejects.toThrow('another tenant');
    const sort = { field: '_id', descending: false };
    expect((await apps.page(other, {}, { first: 5, sort })).records).toEqual([]);
    const grant = await grants.insert(own, {
      ...{ tenant: 'ten_a', app: 'app_a', product: 'prd_a', productTenant: 'ten_b', plan: null, state: 'requested' },
      ...{ reason: '', comment: '', requestedBy: '', decidedBy: '', decidedAt: null },
    } as const);
    expect(await grants.get(other, grant._id)).toEqual(grant);
    expect(await grants.get({ all: false, tenant: 'ten_c' }, grant._id)).toBeUndefined();
    expect(await grants.find(other, { $or: [{ app: 'app_a' }] })).toEqual(grant);
    expect(await grants.find({ all: false, tenant: 'ten_c' }, { $or: [{ app: 'app_a' }] })).toBeUndefined();
    await expect(apps.all(ALL, {}, 0)).rejects.toThrow('more than 0');
  });
});
