import type { Problem } from '../../kernel/problem.ts';

/**
 * What a WSDL compiles to: plain data that a worker process can hand over, from which calls are made on their first use.
 */
export interface CompiledSoap {
  readonly sdl: string;
  readonly version: SoapVersion;
  readonly operations: readonly OperationPlan[];
  /** `ComplexPlan`s as JSON, by the ids that `TypePlan`s name: text is handed over, and kept, at a fraction of the cost. */
  readonly types: ReadonlyMap<string, string>;
  /** GraphQL name → value name → value. */
  readonly enumValues: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** GraphQL names of interfaces and unions. */
  readonly abstractTypes: readonly string[];
  readonly notices: readonly Problem[];
}

/** The types of a document, each read when it is first asked for. */
export interface TypeTable {
  get(id: string): ComplexPlan | undefined;
}

export function createTypeTable(types: CompiledSoap['types']): TypeTable {
  const read = new Map<string, ComplexPlan>();
  return {
    get(id) {
      const existing = read.get(id);
      const text = existing === undefined ? types.get(id) : undefined;
      if (text === undefined) return existing;
      const plan = JSON.parse(text) as ComplexPlan;
      read.set(id, plan);
      return plan;
    },
  };
}

export type SoapVersion = '1.1' | '1.2';

export interface OperationPlan {
  readonly parent: 'Query' | 'Mutation';
  /** Name of the root field. */
  readonly field: string;
  /** Name in the WSDL. */
  readonly operation: string;
  readonly action: string;
  readonly input: BodyPlan;
  /** Elements of the envelope's header; their values are arguments too. */
  readonly headers: readonly FieldPlan[];
  readonly output: OutputPlan;
}

/** What an envelope's body holds: `fields` of the arguments, in `wrapper` where there is one. */
export interface BodyPlan {
  readonly wrapper: ElementName | undefined;
  /** Id of the type whose fields are the arguments. */
  readonly type: string;
  /** SOAP encoding (section 5 of SOAP 1.1): each element says its type. */
  readonly encoded: boolean;
}

export type OutputPlan =
  /** There is nothing to read; the value is true. */
  | { readonly kind: 'done'; readonly oneWay: boolean }
  | {
      readonly kind: 'element';
      /** The body's first element; undefined for any. */
      readonly element: ElementName | undefined;
      readonly type: TypePlan;
      /** The only field of the type, whose value is the answer. */
      readonly unwrap: string | undefined;
    };

export interface ElementName {
  readonly namespace: string;
  readonly local: string;
}

export type Scalar = 'String' | 'Int' | 'Int64' | 'Float' | 'Boolean';

/** How a simple value is written in XML, beyond its scalar. */
export type SimpleForm = 'text' | 'token' | 'integer' | 'decimal' | 'float' | 'boolean' | 'name';

export interface SimplePlan {
  readonly kind: 'simple';
  readonly scalar: Scalar;
  readonly form: SimpleForm;
  /** Id of an enum. */
  readonly enum?: string;
  /** Of an enum: empty text is one of its values. */
  readonly hasEmpty?: boolean;
  /** Values of a list type, separated by spaces. */
  readonly list: boolean;
  /** Its name for `xsi:type`: the nearest one that has a name. */
  readonly xsdType: ElementName;
}

export type TypePlan =
  | SimplePlan
  | { readonly kind: 'complex'; readonly id: string }
  /** An array of SOAP encoding. */
  | { readonly kind: 'array'; readonly item: TypePlan; readonly itemType: ElementName; readonly itemName: string }
  | { readonly kind: 'json' };

export interface ComplexPlan {
  readonly id: string;
  /** Undefined for types without a name. */
  readonly name: ElementName | undefined;
  readonly isAbstract: boolean;
  readonly fields: readonly FieldPlan[];
  readonly choices: readonly ChoicePlan[];
  /** Ids of the types that a value may be, told by `xsi:type`; empty where only this one. */
  readonly variants: readonly string[];
  /** GraphQL name of the object type. */
  readonly objectName: string;
  /** Input field that stands for it among the variants of another type. */
  readonly variantField: string;
  /** It holds nothing, and nothing is derived from it or it from anything: the value is whether it is there. */
  readonly isFlag: boolean;
}

/** At most one branch may be given. Each lists the fields that are in no other. */
export type ChoicePlan = readonly (readonly string[])[];

export type FieldPlace =
  | 'element'
  | 'attribute'
  /** Text of an element with attributes. */
  | 'text'
  /** Text among elements; read only. */
  | 'mixed'
  /** Elements of `xsd:any`. */
  | 'any'
  | 'anyAttribute';

export interface FieldPlan {
  /** GraphQL name. */
  readonly name: string;
  readonly place: FieldPlace;
  readonly local: string;
  readonly namespace: string;
  readonly type: TypePlan;
  readonly isList: boolean;
  readonly isNillable: boolean;
  /** The document demands it. */
  readonly isRequired: boolean;
  /** Member of a choice: absent, even as a list, in answers. */
  readonly isChosen: boolean;
  /** Fields of one repeated group are written in turns. */
  readonly round?: number;
  /** Its default or fixed value: read where it is empty, written where it is required and not given. */
  readonly preset?: string;
}

/** Abstract, and nothing is derived from it: there can be no value. */
export function isUnspeakable(plan: ComplexPlan): boolean {
  return plan.isAbstract && plan.variants.length === 0;
}

/** Field of an object type that has none of its own; true. */
export const PRESENT = 'present';
