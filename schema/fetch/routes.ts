import {
  type FieldNode,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  isUnionType,
  Kind,
  type SelectionSetNode,
} from 'graphql';
import { withDeclaredFields } from '../federation/declared-fields.ts';
import type { FieldInSubgraph, Supergraph } from '../federation/supergraph.ts';
import type { Merge } from '../merges.ts';
import type { Ownership } from '../ownership.ts';
import { createRouteCosts, type Offer, type RouteCosts } from './route-costs.ts';

/** How a field that its parent's source does not have is reached from there. */
export interface Route {
  readonly source: string;
  /** What the entity is called there: the object type, or the interface that is an object there. */
  readonly typeName: string;
  readonly key: SelectionSetNode;
  readonly requires: SelectionSetNode | undefined;
  /** How many fetches stand before and including the one that has the field. */
  readonly cost: number;
}

/** Where the fields of a graph can be had. `labels` are the progressive overrides that are active. */
export interface Routes {
  /** The field as a source resolves it on a type, or undefined where it does not. */
  fieldIn(source: string, typeName: string, fieldName: string): FieldInSubgraph | undefined;
  /** Ways to the field for an object that came from `source`, one for each subgraph that has it, the shortest first. */
  routesTo(
    source: string,
    typeName: string,
    fieldName: string,
    provided: SelectionSetNode | undefined,
  ): readonly Route[];
  /** Whether the source itself gives all of the selection on an object it returned. */
  has(source: string, typeName: string, node: FieldNode, provided: SelectionSetNode | undefined): boolean;
  /** Name of the type of a field as the source has it. */
  typeOf(source: string, typeName: string, fieldName: string): string | undefined;
  /** The object types that a composite type stands for at the source; of an interface object, those of the graph. */
  possibleTypes(source: string, typeName: string): readonly string[];
  /** Whether the source has the interface as an object. */
  isInterfaceObject(source: string, typeName: string): boolean;
  /** A source that can tell which type an interface object is, with the key to ask it by. */
  typeTeller(typeName: string, source: string): { readonly source: string; readonly key: SelectionSetNode } | undefined;
  schemaOf(source: string): GraphQLSchema;
}

const OWN: FieldInSubgraph = {
  external: false,
  requires: undefined,
  provides: undefined,
  override: undefined,
  overrideLabel: undefined,
};
const NONE: readonly Route[] = [];

export function createRoutes(
  ownership: Ownership,
  merges: ReadonlyMap<string, Merge>,
  composed: Supergraph | undefined,
  isActive: (label: string) => boolean,
): Routes {
  const federated = ownership.federated;
  const supergraph = composed === undefined ? undefined : declaredIn(composed, ownership);
  const known = new Map<string, readonly Route[]>();
  const costs = new Map<string, RouteCosts>();
  const costsOfProvided = new WeakMap<SelectionSetNode, Map<string, RouteCosts>>();
  const possible = new Map<string, readonly string[]>();

  const schemaOf = (source: string) => {
    const owned = ownership.sources.get(source);
    if (owned === undefined) throw new Error(`no source ${source}`);
    return owned.schema;
  };

  /** The type itself, or the interface by which the source knows its objects. */
  function typeIn(source: string, typeName: string): string | undefined {
    const type = supergraph?.types.get(typeName);
    if (type === undefined) return undefined;
    if (type.subgraphs.has(source)) return typeName;
    return type.interfaces.find(
      (name) => supergraph?.types.get(name)?.subgraphs.get(source)?.isInterfaceObject === true,
    );
  }

  function entryIn(source: string, typeName: string, fieldName: string): FieldInSubgraph | undefined {
    const known = typeIn(source, typeName);
    const entry =
      known === undefined ? undefined : supergraph?.types.get(known)?.fields.get(fieldName)?.subgraphs.get(source);
    if (entry === undefined || known === undefined) return undefined;
    if (entry.overrideLabel !== undefined && entry.override !== undefined)
      return isActive(entry.overrideLabel) ? entry : undefined;
    if (entry.overrideLabel !== undefined) return isActive(entry.overrideLabel) ? undefined : entry;
    return entry;
  }

  function fieldIn(source: string, typeName: string, fieldName: string): FieldInSubgraph | undefined {
    if (!federated.has(source)) {
      const type = schemaOf(source).getType(typeName);
      return (isObjectType(type) || isInterfaceType(type)) && type.getFields()[fieldName] !== undefined
        ? OWN
        : undefined;
    }
    return entryIn(source, typeName, fieldName);
  }

  /** Whether a source that returned an object gives the field on it, without being asked for the entity. */
  function isHere(
    source: string,
    typeName: string,
    fieldName: string,
    provided: SelectionSetNode | undefined,
  ): boolean {
    if (fieldName === '__typename') return true;
    const entry = fieldIn(source, typeName, fieldName);
    if (entry === undefined) return false;
    if (!federated.has(source)) return true;
    if (entry.requires !== undefined) return false;
    return !entry.external || (provided !== undefined && providedField(provided, fieldName, typeName) !== undefined);
  }

  function typeOf(source: string, typeName: string, fieldName: string): string | undefined {
    const type = schemaOf(source).getType(federated.has(source) ? (typeIn(source, typeName) ?? typeName) : typeName);
    const field = isObjectType(type) || isInterfaceType(type) ? type.getFields()[fieldName] : undefined;
    return field === undefined ? undefined : getNamedType(field.type).name;
  }

  function has(source: string, typeName: string, node: FieldNode, provided: SelectionSetNode | undefined): boolean {
    if (!isHere(source, typeName, node.name.value, provided)) return false;
    if (node.selectionSet === undefined) return true;
    const result = typeOf(source, typeName, node.name.value);
    if (result === undefined || !isCompositeType(schemaOf(source).getType(result))) return false;
    const entry = fieldIn(source, typeName, node.name.value);
    const below = provided === undefined ? undefined : providedField(provided, node.name.value, typeName)?.selectionSet;
    return hasAll(source, result, node.selectionSet, below ?? entry?.provides);
  }

  function hasAll(
    source: string,
    typeName: string,
    set: SelectionSetNode,
    provided: SelectionSetNode | undefined,
  ): boolean {
    return set.selections.every((node) => {
      if (node.kind === Kind.FIELD) {
        const schema = schemaOf(source);
        const type = schema.getType(typeName);
        const types = isObjectType(type) ? [typeName] : possibleTypes(source, typeName);
        return types.every((name) => has(source, name, node, provided));
      }
      if (node.kind !== Kind.INLINE_FRAGMENT) return false;
      const condition = node.typeCondition?.name.value ?? typeName;
      return (
        schemaOf(source).getType(condition) === undefined || hasAll(source, condition, node.selectionSet, provided)
      );
    });
  }

  function possibleTypes(source: string, typeName: string): readonly string[] {
    const name = `${source} ${typeName}`;
    let types = possible.get(name);
    if (types === undefined) {
      types = findPossibleTypes(source, typeName);
      possible.set(name, types);
    }
    return types;
  }

  function findPossibleTypes(source: string, typeName: string): readonly string[] {
    if (isInterfaceObject(source, typeName)) {
      return [...(supergraph?.types.values() ?? [])]
        .filter((type) => type.kind === 'object' && type.interfaces.includes(typeName))
        .map(({ name }) => name);
    }
    const schema = schemaOf(source);
    const type = schema.getType(typeName);
    if (isUnionType(type) || isInterfaceType(type)) return schema.getPossibleTypes(type).map(({ name }) => name);
    return isObjectType(type) ? [typeName] : [];
  }

  function isInterfaceObject(source: string, typeName: string): boolean {
    return supergraph?.types.get(typeName)?.subgraphs.get(source)?.isInterfaceObject ?? false;
  }

  function routesTo(
    source: string,
    typeName: string,
    fieldName: string,
    provided: SelectionSetNode | undefined,
  ): readonly Route[] {
    if (supergraph === undefined || !(federated.has(source) || merges.has(typeName))) return NONE;
    if (provided !== undefined) return find(source, typeName, fieldName, provided);
    const name = `${source} ${typeName}.${fieldName}`;
    let routes = known.get(name);
    if (routes === undefined) {
      routes = find(source, typeName, fieldName, undefined);
      known.set(name, routes);
    }
    return routes;
  }

  /** Sources that can be asked for objects of a type by their key. */
  function askable(typeName: string): readonly string[] {
    const merged = [...(merges.get(typeName)?.sources ?? [])].flatMap(([name, link]) =>
      link === undefined ? [] : [name],
    );
    return [...federated, ...merged];
  }

  function find(
    source: string,
    typeName: string,
    fieldName: string,
    provided: SelectionSetNode | undefined,
  ): readonly Route[] {
    const costs = costsFrom(source, typeName, provided);
    const routes: Route[] = [];
    for (const { target, requires } of offersOf(source, typeName, fieldName)) {
      const required = requires === undefined ? 0 : costs.costOf(requires);
      const cheapest = required === Number.POSITIVE_INFINITY ? undefined : costs.cheapestKey(target);
      if (cheapest === undefined) continue;
      const { key, cost } = cheapest;
      routes.push({ source: target, typeName: nameIn(target, typeName), key, requires, cost: cost + required + 1 });
    }
    return routes.sort((a, b) => a.cost - b.cost);
  }

  /** Subgraphs, but for the one an object came from, that resolve a field of an entity. */
  function offersOf(source: string, typeName: string, fieldName: string): readonly Offer[] {
    return askable(typeName).flatMap((target) => {
      const entry = fieldIn(target, typeName, fieldName);
      if (entry === undefined || entry.external) return [];
      // What it has not given already, it does not give when it is asked again.
      if (target === source && entry.requires === undefined) return [];
      return [{ target, requires: entry.requires }];
    });
  }

  function nameIn(target: string, typeName: string): string {
    return federated.has(target) ? (typeIn(target, typeName) ?? typeName) : typeName;
  }

  function costsFrom(source: string, typeName: string, provided: SelectionSetNode | undefined): RouteCosts {
    const byPlace = provided === undefined ? costs : (costsOfProvided.get(provided) ?? new Map<string, RouteCosts>());
    if (provided !== undefined) costsOfProvided.set(provided, byPlace);
    const place = `${source} ${typeName}`;
    let known = byPlace.get(place);
    if (known === undefined) {
      known = createRouteCosts({
        typeName,
        keysOf: (target) => supergraph?.types.get(nameIn(target, typeName))?.subgraphs.get(target)?.keys ?? [],
        isHere: (node) => has(source, typeName, node, provided),
        offers: (node) =>
          offersOf(source, typeName, node.name.value).filter(({ target }) => canTake(target, typeName, node)),
      });
      byPlace.set(place, known);
    }
    return known;
  }

  /** What is required below a field must come with it in one fetch. */
  function canTake(target: string, typeName: string, node: FieldNode): boolean {
    if (node.selectionSet === undefined) return true;
    const result = typeOf(target, typeName, node.name.value);
    const provides = fieldIn(target, typeName, node.name.value)?.provides;
    return result !== undefined && hasAll(target, result, node.selectionSet, provides);
  }

  return {
    fieldIn: (source, typeName, fieldName) => fieldIn(source, typeName, fieldName),
    routesTo,
    has,
    typeOf,
    possibleTypes,
    isInterfaceObject,
    typeTeller(typeName, source) {
      for (const [name, { keys, isInterfaceObject: isObject }] of supergraph?.types.get(typeName)?.subgraphs ?? []) {
        if (isObject || possibleTypes(name, typeName).length === 0) continue;
        const key = keys.find(
          (candidate) => hasAll(source, typeName, candidate, undefined) || keyIsHere(source, typeName, candidate),
        );
        if (key !== undefined) return { source: name, key };
      }
      return undefined;
    },
    schemaOf,
  };

  function keyIsHere(source: string, typeName: string, key: SelectionSetNode): boolean {
    return key.selections.every(
      (node) => node.kind === Kind.FIELD && isHere(source, typeName, node.name.value, undefined),
    );
  }
}

const withDeclared = new WeakMap<Supergraph, Supergraph>();

function declaredIn(composed: Supergraph, { sources }: Ownership): Supergraph {
  let supergraph = withDeclared.get(composed);
  if (supergraph === undefined) {
    supergraph = withDeclaredFields(
      composed,
      [...sources.values()].map(({ source }) => source),
    );
    withDeclared.set(composed, supergraph);
  }
  return supergraph;
}

/** The node of a `@provides` selection for a field, through the fragments that fit the type. */
export function providedField(provided: SelectionSetNode, fieldName: string, typeName: string): FieldNode | undefined {
  for (const node of provided.selections) {
    if (node.kind === Kind.FIELD && node.name.value === fieldName) return node;
    if (node.kind !== Kind.INLINE_FRAGMENT) continue;
    if (node.typeCondition !== undefined && node.typeCondition.name.value !== typeName) continue;
    const found = providedField(node.selectionSet, fieldName, typeName);
    if (found !== undefined) return found;
  }
  return undefined;
}
