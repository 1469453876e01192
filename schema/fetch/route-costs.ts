import { type FieldNode, Kind, print, type SelectionSetNode } from 'graphql';

/** What is known of the subgraphs that can be asked for the entities of one type. */
export interface CostDeps {
  readonly typeName: string;
  /** Keys by which a subgraph can be asked. */
  keysOf(target: string): readonly SelectionSetNode[];
  /** Whether the object has all of the field already. */
  isHere(node: FieldNode): boolean;
  /** Subgraphs that resolve all of the field, with what they require for it. */
  offers(node: FieldNode): readonly Offer[];
}

export interface Offer {
  readonly target: string;
  readonly requires: SelectionSetNode | undefined;
}

export interface RouteCosts {
  /** Fetches that are needed before all of the fields are there; Infinity when they cannot be had. */
  costOf(fields: SelectionSetNode): number;
  /** The key by which a subgraph is asked with the fewest fetches before it. */
  cheapestKey(target: string): { readonly key: SelectionSetNode; readonly cost: number } | undefined;
}

interface FieldCost {
  cost: number;
  readonly offers: readonly Offer[];
}

/**
 * How far things are from one place: the fewest fetches for each key and field that may be needed on the way. Keys wait
 * for fields and fields for keys, so costs start at infinity and fall until none falls any more: what is left needs
 * nothing but what costs less.
 */
export function createRouteCosts(deps: CostDeps): RouteCosts {
  const fields = new Map<string, FieldCost>();
  const targets = new Map<string, number>();
  const texts = new WeakMap<FieldNode, string>();
  let isSettled = true;

  function textOf(node: FieldNode): string {
    let text = texts.get(node);
    if (text === undefined) {
      text = print(node);
      texts.set(node, text);
    }
    return text;
  }

  function nodesOf({ selections }: SelectionSetNode): FieldNode[] {
    return selections.flatMap((node) => {
      if (node.kind === Kind.FIELD) return node.name.value === '__typename' ? [] : [node];
      if (node.kind !== Kind.INLINE_FRAGMENT) return [];
      const fits = node.typeCondition === undefined || node.typeCondition.name.value === deps.typeName;
      return fits ? nodesOf(node.selectionSet) : [];
    });
  }

  function add(set: SelectionSetNode): void {
    for (const node of nodesOf(set)) {
      const text = textOf(node);
      if (fields.has(text)) continue;
      isSettled = false;
      const isHere = deps.isHere(node);
      const offers = isHere ? [] : deps.offers(node);
      fields.set(text, { cost: isHere ? 0 : Number.POSITIVE_INFINITY, offers });
      for (const { target, requires } of offers) {
        addTarget(target);
        if (requires !== undefined) add(requires);
      }
    }
  }

  function addTarget(target: string): void {
    if (targets.has(target)) return;
    isSettled = false;
    targets.set(target, Number.POSITIVE_INFINITY);
    for (const key of deps.keysOf(target)) add(key);
  }

  const sum = (set: SelectionSetNode): number =>
    nodesOf(set).reduce((cost, node) => cost + (fields.get(textOf(node))?.cost ?? Number.POSITIVE_INFINITY), 0);

  function settle(): void {
    while (!isSettled) {
      isSettled = true;
      for (const [target, known] of targets) {
        const cost = Math.min(...deps.keysOf(target).map((key) => sum(key) + 1));
        if (cost >= known) continue;
        targets.set(target, cost);
        isSettled = false;
      }
      for (const field of fields.values()) {
        for (const { target, requires } of field.offers) {
          const required = requires === undefined ? 0 : sum(requires);
          const cost = required + (targets.get(target) ?? Number.POSITIVE_INFINITY);
          if (cost >= field.cost) continue;
          field.cost = cost;
          isSettled = false;
        }
      }
    }
  }

  return {
    costOf(set) {
      add(set);
      settle();
      return sum(set);
    },
    cheapestKey(target) {
      addTarget(target);
      settle();
      let cheapest: { key: SelectionSetNode; cost: number } | undefined;
      for (const key of deps.keysOf(target)) {
        const cost = sum(key);
        if (cost < (cheapest?.cost ?? Number.POSITIVE_INFINITY)) cheapest = { key, cost };
      }
      return cheapest;
    },
  };
}
