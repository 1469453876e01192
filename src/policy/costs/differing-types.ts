import {
  type FragmentDefinitionNode,
  type GraphQLAbstractType,
  type GraphQLCompositeType,
  type GraphQLObjectType,
  type GraphQLSchema,
  isAbstractType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from 'graphql';
import type { TypeClasses } from './type-classes.ts';

/** Of the types that an object may be, one of each sort that selections can tell apart. */
export type DifferingTypes = (
  type: GraphQLCompositeType,
  sets: readonly SelectionSetNode[],
) => readonly GraphQLObjectType[];

export function createDifferingTypes(
  { schema, classes }: { readonly schema: GraphQLSchema; readonly classes: TypeClasses },
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): DifferingTypes {
  const named = new Map<SelectionSetNode, ReadonlySet<string>>();
  const known = new Map<string, readonly GraphQLObjectType[]>();

  /** The types that fragments of an object are on, wherever they stand in one another. */
  const conditionsOf = (set: SelectionSetNode): ReadonlySet<string> => {
    const found = named.get(set);
    if (found !== undefined) return found;
    const conditions = new Set<string>();
    named.set(set, conditions);
    for (const node of set.selections) {
      const fragment = node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value) : node;
      if (fragment === undefined || fragment.kind === Kind.FIELD) continue;
      if (fragment.typeCondition !== undefined) conditions.add(fragment.typeCondition.name.value);
      for (const name of conditionsOf(fragment.selectionSet)) conditions.add(name);
    }
    return conditions;
  };
  const differing = (type: GraphQLAbstractType, conditions: ReadonlySet<string>): readonly GraphQLObjectType[] => {
    const abstract = [...conditions].map((name) => schema.getType(name)).filter((one) => isAbstractType(one));
    const own = [...conditions].map((name) => schema.getType(name)).filter((one) => isObjectType(one));
    const found = own.filter((one) => schema.isSubType(type, one));
    for (const same of classes(type)) {
      const others = same.filter(({ name }) => !conditions.has(name));
      found.push(...(abstract.length === 0 ? others.slice(0, 1) : split(others, abstract)));
    }
    return found;
  };
  /** Of a fragment on an interface, the fields that this one shows matter as well. */
  const split = (types: readonly GraphQLObjectType[], abstract: readonly GraphQLAbstractType[]) => {
    const byFit = new Map<string, GraphQLObjectType>();
    const numbers = abstract.map(
      (one) => new Map(classes(one).flatMap((same, index) => same.map((type) => [type, index]))),
    );
    for (const type of types) {
      const key = numbers.map((number) => number.get(type) ?? '').join();
      if (!byFit.has(key)) byFit.set(key, type);
    }
    return byFit.values();
  };
  return (type, sets) => {
    if (isObjectType(type)) return [type];
    const conditions = new Set(sets.flatMap((set) => [...conditionsOf(set)]));
    const key = [type.name, ...[...conditions].sort()].join();
    const types = known.get(key) ?? differing(type, conditions);
    known.set(key, types);
    return types;
  };
}
