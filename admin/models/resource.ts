import { json, recordSchema, type StoredRecord, text, words } from './record.ts';

/** The sections of skein.yaml that tenants have of their own. */
export const RESOURCE_KINDS = [
  'sources',
  'versions',
  'links',
  'types',
  'overrides',
  'providers',
  'models',
  'routes',
  'prompts',
] as const;
export type ResourceKind = (typeof RESOURCE_KINDS)[number];

export function isKind(kind: string): kind is ResourceKind {
  return (RESOURCE_KINDS as readonly string[]).includes(kind);
}

/**
 * An entry of a tenant's configuration as it is being worked on: what skein.yaml would have under `<kind>.<name>`. It
 * serves once it is published.
 */
export interface Resource extends StoredRecord {
  readonly kind: ResourceKind;
  readonly name: string;
  /** JSON. */
  readonly options: string;
  /** Id of the document (OpenAPI, SDL, proto, WSDL) that came with it; null: the options say where it is. */
  readonly document: string | null;
}

export const resourceSchema = recordSchema({
  kind: text,
  name: text,
  options: json,
  document: { type: String, default: null },
})
  .index({ tenant: 1, kind: 1, name: 1 }, { unique: true })
  .index({ kind: 1, _id: 1 })
  .index({ tenant: 1, _id: 1 });

/** The text of a document. It never changes: its id is made of its text. */
export interface StoredDocument extends StoredRecord {
  readonly name: string;
  /** SHA-256 in hex. */
  readonly hash: string;
  readonly text: string;
}

export const documentSchema = recordSchema({ name: text, hash: text, text: words })
  .index({ tenant: 1, hash: 1, name: 1 }, { unique: true })
  .index({ tenant: 1, _id: 1 });
