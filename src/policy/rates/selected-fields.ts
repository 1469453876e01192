import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';

/** How often an operation selects each field, by `Type.field`. */
export type SelectedFields = ReadonlyMap<string, number>;

/**
 * Counts the fields that an operation selects, fragments spread out. What GraphQL merges into one field, by its name in
 * the answer, counts once. A field that is selected of an interface counts for every type that has it, and one of a type
 * for its interfaces as well: which it will be is known only later. So `@skip` and `@include` change nothing.
 * Introspection counts nothing. The document is valid.
 */
export function countSelectedFields(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): SelectedFields {
  const counts = new Map<string, number>();
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);

  /** The fields of selections by type and by name in the answer. */
  function collect(
    type: GraphQLNamedType,
    selectionSet: SelectionSetNode,
    found: Map<GraphQLNamedType, Map<string, FieldNode[]>>,
    spread: Set<string>,
  ): void {
    for (const node of selectionSet.selections) {
      if (node.kind === Kind.FIELD) {
        const name = node.alias?.value ?? node.name.value;
        const fields = found.get(type) ?? new Map<string, FieldNode[]>();
        found.set(type, fields);
        const same = fields.get(name);
        if (same === undefined) fields.set(name, [node]);
        else same.push(node);
        continue;
      }
      const fragment = node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value) : node;
      if (fragment === undefined) continue;
      const condition = fragment.typeCondition?.name.value;
      const inner = condition === undefined ? type : schema.getType(condition);
      if (inner === undefined) continue;
      if (node.kind === Kind.FRAGMENT_SPREAD) {
        // Twice in one place it says nothing new.
        if (spread.has(node.name.value)) continue;
        spread.add(node.name.value);
      }
      collect(inner, fragment.selectionSet, found, spread);
    }
  }

  function count(selections: readonly (readonly [GraphQLNamedType, SelectionSetNode])[]): void {
    const found = new Map<GraphQLNamedType, Map<string, FieldNode[]>>();
    const spread = new Set<string>();
    for (const [type, selectionSet] of selections) collect(type, selectionSet, found, spread);
    for (const [type, fields] of found) {
      for (const nodes of fields.values()) countField(type, nodes);
    }
  }

  function countField(type: GraphQLNamedType, nodes: readonly FieldNode[]): void {
    const name = nodes[0]?.name.value ?? '';
    const field = isObjectType(type) || isInterfaceType(type) ? type.getFields()[name] : undefined;
    if (field === undefined || name.startsWith('__')) return;
    for (const owner of ownersOf(schema, type, name)) {
      const coordinate = `${owner}.${name}`;
      counts.set(coordinate, (counts.get(coordinate) ?? 0) + 1);
    }
    const inner = getNamedType(field.type);
    if (!isCompositeType(inner)) return;
    count(nodes.flatMap(({ selectionSet }) => (selectionSet === undefined ? [] : [[inner, selectionSet] as const])));
  }

  const root = schema.getRootType(operation.operation);
  if (root != null) count([[root, operation.selectionSet]]);
  return counts;
}

/** Names of the types whose field it may be, when it is selected of this one. */
export function ownersOf(schema: GraphQLSchema, type: GraphQLNamedType, field: string): ReadonlySet<string> {
  const owners = new Set([type.name]);
  const addInterfaces = (of: GraphQLNamedType) => {
    if (!isObjectType(of) && !isInterfaceType(of)) return;
    for (const above of of.getInterfaces()) if (Object.hasOwn(above.getFields(), field)) owners.add(above.name);
  };
  addInterfaces(type);
  if (isAbstractType(type)) {
    for (const possible of schema.getPossibleTypes(type)) {
      owners.add(possible.name);
      addInterfaces(possible);
    }
    if (isInterfaceType(type)) for (const below of schema.getImplementations(type).interfaces) owners.add(below.name);
  }
  return owners;
}
