import { moment, type RateRule, rateRules, recordSchema, type StoredRecord, text, texts, words } from './record.ts';

/** A client application of a tenant. */
export interface App extends StoredRecord {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly rates: readonly RateRule[];
}

export const appSchema = recordSchema({ name: text, title: words, description: words, rates: rateRules })
  .index({ tenant: 1, name: 1 }, { unique: true })
  .index({ name: 1 })
  .index({ tenant: 1, _id: 1 })
  .index({ seq: 1 });

/** What an app calls the gateway with. The key itself is shown once and kept nowhere. */
export interface ApiKey extends StoredRecord {
  readonly app: string;
  readonly name: string;
  /** SHA-256 in base64url. */
  readonly hash: string;
  /** How it begins, for people to know it by. */
  readonly prefix: string;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  /** The key it was made to replace. */
  readonly replaces: string | null;
  /** Since when somebody is replacing it; nobody is where it is null or missing. */
  readonly replacedAt?: Date | null;
  /** Ids of products; none: all that its app may use. */
  readonly products: readonly string[];
  readonly origins: readonly string[];
  readonly cidrs: readonly string[];
  readonly rates: readonly RateRule[];
  /** To the minute or so. */
  readonly lastUsedAt: Date | null;
}

export const apiKeySchema = recordSchema({
  app: text,
  name: text,
  hash: text,
  prefix: text,
  expiresAt: moment,
  revokedAt: moment,
  replaces: { type: String, default: null },
  replacedAt: moment,
  products: texts,
  origins: texts,
  cidrs: texts,
  rates: rateRules,
  lastUsedAt: moment,
})
  .index({ hash: 1 }, { unique: true })
  .index({ app: 1, name: 1 }, { unique: true })
  .index({ tenant: 1, _id: 1 })
  .index({ app: 1, _id: 1 })
  .index({ seq: 1 });
