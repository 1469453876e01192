import type { ApiKey, App } from '../../admin/models/app.ts';
import type { Grant, Plan, Product } from '../../admin/models/product.ts';
import type { RateRule } from '../../admin/models/record.ts';
import type { Tenant } from '../../admin/models/tenant.ts';
import type { User, UserToken } from '../../admin/models/user.ts';
import type { RateLimit } from '../identity/caller.ts';
import type { Directory, DirectoryApp, DirectoryKey, DirectoryTenant } from '../identity/directory.ts';
import type { Changed } from './records.ts';

/** Who there is, as requests ask for it; kept up with the store in whole batches, between two requests. */
export interface LiveDirectory extends Directory {
  take(changed: Changed): void;
  /** A user's token that is neither revoked nor expired, with its user. */
  token(hash: string, now: number): { readonly token: UserToken; readonly user: User } | undefined;
  user(tenant: string, name: string): User | undefined;
  tenants(): Iterable<Tenant>;
  tenantRecord(idOrName: string): Tenant | undefined;
  product(id: string): Product | undefined;
  /** Products that apps of the tenant may use, as of now. */
  productsOf(tenant: string): readonly Product[];
  /** Tenants whose apps were granted any of the products. */
  granteesOf(products: readonly { readonly _id: string }[]): ReadonlySet<string>;
  /** Tenants whose apps were granted any product of these tenants. */
  followersOf(tenants: readonly { readonly _id: string }[]): ReadonlySet<string>;
  tenantsWithGrants(): ReadonlySet<string>;
  /** Whether the app has all of these grants now. */
  holdsGrants(app: string | undefined, ids: readonly string[]): boolean;
  /** Forgets what a sunset has ended since it was last asked. */
  passTime(): boolean;
  readonly size: { readonly keys: number; readonly tenants: number; readonly apps: number };
}

interface BuiltApp {
  readonly app: DirectoryApp;
  readonly keys: Map<string, DirectoryKey>;
}

/** Of a key, as little as requests need: there may be a hundred thousand. */
type KeptKey = Pick<ApiKey, '_id' | 'name' | 'app' | 'products' | 'origins' | 'cidrs' | 'rates'> & {
  readonly expiresAt: number | undefined;
};

export function createDirectory(now: () => number): LiveDirectory {
  const tenants = new Map<string, Tenant>();
  const tenantsByName = new Map<string, string>();
  const apps = new Map<string, App>();
  const keys = new Map<string, KeptKey>();
  const hashes = new Map<string, string>();
  const products = new Map<string, Product>();
  const plans = new Map<string, Plan>();
  const grants = new Map<string, Grant>();
  const grantsOfApp = new Map<string, Set<string>>();
  const grantsOfTenant = new Map<string, Set<string>>();
  const users = new Map<string, User>();
  /** By tenant and name; neither has spaces. */
  const usersByName = new Map<string, User>();
  const tokens = new Map<string, UserToken>();
  /** What was made of records when somebody asked; dropped with them. */
  const built = new Map<string, BuiltApp>();
  const builtTenants = new Map<string, DirectoryTenant>();
  let nextSunset = Number.POSITIVE_INFINITY;

  const isOffered = ({ tenant, state, archivedAt, sunsetAt }: Product) =>
    archivedAt === null &&
    tenants.get(tenant)?.archivedAt === null &&
    (state === 'published' || (state === 'deprecated' && (sunsetAt === null || sunsetAt.getTime() > now())));

  const soonestSunset = () => {
    let soonest = Number.POSITIVE_INFINITY;
    for (const { sunsetAt } of products.values())
      if (sunsetAt !== null && sunsetAt.getTime() > now()) soonest = Math.min(soonest, sunsetAt.getTime());
    return soonest;
  };
  const tenantOf = (id: string): DirectoryTenant | undefined => {
    const known = builtTenants.get(id);
    if (known !== undefined) return known;
    const record = tenants.get(id);
    if (record === undefined || record.archivedAt !== null) return undefined;
    const tenant = { id, name: record.name, rates: limits(`tenant:${id}`, 'tenant', record.rates) };
    builtTenants.set(id, tenant);
    return tenant;
  };
  const grantsFor = (appId: string) => {
    const found = new Map<string, { readonly id: string; readonly rates: readonly RateLimit[] }>();
    for (const id of grantsOfApp.get(appId) ?? []) {
      const grant = grants.get(id);
      const product = grant === undefined ? undefined : products.get(grant.product);
      if (grant?.state !== 'approved' || product === undefined || !isOffered(product)) continue;
      const plan = grant.plan === null ? undefined : plans.get(grant.plan);
      const rates = plan === undefined ? [] : limits(`grant:${id}`, `plan ${plan.name}`, plan.rates);
      found.set(product._id, { id, rates });
    }
    return found;
  };
  const appOf = (id: string): BuiltApp | undefined => {
    const known = built.get(id);
    if (known !== undefined) return known;
    const record = apps.get(id);
    if (record === undefined || record.archivedAt !== null) return undefined;
    const tenant = tenantOf(record.tenant);
    if (tenant === undefined) return undefined;
    const rates = limits(`app:${id}`, 'app', record.rates);
    const made = { app: { id, name: record.name, tenant, rates, grants: grantsFor(id) }, keys: new Map() };
    built.set(id, made);
    return made;
  };
  const forgetTenant = (id: string) => {
    builtTenants.delete(id);
    for (const [appId, { app }] of built) if (app.tenant.id === id) built.delete(appId);
  };

  const forgetGrants = () => {
    for (const appId of grantsOfApp.keys()) built.delete(appId);
  };
  const takeKey = ({ _id, hash, revokedAt, archivedAt, expiresAt, ...record }: ApiKey) => {
    built.delete(record.app);
    const old = hashes.get(_id);
    if (old !== undefined) keys.delete(old);
    if (revokedAt !== null || archivedAt !== null) {
      hashes.delete(_id);
      return;
    }
    const { name, app, products, origins, cidrs, rates } = record;
    hashes.set(_id, hash);
    keys.set(hash, { _id, name, app, products, origins, cidrs, rates, expiresAt: expiresAt?.getTime() });
  };

  return {
    take(changed) {
      for (const tenant of changed.tenants) {
        const old = tenants.get(tenant._id);
        // Its name may be another one's already.
        if (old !== undefined && tenantsByName.get(old.name) === tenant._id) tenantsByName.delete(old.name);
        tenants.set(tenant._id, tenant);
        tenantsByName.set(tenant.name, tenant._id);
        forgetTenant(tenant._id);
        // What it offers comes and goes with it.
        if (old?.archivedAt?.getTime() !== tenant.archivedAt?.getTime()) forgetGrants();
      }
      for (const app of changed.apps) {
        apps.set(app._id, app);
        built.delete(app._id);
      }
      for (const key of changed.keys) takeKey(key);
      for (const user of changed.users) {
        users.set(user._id, user);
        usersByName.set(`${user.tenant} ${user.name}`, user);
      }
      for (const token of changed.tokens) tokens.set(token.hash, token);
      for (const grant of changed.grants) {
        grants.set(grant._id, grant);
        const own = grantsOfApp.get(grant.app) ?? new Set();
        grantsOfApp.set(grant.app, own.add(grant._id));
        const ofTenant = grantsOfTenant.get(grant.tenant) ?? new Set();
        grantsOfTenant.set(grant.tenant, ofTenant.add(grant._id));
        built.delete(grant.app);
      }
      for (const product of changed.products) products.set(product._id, product);
      for (const plan of changed.plans) plans.set(plan._id, plan);
      if (changed.products.length + changed.plans.length > 0) {
        // Keys may be held to products, also those of their own tenant.
        built.clear();
        // One that has come is told of first.
        if (nextSunset > now()) nextSunset = soonestSunset();
      }
    },
    passTime() {
      if (now() < nextSunset) return false;
      nextSunset = soonestSunset();
      forgetGrants();
      return true;
    },
    key(hash) {
      const key = keys.get(hash);
      if (key === undefined) return undefined;
      const owner = appOf(key.app);
      if (owner === undefined) return undefined;
      const known = owner.keys.get(hash);
      if (known !== undefined) return known;
      const made: DirectoryKey = {
        id: key._id,
        name: key.name,
        app: owner.app,
        expiresAt: key.expiresAt,
        products: key.products.length === 0 ? undefined : new Set(key.products),
        origins: key.origins,
        cidrs: key.cidrs,
        rates: limits(`key:${key._id}`, 'key', key.rates),
      };
      owner.keys.set(hash, made);
      return made;
    },
    app: (id) => appOf(id)?.app,
    tenant: (idOrName) => tenantOf(idOrName) ?? tenantOf(tenantsByName.get(idOrName) ?? ''),
    token(hash, at) {
      const token = tokens.get(hash);
      const user = token === undefined ? undefined : users.get(token.user);
      if (token === undefined || user === undefined || user.archivedAt !== null || token.revokedAt !== null)
        return undefined;
      if (token.expiresAt !== null && token.expiresAt.getTime() <= at) return undefined;
      return { token, user };
    },
    user: (tenant, name) => usersByName.get(`${tenant} ${name}`),
    tenants: () => tenants.values(),
    tenantRecord: (idOrName) => tenants.get(idOrName) ?? tenants.get(tenantsByName.get(idOrName) ?? ''),
    product: (id) => products.get(id),
    productsOf(tenant) {
      const found = new Map<string, Product>();
      for (const id of grantsOfTenant.get(tenant) ?? []) {
        const grant = grants.get(id);
        if (grant?.state !== 'approved') continue;
        const product = products.get(grant.product);
        if (product !== undefined && isOffered(product)) found.set(product._id, product);
      }
      return [...found.values()].sort((one, other) => (one._id < other._id ? -1 : 1));
    },
    granteesOf(changed) {
      const ids = new Set(changed.map(({ _id }) => _id));
      return new Set([...grants.values()].filter(({ product }) => ids.has(product)).map(({ tenant }) => tenant));
    },
    followersOf(changed) {
      const ids = new Set(changed.map(({ _id }) => _id));
      return new Set(
        [...grants.values()].flatMap(({ productTenant, tenant }) => (ids.has(productTenant) ? [tenant] : [])),
      );
    },
    tenantsWithGrants: () => new Set(grantsOfTenant.keys()),
    holdsGrants(app, ids) {
      const held = new Set<string>();
      for (const { id } of (app === undefined ? undefined : appOf(app))?.app.grants.values() ?? []) held.add(id);
      return ids.every((id) => held.has(id));
    },
    get size() {
      return { keys: keys.size, tenants: tenants.size, apps: apps.size };
    },
  };
}

function limits(subject: string, name: string, rules: readonly RateRule[]): readonly RateLimit[] {
  return rules.map(({ limit, windowSeconds, field }) => ({
    subject,
    name,
    limit,
    windowMs: windowSeconds * 1_000,
    ...(field === null ? {} : { field }),
  }));
}
