import { recordSchema, type StoredRecord, text, words } from './record.ts';

/**
 * Who changed what, when, and from where. It is written before the change, without an outcome; then the outcome is
 * written, once, and nothing else ever changes. An entry without one is of a change that was interrupted.
 */
export interface AuditEntry extends StoredRecord {
  readonly actor: string;
  readonly actorName: string;
  readonly address: string;
  readonly requestId: string;
  /** e.g. `app.create`. */
  readonly action: string;
  readonly entity: string;
  readonly entityName: string;
  /** JSON, with secrets masked; empty: there was, or is, nothing. */
  readonly before: string;
  readonly after: string;
  readonly outcome: 'done' | 'refused' | null;
  /** Id of another tenant that it concerns: of a grant, the one whose product it is. Empty: there is none. */
  readonly otherTenant: string;
}

export const auditSchema = recordSchema({
  actor: text,
  actorName: words,
  address: words,
  requestId: words,
  action: text,
  entity: words,
  entityName: words,
  before: words,
  after: words,
  outcome: { type: String, default: null },
  otherTenant: words,
})
  .index({ otherTenant: 1, _id: 1 })
  .index({ tenant: 1, _id: 1 })
  .index({ tenant: 1, entity: 1, _id: 1 })
  .index({ tenant: 1, actor: 1, _id: 1 })
  .index({ tenant: 1, action: 1, _id: 1 })
  .index({ entity: 1, _id: 1 })
  .index({ actor: 1, _id: 1 })
  .index({ action: 1, _id: 1 });
