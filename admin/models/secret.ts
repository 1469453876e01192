import { recordSchema, type StoredRecord, text, words } from './record.ts';

export const SECRET_PLACES = ['value', 'environment', 'file'] as const;

/** A credential of a tenant's configuration, which names it as `${secrets.<name>}`. */
export interface Secret extends StoredRecord {
  readonly name: string;
  readonly description: string;
  /** Where it is: encrypted here, or on the machine. */
  readonly place: (typeof SECRET_PLACES)[number];
  /** `value`: what `encrypt` made of it. Otherwise the name of the variable or file. */
  readonly content: string;
  /** The last four characters of a value. */
  readonly lastFour: string;
}

export const secretSchema = recordSchema({
  name: text,
  description: words,
  place: text,
  content: text,
  lastFour: words,
})
  .index({ tenant: 1, name: 1 }, { unique: true })
  .index({ name: 1 })
  .index({ tenant: 1, _id: 1 })
  .index({ seq: 1 });
