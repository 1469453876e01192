import { userError } from '../errors.ts';
import { DEFAULT_TENANT } from '../models/record.ts';
import type { Tenant } from '../models/tenant.ts';
import { apps, keys } from '../stores/apps.ts';
import type { AdminContext } from '../stores/context.ts';
import { keepDocument } from '../stores/entries.ts';
import { grants } from '../stores/grants.ts';
import { latestOf } from '../stores/latest.ts';
import { plans, products } from '../stores/products.ts';
import { resources } from '../stores/resources.ts';
import { revisions } from '../stores/revisions.ts';
import { secrets } from '../stores/secrets.ts';
import { defaultTenant, tenants } from '../stores/tenants.ts';
import { users } from '../stores/users.ts';
import type { ItemChange } from './compare.ts';
import { changesConfiguration, nextConfiguration } from './configuration.ts';
import { type CurrentTenant, everything } from './current.ts';
import { type Item, type ItemKind, itemKey, KEPT_GRANTS } from './items.ts';
import { planState, type StateDiff, type StateRequest, toDiff } from './plan.ts';
import { createReferences, type References } from './references.ts';
import type { TenantPlan } from './world.ts';
import { writeItem } from './write-item.ts';

const TAKEN_OUT = 'Taken out of the file of state.';

export interface ApplyRequest extends StateRequest {
  /** Why, for the revisions. */
  readonly message?: string | null | undefined;
}

/** What refers to something comes behind it, in all tenants; what is removed goes the other way round. */
const WRITTEN: readonly ItemKind[] = ['plan', 'product', 'user', 'secret', 'app', 'grant', 'key'];
const REMOVED: readonly ItemKind[] = ['key', 'grant', 'app', 'product', 'plan', 'secret', 'user'];

/**
 * Makes the store what the file says. Everything is checked before anything is written, and everything that is written
 * says what should be, and not what is to be done: what was interrupted is finished by applying the file again, and
 * applying it once more changes nothing.
 *
 * @throws StateErrors with all mistakes of the file; UserErrors where somebody else changed the same at the same time
 */
export async function applyState(context: AdminContext, text: string, request: ApplyRequest = {}): Promise<StateDiff> {
  const plan = await planState(context, text, request);
  const { world } = plan;
  const references = createReferences(context);
  const diff = toDiff(plan);
  if (diff.changes.length === 0) return diff;
  for (const one of world.plans) await writeTenant(context, one);
  for (const kind of WRITTEN) for (const one of world.plans) await writeItems(context, one, kind, references);
  for (const one of world.plans) await publish(context, one, references, request);
  for (const { _id } of world.left) await revokeGrants(context, _id);
  for (const kind of REMOVED) for (const one of world.plans) await removeItems(context, one, kind);
  for (const { _id, version } of world.left) await tenants.archive(context, _id, version, true);
  return diff;
}

async function writeTenant(context: AdminContext, { name, current, changes }: TenantPlan): Promise<void> {
  const change = changes.find(({ after }) => after?.kind === 'tenant');
  if (change?.after?.kind !== 'tenant') return;
  const { value } = change.after;
  let tenant = current?.tenant;
  if (tenant === undefined) {
    if (name !== DEFAULT_TENANT) {
      await tenants.create(context, { name, ...value });
      return;
    }
    tenant = await defaultTenant(context);
  }
  if (tenant.archivedAt !== null) tenant = await tenants.archive(context, tenant._id, tenant.version, false);
  const fields = Object.entries(value).filter(
    ([field, inner]) => JSON.stringify(inner) !== JSON.stringify(tenant?.[field as keyof Tenant]),
  );
  if (fields.length > 0) await tenants.update(context, tenant._id, tenant.version, Object.fromEntries(fields));
}

async function writeItems(
  context: AdminContext,
  { name, current, changes }: TenantPlan,
  kind: ItemKind,
  references: References,
): Promise<void> {
  const own = changes.filter(({ after }) => after?.kind === kind);
  if (own.length === 0) return;
  const tenantId = await references.tenant(name);
  // A tenant gets its new owner before it loses the old one.
  const inOrder = kind === 'user' ? [...own].sort((one, other) => owners(other) - owners(one)) : own;
  for (const change of inOrder) await writeItem({ context, references, current, tenantId }, change);
}

function owners({ after }: ItemChange): number {
  return after?.kind === 'user' && after.value.roles.includes('owner') ? 1 : 0;
}

/** The working copy has it first: where the process ends in between, the file still differs from what serves. */
async function publish(
  context: AdminContext,
  plan: TenantPlan,
  references: References,
  { message, allowBreaking }: ApplyRequest,
): Promise<void> {
  if (!changesConfiguration(plan)) return;
  const { store } = context;
  const tenant = await store.tenants.get({ all: true }, await references.tenant(plan.name));
  if (tenant === undefined) throw userError('STALE', ['tenants', plan.name], 'The tenant is gone.');
  const latest = await latestOf(context, tenant);
  if (latest?.number !== plan.current?.latest?.number) {
    const text = 'Somebody else published at the same time. Look at what they did, and apply again.';
    throw userError('STALE', ['tenants', plan.name], text);
  }
  const { next, documents } = nextConfiguration(context, plan, tenant, (path, error) => {
    throw userError(error.code, path, error.message);
  });
  for (const document of documents) await keepDocument(context, tenant, document);
  await resources.follow(context, tenant, next);
  await revisions.replace(context, tenant, next, documents, { message: message ?? '', allowBreaking });
}

/** Of a tenant that goes: products that go, too, are in nobody's use then. */
async function revokeGrants(context: AdminContext, tenant: string): Promise<void> {
  const held = await everything(context.store.grants, { tenant, state: { $in: [...KEPT_GRANTS] } });
  for (const { _id } of held) await grants.revoke(context, _id, TAKEN_OUT);
}

async function removeItems(context: AdminContext, { current, changes }: TenantPlan, kind: ItemKind): Promise<void> {
  if (current === undefined) return;
  for (const { action, before } of changes)
    if (action === 'removed' && before?.kind === kind) await removeItem(context, current, before);
}

/** Removing is archiving: what comes back into the file comes back as it was. */
async function removeItem(context: AdminContext, current: CurrentTenant, item: Item): Promise<void> {
  const archive = async <
    T extends { readonly _id: string; readonly version: number; readonly archivedAt: Date | null },
  >(
    entity: { archive(context: AdminContext, id: string, version: number, archived: boolean): Promise<T> },
    known: T | undefined,
  ) => {
    if (known !== undefined && known.archivedAt === null) await entity.archive(context, known._id, known.version, true);
  };
  switch (item.kind) {
    case 'key':
      return archive(keys, current.keys.get(itemKey(item)));
    case 'grant': {
      const known = current.grants.get(itemKey(item));
      if (known !== undefined) await grants.revoke(context, known._id, TAKEN_OUT);
      return;
    }
    case 'app':
      return archive(apps, current.apps.get(item.name));
    case 'product':
      return archive(products, current.products.get(item.name));
    case 'plan':
      return archive(plans, current.plans.get(item.name));
    case 'secret':
      return archive(secrets, current.secrets.get(item.name));
    case 'user':
      return archive(users, current.users.get(item.name));
    default:
      return;
  }
}
