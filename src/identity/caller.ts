import type { Account } from '../../sources/source.ts';

/** The tenant of what needs none of its own: keys of skein.yaml, and what skein.yaml describes. */
export const DEFAULT_TENANT = 'default';
/** Whose the users are that administer all of it. */
export const PLATFORM_TENANT = 'platform';

/** Who is calling: what access, rates, metering and logs know of them. Never a secret. */
export interface Caller {
  /** The same for all that one key, or one user of an app, sends: what is kept for callers is kept under it. */
  readonly id: string;
  /** What people call it: the name of the key, or who a token says it is for. */
  readonly name: string;
  /** Ids. A caller by a key of skein.yaml is of the tenant `default`, and of no app. */
  readonly tenant: string;
  readonly app: string | undefined;
  readonly key: string | undefined;
  /** Of a token: its subject. */
  readonly user: string | undefined;
  readonly roles: readonly string[];
  /** May read how the gateway is doing. */
  readonly isOperator: boolean;
  /** Products of other tenants that its app was granted, by id of the product. */
  readonly grants: ReadonlyMap<string, CallerGrant>;
  /** Ids of the products that it is held to; undefined: none in particular. */
  readonly products: ReadonlySet<string> | undefined;
  /** Limits of every request of it: of its key, its app and its tenant. */
  readonly rates: readonly RateLimit[];
}

/** Whom the caller's calls are accounted to. */
export function accountOf({ id, tenant, app, key, user, products, grants }: Caller, door: string): Account {
  // Keys of skein.yaml have no id but that of their caller.
  return { tenant, app, key: key ?? (user === undefined ? id : undefined), user, products, grants, door };
}

/** What answers that are one caller's own are kept under: no two tenants share one. */
export function callerScope({ tenant, id }: Caller): string {
  return `${tenant}/${id}`;
}

/** What came with an app's access to a product. */
export interface CallerGrant {
  readonly id: string;
  /** Limits of its plan: of every request that uses a field of the product. */
  readonly rates: readonly RateLimit[];
}

/** So many requests in a window. */
export interface RateLimit {
  /** Whose requests are counted together, e.g. `key:key_01h…`, `grant:grt_01h…`. */
  readonly subject: string;
  /** What people call the limit, e.g. `key`, `app`, `plan basic`. */
  readonly name: string;
  readonly limit: number;
  readonly windowMs: number;
  /** `Type.field`: only what selects it counts, once for every time it is selected. Default: each operation counts one. */
  readonly field?: string | undefined;
}
