import type { Schema } from './schema.ts';

export type ScalarName = 'ID' | 'String' | 'Int' | 'Int64' | 'Float' | 'Boolean' | 'JSON' | 'Upload';

export type GraphqlType =
  | { readonly kind: 'scalar'; readonly name: ScalarName }
  | EnumType
  | ObjectType
  | UnionType
  | { readonly kind: 'list'; readonly item: GraphqlType; readonly itemNonNull: boolean };

export interface EnumType {
  readonly kind: 'enum';
  readonly name: string;
  readonly description: string | undefined;
  /** Name in the graph → value upstream. */
  readonly values: ReadonlyMap<string, unknown>;
}

export interface ObjectType {
  readonly kind: 'object' | 'input';
  readonly name: string;
  readonly description: string | undefined;
  /**
   * Of an input that is a choice: one of its fields is given, and that field's value is what goes upstream, without
   * the object around it. The fields have no property of their own.
   */
  readonly oneOf?: true;
  readonly fields: ObjectField[];
}

export interface ObjectField {
  readonly name: string;
  /** Name of the property upstream. */
  readonly property: string;
  type: GraphqlType;
  nonNull: boolean;
  readonly description: string | undefined;
  readonly deprecated: boolean;
}

/** One of several objects. Where it has fields, it is an interface. */
export interface UnionType {
  readonly kind: 'union';
  readonly name: string;
  readonly description: string | undefined;
  readonly members: readonly ObjectType[];
  readonly plan: UnionPlan;
  /** Of an interface, made of a type that has subtypes: what all members have. Complete after `completeInterfaces`. */
  readonly fields?: ObjectField[];
}

/** What tells the members of a union apart: plain data, see `createTypeResolver`. */
export interface UnionPlan {
  readonly members: readonly MemberPlan[];
  /** The type of values that no member's conditions fit. */
  readonly otherwise?: string;
}

export interface MemberPlan {
  /** Name of the object type. */
  readonly type: string;
  /** A property that is there has one of the values; a required one is there. */
  readonly conditions: readonly {
    readonly property: string;
    readonly values: readonly unknown[];
    readonly required: boolean;
  }[];
  readonly required: readonly string[];
  readonly properties: readonly string[];
}

/** Makes GraphQL types of schemas, each once. */
export interface TypeBuilder {
  /** `name` is taken where the schema has none of its own. `onLoss` hears of each thing that is not shown. */
  output(schema: Schema, name: string, onLoss: OnLoss): GraphqlType;
  input(schema: Schema, name: string, onLoss: OnLoss): GraphqlType;
}

/** `place` is a coordinate such as `Product.owner`. */
export type OnLoss = (place: string, reason: string) => void;

/** Schema node → string properties that are identifiers: `ID` instead of `String`. */
export type Identifiers = ReadonlyMap<object, ReadonlySet<string>>;

export const JSON_TYPE: GraphqlType = { kind: 'scalar', name: 'JSON' };
