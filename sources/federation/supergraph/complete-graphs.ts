import { Kind, parse, type SelectionSetNode, type TypeDefinitionNode, type TypeNode } from 'graphql';
import type { GraphField, GraphType, GraphTypes } from './graph-types.ts';
import type { Supergraph } from './join.ts';

/**
 * Adds what subgraphs must have and the supergraph does not tell: fields that their selections and interfaces need, and
 * that they agree to share fields.
 */
export function completeGraphs(
  graphs: ReadonlyMap<string, GraphTypes>,
  { types, graphs: infos }: Pick<Supergraph, 'types' | 'graphs'>,
): void {
  const nodes = new Map(types.map((node) => [node.name.value, node]));
  for (const graph of graphs.values()) {
    addSelectedFields(graph, nodes);
    removeUnused(graph);
    addInterfaceFields(graph, nodes);
    removeEmpty(graph);
  }
  shareFields(graphs, (id) => infos.get(id)?.name);
}

type Nodes = ReadonlyMap<string, TypeDefinitionNode>;

/** Of keys, as federation 1 does not tell them for those who extend an entity; of `requires` and `provides`. */
function addSelectedFields(graph: GraphTypes, nodes: Nodes): void {
  for (const [name, type] of graph) {
    for (const { fields } of type.keys) addSelection(graph, nodes, name, parseSelection(fields), 'own');
  }
  for (const [name, type] of graph) {
    for (const { requires, provides, type: fieldType } of [...type.fields.values()]) {
      if (requires !== undefined) addSelection(graph, nodes, name, parseSelection(requires), 'external');
      if (provides !== undefined)
        addSelection(graph, nodes, namedType(fieldType), parseSelection(provides), 'external');
    }
  }
}

/** `below` an external field it is of no meaning whose the others are. */
type Whose = 'own' | 'external' | 'below';

function addSelection(
  graph: GraphTypes,
  nodes: Nodes,
  typeName: string,
  selection: SelectionSetNode | undefined,
  whose: Whose,
): void {
  for (const node of selection?.selections ?? []) {
    if (node.kind === Kind.INLINE_FRAGMENT) {
      addSelection(graph, nodes, node.typeCondition?.name.value ?? typeName, node.selectionSet, whose);
    } else if (node.kind === Kind.FIELD) {
      const field = addField(graph, nodes, typeName, node.name.value, whose === 'external');
      if (field === undefined) continue;
      // Composers leave out whose a field is where that made no difference to them: for keys of others, and interfaces.
      if (whose === 'external' && node.selectionSet === undefined) field.external = true;
      const next = whose === 'external' && field.external ? 'below' : whose;
      addSelection(graph, nodes, namedType(field.type), node.selectionSet, next);
    }
  }
}

/** The field of the type in the graph, from the supergraph if the graph has none of its own. */
function addField(
  graph: GraphTypes,
  nodes: Nodes,
  typeName: string,
  name: string,
  external: boolean,
): GraphField | undefined {
  const type = graph.get(typeName);
  const known = type?.fields.get(name);
  if (type === undefined || known !== undefined) return known;
  const node = nodes.get(typeName);
  const definition =
    node?.kind === Kind.OBJECT_TYPE_DEFINITION || node?.kind === Kind.INTERFACE_TYPE_DEFINITION
      ? node.fields?.find((field) => field.name.value === name)
      : undefined;
  if (definition === undefined) return undefined;
  const added: GraphField = {
    node: definition,
    type: definition.type,
    external,
    requires: undefined,
    provides: undefined,
    override: undefined,
    overrideLabel: undefined,
    isShareable: false,
  };
  type.fields.set(name, added);
  return added;
}

/** A subgraph's objects have all fields of their interfaces there, if only as ones of others. */
function addInterfaceFields(graph: GraphTypes, nodes: Nodes): void {
  for (const [name, type] of graph) {
    for (const interfaceName of type.interfaces) {
      const implemented = graph.get(interfaceName);
      if (implemented === undefined) {
        type.interfaces.delete(interfaceName);
        continue;
      }
      for (const field of implemented.fields.keys()) addField(graph, nodes, name, field, true);
    }
  }
}

/** Types that a subgraph was only guessed to have stay if its own types and fields lead to them. */
function removeUnused(graph: GraphTypes): void {
  if (![...graph.values()].some(({ isGuess }) => isGuess)) return;
  const implementations = new Map<string, string[]>();
  for (const [name, { interfaces }] of graph)
    for (const other of interfaces) implementations.set(other, [...(implementations.get(other) ?? []), name]);
  const used = new Set<string>();
  const returned = new Set<string>();
  const left = [...graph].flatMap(([name, { isGuess }]) => (isGuess ? [] : [{ name, isReturned: false }]));
  const reach = (names: Iterable<string>, isReturned: boolean) => {
    for (const name of names) left.push({ name, isReturned });
  };
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { name, isReturned } = next;
    const type = graph.get(name);
    if (type === undefined) continue;
    // What a field returns may be any of the types that implement it.
    if (isReturned && !returned.has(name)) {
      returned.add(name);
      reach(implementations.get(name) ?? [], false);
    }
    if (used.has(name)) continue;
    used.add(name);
    reach(type.members, false);
    reach(
      [...type.interfaces].filter((other) => isImplemented(type, graph.get(other))),
      false,
    );
    for (const field of type.fields.values()) {
      reach([namedType(field.type)], true);
      if (field.node.kind !== Kind.FIELD_DEFINITION) continue;
      reach(
        (field.node.arguments ?? []).map((argument) => namedType(argument.type)),
        false,
      );
    }
  }
  for (const name of [...graph.keys()]) if (!used.has(name)) graph.delete(name);
  for (const { interfaces } of graph.values())
    for (const name of interfaces) if (!graph.has(name)) interfaces.delete(name);
}

function isImplemented(type: GraphType, implemented: GraphType | undefined): boolean {
  return [...(implemented?.fields.keys() ?? [])].every((name) => type.fields.get(name)?.external === false);
}

/** Composers name types for subgraphs that have nothing of them left. */
function removeEmpty(graph: GraphTypes): void {
  for (const [name, { node, fields, members, values }] of graph) {
    const count = fields.size + members.size + values.size;
    if (count === 0 && node.kind !== Kind.SCALAR_TYPE_DEFINITION) graph.delete(name);
  }
}

/** A field that several subgraphs resolve is one that they have agreed to share. */
function shareFields(graphs: ReadonlyMap<string, GraphTypes>, nameOf: (id: string) => string | undefined): void {
  const resolved = new Map<string, GraphField[]>();
  const overridden = new Set<string>();
  const coordinate = (type: string, field: string) => `${type}.${field}`;
  for (const graph of graphs.values()) {
    for (const [name, type] of graph)
      for (const [fieldName, { override }] of type.fields)
        if (override !== undefined) overridden.add(`${override} ${coordinate(name, fieldName)}`);
  }
  const add = (key: string, field: GraphField) => {
    const list = resolved.get(key);
    if (list === undefined) resolved.set(key, [field]);
    else list.push(field);
  };
  for (const [id, graph] of graphs) {
    for (const [name, type] of graph) {
      if (!isShared(type) || name === 'Subscription') continue;
      const names = type.isInterfaceObject ? [name, ...implementationsOf(graphs, name)] : [name];
      for (const [fieldName, field] of type.fields) {
        if (field.external || overridden.has(`${nameOf(id)} ${coordinate(name, fieldName)}`)) continue;
        for (const each of names) add(coordinate(each, fieldName), field);
      }
    }
  }
  for (const fields of resolved.values()) {
    if (fields.length > 1) for (const field of fields) field.isShareable = true;
  }
}

function isShared({ node, isInterfaceObject }: GraphType): boolean {
  return node.kind === Kind.OBJECT_TYPE_DEFINITION || isInterfaceObject;
}

function implementationsOf(graphs: ReadonlyMap<string, GraphTypes>, interfaceName: string): Set<string> {
  const names = new Set<string>();
  for (const graph of graphs.values()) {
    for (const [name, { interfaces, node }] of graph)
      if (node.kind === Kind.OBJECT_TYPE_DEFINITION && interfaces.has(interfaceName)) names.add(name);
  }
  return names;
}

/** `[Review!]` → `Review`. */
export function namedType(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type);
}

/** Undefined for what is no selection: that is told when the subgraph is checked. */
function parseSelection(fields: string): SelectionSetNode | undefined {
  try {
    const [operation] = parse(`{ ${fields} }`, { noLocation: true, maxTokens: 10_000 }).definitions;
    return operation?.kind === Kind.OPERATION_DEFINITION ? operation.selectionSet : undefined;
  } catch {
    return undefined;
  }
}
