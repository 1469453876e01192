import type { FieldNode, SelectionSetNode } from 'graphql';
import type { EntityFetch, Fetch } from './fetch-plan.ts';

/** The place of an object in a document: where it came from, and what is written for that source below it. */
export interface Place {
  readonly source: string;
  /** Whether the source takes selections; others give their objects whole. */
  readonly selects: boolean;
  /** What the text is written on, in the graph's words. */
  readonly staticType: string;
  /** The object types that may stand here. */
  readonly types: readonly string[];
  /** Whether each field must say which of the types it is for. */
  readonly guarded: boolean;
  readonly provided: SelectionSetNode | undefined;
  /** Conditions around it: `@include(if: $a)`. */
  readonly conditions: readonly string[];
  /** The type that `base` is written on, whatever fragments are around. */
  readonly baseType: string;
  readonly fetch: Fetch;
  readonly object: PlannedObject;
}

/** What is known of the object itself: all selections of one object share it, wherever in the document they stand. */
export interface PlannedObject {
  /** What is needed beside the client's own selection goes here, without conditions. */
  readonly base: Set<string>;
  readonly entities: Map<string, EntityFetch>;
  /** The objects behind its fields. */
  readonly below: Map<string, PlannedObject>;
  /** What a field's selection says of this object, as it was written. */
  readonly texts: Map<FieldNode, { readonly fetch: Fetch; readonly text: string }>;
  /** Who answers a field, by type, response key and arguments: the place's own source, or a fetch. */
  readonly answers: Map<string, 'own' | EntityFetch>;
}

export function createObject(): PlannedObject {
  return { base: new Set(), entities: new Map(), below: new Map(), texts: new Map(), answers: new Map() };
}

/** The object behind a field of another. */
export function objectBelow(parent: PlannedObject, name: string): PlannedObject {
  let object = parent.below.get(name);
  if (object === undefined) {
    object = createObject();
    parent.below.set(name, object);
  }
  return object;
}

/** A place where a source's objects of the given types stand, with nothing around it. */
export function createPlace(
  source: string,
  staticType: string,
  types: readonly string[],
  fetch: Fetch,
  object: PlannedObject,
): Place {
  return {
    source,
    selects: true,
    staticType,
    baseType: staticType,
    types,
    guarded: false,
    provided: undefined,
    conditions: [],
    fetch,
    object,
  };
}
