import { moment, type RateRule, rateRules, recordSchema, type StoredRecord, text, texts, words } from './record.ts';

export const PRODUCT_STATES = ['draft', 'published', 'deprecated', 'retired'] as const;
export const VISIBILITIES = ['private', 'listed', 'public'] as const;
export const APPROVALS = ['automatic', 'required'] as const;

/** A named, published set of fields of a tenant's graph that apps of other tenants may ask for. */
export interface Product extends StoredRecord {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly tags: readonly string[];
  /** Who to ask about it: the id of a user, or any words. */
  readonly owner: string;
  readonly state: (typeof PRODUCT_STATES)[number];
  readonly sunsetAt: Date | null;
  readonly visibility: (typeof VISIBILITIES)[number];
  readonly approval: (typeof APPROVALS)[number];
  /** Coordinates: `Query.product`, `Product.*`. */
  readonly fields: readonly string[];
  /** Ids of the plans that may come with it; none: no limits of its own. */
  readonly plans: readonly string[];
}

export const productSchema = recordSchema({
  name: text,
  title: words,
  description: words,
  tags: texts,
  owner: words,
  state: text,
  sunsetAt: moment,
  visibility: text,
  approval: text,
  fields: texts,
  plans: texts,
})
  .index({ tenant: 1, name: 1 }, { unique: true })
  .index({ name: 1 })
  .index({ tenant: 1, _id: 1 })
  .index({ state: 1, visibility: 1, _id: 1 })
  .index({ tags: 1, _id: 1 })
  .index({ seq: 1 });

/** Limits that come with a grant. */
export interface Plan extends StoredRecord {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly rates: readonly RateRule[];
}

export const planSchema = recordSchema({ name: text, title: words, description: words, rates: rateRules })
  .index({ tenant: 1, name: 1 }, { unique: true })
  .index({ name: 1 })
  .index({ tenant: 1, _id: 1 })
  .index({ seq: 1 });

export const GRANT_STATES = ['requested', 'approved', 'rejected', 'revoked'] as const;

/** An app's access to a product. Its `tenant` is the app's; the product's tenant sees it, too. */
export interface Grant extends StoredRecord {
  readonly app: string;
  readonly product: string;
  readonly productTenant: string;
  readonly plan: string | null;
  readonly state: (typeof GRANT_STATES)[number];
  readonly reason: string;
  readonly comment: string;
  readonly requestedBy: string;
  readonly decidedBy: string;
  readonly decidedAt: Date | null;
}

export const grantSchema = recordSchema({
  app: text,
  product: text,
  productTenant: text,
  plan: { type: String, default: null },
  state: text,
  reason: words,
  comment: words,
  requestedBy: words,
  decidedBy: words,
  decidedAt: moment,
})
  .index({ app: 1, product: 1 }, { unique: true })
  .index({ tenant: 1, _id: 1 })
  .index({ productTenant: 1, _id: 1 })
  .index({ product: 1, _id: 1 })
  .index({ state: 1, _id: 1 })
  .index({ seq: 1 });
