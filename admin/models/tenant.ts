import { type RateRule, rateRules, recordSchema, type StoredRecord, text, words } from './record.ts';

export const NETWORKS = ['public', 'any'] as const;

/** An isolated organisation. Its `tenant` is itself, so that one rule scopes everything. */
export interface Tenant extends StoredRecord {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly rates: readonly RateRule[];
  /** Its configuration may name environment variables and files of the machine: it is the operator's own. */
  readonly trusted: boolean;
  /** Which addresses its sources may call: `public` keeps them from those of private networks. */
  readonly network: (typeof NETWORKS)[number];
}

export const tenantSchema = recordSchema({
  name: text,
  title: words,
  description: words,
  rates: rateRules,
  trusted: { type: Boolean, default: false },
  network: { type: String, default: 'public' },
})
  .index({ name: 1 }, { unique: true })
  .index({ tenant: 1, _id: 1 })
  .index({ seq: 1 });
