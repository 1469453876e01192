import { json, recordSchema, type StoredRecord, text, words } from './record.ts';

/** What a tenant serves from one publish to the next: the whole of its configuration, written at once. */
export interface Revision extends StoredRecord {
  /** Counts up from 1 in each tenant. */
  readonly number: number;
  readonly author: string;
  readonly message: string;
  /** The number of the revision whose state it brought back; null: it was published. */
  readonly restores: number | null;
  /** JSON: `ConfigurationState`. */
  readonly state: string;
  /** SHA-256 of `state`, in hex. */
  readonly hash: string;
  /** JSON: what skein.yaml said, of a revision that came from it. */
  readonly file?: string | null;
}

/** The published configuration of a tenant, by kind and name. */
export interface ConfigurationState {
  readonly [kind: string]: { readonly [name: string]: PublishedEntry };
}

export interface PublishedEntry {
  readonly options: unknown;
  /** Id of its document. */
  readonly document?: string;
}

export const revisionSchema = recordSchema({
  number: { type: Number, required: true },
  author: text,
  message: words,
  restores: { type: Number, default: null },
  state: json,
  hash: text,
  file: { type: String, default: null },
})
  .index({ tenant: 1, number: 1 }, { unique: true })
  .index({ tenant: 1, _id: 1 })
  .index({ seq: 1 });
