import {
  type DocumentNode,
  type FieldNode,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getArgumentValues,
  getDirectiveValues,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isListType,
  isObjectType,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';

export interface NaiveOptions {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly variables: Readonly<Record<string, unknown>>;
  /** Nano-USD by `Type.field`; what is in there is a call. */
  readonly estimates: Readonly<Record<string, number>>;
  readonly assumed: number;
}

interface NaiveCost {
  readonly units: number;
  readonly nanoUsd: number;
}

/**
 * What an operation costs, told by walking through it as GraphQL would run it, object after object type, with every
 * fragment written out where it is spread. Sizes are said by `first` alone, lists are one deep, and connections have `edges`.
 */
export function naiveCost(options: NaiveOptions): NaiveCost {
  const { schema, operation } = options;
  const query = schema.getQueryType() as GraphQLObjectType;
  return costOf(query, [operation.selectionSet], undefined, options);
}

function costOf(
  type: GraphQLObjectType,
  sets: readonly SelectionSetNode[],
  given: number | undefined,
  options: NaiveOptions,
) {
  const byKey: Record<string, FieldNode[]> = {};
  for (const set of sets)
    for (const node of writtenOut(set, type, options)) {
      const key = node.alias?.value ?? node.name.value;
      byKey[key] = [...(byKey[key] ?? []), node];
    }
  let units = 0;
  let nanoUsd = 0;
  for (const nodes of Object.values(byKey)) {
    const cost = fieldCost(type, nodes, given, options);
    units += cost.units;
    nanoUsd += cost.nanoUsd;
  }
  return { units, nanoUsd };
}

function fieldCost(
  type: GraphQLObjectType,
  nodes: readonly FieldNode[],
  given: number | undefined,
  options: NaiveOptions,
): NaiveCost {
  const { schema, variables, estimates, assumed } = options;
  const [node] = nodes as [FieldNode];
  const field = type.getFields()[node.name.value];
  if (field === undefined) return { units: 0, nanoUsd: 0 };
  const estimate = estimates[`${type.name}.${field.name}`];
  const inner = getNamedType(field.type);
  if (!isCompositeType(inner))
    return estimate === undefined ? { units: 0, nanoUsd: 0 } : { units: 1, nanoUsd: estimate };
  const { first } = getArgumentValues(field, node, variables) as { first?: number | null };
  const isList = /^\[/.test(String(field.type)) || isListType(field.type);
  const size = isList ? (first ?? given ?? assumed) : 1;
  const types = isAbstractType(inner) ? schema.getPossibleTypes(inner) : [inner].filter(isObjectType);
  const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
  const each = types.map((possible) => costOf(possible, sets, isList ? undefined : (first ?? undefined), options));
  return {
    units: size * (1 + Math.max(...each.map(({ units }) => units))),
    nanoUsd: (estimate ?? 0) + size * Math.max(...each.map(({ nanoUsd }) => nanoUsd)),
  };
}

function writtenOut(set: SelectionSetNode, type: GraphQLObjectType, options: NaiveOptions): readonly FieldNode[] {
  const { schema, document } = options;
  return set.selections.flatMap((node) => {
    if (getDirectiveValues(GraphQLSkipDirective, node, options.variables)?.if === true) return [];
    if (getDirectiveValues(GraphQLIncludeDirective, node, options.variables)?.if === false) return [];
    if (node.kind === 'Field') return [node];
    const fragment =
      node.kind === 'InlineFragment'
        ? node
        : document.definitions.find((one) => one.kind === 'FragmentDefinition' && one.name.value === node.name.value);
    if (fragment === undefined || !('selectionSet' in fragment)) return [];
    const condition = 'typeCondition' in fragment ? fragment.typeCondition?.name.value : undefined;
    const meant = condition === undefined ? type : schema.getType(condition);
    const fits = meant === type || (isAbstractType(meant) && schema.isSubType(meant, type));
    return fits ? writtenOut(fragment.selectionSet, type, options) : [];
  });
}
