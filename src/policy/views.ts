import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  isInterfaceType,
  isObjectType,
  Kind,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import type { Documents, PreparedDocument } from '../../schema/plan/documents.ts';
import type { Plan } from '../../schema/plan/plan.ts';
import type { Generation } from '../../schema/registry.ts';
import type { Caller } from '../identity/caller.ts';
import { type GraphAccess, type GraphPlace, givenLinks, isGiven, mayUse } from './graph-access.ts';
import { introspectionInside, mayIntrospect, withIntrospection } from './introspection.ts';
import { createVisibleSchema } from './visible-schema.ts';

/** Of one graph: schemas of callers with different access, the fields of all of them, documents and their characters. */
const MAX_VIEWS = 1_000;
const MAX_FIELDS = 100_000;
const MAX_DOCUMENTS = 2_000;
const MAX_CHARACTERS = 8_000_000;

const INVALID = 'GRAPHQL_VALIDATION_FAILED';

export interface Views {
  /** Undefined: the caller may use nothing. */
  documentsFor(place: GraphPlace, caller: Caller): Pick<Documents, 'prepare'> | undefined;
}

/** Of one graph with what is granted of it. */
interface Kept {
  readonly granted: GrantedFields;
  /** What callers may use, as text that is equal for those that may use the same; undefined: all of it. */
  readonly keys: WeakMap<Caller, { readonly key: string | undefined }>;
  readonly views: LRUCache<string, View>;
  /** By view and text. */
  readonly documents: LRUCache<string, PreparedDocument>;
}

interface View {
  readonly size: number;
  /** Undefined: there is nothing in it. */
  readonly documents: Pick<Documents, 'prepare'> | undefined;
}

interface GrantedFields {
  /** Ids of products. To use all fields, a caller has one of each of these. */
  readonly products: readonly ReadonlySet<string>[];
  /** There are fields of others that nobody was granted. */
  readonly isMore: boolean;
}

/**
 * Graphs as callers see them: what they may not use is not there, neither for introspection nor for mistakes. A view is
 * made once for all callers that may use the same, and a caller with other grants is another caller.
 */
export function createViews(): Views {
  const kept = new WeakMap<GraphAccess, WeakMap<Generation, Kept>>();
  const serials = createSerials();
  let lastView = 0;

  const keptFor = ({ access, generation }: GraphPlace): Kept => {
    const ofAccess = kept.get(access) ?? new WeakMap<Generation, Kept>();
    kept.set(access, ofAccess);
    const known = ofAccess.get(generation) ?? createKept({ access, generation });
    ofAccess.set(generation, known);
    return known;
  };
  const keyOf = ({ access }: GraphPlace, { granted: { products, isMore } }: Kept, caller: Caller) => {
    const usable = new Set<string>();
    for (const ids of products) for (const id of ids) if (mayUseProduct(caller, id)) usable.add(id);
    if (caller.products === undefined) {
      const lacksNone = products.every((ids) => [...ids].some((id) => usable.has(id)));
      if (lacksNone && !isMore) return undefined;
    }
    const own = [...(caller.products ?? [])].sort().map((id) => {
      const fields = access.ownProduct(id, caller.tenant);
      return fields === undefined ? '' : serials.of(fields);
    });
    return JSON.stringify([[...usable].sort(), caller.products === undefined ? null : own]);
  };
  const makeView = (place: GraphPlace, { documents }: Kept, caller: Caller): View => {
    const made = createVisibleSchema(place.generation.schema, mayUse(place, caller));
    if (made === undefined) return { size: 0, documents: undefined };
    lastView += 1;
    const id = lastView;
    const prepare = (text: string): PreparedDocument => {
      const key = `${id} ${text}`;
      let prepared = documents.get(key);
      if (prepared === undefined) {
        prepared = prepareDocument(text, place.generation.documents.prepare(text), made.schema);
        documents.set(key, prepared);
      }
      return prepared;
    };
    return { size: made.size, documents: { prepare } };
  };

  return {
    documentsFor(place, caller) {
      const all = keptFor(place);
      let known = all.keys.get(caller);
      if (known === undefined) {
        known = { key: keyOf(place, all, caller) };
        all.keys.set(caller, known);
      }
      if (known.key === undefined) return place.generation.documents;
      let view = all.views.get(known.key);
      if (view === undefined) {
        view = makeView(place, all, caller);
        all.views.set(known.key, view);
      }
      return view.documents;
    },
  };
}

function createKept({ access, generation }: GraphPlace): Kept {
  return {
    granted: grantedFields({ access, generation }),
    keys: new WeakMap(),
    views: new LRUCache({
      max: MAX_VIEWS,
      maxSize: MAX_FIELDS,
      sizeCalculation: ({ size }) => Math.min(MAX_FIELDS, 1 + size),
    }),
    documents: new LRUCache({
      max: MAX_DOCUMENTS,
      maxSize: MAX_CHARACTERS,
      sizeCalculation: (_prepared, key) => key.length,
    }),
  };
}

function grantedFields({ access, generation }: GraphPlace): GrantedFields {
  const sets = new Map<string, ReadonlySet<string>>();
  for (const products of access.granted.values()) {
    const ids = products.map(({ id }) => id);
    sets.set(ids.join(), new Set(ids));
  }
  const isNobodys = (field: string) => isGiven(field, generation) && !access.granted.has(field);
  const isMore =
    [...givenLinks(generation).values()].some((called) => [...called].some(isNobodys)) ||
    Object.values(generation.schema.getTypeMap()).some(
      (type) =>
        (isObjectType(type) || isInterfaceType(type)) &&
        Object.keys(type.getFields()).some((name) => isNobodys(`${type.name}.${name}`)),
    );
  return { products: [...sets.values()], isMore };
}

function mayUseProduct({ products, grants }: Caller, id: string): boolean {
  return grants.has(id) && (products === undefined || products.has(id));
}

/** `prepared` is what the whole graph says of the document; of its mistakes, those that name fields are not told. */
function prepareDocument(text: string, prepared: PreparedDocument, schema: GraphQLSchema): PreparedDocument {
  const beyond = prepared.errors?.filter(({ extensions }) => extensions.code !== INVALID) ?? [];
  if (prepared.errors !== undefined && beyond.length === prepared.errors.length) return prepared;
  const document: DocumentNode = prepared.errors === undefined ? prepared.document : parse(text);
  const asks = mayIntrospect(text);
  const inside = asks ? introspectionInside(document) : undefined;
  const mistakes = [
    ...validate(schema, document, specifiedRules, { maxErrors: 20 }),
    ...missingRoots(document, schema),
    ...(inside === undefined ? [] : [inside]),
  ];
  if (mistakes.length > 0 || prepared.errors !== undefined) {
    const told = mistakes.length > 0 ? mistakes : [new GraphQLError('There is nothing to query.')];
    return { errors: [...told.map(invalid), ...beyond] };
  }
  if (!asks) return prepared;
  const plans = new WeakMap<Plan, Plan>();
  return {
    ...prepared,
    plan(operationName) {
      const plan = prepared.plan(operationName);
      const known = plans.get(plan) ?? withIntrospection(plan, schema);
      plans.set(plan, known);
      return known;
    },
  };
}

/** Validation takes whatever is asked of a root type that is not there. */
function missingRoots({ definitions }: DocumentNode, schema: GraphQLSchema): readonly GraphQLError[] {
  return definitions.flatMap((node) => {
    if (node.kind !== Kind.OPERATION_DEFINITION || schema.getRootType(node.operation) != null) return [];
    return [new GraphQLError(`Schema is not configured to execute ${node.operation} operation.`, { nodes: node })];
  });
}

function invalid(error: GraphQLError): GraphQLError {
  const { message, nodes, source, positions, path } = error;
  const places = { nodes: nodes ?? null, source: source ?? null, positions: positions ?? null, path: path ?? null };
  return new GraphQLError(message, { ...places, extensions: { code: INVALID } });
}

/** Numbers for objects: the same as long as it is the same object. */
function createSerials() {
  const known = new WeakMap<object, number>();
  let last = 0;
  return {
    of(object: object): number {
      let serial = known.get(object);
      if (serial === undefined) {
        last += 1;
        serial = last;
        known.set(object, serial);
      }
      return serial;
    },
  };
}
