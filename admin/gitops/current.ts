import type { ApiKey, App } from '../models/app.ts';
import type { Grant, Plan, Product } from '../models/product.ts';
import type { StoredRecord } from '../models/record.ts';
import type { Revision } from '../models/revision.ts';
import type { Secret } from '../models/secret.ts';
import type { Tenant } from '../models/tenant.ts';
import type { User } from '../models/user.ts';
import type { Collection, Filter } from '../store/collection.ts';
import type { AdminContext } from '../stores/context.ts';
import { documentsOf } from '../stores/entries.ts';
import { latestOf, readState } from '../stores/latest.ts';
import { type Item, itemKey, KEPT_GRANTS, productReference, type TenantItems } from './items.ts';

/** What the store has of a tenant: archived records, too. */
export interface CurrentTenant {
  readonly tenant: Tenant;
  readonly users: ReadonlyMap<string, User>;
  readonly apps: ReadonlyMap<string, App>;
  readonly plans: ReadonlyMap<string, Plan>;
  readonly products: ReadonlyMap<string, Product>;
  readonly secrets: ReadonlyMap<string, Secret>;
  /** By app and name, as items are known. */
  readonly keys: ReadonlyMap<string, ApiKey>;
  readonly grants: ReadonlyMap<string, Grant>;
  /** Ids of products that apps of other tenants have access to. */
  readonly granted: ReadonlySet<string>;
  readonly latest: Revision | undefined;
  /** What has effect. */
  readonly items: TenantItems;
}

/** Products and plans of other tenants, by id. */
export interface Names {
  product(id: string): Promise<{ readonly product: Product; readonly tenantName: string } | undefined>;
  plan(id: string): Promise<Plan | undefined>;
}

const EVERYWHERE = { all: true } as const;
const PAGE = 1_000;

export async function everything<T extends StoredRecord>(
  collection: Collection<T>,
  filter: Filter<T>,
): Promise<readonly T[]> {
  const found: T[] = [];
  const sort = { field: '_id', descending: false };
  for (;;) {
    const last = found.at(-1);
    const after = last === undefined ? undefined : { value: last._id };
    const { records, hasMore } = await collection.page(EVERYWHERE, filter, { first: PAGE, sort, after });
    found.push(...records);
    if (!hasMore) return found;
  }
}

export function createNames({ store }: AdminContext): Names {
  const products = new Map<string, Promise<Awaited<ReturnType<Names['product']>>>>();
  const plans = new Map<string, Promise<Plan | undefined>>();
  const remember = <T>(known: Map<string, Promise<T>>, id: string, read: () => Promise<T>): Promise<T> => {
    const found = known.get(id) ?? read();
    known.set(id, found);
    return found;
  };
  return {
    product: (id) =>
      remember(products, id, async () => {
        const product = await store.products.get(EVERYWHERE, id);
        const tenant = product === undefined ? undefined : await store.tenants.get(EVERYWHERE, product.tenant);
        if (product === undefined || product.archivedAt !== null) return undefined;
        return tenant === undefined || tenant.archivedAt !== null ? undefined : { product, tenantName: tenant.name };
      }),
    plan: (id) => remember(plans, id, () => store.plans.get(EVERYWHERE, id)),
  };
}

/**
 * @param listed apps whose keys count although they are archived
 */
export async function readCurrent(
  context: AdminContext,
  tenant: Tenant,
  names: Names,
  listed: ReadonlySet<string> = new Set(),
): Promise<CurrentTenant> {
  const { store } = context;
  const own = { tenant: tenant._id };
  const apps = await everything(store.apps, own as Filter<App>);
  const appNames = new Map(apps.map(({ _id, name }) => [_id, name]));
  const counts = new Set(
    apps.filter(({ archivedAt, name }) => archivedAt === null || listed.has(name)).map(({ _id }) => _id),
  );
  const plans = await everything(store.plans, own as Filter<Plan>);
  const products = await everything(store.products, own as Filter<Product>);
  const users = await everything(store.users, own as Filter<User>);
  const secrets = await everything(store.secrets, own as Filter<Secret>);
  const latest = await latestOf(context, tenant);

  const base = { tenant: tenant.name, within: '' };
  const { title, description, network, rates } = tenant;
  const items: Item[] = [
    { ...base, kind: 'tenant', name: tenant.name, value: { title, description, network, rates: rates.map(ruleOf) } },
  ];
  for (const { name, title, roles, archivedAt } of users)
    if (archivedAt === null) items.push({ ...base, kind: 'user', name, value: { title, roles: [...roles] } });
  for (const app of apps)
    if (app.archivedAt === null) items.push({ ...base, kind: 'app', name: app.name, value: detailsOf(app) });

  const grants = new Map<string, Grant>();
  const approved = new Set<string>();
  for (const grant of await everything(store.grants, own as Filter<Grant>)) {
    const [app, target] = [appNames.get(grant.app), await names.product(grant.product)];
    if (app === undefined || target === undefined) continue;
    const name = productReference(tenant.name, target.tenantName, target.product.name);
    const place = { kind: 'grant', tenant: tenant.name, within: app, name } as const;
    grants.set(itemKey(place), grant);
    const state = KEPT_GRANTS.find((one) => one === grant.state);
    if (state === undefined || !counts.has(grant.app)) continue;
    if (state === 'approved') approved.add(`${grant.app}\n${grant.product}`);
    const plan = grant.plan === null ? undefined : await names.plan(grant.plan);
    const { reason, comment } = grant;
    items.push({ ...place, value: { plan: plan?.name ?? null, state, reason, comment } });
  }

  const keys = new Map<string, ApiKey>();
  for (const key of await everything(store.keys, own as Filter<ApiKey>)) {
    const app = appNames.get(key.app);
    if (app === undefined) continue;
    const place = { kind: 'key', tenant: tenant.name, within: app, name: key.name } as const;
    keys.set(itemKey(place), key);
    if (key.revokedAt !== null || key.archivedAt !== null || !counts.has(key.app)) continue;
    const only: string[] = [];
    for (const id of key.products) {
      const target = await names.product(id);
      const isOwn = target?.product.tenant === tenant._id;
      if (target !== undefined && (isOwn || approved.has(`${key.app}\n${id}`)))
        only.push(productReference(tenant.name, target.tenantName, target.product.name));
    }
    // It was for products that are gone, and is for nothing now: with none named, it would be for all.
    if (key.products.length > 0 && only.length === 0) continue;
    const { hash, prefix, expiresAt, origins, cidrs } = key;
    const restrictions = { products: only, origins: [...origins], cidrs: [...cidrs], rates: key.rates.map(ruleOf) };
    items.push({ ...place, value: { hash, prefix, expiresAt: expiresAt?.toISOString() ?? null, ...restrictions } });
  }

  const given = await everything(store.grants, {
    productTenant: tenant._id,
    state: { $in: [...KEPT_GRANTS] },
  } as Filter<Grant>);
  // Plans of grants hold even where they are archived.
  const inUse = new Set(given.flatMap(({ plan }) => plan ?? []));
  for (const plan of plans)
    if (plan.archivedAt === null || inUse.has(plan._id))
      items.push({ ...base, kind: 'plan', name: plan.name, value: detailsOf(plan) });
  const planNames = new Map(plans.map(({ _id, name }) => [_id, name]));
  for (const product of products) {
    if (product.archivedAt !== null) continue;
    const { name, title, description, tags, owner, state, sunsetAt, visibility, approval, fields } = product;
    const about = { title, description, tags: [...tags], owner, state, visibility, approval, fields: [...fields] };
    const named = product.plans.flatMap((id) => planNames.get(id) ?? []);
    const value = { ...about, sunsetAt: sunsetAt?.toISOString() ?? null, plans: named };
    items.push({ ...base, kind: 'product', name, value });
  }
  for (const secret of secrets)
    if (secret.archivedAt === null) items.push({ ...base, kind: 'secret', name: secret.name, value: secretOf(secret) });

  const state = readState(latest);
  const documents = new Map((await documentsOf(context, state, tenant)).map((one) => [one._id, one]));
  for (const [kind, entries] of Object.entries(state))
    for (const [name, { options, document: id }] of Object.entries(entries)) {
      const kept = id === undefined ? undefined : documents.get(id);
      const document = kept === undefined ? null : { name: kept.name, text: kept.text };
      items.push({ kind: 'entry', tenant: tenant.name, within: kind, name, value: { options, document } });
    }
  return {
    ...{ tenant, keys, grants, latest },
    granted: new Set(given.flatMap(({ state, product }) => (state === 'approved' ? [product] : []))),
    users: byName(users),
    apps: byName(apps),
    plans: byName(plans),
    products: byName(products),
    secrets: byName(secrets),
    items: new Map(items.map((item) => [itemKey(item), item])),
  };
}

function secretOf({ description, place, content, lastFour }: Secret) {
  const at = (one: Secret['place']) => (place === one ? content : null);
  return { description, encrypted: at('value'), environment: at('environment'), file: at('file'), lastFour };
}

function detailsOf({ title, description, rates }: Pick<App, 'title' | 'description' | 'rates'>) {
  return { title, description, rates: rates.map(ruleOf) };
}

/** The store may have rules with more in them than is theirs. */
function ruleOf({ limit, windowSeconds, field }: App['rates'][number]) {
  return { limit, windowSeconds, field };
}

function byName<T extends { readonly name: string }>(records: readonly T[]): ReadonlyMap<string, T> {
  return new Map(records.map((record) => [record.name, record]));
}
