import { moment, recordSchema, type StoredRecord, text, texts, words } from './record.ts';

/** What webhooks are told of: changes that somebody outside may wait for. */
export const EVENT_TYPES = [
  'grant.request',
  'grant.approve',
  'grant.reject',
  'grant.revoke',
  'product.publish',
  'product.deprecate',
  'product.retire',
  'configuration.publish',
  'configuration.rollBack',
  'key.create',
  'key.rotate',
  'key.revoke',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** An address that is told of events of its tenant. */
export interface Webhook extends StoredRecord {
  readonly name: string;
  readonly url: string;
  /** Those it is told of; none: all. */
  readonly events: readonly EventType[];
  /** What its calls are signed with, encrypted. */
  readonly secret: string;
}

export const webhookSchema = recordSchema({ name: text, url: text, events: texts, secret: text })
  .index({ tenant: 1, name: 1 }, { unique: true })
  .index({ name: 1 })
  .index({ tenant: 1, _id: 1 })
  .index({ seq: 1 });

export const DELIVERY_STATES = ['waiting', 'delivered', 'given up'] as const;

/** One event on its way to one webhook: made once, whoever finds the event first. Its id is made of both. */
export interface Delivery extends StoredRecord {
  readonly webhook: string;
  /** Id of the entry of the audit log. */
  readonly event: string;
  readonly type: string;
  readonly state: (typeof DELIVERY_STATES)[number];
  readonly attempts: number;
  /** When it is tried next; an instance that tries it sets this ahead, so that no other one does. */
  readonly nextAt: Date | null;
  /** HTTP status or reason of the last attempt. */
  readonly answer: string;
}

export const deliverySchema = recordSchema({
  webhook: text,
  event: text,
  type: text,
  state: text,
  attempts: { type: Number, required: true },
  nextAt: moment,
  answer: words,
})
  .index({ tenant: 1, _id: 1 })
  .index({ webhook: 1, _id: 1 })
  .index({ state: 1, nextAt: 1 })
  .index({ updatedAt: 1 });
