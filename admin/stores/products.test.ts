import { expect, it } from 'vitest';
import { type ControlPlane, describeStores, mistakes } from '../../test/utils/admin-suite.ts';
import { apps, keys } from './apps.ts';
import { catalog, catalogCount, grants, seenProduct } from './grants.ts';
import { plans, products } from './products.ts';

/** A tenant with a product that others see, and one with an app that would have it. */
async function market(plane: ControlPlane, approval: 'automatic' | 'required' = 'required') {
  const [giver, taker] = [await plane.createTenant('giver'), await plane.createTenant('taker')];
  const seller = plane.as(giver.actors.developer);
  const approver = plane.as(giver.actors.approver);
  const buyer = plane.as(taker.actors.developer);
  const plan = await plans.create(seller, { name: 'small', rates: [{ limit: 10, windowSeconds: 60 }] });
  const draft = await products.create(seller, {
    name: 'prices',
    fields: ['Query.prices', 'Price.*'],
    tags: ['money'],
    visibility: 'listed',
    approval,
    plans: [plan._id],
  });
  const product = await products.moveTo(seller, draft._id, 1, 'published');
  const app = await apps.create(buyer, { name: 'shop' });
  return { giver, taker, seller, approver, buyer, plan, product, app };
}

describeStores('products', (plane) => {
  it('move along their life, and no other way', async () => {
    const { seller, product, buyer, app, approver } = await market(plane());
    const move = (version: number, ...rest: [Parameters<typeof products.moveTo>[3], Date?]) =>
      products.moveTo(seller, product._id, version, ...rest);
    expect(await mistakes(move(1, 'deprecated'))).toEqual(['STALE version']);
    expect(await mistakes(move(2, 'retired'))).toEqual(['INVALID state']);
    expect(await mistakes(move(2, 'deprecated', new Date(0)))).toEqual(['INVALID sunsetAt']);
    const grant = await grants.request(buyer, { app: app._id, product: product._id });
    await grants.approve(approver, grant._id, '');
    expect(await mistakes(move(2, 'draft'))).toEqual(['IN_USE state']);
    expect(await mistakes(products.archive(seller, product._id, 2, true))).toEqual(['IN_USE id']);
    const sunset = new Date(seller.clock.now() + 1_000);
    expect(await move(2, 'deprecated', sunset)).toMatchObject({ state: 'deprecated', sunsetAt: sunset, version: 3 });
    expect(await move(3, 'published')).toMatchObject({ state: 'published', sunsetAt: null });
    await move(4, 'deprecated');
    expect(await move(5, 'retired')).toMatchObject({ state: 'retired' });
    expect(await mistakes(move(6, 'published'))).toEqual(['INVALID state']);
    expect(await mistakes(products.update(seller, product._id, 6, { title: 'x' }))).toEqual(['INVALID id']);
  });

  it('name fields, and plans that there are, or are told of all that is wrong', async () => {
    const { seller, plan, product } = await market(plane());
    const wrong = { name: 'p', fields: ['prices', 'Query.prices'], tags: ['two words'], visibility: 'secret' };
    expect(await mistakes(products.create(seller, wrong))).toEqual([
      'INVALID fields.0',
      'INVALID tags.0',
      'INVALID visibility',
    ]);
    const unknown = { name: 'p', fields: ['Query.a'], plans: ['pln_x', plan._id, 'pln_y'] };
    expect(await mistakes(products.create(seller, unknown))).toEqual(['NOT_FOUND plans.0', 'NOT_FOUND plans.2']);
    expect(await mistakes(plans.create(seller, { name: 'p', rates: [{ limit: -5, windowSeconds: 1 }] }))).toEqual([
      'INVALID rates.0.limit',
    ]);
    expect(await mistakes(plans.archive(seller, plan._id, 1, true))).toEqual(['IN_USE id']);
    await products.update(seller, product._id, 2, { plans: [] });
    expect((await plans.archive(seller, plan._id, 1, true)).archivedAt).not.toBeNull();
  });

  it('are in the catalog of all tenants while they may be asked for, by words and tags', async () => {
    const { seller, buyer, product } = await market(plane());
    const names = async (request: Parameters<typeof catalog>[1]) =>
      (await catalog(buyer, request)).records.map(({ name }) => name);
    expect(await names({ search: 'PRI mon' })).toEqual(['prices']);
    expect(await names({ search: 'pri.es' })).toEqual([]);
    expect(await names({ tags: ['money'] })).toEqual(['prices']);
    expect(await names({ tags: ['money', 'other'] })).toEqual([]);
    expect(await catalogCount(buyer, {})).toBe(1);
    await products.update(seller, product._id, 2, { visibility: 'private' });
    expect(await names({})).toEqual([]);
    expect(await mistakes(seenProduct(buyer, product._id))).toEqual(['NOT_FOUND id']);
    expect((await seenProduct(seller, product._id)).name).toBe('prices');
    expect(await mistakes(catalog(buyer, { first: 0 }))).toEqual(['INVALID first']);
  });
});

describeStores('grants', (plane) => {
  it('are asked for with a reason, decided by the tenant of the product, and seen by both', async () => {
    const { giver, taker, approver, buyer, product, app, plan } = await market(plane());
    const request = { app: app._id, product: product._id, reason: 'for the shop' };
    const grant = await grants.request(buyer, request);
    expect(grant).toMatchObject({
      tenant: taker.tenant._id,
      productTenant: giver.tenant._id,
      state: 'requested',
      plan: plan._id,
      reason: 'for the shop',
      requestedBy: taker.users.developer._id,
    });
    for (const context of [approver, buyer]) expect((await grants.list(context, {})).records).toHaveLength(1);
    const stranger = await plane().createTenant('stranger');
    expect((await grants.list(plane().as(stranger.actors.owner), {})).records).toEqual([]);
    expect(await mistakes(grants.request(buyer, request))).toEqual(['TAKEN product']);
    expect(await mistakes(grants.approve(plane().as(taker.actors.owner), grant._id, 'mine'))).toEqual(['FORBIDDEN id']);
    const approved = await grants.approve(approver, grant._id, 'welcome');
    expect(approved).toMatchObject({ state: 'approved', comment: 'welcome', decidedBy: giver.users.approver._id });
    expect(await mistakes(grants.reject(approver, grant._id, 'no'))).toEqual(['INVALID id']);
    const { key } = await keys.createFor(buyer, app._id, { name: 'web', products: [product._id] });
    expect(key.products).toEqual([product._id]);
    expect(await grants.revoke(approver, grant._id, 'over')).toMatchObject({ state: 'revoked', comment: 'over' });
    expect(await mistakes(keys.createFor(buyer, app._id, { name: 'till', products: [product._id] }))).toEqual([
      'NOT_FOUND products.0',
    ]);
    expect((await grants.request(buyer, request))._id).toBe(grant._id);
  });

  it('are had at once where nobody has to approve', async () => {
    const { buyer, product, app } = await market(plane(), 'automatic');
    const grant = await grants.request(buyer, { app: app._id, product: product._id });
    expect(grant).toMatchObject({ state: 'approved', decidedBy: 'automatic' });
    expect((await grants.revoke(buyer, grant._id, 'done')).state).toBe('revoked');
  });

  it('are not approved for what is over since they were asked for', async () => {
    const { seller, approver, buyer, product, app } = await market(plane());
    const { _id } = await grants.request(buyer, { app: app._id, product: product._id });
    const deprecated = await products.moveTo(seller, product._id, product.version, 'deprecated');
    expect(await mistakes(grants.approve(approver, _id, ''))).toEqual(['INVALID id']);
    await products.moveTo(seller, product._id, deprecated.version, 'published');
    const archived = await apps.archive(buyer, app._id, app.version, true);
    expect(await mistakes(grants.approve(approver, _id, ''))).toEqual(['INVALID id']);
    await apps.archive(buyer, app._id, archived.version, false);
    expect((await grants.approve(approver, _id, '')).state).toBe('approved');
  });

  it('are decided once when two decide at the same time', async () => {
    const { approver, buyer, product, app } = await market(plane());
    const { _id } = await grants.request(buyer, { app: app._id, product: product._id });
    const results = await Promise.allSettled([grants.approve(approver, _id, ''), grants.reject(approver, _id, '')]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const [done] = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(await grants.get(approver, _id)).toEqual(done);
  });

  it('are asked for once when two ask at the same time', async () => {
    const { buyer, product, app } = await market(plane());
    const ask = () => grants.request(buyer, { app: app._id, product: product._id });
    const results = await Promise.allSettled([ask(), ask()]);
    const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason.errors[0].code] : []));
    expect(reasons).toEqual(['TAKEN']);
    expect(await grants.count(buyer, {})).toBe(1);
  });

  it('are given for products and apps that can have them', async () => {
    const { seller, buyer, product, app } = await market(plane());
    const own = await apps.create(seller, { name: 'own' });
    expect(await mistakes(grants.request(seller, { app: own._id, product: product._id }))).toEqual(['INVALID product']);
    expect(await mistakes(grants.request(buyer, { app: own._id, product: product._id }))).toEqual(['NOT_FOUND app']);
    expect(await mistakes(grants.request(buyer, { app: app._id, product: 'prd_x' }))).toEqual(['NOT_FOUND product']);
    const other = { app: app._id, product: product._id, plan: 'pln_x' };
    expect(await mistakes(grants.request(buyer, other))).toEqual(['NOT_FOUND plan']);
    await products.moveTo(seller, product._id, 2, 'deprecated');
    expect(await mistakes(grants.request(buyer, { app: app._id, product: product._id }))).toEqual(['INVALID product']);
  });

  it('are searched for by a few words and tags', async () => {
    const { buyer } = await market(plane());
    const tags = Array.from({ length: 21 }, (_, n) => `t${n}`);
    for (const ask of [catalog, catalogCount]) {
      expect(await mistakes(ask(buyer, { search: 'a'.repeat(201) }))).toEqual(['INVALID search']);
      expect(await mistakes(ask(buyer, { tags }))).toEqual(['INVALID tags']);
      expect(await mistakes(ask(buyer, { tags: ['t'.repeat(51)] }))).toEqual(['INVALID tags.0']);
    }
  });
});
