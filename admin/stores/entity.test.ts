import { expect, it } from 'vitest';
import { describeStores, mistakes, PLATFORM_ADMIN, refused } from '../../test/utils/admin-suite.ts';
import { writeCursor } from '../store/page.ts';
import { apps } from './apps.ts';
import { tenants } from './tenants.ts';
import { webhooks } from './webhooks.ts';

const BY_NAME = { field: 'name', descending: false } as const;

describeStores('entities', (plane) => {
  it('are made, found, changed and archived by who may', async () => {
    const { actors, tenant } = await plane().createTenant('acme');
    const developer = plane().as(actors.developer);
    const app = await apps.create(developer, { name: 'shop', title: 'Shop' });
    expect(app).toMatchObject({ tenant: tenant._id, name: 'shop', title: 'Shop', version: 1, archivedAt: null });
    plane().advance(1_000);
    const changed = await apps.update(developer, app._id, 1, { title: 'The shop' });
    expect(changed).toMatchObject({ name: 'shop', title: 'The shop', version: 2 });
    expect(changed.updatedAt.getTime()).toBe(changed.createdAt.getTime() + 1_000);
    const archived = await apps.archive(developer, app._id, 2, true);
    expect(archived.archivedAt).toEqual(archived.updatedAt);
    expect((await apps.list(developer, {})).records).toEqual([]);
    expect((await apps.list(developer, { archived: true })).records).toHaveLength(1);
    expect((await apps.archive(developer, app._id, 3, false)).archivedAt).toBeNull();
  });

  it('are not changed by who saw them as they were before', async () => {
    const { actors } = await plane().createTenant('acme');
    const developer = plane().as(actors.developer);
    const app = await apps.create(developer, { name: 'shop' });
    await apps.update(developer, app._id, 1, { title: 'One' });
    expect(await refused(apps.update(developer, app._id, 1, { title: 'Other' }))).toEqual([
      {
        code: 'STALE',
        path: ['version'],
        message: 'The app was changed by somebody else since. It has version 2 now. Read it again.',
      },
    ]);
    expect(await apps.get(developer, app._id)).toMatchObject({ title: 'One', version: 2 });
  });

  it('are changed by one of two that change them at once, and by the other not at all', async () => {
    const { actors } = await plane().createTenant('acme');
    const developer = plane().as(actors.developer);
    const app = await apps.create(developer, { name: 'shop' });
    const results = await Promise.allSettled([
      apps.update(developer, app._id, 1, { title: 'One' }),
      apps.update(developer, app._id, 1, { description: 'Two' }),
    ]);
    const [done] = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const [failed] = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    expect(failed).toMatchObject({ errors: [{ code: 'STALE', path: ['version'] }] });
    expect(await apps.get(developer, app._id)).toEqual(done);
    expect(done?.version).toBe(2);
  });

  it('have names that are unique in their tenant, and may have those of another', async () => {
    const acme = await plane().createTenant('acme');
    const other = await plane().createTenant('other');
    const developer = plane().as(acme.actors.developer);
    await apps.create(developer, { name: 'shop' });
    expect(await mistakes(apps.create(developer, { name: 'shop' }))).toEqual(['TAKEN name']);
    const second = await apps.create(developer, { name: 'second' });
    expect(await mistakes(apps.update(developer, second._id, 1, { name: 'shop' }))).toEqual(['TAKEN name']);
    await apps.create(plane().as(other.actors.developer), { name: 'shop' });
    expect(await mistakes(tenants.create(plane().as(PLATFORM_ADMIN), { name: 'acme' }))).toEqual(['TAKEN name']);
  });

  it('tell all mistakes of an input at once, and change nothing', async () => {
    const { actors } = await plane().createTenant('acme');
    const before = await plane().dump();
    const input = {
      name: 'No Name',
      title: 'x'.repeat(201),
      rates: [
        { limit: -1, windowSeconds: 60 },
        { limit: 1.5, windowSeconds: 0, field: 'Query' },
      ],
      more: true,
    };
    expect((await mistakes(apps.create(plane().as(actors.developer), input))).sort()).toEqual([
      'INVALID',
      'INVALID name',
      'INVALID rates.0.limit',
      'INVALID rates.1.field',
      'INVALID rates.1.limit',
      'INVALID rates.1.windowSeconds',
      'INVALID title',
    ]);
    expect(await plane().dump()).toEqual(before);
  });

  it('are listed in pages that neither lose nor repeat one while others are made', async () => {
    const { actors } = await plane().createTenant('acme');
    const developer = plane().as(actors.developer);
    const create = async (name: string) => {
      plane().advance(1);
      await apps.create(developer, { name });
    };
    for (const name of ['b', 'd', 'f', 'h', 'j']) await create(name);
    const names: string[] = [];
    let after: string | undefined;
    for (const inserted of ['e', 'i', 'a', undefined]) {
      const page = await apps.list(developer, { first: 2, sort: BY_NAME, after });
      names.push(...page.records.map(({ name }) => name));
      const last = page.records.at(-1);
      after = last === undefined ? after : writeCursor(last, BY_NAME);
      if (inserted !== undefined) await create(inserted);
      if (!page.hasMore) break;
    }
    expect(names).toEqual(['b', 'd', 'e', 'f', 'h', 'i', 'j']);
  });

  it('are listed in each order, by how names begin, and counted', async () => {
    const { actors } = await plane().createTenant('acme');
    const developer = plane().as(actors.developer);
    for (const name of ['shop-b', 'till', 'shop-a']) {
      plane().advance(1);
      await apps.create(developer, { name });
    }
    const list = async (request: Parameters<typeof apps.list>[1]) =>
      (await apps.list(developer, request)).records.map(({ name }) => name);
    expect(await list({})).toEqual(['shop-b', 'till', 'shop-a']);
    expect(await list({ sort: { field: '_id', descending: true } })).toEqual(['shop-a', 'till', 'shop-b']);
    expect(await list({ sort: { field: 'name', descending: true } })).toEqual(['till', 'shop-b', 'shop-a']);
    expect(await list({ name: 'shop-' })).toEqual(['shop-b', 'shop-a']);
    expect(await apps.count(developer, { name: 'shop-', first: 1 })).toBe(2);
  });

  it('refuse pages of no size, and cursors that are none or of another order', async () => {
    const { actors } = await plane().createTenant('acme');
    const developer = plane().as(actors.developer);
    const app = await apps.create(developer, { name: 'shop' });
    const byId = writeCursor(app, { field: '_id', descending: false });
    expect(await mistakes(apps.list(developer, { first: 0 }))).toEqual(['INVALID first']);
    expect(await mistakes(apps.list(developer, { first: 501 }))).toEqual(['INVALID first']);
    expect(await mistakes(apps.list(developer, { after: 'nonsense' }))).toEqual(['INVALID after']);
    expect(await mistakes(apps.list(developer, { after: byId, sort: BY_NAME }))).toEqual(['INVALID after']);
    const harmful = Buffer.from(JSON.stringify(['_id', { $gt: '' }])).toString('base64url');
    expect(await mistakes(apps.list(developer, { after: harmful }))).toEqual(['INVALID after']);
  });

  it('are made by platform administrators in the tenant that they name', async () => {
    const { tenant } = await plane().createTenant('acme');
    const root = plane().as(PLATFORM_ADMIN);
    expect(await mistakes(apps.create(root, { name: 'shop' }))).toEqual(['INVALID tenant']);
    expect(await mistakes(apps.create(root, { name: 'shop' }, 'nobody'))).toEqual(['NOT_FOUND tenant']);
    expect((await apps.create(root, { name: 'shop' }, 'acme')).tenant).toBe(tenant._id);
    expect((await apps.list(root, { tenant: 'acme' })).records).toHaveLength(1);
    expect(await mistakes(apps.list(root, { sort: BY_NAME }))).toEqual(['INVALID tenant']);
  });

  it('of tenants keep the name that something is encrypted for', async () => {
    const { actors, tenant } = await plane().createTenant('acme');
    const rename = () => tenants.update(plane().as(PLATFORM_ADMIN), tenant._id, 1, { name: 'other' });
    const { webhook } = await webhooks.createWithSecret(plane().as(actors.owner), {
      ...{ name: 'hook', url: 'https://hooks.example/' },
    });
    expect(await mistakes(rename())).toEqual(['IN_USE name']);
    // It may come back.
    await webhooks.archive(plane().as(actors.owner), webhook._id, 1, true);
    expect(await mistakes(rename())).toEqual(['IN_USE name']);
  });
});
