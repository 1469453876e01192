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
    const present = place.entities.get(name);
    if (present !== undefined && route.requires !== undefined && this.conflicts(present, route.requires))
      name += ` ${print(route.requires)}`;
    let fetch = place.entities.get(name);
    if (fetch === undefined) {
      fetch = { ...newFetch(route.source), typeName: route.typeName, needs: new Map(), types: new Set() };
      place.entities.set(name, fetch);
    }
    if (!fetch.types.has(typeName)) {
      fetch.types.add(typeName);
      this.addNeeds(fetch, route.key, typeName, place, true);
    }
    if (route.requires !== undefined) this.addNeeds(fetch, route.requires, typeName, place, false);
    return fetch;
  }

  /** Whether a field is required with other arguments than the representation has it with already. */
  private conflicts({ needs }: EntityFetch, requires: SelectionSetNode): boolean {
    return requires.selections.some((node) => {
      const known = node.kind === Kind.FIELD ? needs.get(node.name.value) : undefined;
      return known !== undefined && node.kind === Kind.FIELD && known.args !== argumentsOf(node);
    });
  }

  addNeeds(fetch: EntityFetch, fields: SelectionSetNode, typeName: string, place: Place, isKey: boolean): void {
    for (const node of fields.selections) {
      if (node.kind === Kind.INLINE_FRAGMENT) {
        const condition = node.typeCondition?.name.value;
        if (condition === undefined || this.scope.isA(typeName, condition))
          this.addNeeds(fetch, node.selectionSet, typeName, place, isKey);
      } else if (node.kind === Kind.FIELD && node.name.value !== '__typename') {
        const need = this.need(node, typeName, place, isKey);
        if (need.from === fetch) throw new Unplannable(`needs ${typeName}.${node.name.value} to ask for it`);
        const known = fetch.needs.get(need.name);
        if (known === undefined) fetch.needs.set(need.name, need);
        else if (known.selection !== undefined && need.selection !== undefined)
          fetch.needs.set(need.name, { ...known, selection: mergeSelections(known.selection, need.selection) });
      }
    }
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
        place.base.add(isStatic ? text : `... on ${this.scope.namesOf(place.source).type(typeName)} { ${text} }`);
      }
      return { name, key, args: argumentsOf(node), selection, isKey, from: undefined };
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
    this.addPart(from, typeName, this.needText(node, key, upstream));
    return { name, key, args: argumentsOf(node), selection, isKey, from };
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

function argumentsOf(node: FieldNode): string {
  return (node.arguments ?? []).map((argument) => print(argument)).join();
}

export function entityName(route: Route, typeName: string): string {
  return `${typeName} ${route.source}`;
}
