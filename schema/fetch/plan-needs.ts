import { type FieldNode, Kind, print, type SelectionSetNode } from 'graphql';
import { type EntityFetch, type Need, Unplannable } from './fetch-plan.ts';
import type { Place } from './place.ts';
import type { PlanScope } from './plan-scope.ts';
import { argumentKey } from './response-keys.ts';
import type { Route } from './routes.ts';
import { inAnswer, mergeSelections, needSelection, newFetch } from './selection-text.ts';

/** What entities are asked for by: keys and required fields, and where these come from. */
export class NeedPlanner {
  private readonly scope: PlanScope;

  constructor(scope: PlanScope) {
    this.scope = scope;
  }

  /** Adds to what a subgraph is asked of an entity; a merged type's call says where in its answer the object stands. */
  addPart(fetch: EntityFetch, typeName: string, text: string): void {
    const link = this.scope.mergeLink(fetch.source, typeName);
    if (link === undefined) fetch.parts.add(text);
    else if (this.scope.takesSelections(link)) fetch.parts.add(inAnswer(link, text));
  }

  entityFetch(typeName: string, route: Route, place: Place): EntityFetch {
    const isApart = route.key.selections.some(
      (node) => node.kind === Kind.FIELD && this.scope.mixedFields(place.source).has(`${typeName}.${node.name.value}`),
    );
    // Objects of different types are asked for together where the subgraph knows them by one interface.
    let name = entityName(route, isApart ? typeName : route.typeName);
    const { entities } = place.object;
    // What is needed first is planned first: it may well come from the same subgraph.
    const required = route.requires === undefined ? [] : this.needsOf(route.requires, typeName, place, false);
    const apart = ` ${route.requires === undefined ? '' : print(route.requires)}`;
    // What waits for another subgraph would let the other fields wait, and fail, too.
    const waits = required.some(({ from }) => from !== undefined);
    if (waits) name += apart;
    const keys = entities.get(name)?.types.has(typeName) === true ? [] : this.needsOf(route.key, typeName, place, true);
    const present = entities.get(name);
    if (!waits && present !== undefined && (conflicts(present, required) || waitsFor(required, present))) name += apart;
    let fetch = entities.get(name);
    if (fetch === undefined) {
      fetch = createEntityFetch(route.source, route.typeName);
      entities.set(name, fetch);
    }
    const isKnown = fetch.types.has(typeName);
    fetch.types.add(typeName);
    if (!isKnown) {
      const missing = keys.length > 0 ? keys : this.needsOf(route.key, typeName, place, true);
      this.addNeeds(fetch, missing, typeName);
    }
    this.addNeeds(fetch, required, typeName);
    return fetch;
  }

  /** Adds to what an entity is asked for by. */
  addNeeds(fetch: EntityFetch, needs: readonly Need[], typeName: string): void {
    for (const need of needs) {
      if (waitsFor([need], fetch)) throw new Unplannable(`needs ${typeName}.${need.name} to ask for it`);
      const known = fetch.needs.get(need.name);
      if (known === undefined) fetch.needs.set(need.name, need);
      else if (known.selection !== undefined && need.selection !== undefined)
        fetch.needs.set(need.name, { ...known, selection: mergeSelections(known.selection, need.selection) });
    }
  }

  /** The fields of a key, or required ones, of an object of the type. */
  needsOf(fields: SelectionSetNode, typeName: string, place: Place, isKey: boolean): readonly Need[] {
    return fields.selections.flatMap((node) => {
      if (node.kind === Kind.INLINE_FRAGMENT) {
        const condition = node.typeCondition?.name.value;
        const fits = condition === undefined || this.scope.isA(typeName, condition);
        return fits ? this.needsOf(node.selectionSet, typeName, place, isKey) : [];
      }
      return node.kind === Kind.FIELD && node.name.value !== '__typename'
        ? [this.need(node, typeName, place, isKey)]
        : [];
    });
  }

  /** Makes sure that a field of the object is fetched, and says where it will stand. */
  need(node: FieldNode, typeName: string, place: Place, isKey: boolean): Need {
    const { value: name } = node.name;
    const selection = node.selectionSet;
    if (this.scope.routes.has(place.source, typeName, node, place.provided)) {
      const upstream = this.scope.namesOf(place.source).field(typeName, name);
      const key =
        place.selects && this.scope.isAmbiguous(place, typeName, name)
          ? `skein_${typeName}_${argumentKey(node, upstream)}`
          : argumentKey(node, upstream);
      if (place.selects) {
        const text = this.needText(node, key, upstream);
        const isStatic =
          place.baseType === typeName || this.scope.routes.isInterfaceObject(place.source, place.baseType);
        place.object.base.add(
          isStatic ? text : `... on ${this.scope.namesOf(place.source).type(typeName)} { ${text} }`,
        );
      }
      const read = this.scope.readerOf(place.source, typeName, name);
      return { name, key, read, args: argumentsOf(node), selection, isKey, from: undefined };
    }
    const route = this.scope.routes
      .routesTo(place.source, typeName, name, place.provided)
      .find(
        ({ source }) =>
          this.scope.routes.has(
            source,
            typeName,
            { ...node, arguments: [] },
            this.scope.routes.fieldIn(source, typeName, name)?.provides,
          ) || node.selectionSet === undefined,
      );
    if (route === undefined)
      throw new Unplannable(`needs ${typeName}.${name}, which has no plain way from "${place.source}"`);
    const from = this.entityFetch(typeName, route, place);
    const upstream = this.scope.namesOf(from.source).field(typeName, name);
    const key = argumentKey(node, upstream);
    from.fields.add(upstream);
    addAsked(from, key, route);
    this.addPart(from, typeName, this.needText(node, key, upstream));
    const read = this.scope.readerOf(from.source, typeName, name);
    return { name, key, read, args: argumentsOf(node), selection, isKey, from };
  }

  private needText(node: FieldNode, key: string, upstream: string): string {
    const args =
      node.arguments === undefined || node.arguments.length === 0
        ? ''
        : `(${node.arguments.map((argument) => print(argument)).join(', ')})`;
    const alias = key === upstream ? '' : `${key}: `;
    const inner = node.selectionSet === undefined ? '' : ` ${needSelection(node.selectionSet)}`;
    return `${alias}${upstream}${args}${inner}`;
  }
}

export function createEntityFetch(source: string, typeName: string): EntityFetch {
  return { ...newFetch(source), typeName, needs: new Map(), types: new Set(), asked: new Map() };
}

/** Notes what a field of the answer requires; of one that several types have, all that any of them does. */
export function addAsked({ asked }: EntityFetch, key: string, { requires }: Route): void {
  asked.set(key, [...(asked.get(key) ?? []), ...(requires === undefined ? [] : namesIn(requires))]);
}

function namesIn({ selections }: SelectionSetNode): readonly string[] {
  return selections.flatMap((node) => {
    if (node.kind === Kind.FIELD) return [node.name.value];
    return node.kind === Kind.INLINE_FRAGMENT ? namesIn(node.selectionSet) : [];
  });
}

/** Whether a field is required with other arguments than the representation has it with already. */
function conflicts({ needs }: EntityFetch, required: readonly Need[]): boolean {
  return required.some(({ name, args }) => (needs.get(name)?.args ?? args) !== args);
}

/** Whether what is needed cannot be had before the fetch was made. */
function waitsFor(needs: readonly Need[], fetch: EntityFetch): boolean {
  const seen = new Set<EntityFetch>();
  const waits = (from: EntityFetch | undefined): boolean => {
    if (from === fetch) return true;
    if (from === undefined || seen.has(from)) return false;
    seen.add(from);
    return [...from.needs.values()].some((need) => waits(need.from));
  };
  return needs.some(({ from }) => waits(from));
}

function argumentsOf(node: FieldNode): string {
  return (node.arguments ?? []).map((argument) => print(argument)).join();
}

export function entityName(route: Route, typeName: string): string {
  return `${typeName} ${route.source}`;
}
