import { expect, it } from 'vitest';
import { type ControlPlane, describeStores, PLATFORM_ADMIN } from '../../test/utils/admin-suite.ts';
import { usageRecord } from '../../test/utils/usage-record.ts';
import type { Actor } from '../actor.ts';
import type { Product } from '../models/product.ts';
import { products } from './products.ts';

const AT = new Date('2029-12-31T22:30:00Z');

const ASK = `query($tenant: ID, $product: ID, $groupBy: [ProductUsageDimension!], $where: ProductUsageFilter) {
  productUsage(tenant: $tenant, product: $product, groupBy: $groupBy, where: $where) {
    tenant
    totals { calls inputTokens outputTokens costUsd }
    groups { product grant tenant app prompt promptVersion model provider at totals { calls costNanoUsd } }
  }
}`;

interface Report {
  readonly tenant: string;
  readonly totals: { readonly calls: number };
  readonly groups: readonly Readonly<Record<string, unknown>>[];
}

/** A tenant with two products that two others use, and what they and it itself have asked. */
async function furnish(plane: ControlPlane) {
  const [acme, beta, gamma] = [
    await plane.createTenant('acme'),
    await plane.createTenant('beta'),
    await plane.createTenant('gamma'),
  ];
  const offer = (name: string): Promise<Product> =>
    products.create(plane.as(acme.actors.owner), { name, fields: ['Mutation.say'] });
  const [first, second] = [await offer('first'), await offer('second')];
  const own = products.create(plane.as(beta.actors.owner), { name: 'own', fields: ['Query.a'] });
  const through = { owner: acme.tenant._id, prompt: 'say', promptVersion: 'v1' };
  const ofBeta = { tenant: beta.tenant._id, app: 'app_beta', key: 'key_beta' };
  const ofGamma = { tenant: gamma.tenant._id, app: 'app_gamma', key: 'key_gamma' };
  const records = [
    usageRecord(AT, { tenant: acme.tenant._id }),
    usageRecord(AT, ofBeta),
    usageRecord(AT, { ...through, ...ofBeta, product: first._id, grant: 'grt_1' }),
    usageRecord(AT, { ...through, ...ofBeta, product: second._id, grant: 'grt_2', costNanoUsd: 7n, prompt: null }),
    usageRecord(AT, { ...through, ...ofGamma, product: first._id, grant: 'grt_3' }),
  ];
  await plane.store.usage.write({ writer: 'w', number: 1, records });
  return { acme, beta, gamma, first, second, own: await own };
}

describeStores('the usage of products', (plane) => {
  const ask = async (actor: Actor, given: Record<string, unknown> = {}) =>
    (await plane().data<{ productUsage: Report }>(actor, ASK, given)).productUsage;
  const groups = async (actor: Actor, given: Record<string, unknown>) =>
    (await ask(actor, given)).groups.map(({ totals, ...group }) => ({
      ...Object.fromEntries(Object.entries(group).filter(([, value]) => value !== null)),
      ...(totals as object),
    }));

  it('is told to their owner, by product, grant, app, prompt and time', async () => {
    const { acme, beta, gamma, first, second } = await furnish(plane());
    const { analyst } = acme.actors;
    expect(await ask(analyst)).toEqual({
      tenant: acme.tenant._id,
      totals: { calls: 3, inputTokens: 30, outputTokens: 15, costUsd: '0.000003007' },
      groups: [],
    });
    expect(await groups(analyst, { groupBy: ['GRANT', 'PRODUCT', 'TENANT', 'APP'] })).toEqual([
      ...[{ grant: 'grt_1', product: first._id, tenant: beta.tenant._id, app: 'app_beta' }].map(cost(1, '1500')),
      ...[{ grant: 'grt_2', product: second._id, tenant: beta.tenant._id, app: 'app_beta' }].map(cost(1, '7')),
      ...[{ grant: 'grt_3', product: first._id, tenant: gamma.tenant._id, app: 'app_gamma' }].map(cost(1, '1500')),
    ]);
    expect(
      await groups(analyst, { product: first._id, groupBy: ['DAY', 'PROMPT', 'PROMPT_VERSION', 'MODEL'] }),
    ).toEqual(
      [{ at: '2029-12-31T00:00:00.000Z', prompt: 'say', promptVersion: 'v1', model: 'gpt' }].map(cost(2, '3000')),
    );
    expect((await ask(analyst, { where: { app: 'app_beta' } })).totals.calls).toBe(2);
    expect((await ask(analyst, { where: { tenant: gamma.tenant._id } })).totals.calls).toBe(1);
    expect((await ask(analyst, { product: first._id, where: { grant: 'grt_2' } })).totals.calls).toBe(0);
  });

  it('is no usage of the owner’s own, and stays that of the callers', async () => {
    const { acme, beta, first, second } = await furnish(plane());
    const own = `{ usage(groupBy: [PRODUCT, GRANT]) { groups { product grant totals { calls } } } }`;
    const told = async (actor: Actor) =>
      (await plane().data<{ usage: { groups: object[] } }>(actor, own)).usage.groups as unknown[];
    const none = { product: null, grant: null, totals: { calls: 1 } };
    expect(await told(acme.actors.owner)).toEqual([none]);
    const ofBeta = await told(beta.actors.owner);
    expect(ofBeta).toHaveLength(3);
    expect(ofBeta).toEqual(
      expect.arrayContaining([
        none,
        { product: first._id, grant: 'grt_1', totals: { calls: 1 } },
        { product: second._id, grant: 'grt_2', totals: { calls: 1 } },
      ]),
    );
    const list = `{ usageRecords(where: { product: "${second._id}" }) { nodes { productTenant product grant } } }`;
    expect(await plane().data(beta.actors.owner, list)).toEqual({
      usageRecords: { nodes: [{ productTenant: acme.tenant._id, product: second._id, grant: 'grt_2' }] },
    });
    expect(await plane().data(acme.actors.owner, list)).toEqual({ usageRecords: { nodes: [] } });
  });

  it('is nobody else’s, whatever is asked for', async () => {
    const { acme, beta, gamma, first, own } = await furnish(plane());
    for (const { actors } of [beta, gamma]) {
      expect((await ask(actors.owner)).totals.calls).toBe(0);
      const where = { tenant: beta.tenant._id, app: 'app_beta', grant: 'grt_1' };
      expect((await ask(actors.owner, { where, groupBy: ['PRODUCT'] })).groups).toEqual([]);
      await expect(ask(actors.owner, { product: first._id })).rejects.toThrow('no such product');
      await expect(ask(actors.owner, { tenant: 'acme' })).rejects.toThrow('no such tenant');
    }
    expect((await ask(PLATFORM_ADMIN, { product: first._id })).totals.calls).toBe(2);
    expect((await ask(PLATFORM_ADMIN, { tenant: 'acme' })).tenant).toBe(acme.tenant._id);
    await expect(ask(PLATFORM_ADMIN, { tenant: 'acme', product: own._id })).rejects.toThrow('no such product');
    await expect(ask(PLATFORM_ADMIN)).rejects.toThrow('Name the tenant');
    const key = '{ productUsage(groupBy: [KEY]) { tenant } }';
    await expect(plane().data(acme.actors.owner, key)).rejects.toThrow('"KEY" does not exist');
  });
});

function cost(calls: number, costNanoUsd: string) {
  return (group: object) => ({ ...group, calls, costNanoUsd });
}
