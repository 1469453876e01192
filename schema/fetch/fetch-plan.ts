import type { FieldNode, SelectionSetNode } from 'graphql';
import type { SelectionShape } from '../../sources/source.ts';

/**
 * What the upstreams of a document are asked, decided once per document. Every field that a parent object does not simply
 * have has an entry: by its node, and by the object type it stands on.
 */
export interface FieldPlan {
  /** Where the value stands in its holder, if not where the source keeps the field anyway. */
  readonly key?: string;
  /** Makes the value of its holder, where the source's own field is one that an expression makes. */
  readonly read?: ReadValue;
  /** The value is in the answer of this fetch, which all of an operation's root fields of one source share. */
  readonly root?: RootFetch;
  /** The value is put together of what several subgraphs say of the same root field. */
  readonly parts?: readonly RootPart[];
  /** The value is in the answer of this fetch, which the fields of one object share. */
  readonly entity?: EntityFetch;
  /** The value is an interface object: this tells its types, and is waited for first. */
  readonly typed?: EntityFetch;
  /** What a call is told of the selection below the field. */
  readonly shape?: SelectionShape;
  /** What a link reads of its parent, when not all of it is in the parent. */
  readonly needs?: readonly Need[];
}

export type ReadValue = (holder: unknown) => unknown;

/** Text of a selection under construction, and what becomes of it. */
export interface Fetch {
  readonly source: string;
  /** Names of the root fields or of the entity's fields, for errors and logs. */
  readonly fields: Set<string>;
  readonly parts: Set<string>;
  /** Variables the parts use: name → type and default. */
  readonly variables: Map<string, string>;
  /** The finished document; written on first use. */
  query?: string;
}

export interface RootFetch extends Fetch {
  readonly type: 'query' | 'mutation';
  /** Response keys in use → the arguments they stand for. */
  readonly keys: Map<string, string>;
}

/** What one of several subgraphs says of a root field. */
export interface RootPart {
  readonly root: RootFetch;
  /** Where it stands in the answer. */
  readonly key: string;
  /** Where its fields stand in it. */
  readonly fields: readonly string[];
}

/** Fields of one entity type that another subgraph than the parent's resolves. */
export interface EntityFetch extends Fetch {
  /** As the subgraph is told it: the object type, or the interface it knows as an object. */
  readonly typeName: string;
  /** What the representation consists of: a key, and what the fields require. */
  readonly needs: Map<string, Need>;
  /** Object types whose keys are fetched for it. */
  readonly types: Set<string>;
  /** What is asked for, by its key in the answer, with the names of what it requires: it fails with that, the others do not. */
  readonly asked: Map<string, readonly string[]>;
}

/** A field of an entity that something else is asked with. */
export interface Need {
  /** Name in the representation. */
  readonly name: string;
  /** Where it stands in its holder. */
  readonly key: string;
  /** Makes it of its holder instead. */
  readonly read: ReadValue | undefined;
  /** The arguments it is read with, as text. */
  readonly args: string;
  /** What of it goes into the representation; undefined for a leaf. */
  readonly selection: SelectionSetNode | undefined;
  /** Whether nothing can be asked without it: a part of the key. */
  readonly isKey: boolean;
  /** The holder, if that is not the parent. */
  readonly from: EntityFetch | undefined;
}

/** The entries of all documents planned for one generation; a document's go with its nodes. */
export interface FieldPlans {
  get(node: FieldNode, typeName: string): FieldPlan | undefined;
  /** Adds to what is planned for the field already. */
  set(node: FieldNode, typeName: string, plan: FieldPlan): void;
}

export function createFieldPlans(): FieldPlans {
  const byNode = new WeakMap<FieldNode, Map<string, FieldPlan>>();
  return {
    get: (node, typeName) => byNode.get(node)?.get(typeName),
    set(node, typeName, plan) {
      const plans = byNode.get(node);
      if (plans === undefined) byNode.set(node, new Map([[typeName, plan]]));
      else plans.set(typeName, { ...plans.get(typeName), ...plan });
    },
  };
}

/** The document is beyond what fetches can say; the stitched schema takes it. The message says why. */
export class Unplannable extends Error {
  override readonly name = 'Unplannable';
}
