import type { Grant, Product } from '../models/product.ts';
import type { RateRule } from '../models/record.ts';
import type { ResourceKind } from '../models/resource.ts';
import type { Tenant } from '../models/tenant.ts';
import type { Role } from '../models/user.ts';

/*
 * The state of the control plane as git keeps it: items that are known by their names. No ids, versions or times are in
 * it, and nothing that is without effect: what is archived, keys that are revoked, grants that were refused.
 */

export type TenantValue = Pick<Tenant, 'title' | 'description' | 'network' | 'rates'>;
export interface UserValue {
  readonly title: string;
  readonly roles: readonly Role[];
}
export interface AppValue {
  readonly title: string;
  readonly description: string;
  readonly rates: readonly RateRule[];
}
export type PlanValue = AppValue;

/** Moments are in ISO 8601, and products are named `product` in their own tenant and `tenant/product` elsewhere. */
export interface KeyValue {
  readonly hash: string;
  readonly prefix: string;
  readonly expiresAt: string | null;
  readonly products: readonly string[];
  readonly origins: readonly string[];
  readonly cidrs: readonly string[];
  readonly rates: readonly RateRule[];
}
export interface ProductValue extends Pick<Product, 'title' | 'description' | 'tags' | 'owner' | 'state'> {
  readonly sunsetAt: string | null;
  readonly visibility: Product['visibility'];
  readonly approval: Product['approval'];
  readonly fields: readonly string[];
  /** Names. */
  readonly plans: readonly string[];
}
export const KEPT_GRANTS = ['requested', 'approved'] as const satisfies readonly Grant['state'][];
export interface GrantValue {
  /** Its name, in the tenant of the product. */
  readonly plan: string | null;
  readonly state: (typeof KEPT_GRANTS)[number];
  readonly reason: string;
  readonly comment: string;
}
export interface SecretValue {
  readonly description: string;
  /** One of the three. */
  readonly encrypted: string | null;
  readonly environment: string | null;
  readonly file: string | null;
  readonly lastFour: string;
}
/** An entry of the published configuration. */
export interface EntryValue {
  readonly options: unknown;
  readonly document: { readonly name: string; readonly text: string } | null;
}

export interface ItemValues {
  tenant: TenantValue;
  user: UserValue;
  app: AppValue;
  key: KeyValue;
  grant: GrantValue;
  plan: PlanValue;
  product: ProductValue;
  secret: SecretValue;
  entry: EntryValue;
}
export type ItemKind = keyof ItemValues;

export type Item<Kind extends ItemKind = ItemKind> = {
  readonly [K in Kind]: {
    readonly kind: K;
    readonly tenant: string;
    /** Of the app, for its keys and grants; the section, for entries; empty for all others. */
    readonly within: string;
    readonly name: string;
    readonly value: ItemValues[K];
  };
}[Kind];

/** What an item is known by in its tenant. */
export function itemKey({ kind, within, name }: Pick<Item, 'kind' | 'within' | 'name'>): string {
  return JSON.stringify([kind, within, name]);
}

/** Where an item is in the file. */
export function itemPath({ kind, tenant, within, name }: Pick<Item, 'kind' | 'tenant' | 'within' | 'name'>): string[] {
  const at = ['tenants', tenant];
  switch (kind) {
    case 'tenant':
      return at;
    case 'key':
      return [...at, 'apps', within, 'keys', name];
    case 'grant':
      return [...at, 'apps', within, 'grants', name];
    case 'entry':
      return [...at, within, name];
    default:
      return [...at, `${kind}s`, name];
  }
}

export type TenantItems = ReadonlyMap<string, Item>;

export function itemsOf<Kind extends ItemKind>(items: TenantItems, kind: Kind, within?: string): Item<Kind>[] {
  const found = [...items.values()].filter(
    (item) => item.kind === kind && (within === undefined || item.within === within),
  );
  return found as Item<Kind>[];
}

export function getItem<Kind extends ItemKind>(
  items: TenantItems | undefined,
  kind: Kind,
  name: string,
  within = '',
): Item<Kind> | undefined {
  return items?.get(itemKey({ kind, within, name })) as Item<Kind> | undefined;
}

/** An entry's section. */
export function sectionOf({ within }: Item<'entry'>): ResourceKind {
  return within as ResourceKind;
}

/** A product as one tenant names another's, and its own. */
export function productReference(from: string, tenant: string, name: string): string {
  return tenant === from ? name : `${tenant}/${name}`;
}

export function readProductReference(from: string, text: string): { readonly tenant: string; readonly name: string } {
  const at = text.indexOf('/');
  return at < 0 ? { tenant: from, name: text } : { tenant: text.slice(0, at), name: text.slice(at + 1) };
}
