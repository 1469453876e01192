import type { ApiKey } from '../models/app.ts';
import type { Grant } from '../models/product.ts';
import type { StoredRecord } from '../models/record.ts';
import type { Secret } from '../models/secret.ts';
import type { NewRecord } from '../store/collection.ts';
import { apps, keys } from '../stores/apps.ts';
import { change } from '../stores/change.ts';
import type { AdminContext } from '../stores/context.ts';
import type { Entity } from '../stores/entity.ts';
import { grants } from '../stores/grants.ts';
import { plans, products } from '../stores/products.ts';
import { secrets } from '../stores/secrets.ts';
import { users } from '../stores/users.ts';
import type { ItemChange } from './compare.ts';
import { keptSecret } from './configuration.ts';
import type { CurrentTenant } from './current.ts';
import { type Item, type ItemKind, type ItemValues, itemKey } from './items.ts';
import type { References } from './references.ts';

export interface ItemWriter {
  readonly context: AdminContext;
  readonly references: References;
  /** As it was when the changes were planned: who changed something since is not overwritten. */
  readonly current: CurrentTenant | undefined;
  readonly tenantId: string;
}

/** Makes one item what the file says, by the rules that the store has for it. */
export async function writeItem(writer: ItemWriter, { before, after }: ItemChange): Promise<void> {
  if (after === undefined) throw new Error('What is removed is not written.');
  const { context, current } = writer;
  const { name } = after;
  switch (after.kind) {
    case 'plan':
      await put(writer, plans, current?.plans.get(name), name, changed(before, after));
      return;
    case 'app':
      await put(writer, apps, current?.apps.get(name), name, changed(before, after));
      return;
    case 'user':
      await put(writer, users, current?.users.get(name), name, changed(before, after));
      return;
    case 'product':
      return writeProduct(writer, before, after);
    case 'secret':
      return writeSecret(writer, after);
    case 'grant':
      return writeGrant(writer, before, after);
    case 'key':
      return writeKey(writer, before, after);
    default:
      throw new Error(`A ${after.kind} is written in another way by ${context.actor.id}.`);
  }
}

/** The fields that differ; of what is new, all. */
function changed<Kind extends ItemKind>(before: Item | undefined, after: Item<Kind>): Partial<ItemValues[Kind]> {
  const old = (before?.value ?? {}) as Readonly<Record<string, unknown>>;
  const entries = Object.entries(after.value).filter(
    ([field, value]) => before === undefined || JSON.stringify(value) !== JSON.stringify(old[field]),
  );
  return Object.fromEntries(entries) as Partial<ItemValues[Kind]>;
}

/** Makes a record, or changes the one there is, which comes out of the archive for it. */
async function put<T extends StoredRecord, C, U>(
  { context, tenantId }: ItemWriter,
  entity: Entity<T, C, U>,
  known: T | undefined,
  name: string,
  fields: object,
): Promise<T> {
  if (known === undefined) return entity.create(context, { name, ...fields }, tenantId);
  const live = await restore(context, entity, known);
  if (Object.keys(fields).length === 0) return live;
  return entity.update(context, live._id, live.version, fields);
}

async function restore<T extends StoredRecord, C, U>(
  context: AdminContext,
  entity: Entity<T, C, U>,
  known: T,
): Promise<T> {
  return known.archivedAt === null ? known : entity.archive(context, known._id, known.version, false);
}

/** Its state is as the file says at once: the way there is for people. */
async function writeProduct(writer: ItemWriter, before: Item | undefined, after: Item<'product'>): Promise<void> {
  const { context, current, references, tenantId } = writer;
  const { state: _state, sunsetAt: _sunset, plans: named, ...fields } = changed(before, after);
  const ids = named === undefined ? {} : { plans: await references.plans(tenantId, named) };
  const written = await put(writer, products, current?.products.get(after.name), after.name, { ...fields, ...ids });
  const { state, sunsetAt } = after.value;
  if (written.state === state && (written.sunsetAt?.toISOString() ?? null) === sunsetAt) return;
  const sunset = sunsetAt === null ? null : new Date(sunsetAt);
  await products.write(context, written, 'setState', { state, sunsetAt: sunset });
}

async function writeSecret(writer: ItemWriter, after: Item<'secret'>): Promise<void> {
  const { context, current, tenantId } = writer;
  const { name, value } = after;
  const known = current?.secrets.get(name);
  const { description, encrypted, environment, file } = value;
  if (encrypted === null) {
    const at = environment === null ? { file } : { environment };
    await put(writer, secrets, known, name, { description, ...at });
    return;
  }
  const kept = { description, ...keptSecret(value) };
  if (known === undefined) {
    const record: NewRecord<Secret> = { tenant: tenantId, name, ...kept };
    await insert(context, 'secret', context.store.secrets, record, name);
  } else await secrets.write(context, await restore(context, secrets, known), 'update', kept);
}

async function writeGrant(writer: ItemWriter, before: Item | undefined, after: Item<'grant'>): Promise<void> {
  const { context, current, references, tenantId } = writer;
  const { actor, clock, store } = context;
  const product = await references.product(after.tenant, after.name);
  const { plan, state, reason, comment } = after.value;
  const app = await references.app(tenantId, after.within);
  // One for a product that was archived is not known by its name.
  const found = { app, product: product._id };
  const known = current?.grants.get(itemKey(after)) ?? (await store.grants.find({ all: true }, found));
  const isDecided = state === 'approved';
  const decision =
    known?.state === state
      ? {}
      : { state, decidedBy: isDecided ? actor.id : '', decidedAt: isDecided ? new Date(clock.now()) : null };
  const [planId = null] = plan === null ? [] : await references.plans(product.tenant, [plan]);
  const fields = { plan: planId, reason, comment };
  if (known !== undefined) {
    await grants.write(context, known, before === undefined ? 'grant' : 'update', { ...fields, ...decision });
    return;
  }
  const record: NewRecord<Grant> = {
    ...{ tenant: tenantId, app, product: product._id },
    ...{ productTenant: product.tenant, ...fields, state, requestedBy: actor.id },
    decidedBy: isDecided ? actor.id : '',
    decidedAt: isDecided ? new Date(clock.now()) : null,
  };
  await insert(context, 'grant', store.grants, record, `${after.within} → ${after.name}`);
}

async function writeKey(writer: ItemWriter, before: Item | undefined, after: Item<'key'>): Promise<void> {
  const { context, current, references, tenantId } = writer;
  const { expiresAt, products: named, hash, prefix, ...fields } = changed(before, after);
  const known = current?.keys.get(itemKey(after));
  const ids: string[] = [];
  for (const text of named ?? []) ids.push((await references.product(after.tenant, text))._id);
  const given = {
    ...fields,
    ...(named === undefined ? {} : { products: ids }),
    ...(expiresAt === undefined ? {} : { expiresAt: expiresAt === null ? null : new Date(expiresAt) }),
  };
  if (known === undefined) {
    const { value } = after;
    const record: NewRecord<ApiKey> = {
      ...{ tenant: tenantId, app: await references.app(tenantId, after.within), name: after.name },
      ...{ hash: value.hash, prefix: value.prefix, expiresAt: given.expiresAt ?? null, products: ids },
      ...{ origins: value.origins, cidrs: value.cidrs, rates: value.rates },
      ...{ revokedAt: null, replaces: null, lastUsedAt: null },
    };
    await insert(context, 'key', context.store.keys, record, after.name);
    return;
  }
  const written = await put(writer, keys, known, after.name, given);
  if (written.hash !== after.value.hash || written.prefix !== after.value.prefix)
    await keys.write(context, written, 'replace', { hash: hash ?? written.hash, prefix: prefix ?? written.prefix });
}

async function insert<T extends StoredRecord>(
  context: AdminContext,
  what: string,
  collection: { newId(): string; insert(scope: { readonly all: true }, record: NewRecord<T>): Promise<T> },
  record: NewRecord<T>,
  entityName: string,
): Promise<void> {
  const _id = collection.newId();
  const told = { action: `${what}.import`, tenant: record.tenant, entity: _id, entityName, after: record };
  await change(context, told, () => collection.insert({ all: true }, { ...record, _id }));
}
