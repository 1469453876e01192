import { type FieldNode, Kind, type SelectionSetNode } from 'graphql';
import type { PlanScope } from './plan-scope.ts';
import { providedField } from './routes.ts';

/** Whether what is selected can be had, before anything is written. */
export class Reach {
  private readonly scope: PlanScope;
  /** What was found below a node, by source and type of its objects. */
  private readonly found = new Map<FieldNode, Map<string, boolean>>();
  private readonly provisions = new Map<SelectionSetNode | undefined, number>();

  constructor(scope: PlanScope) {
    this.scope = scope;
  }

  /** Whether everything below a field can be had when this source answers it. */
  canPlanBelow(source: string, typeName: string, node: FieldNode, provided: SelectionSetNode | undefined): boolean {
    if (node.selectionSet === undefined || !this.scope.deps.composition.ownership.federated.has(source)) return true;
    const result = this.scope.routes.typeOf(source, typeName, node.name.value);
    if (result === undefined) return false;
    const below = provided === undefined ? undefined : providedField(provided, node.name.value, typeName)?.selectionSet;
    const provides = below ?? this.scope.routes.fieldIn(source, typeName, node.name.value)?.provides;
    let found = this.found.get(node);
    if (found === undefined) {
      found = new Map();
      this.found.set(node, found);
    }
    const number = this.provisions.get(provides) ?? this.provisions.size;
    this.provisions.set(provides, number);
    const name = `${source} ${result} ${number}`;
    let can = found.get(name);
    if (can === undefined) {
      can = this.canPlan(source, this.scope.routes.possibleTypes(source, result), node.selectionSet, provides);
      found.set(name, can);
    }
    return can;
  }

  private canPlan(
    source: string,
    types: readonly string[],
    set: SelectionSetNode,
    provided: SelectionSetNode | undefined,
  ): boolean {
    return set.selections.every((node) => {
      if (node.kind === Kind.INLINE_FRAGMENT) {
        const condition = node.typeCondition?.name.value;
        const narrowed = condition === undefined ? types : types.filter((type) => this.scope.isA(type, condition));
        return this.canPlan(source, narrowed, node.selectionSet, provided);
      }
      if (node.kind !== Kind.FIELD || node.name.value.startsWith('__')) return true;
      return types.every((type) => {
        this.scope.spend();
        if (this.scope.links.has(`${type}.${node.name.value}`)) return true;
        const bare: FieldNode = { kind: Kind.FIELD, name: node.name };
        if (this.scope.routes.has(source, type, bare, provided) && this.canPlanBelow(source, type, node, provided))
          return true;
        return this.scope.routes
          .routesTo(source, type, node.name.value, provided)
          .some((route) => this.canPlanBelow(route.source, type, node, undefined));
      });
    });
  }

  /** How many fields below a field others must be asked for when this source answers it. */
  missing(source: string, typeName: string, node: FieldNode, provided: SelectionSetNode | undefined): number {
    const { routes } = this.scope;
    const result = routes.typeOf(source, typeName, node.name.value);
    if (node.selectionSet === undefined || result === undefined) return 0;
    const below = provided === undefined ? undefined : providedField(provided, node.name.value, typeName)?.selectionSet;
    const provides = below ?? routes.fieldIn(source, typeName, node.name.value)?.provides;
    return this.missingOf(source, routes.possibleTypes(source, result), node.selectionSet, provides);
  }

  private missingOf(
    source: string,
    types: readonly string[],
    set: SelectionSetNode,
    provided: SelectionSetNode | undefined,
  ): number {
    let count = 0;
    for (const node of set.selections) {
      if (node.kind === Kind.INLINE_FRAGMENT) {
        const condition = node.typeCondition?.name.value;
        const narrowed = condition === undefined ? types : types.filter((type) => this.scope.isA(type, condition));
        count += this.missingOf(source, narrowed, node.selectionSet, provided);
      } else if (node.kind === Kind.FIELD && !node.name.value.startsWith('__')) {
        const bare: FieldNode = { kind: Kind.FIELD, name: node.name };
        const [lacking] = types.filter((type) => !this.scope.routes.has(source, type, bare, provided));
        const [first] = types;
        if (lacking !== undefined) count += 1;
        else if (first !== undefined) count += this.missing(source, first, node, provided);
      }
    }
    return count;
  }
}
