import { type FieldNode, type FragmentDefinitionNode, Kind, type SelectionSetNode } from 'graphql';
import { type Invalidation, isIdValue } from './invalidation.ts';
import type { SdlTypes } from './sdl-types.ts';
import { MOST_TAGS, type Tagger } from './value-tags.ts';

export interface SelectionNames {
  /** A type of the source by what the service calls it. */
  type(upstream: string): string;
  /** A field of a type by what the service calls it. */
  field(type: string, upstream: string): string;
}

export interface SelectionDeps {
  readonly types: SdlTypes;
  readonly invalidation: Invalidation;
  readonly names: SelectionNames;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
}

interface Place {
  readonly ids: readonly {
    readonly type: string;
    readonly field: string;
    readonly keys: readonly string[];
  }[];
  readonly below: readonly { readonly key: string; readonly place: Place }[];
}

/**
 * For answers that hold what was selected. `at` are the types that a value may have, none when only the conditions of
 * fragments tell.
 */
export function createSelectionTagger(
  selection: SelectionSetNode,
  at: readonly string[],
  { types, invalidation, names, fragments }: SelectionDeps,
): Tagger {
  const always = new Set<string>();
  const any = new Set<string>();
  const { names: tags } = invalidation;

  function compile(sets: readonly SelectionSetNode[], given: readonly string[]): Place {
    const fields: FieldNode[] = [];
    const conditions = new Set<string>();
    const waiting = [...sets];
    const seen = new Set<SelectionSetNode>();
    for (let set = waiting.pop(); set !== undefined; set = waiting.pop()) {
      if (seen.has(set)) continue;
      seen.add(set);
      for (const node of set.selections) {
        if (node.kind === Kind.FIELD) {
          fields.push(node);
          continue;
        }
        const fragment = node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value) : node;
        if (fragment === undefined) continue;
        const condition = fragment.typeCondition?.name.value;
        if (condition !== undefined) conditions.add(names.type(condition));
        waiting.push(fragment.selectionSet);
      }
    }
    const here = given.length > 0 ? given : [...conditions];
    const overlaps = (type: string) => here.some((own) => types.overlap(own, type));
    for (const type of invalidation.types) if (overlaps(type)) always.add(tags.type(type));
    const holders = [...new Set([...here, ...conditions])];
    const nameIn = (type: string, node: FieldNode) => names.field(type, node.name.value);
    const ids = invalidation.ids
      .filter(({ type }) => overlaps(type))
      .map((id) => {
        const keys = fields
          .filter((node) => [...holders, id.type].some((type) => nameIn(type, node) === id.field))
          .map(responseKey);
        any.add(tags.anyId(id.type, id.field));
        if (keys.length === 0) always.add(tags.anyId(id.type, id.field));
        return { ...id, keys: [...new Set(keys)] };
      });
    const below = new Map<string, { sets: SelectionSetNode[]; inner: Set<string> }>();
    for (const node of fields) {
      if (node.selectionSet === undefined) continue;
      const inner = holders.flatMap((type) => types.fieldType(type, nameIn(type, node)) ?? []);
      const known = below.get(responseKey(node)) ?? { sets: [], inner: new Set() };
      known.sets.push(node.selectionSet);
      for (const type of inner) known.inner.add(type);
      below.set(responseKey(node), known);
    }
    return {
      ids: ids.filter(({ keys }) => keys.length > 0),
      below: [...below].map(([key, { sets: own, inner }]) => ({ key, place: compile(own, [...inner]) })),
    };
  }
  const root = compile([selection], at);
  const all = [...always];

  return (value) => {
    if (invalidation.ids.length === 0) return all;
    const found = new Set(all);
    const waiting: [value: unknown, place: Place][] = [[value, root]];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const [item, place] = next;
      // There may be such an object later.
      if (item === null || item === undefined) {
        for (const { type, field } of place.ids) found.add(tags.anyId(type, field));
        continue;
      }
      if (typeof item !== 'object') continue;
      if (Array.isArray(item)) {
        for (const inner of item) waiting.push([inner, place]);
        continue;
      }
      for (const { type, field, keys } of place.ids) {
        const told: unknown = Reflect.get(item, '__typename');
        if (typeof told === 'string' && types.has(names.type(told)) && !types.overlap(names.type(told), type)) continue;
        const values = keys.map((key): unknown => Reflect.get(item, key)).filter(isIdValue);
        if (values.length === 0) found.add(tags.anyId(type, field));
        for (const id of values) found.add(tags.id(type, field, id));
      }
      for (const { key, place: inner } of place.below) waiting.push([Reflect.get(item, key), inner]);
      if (found.size > MOST_TAGS) return [...new Set([...all, ...any])];
    }
    return [...found];
  };
}

export function responseKey({ alias, name }: FieldNode): string {
  return (alias ?? name).value;
}
