import type { ResourceKind } from '../../models/resource.ts';

/**
 * What options look like, as plain data: the admin schema makes inputs of it. Types of one name are one type, so the names
 * of objects, maps, choices and words must not be given twice to different things.
 */
export type OptionType = ScalarType | WordType | ListType | MapType | ObjectType | ChoiceType;

export interface ScalarType {
  readonly kind: 'scalar';
  /** JSON: what has no shape of its own. */
  readonly scalar: 'String' | 'Int' | 'Float' | 'Boolean' | 'ID' | 'JSON';
}

/** One of several words. */
export interface WordType {
  readonly kind: 'word';
  readonly name: string;
  readonly description: string;
  /** Each by its name in GraphQL. */
  readonly words: readonly { readonly name: string; readonly value: string; readonly description: string }[];
}

export interface ListType {
  readonly kind: 'list';
  readonly of: OptionType;
}

/** Values by name: a list of inputs that have the name beside what is in the value, or beside the `value`. */
export interface MapType {
  readonly kind: 'map';
  readonly name: string;
  readonly description: string;
  readonly key: { readonly name: string; readonly description: string };
  readonly of: OptionType;
  /** What the `value` is. */
  readonly value: string;
}

export interface ObjectType {
  readonly kind: 'object';
  readonly name: string;
  readonly description: string;
  readonly fields: readonly OptionField[];
  /** A value that stands for an object which has it in each of these fields, and nothing else. */
  readonly short?: { readonly fields: readonly string[]; readonly of: OptionType };
  /** Booleans that may stand in the place of the object: the input has a field `enabled` for them. */
  readonly booleans?: readonly boolean[];
}

/** One of several forms: an input of which one field is given. */
export interface ChoiceType {
  readonly kind: 'choice';
  readonly name: string;
  readonly description: string;
  /** The field of each form that says which one it is, with the name of the member as its value. */
  readonly tag?: string;
  readonly members: readonly ChoiceMember[];
}

export interface ChoiceMember {
  readonly name: string;
  readonly description: string;
  readonly type: OptionType;
  /** The form is an object of this one field, named as the member. */
  readonly isWrapped: boolean;
}

export interface OptionField {
  readonly name: string;
  readonly description: string;
  readonly type: OptionType;
  readonly isRequired: boolean;
}

/** The options of everything that the admin schema takes options of. */
export interface OptionTypes {
  readonly kinds: Readonly<Record<ResourceKind, OptionType>>;
  readonly promptVersion: OptionType;
  readonly promptShare: OptionType;
}
