import { z } from 'zod';
import { userError } from '../errors.ts';
import { newId } from '../ids.ts';
import { DEFAULT_TENANT, PLATFORM } from '../models/record.ts';
import { NETWORKS, type Tenant } from '../models/tenant.ts';
import { demand } from '../permissions.ts';
import { change } from './change.ts';
import type { AdminContext } from './context.ts';
import { check, defineEntity } from './entity.ts';
import { description, rateRules, slug, title } from './inputs.ts';

const name = slug.refine((text) => text !== PLATFORM, 'is reserved');
const fields = {
  title: title.optional(),
  description: description.optional(),
  rates: rateRules.optional(),
  network: z.enum(NETWORKS).optional(),
};
const create = z.strictObject({ name, ...fields });
const update = z.strictObject({ name: name.optional(), ...fields });

const entity = defineEntity<Tenant, z.infer<typeof create>, z.infer<typeof update>>({
  name: 'tenant',
  nameOf: (tenant) => tenant.name,
  collection: (store) => store.tenants,
  write: 'tenants',
  create,
  update,
  make: (_context, input) => newTenant(newId('ten'), input),
  async revise({ store }, changes, tenant) {
    // What is encrypted is bound to the name of its tenant.
    const isRenamed = changes.name !== undefined && changes.name !== tenant.name;
    if (!isRenamed) return changes;
    const scope = { all: false, tenant: tenant._id } as const;
    const kept = (await store.secrets.count(scope, { place: 'value' })) + (await store.webhooks.count(scope, {}));
    if (kept > 0)
      throw userError(
        'IN_USE',
        ['name'],
        `${kept} secrets, of webhooks too, are encrypted for this name: make a tenant of the other one.`,
      );
    return changes;
  },
});

/** Tenants belong to themselves, so they are made in no tenant. */
export const tenants = {
  ...entity,
  async create(context: AdminContext, input: unknown): Promise<Tenant> {
    demand(context.actor, 'tenants');
    return insertTenant(context, newTenant(newId('ten'), check(create, input)));
  },
};

/** The tenant of a gateway that has one only; made when it is first needed. */
export async function defaultTenant(context: AdminContext): Promise<Tenant> {
  const found = await context.store.tenants.get({ all: true }, DEFAULT_TENANT);
  return (
    found ??
    insertTenant(context, { ...newTenant(DEFAULT_TENANT, { name: DEFAULT_TENANT, network: 'any' }), trusted: true })
  );
}

function insertTenant(context: AdminContext, record: ReturnType<typeof newTenant>): Promise<Tenant> {
  const told = { action: 'tenant.create', tenant: record._id, entity: record._id, entityName: record.name };
  return change(context, { ...told, after: record }, () => context.store.tenants.insert({ all: true }, record));
}

function newTenant(
  _id: string,
  { name, title = '', description = '', rates = [], network = 'public' }: z.infer<typeof create>,
) {
  return { _id, tenant: _id, name, title, description, rates, network, trusted: false };
}
