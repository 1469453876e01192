import {
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  Kind,
  parse,
  print,
  type TypeNode,
  visit,
} from 'graphql';

interface SubgraphDocument {
  readonly name: string;
  readonly document: DocumentNode;
}

export interface ComposedSdl {
  readonly supergraphSdl: string;
  readonly publicSdl: string;
}

/**
 * Gives a field that subgraphs share the widest of their types: where one says `Book` and the other the union `Media`,
 * it may be any `Media`. The composer takes the first that it meets, and what the other subgraph answers would not fit.
 */
export function widenFields(composed: ComposedSdl, subgraphs: readonly SubgraphDocument[]): ComposedSdl {
  const differing = differingFields(subgraphs);
  if (differing.size === 0) return composed;
  const supergraph = parse(composed.supergraphSdl, { noLocation: true });
  const isWithin = createIsWithin(supergraph);
  const widest = new Map<string, string>();
  for (const [coordinate, types] of differing) {
    const names = [...types.values()].map(({ name }) => name);
    const found = names.find((name) => names.every((other) => isWithin(other, name)));
    if (found !== undefined) widest.set(coordinate, found);
  }
  const graphs = graphNames(supergraph);
  const widened = (document: DocumentNode, isSupergraph: boolean) =>
    print(
      mapFields(document, (coordinate, field) => {
        const name = widest.get(coordinate);
        const types = differing.get(coordinate);
        if (name === undefined || types === undefined) return field;
        const type = withName(field.type, name);
        return isSupergraph ? { ...field, type, directives: withTypes(field, types, graphs) } : { ...field, type };
      }),
    );
  return { supergraphSdl: widened(supergraph, true), publicSdl: widened(parse(composed.publicSdl), false) };
}

/** Of a field in one subgraph: what it gives. */
interface GivenType {
  readonly name: string;
  readonly text: string;
}

/** `Type.field` → the types that subgraphs give it, where they differ. */
function differingFields(subgraphs: readonly SubgraphDocument[]): ReadonlyMap<string, ReadonlyMap<string, GivenType>> {
  const given = new Map<string, Map<string, GivenType>>();
  for (const { name, document } of subgraphs) {
    mapFields(document, (coordinate, field) => {
      const types = given.get(coordinate) ?? new Map<string, GivenType>();
      given.set(coordinate, types.set(name, { name: nameOf(field.type), text: print(field.type) }));
      return field;
    });
  }
  return new Map([...given].filter(([, types]) => new Set([...types.values()].map((type) => type.name)).size > 1));
}

function createIsWithin(supergraph: DocumentNode): (typeName: string, wide: string) => boolean {
  const within = new Map<string, Set<string>>();
  const add = (wide: string, name: string) => within.set(wide, (within.get(wide) ?? new Set()).add(name));
  for (const definition of supergraph.definitions) {
    if (definition.kind === Kind.UNION_TYPE_DEFINITION)
      for (const member of definition.types ?? []) add(definition.name.value, member.name.value);
    if (definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.INTERFACE_TYPE_DEFINITION)
      for (const wide of definition.interfaces ?? []) add(wide.name.value, definition.name.value);
  }
  return (typeName, wide) => typeName === wide || within.get(wide)?.has(typeName) === true;
}

/** Name of a subgraph → its value of `join__Graph`. */
function graphNames(supergraph: DocumentNode): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const definition of supergraph.definitions) {
    if (definition.kind !== Kind.ENUM_TYPE_DEFINITION || definition.name.value !== 'join__Graph') continue;
    for (const { name, directives } of definition.values ?? []) {
      const given = directives?.[0]?.arguments?.find((argument) => argument.name.value === 'name')?.value;
      names.set(given?.kind === Kind.STRING ? given.value : name.value, name.value);
    }
  }
  return names;
}

/** The field's join directives, each with the type that its subgraph gives. */
function withTypes(
  field: FieldDefinitionNode,
  types: ReadonlyMap<string, GivenType>,
  graphs: ReadonlyMap<string, string>,
): ConstDirectiveNode[] {
  const directives = field.directives ?? [];
  const joins = directives.filter(({ name }) => name.value === 'join__field');
  const others = directives.filter(({ name }) => name.value !== 'join__field');
  const made = [...types].flatMap(([subgraph, { text }]) => {
    const graph = graphs.get(subgraph);
    if (graph === undefined) return [];
    const join = joins.find(({ arguments: args }) => args?.some(({ value }) => print(value) === graph));
    // Without a word, all subgraphs that have the type have the field.
    if (join === undefined && joins.length > 0) return [];
    const kept = join?.arguments?.filter(({ name }) => name.value !== 'type') ?? [argument('graph', graph)];
    return [joinField([...kept, argument('type', JSON.stringify(text))])];
  });
  return [...others, ...made];
}

function joinField(args: NonNullable<ConstDirectiveNode['arguments']>): ConstDirectiveNode {
  return { kind: Kind.DIRECTIVE, name: { kind: Kind.NAME, value: 'join__field' }, arguments: args };
}

function argument(name: string, value: string): NonNullable<ConstDirectiveNode['arguments']>[number] {
  const isText = value.startsWith('"');
  return {
    kind: Kind.ARGUMENT,
    name: { kind: Kind.NAME, value: name },
    value: isText ? { kind: Kind.STRING, value: JSON.parse(value) as string } : { kind: Kind.ENUM, value },
  };
}

function mapFields(
  document: DocumentNode,
  change: (coordinate: string, field: FieldDefinitionNode) => FieldDefinitionNode,
): DocumentNode {
  const node = (definition: {
    readonly name: { readonly value: string };
    readonly fields?: readonly FieldDefinitionNode[];
  }) => ({
    ...definition,
    fields: (definition.fields ?? []).map((field) => change(`${definition.name.value}.${field.name.value}`, field)),
  });
  const enter = { enter: node };
  const visitor = {
    ObjectTypeDefinition: enter,
    ObjectTypeExtension: enter,
    InterfaceTypeDefinition: enter,
    InterfaceTypeExtension: enter,
  };
  return visit(document, visitor) as DocumentNode;
}

function nameOf(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : nameOf(type.type);
}

function withName(type: TypeNode, name: string): TypeNode {
  if (type.kind === Kind.NAMED_TYPE) return { ...type, name: { kind: Kind.NAME, value: name } };
  if (type.kind === Kind.LIST_TYPE) return { ...type, type: withName(type.type, name) };
  const inner = withName(type.type, name);
  return inner.kind === Kind.NON_NULL_TYPE ? inner : { ...type, type: inner };
}
