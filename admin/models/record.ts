import { type Schema, type SchemaDefinition, Schema as SchemaOf } from 'mongoose';

/** What every record of the control plane has. */
export interface StoredRecord {
  readonly _id: string;
  /** Id of the tenant that it belongs to; `PLATFORM` for what is nobody's but the platform's. */
  readonly tenant: string;
  /** Counts its changes from 1: who changes it says which one they saw. */
  readonly version: number;
  /** Its place in the feed of changes: instances ask for what came after the last they know. */
  readonly seq: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly archivedAt: Date | null;
}

/** A limit of requests, as people write it. */
export interface RateRule {
  readonly limit: number;
  readonly windowSeconds: number;
  /** `Type.field`; null: any request. */
  readonly field: string | null;
}

/** The tenant of platform administrators. No tenant can have this id: those begin with `ten_`, and `default` is the first. */
export const PLATFORM = 'platform';
/** The tenant that a single-tenant gateway has: skein.yaml describes it. */
export const DEFAULT_TENANT = 'default';

export const text = { type: String, required: true } as const;
/** Mongoose takes an empty string for a missing one. */
export const words = { type: String, default: '' } as const;
export const moment = { type: Date, default: null } as const;
export const texts = { type: [String], default: [] } as const;
/** JSON as text: names in it may have dots and dollars, which MongoDB's may not. */
export const json = { type: String, required: true } as const;

export const rateRules = {
  type: [
    new SchemaOf(
      {
        limit: { type: Number, required: true },
        windowSeconds: { type: Number, required: true },
        field: { type: String, default: null },
      },
      { _id: false },
    ),
  ],
  default: [],
};

/** The schema of a collection of records: fields beside those that all have, strict about anything else. */
export function recordSchema(fields: SchemaDefinition): Schema {
  return new SchemaOf(
    {
      _id: text,
      tenant: text,
      version: { type: Number, required: true },
      seq: { type: Number, required: true },
      createdAt: { type: Date, required: true },
      updatedAt: { type: Date, required: true },
      archivedAt: moment,
      ...fields,
    },
    {
      strict: 'throw',
      strictQuery: 'throw',
      minimize: false,
      versionKey: false,
      autoIndex: false,
      autoCreate: false,
      id: false,
    },
  );
}
