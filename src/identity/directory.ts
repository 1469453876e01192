import type { RateLimit } from './caller.ts';

/**
 * What identity asks about keys, apps and tenants: an immutable snapshot in memory. Asking is synchronous and never reads
 * the store.
 */
export interface Directory {
  /** By `sha256` of the whole key, in base64url. Revoked keys, and those of archived apps and tenants, are not there. */
  key(hash: string): DirectoryKey | undefined;
  app(id: string): DirectoryApp | undefined;
  /** By id or by name. */
  tenant(idOrName: string): DirectoryTenant | undefined;
  /** A user of a tenant, or of the platform, by its name; also an archived one. */
  user(tenant: string, name: string): DirectoryUser | undefined;
}

export interface DirectoryUser {
  readonly archivedAt: Date | null;
}

export interface DirectoryKey {
  readonly id: string;
  readonly name: string;
  readonly app: DirectoryApp;
  /** Milliseconds since 1970; undefined: never. */
  readonly expiresAt: number | undefined;
  /** Ids of products it is held to. */
  readonly products: ReadonlySet<string> | undefined;
  /** Origins (`https://shop.example`) that may send it; a request without an Origin header is refused. Empty: any. */
  readonly origins: readonly string[];
  /** Addresses (`10.0.0.0/8`, `::1`) that may send it. Empty: any. */
  readonly cidrs: readonly string[];
  readonly rates: readonly RateLimit[];
}

export interface DirectoryApp {
  readonly id: string;
  readonly name: string;
  readonly tenant: DirectoryTenant;
  readonly rates: readonly RateLimit[];
  /** Active grants by id of the product. */
  readonly grants: ReadonlyMap<string, { readonly id: string; readonly rates: readonly RateLimit[] }>;
}

export interface DirectoryTenant {
  readonly id: string;
  readonly name: string;
  readonly rates: readonly RateLimit[];
}
