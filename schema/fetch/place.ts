import type { SelectionSetNode } from 'graphql';
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
  /** What is needed beside the client's own selection goes here, without conditions. */
  readonly base: Set<string>;
  readonly fetch: Fetch;
  readonly entities: Map<string, EntityFetch>;
}

/** A place where a source's objects of the given types stand, with nothing around it. */
export function createPlace(source: string, staticType: string, types: readonly string[], fetch: Fetch): Place {
  return {
    source,
    selects: true,
    staticType,
    baseType: staticType,
    types,
    guarded: false,
    provided: undefined,
    conditions: [],
    base: new Set(),
    fetch,
    entities: new Map(),
  };
}
