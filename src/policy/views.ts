import { isInterfaceType, isObjectType } from 'graphql';
import { LRUCache } from 'lru-cache';
import { SkeinError } from '../../kernel/errors.ts';
import { runInSlices, type Steps } from '../../kernel/steps.ts';
import type { Documents, PreparedDocument } from '../../schema/plan/documents.ts';
import type { Generation } from '../../schema/registry.ts';
import { createTurns } from '../control/turns.ts';
import type { Caller } from '../identity/caller.ts';
import {
  GIVEN_SOURCE,
  type GraphAccess,
  type GraphPlace,
  givenLinks,
  hasGiven,
  isGiven,
  mayUse,
} from './graph-access.ts';
import { prepareInView } from './view-documents.ts';
import { type VisibleSchema, visibleSchemaSteps } from './visible-schema.ts';

/** Of one graph: schemas of callers with different access, the fields of all of them, documents and their characters. */
const MAX_VIEWS = 1_000;
const MAX_FIELDS = 100_000;
const MAX_DOCUMENTS = 2_000;
const MAX_CHARACTERS = 8_000_000;

/** Of all graphs: requests that wait for a view. */
const MAX_WAITING = 10_000;

/** Undefined: the caller may use nothing. */
export type CallersDocuments = Pick<Documents, 'prepare'> | undefined;

export interface Views {
  /**
   * A promise where the view is to be made yet: that is done in slices, once for all that wait for it, and again when it
   * failed. It is given up when `isWanted` says no: there is another generation. Then it rejects with GRAPH_NOT_READY.
   * @throws SkeinError GRAPH_NOT_READY when too many wait
   */
  documentsFor(
    place: GraphPlace,
    caller: Caller,
    isWanted?: () => boolean,
  ): CallersDocuments | Promise<CallersDocuments>;
}

/** Of one graph with what is granted of it. */
interface Kept {
  readonly granted: GrantedFields;
  readonly seen: WeakMap<Caller, Seen>;
  readonly views: LRUCache<string, View>;
  readonly building: Map<string, Promise<View>>;
  /** By view and text. */
  readonly documents: LRUCache<string, PreparedDocument>;
}

/** What a caller may use. */
interface Seen {
  /** Equal for those that may use the same; undefined: all of it. */
  readonly key: string | undefined;
  /** Fields of the products of the tenant's own that the caller is held to, as they were: a view is made of one state. */
  readonly own: ReadonlyMap<string, ReadonlySet<string> | undefined>;
}

interface View {
  readonly size: number;
  /** Undefined: there is nothing in it. */
  readonly documents: CallersDocuments;
}

interface GrantedFields {
  /** Ids of products. To use all fields, a caller has one of each of these. */
  readonly products: readonly ReadonlySet<string>[];
  /** Whether there are fields of others that nobody was granted. */
  isMore(): boolean;
}

/**
 * Graphs as callers see them: what they may not use is not there, neither for introspection nor for mistakes. A view is
 * made once for all callers that may use the same, and a caller with other grants is another caller.
 */
export function createViews(): Views {
  const kept = new WeakMap<GraphAccess, WeakMap<Generation, Kept>>();
  const serials = createSerials();
  // Those under way have a slice each at every turn of the event loop, and no tenant more than one.
  const turns = createTurns({
    most: 2,
    mostOfOne: 1,
    mostWaitingOfOne: MAX_VIEWS,
    mostWaiting: MAX_WAITING,
    refuse: notReady,
  });
  let waiting = 0;
  let lastView = 0;

  const keptFor = ({ access, generation }: GraphPlace): Kept => {
    const ofAccess = kept.get(access) ?? new WeakMap<Generation, Kept>();
    kept.set(access, ofAccess);
    const known = ofAccess.get(generation) ?? createKept({ access, generation });
    ofAccess.set(generation, known);
    return known;
  };
  const seenBy = ({ access }: GraphPlace, { granted: { products, isMore } }: Kept, caller: Caller): Seen => {
    const usable = new Set<string>();
    for (const ids of products) for (const id of ids) if (mayUseProduct(caller, id)) usable.add(id);
    if (caller.products === undefined) {
      const lacksNone = products.every((ids) => [...ids].some((id) => usable.has(id)));
      return { key: lacksNone && !isMore() ? undefined : JSON.stringify([[...usable].sort(), null]), own: new Map() };
    }
    const own = new Map([...caller.products].sort().map((id) => [id, access.ownProduct(id, caller.tenant)]));
    const numbers = [...own.values()].map((fields) => (fields === undefined ? '' : serials.of(fields)));
    return { key: JSON.stringify([[...usable].sort(), numbers]), own };
  };
  const viewOf = (made: VisibleSchema | undefined, generation: Generation, all: Kept): View => {
    if (made === undefined) return { size: 0, documents: undefined };
    lastView += 1;
    const id = lastView;
    const prepare = (text: string): PreparedDocument => {
      const key = `${id} ${text}`;
      let prepared = all.documents.get(key);
      if (prepared === undefined) {
        prepared = prepareInView(text, generation.documents.prepare(text), made.schema);
        all.documents.set(key, prepared);
      }
      return prepared;
    };
    return { size: made.size, documents: { prepare } };
  };
  const build = async (
    key: string,
    { generation, access }: GraphPlace,
    caller: Caller,
    own: Seen['own'],
    isWanted: () => boolean,
  ): Promise<View> => {
    const all = keptFor({ generation, access });
    try {
      const asItWas = { generation, access: { granted: access.granted, ownProduct: (id: string) => own.get(id) } };
      const steps = () => visibleSchemaSteps(generation.schema, mayUse(asItWas, caller));
      const made = await turns.run(caller.tenant, () => runInSlices(whileWanted(steps, isWanted)));
      const view = viewOf(made, generation, all);
      all.views.set(key, view);
      return view;
    } finally {
      all.building.delete(key);
    }
  };
  const whenBuilt = async (building: Promise<View>): Promise<CallersDocuments> => {
    waiting += 1;
    try {
      return (await building).documents;
    } finally {
      waiting -= 1;
    }
  };

  return {
    documentsFor(place, caller, isWanted = always) {
      const all = keptFor(place);
      const seen = all.seen.get(caller) ?? seenBy(place, all, caller);
      all.seen.set(caller, seen);
      const { key, own } = seen;
      if (key === undefined) return place.generation.documents;
      const view = all.views.get(key);
      if (view !== undefined) return view.documents;
      if (waiting >= MAX_WAITING) throw notReady();
      let building = all.building.get(key);
      if (building === undefined) {
        building = build(key, place, caller, own, isWanted);
        all.building.set(key, building);
      }
      return whenBuilt(building);
    },
  };
}

const always = () => true;

function notReady(): SkeinError {
  return new SkeinError('GRAPH_NOT_READY');
}

function* whileWanted<T>(begin: () => Steps<T>, isWanted: () => boolean): Steps<T> {
  // Its turn may have come late.
  if (!isWanted()) throw notReady();
  const steps = begin();
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    yield;
    if (!isWanted()) throw notReady();
  }
}

function createKept({ access, generation }: GraphPlace): Kept {
  return {
    granted: grantedFields({ access, generation }),
    seen: new WeakMap(),
    building: new Map(),
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

const productsOf = new WeakMap<GraphAccess, GrantedFields['products']>();

function grantedFields({ access, generation }: GraphPlace): GrantedFields {
  let more: boolean | undefined;
  return {
    products: productsOf.get(access) ?? readProducts(access),
    isMore() {
      more ??= hasMore({ access, generation });
      return more;
    },
  };
}

function readProducts(access: GraphAccess): GrantedFields['products'] {
  const sets = new Map<string, ReadonlySet<string>>();
  for (const products of access.granted.values()) {
    const ids = products.map(({ id }) => id);
    const name = ids.join();
    if (!sets.has(name)) sets.set(name, new Set(ids));
  }
  const read = [...sets.values()];
  productsOf.set(access, read);
  return read;
}

function hasMore({ access, generation }: GraphPlace): boolean {
  const isNobodys = (field: string) => isGiven(field, generation) && !access.granted.has(field);
  if ([...givenLinks(generation).values()].some((called) => [...called].some(isNobodys))) return true;
  if (!hasGiven(generation)) return false;
  const { schema, composition } = generation;
  const { types, rootFields } = composition.ownership;
  const isIn = (typeName: string, name: string) => {
    const type = schema.getType(typeName);
    return isObjectType(type) && Object.hasOwn(type.getFields(), name);
  };
  for (const coordinate of rootFields.keys()) {
    const [typeName = '', name = ''] = coordinate.split('.');
    if (isNobodys(coordinate) && isIn(typeName, name)) return true;
  }
  for (const [typeName, owner] of types) {
    if (!owner.startsWith(GIVEN_SOURCE)) continue;
    const type = schema.getType(typeName);
    if (!isObjectType(type) && !isInterfaceType(type)) continue;
    for (const name in type.getFields()) if (isNobodys(`${typeName}.${name}`)) return true;
  }
  return false;
}

function mayUseProduct({ products, grants }: Caller, id: string): boolean {
  return grants.has(id) && (products === undefined || products.has(id));
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
