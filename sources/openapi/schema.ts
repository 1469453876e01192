import type { Subtypes } from './subtypes.ts';

export type SchemaKind =
  | 'object'
  | 'union'
  | 'array'
  | 'enum'
  | 'string'
  | 'integer'
  | 'int64'
  | 'number'
  | 'boolean'
  | 'json'
  /** A file, which no document says by itself: see `UPLOAD_SCHEMA`. */
  | 'upload';

/** A schema of the document with references followed, `allOf` merged and both ways of saying null read alike. */
export interface Schema {
  readonly kind: SchemaKind;
  /** What it is the schema of, however many references lead here: equal nodes are equal types. */
  readonly node: object;
  /** Name below `components.schemas`. */
  readonly component?: string | undefined;
  readonly title?: string | undefined;
  readonly format?: string | undefined;
  readonly nullable: boolean;
  /** Of the place that has it: what stands beside a reference wins over what stands behind it. */
  readonly description?: string | undefined;
  /** Of the schema itself, wherever it is used. */
  readonly typeDescription?: string | undefined;
  /** What a value must keep to beside its type, in words. */
  readonly constraints?: string | undefined;
  readonly deprecated: boolean;
  readonly readOnly: boolean;
  readonly writeOnly: boolean;
  /** Of an object: its properties as the document has them, for `read`. */
  readonly properties: ReadonlyMap<string, unknown>;
  readonly required: ReadonlySet<string>;
  /** Of an array. */
  readonly items?: unknown;
  /** Of an enum, and of scalars that are one of some values: these, without null. */
  readonly values: readonly unknown[];
  /** Of a union: at least two objects. */
  readonly variants: readonly Variant[];
  /** Of an object with a discriminator: what else a value may be. */
  readonly subtypes?: Subtypes | undefined;
  /** What of it is lost in the graph, and why. */
  readonly losses: readonly string[];
}

/** One of the objects that a value may be. */
export interface Variant {
  /** As the document has it, for `read`. */
  readonly raw: unknown;
  readonly schema: Schema;
  /** What the document's discriminators say of it. */
  readonly conditions: readonly Condition[];
}

/** The property has one of the values. */
export interface Condition {
  readonly property: string;
  readonly values: readonly unknown[];
}

export interface SchemaReader {
  /** @throws UnusableError for what is no schema, leads nowhere or in a circle */
  read(raw: unknown): Schema;
}

/** What may be anything. */
export const ANY: Schema = {
  kind: 'json',
  node: {},
  nullable: true,
  deprecated: false,
  readOnly: false,
  writeOnly: false,
  properties: new Map(),
  required: new Set(),
  values: [],
  variants: [],
  losses: [],
};

/** What stands for a file in the schemas made for forms. It is known by identity, so that no document can write it. */
export const UPLOAD_SCHEMA = { type: 'string', format: 'binary' } as const;
