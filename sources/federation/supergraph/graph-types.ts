import {
  type FieldDefinitionNode,
  type InputValueDefinitionNode,
  Kind,
  parseType,
  type TypeDefinitionNode,
  type TypeNode,
} from 'graphql';
import type { Findings } from '../findings.ts';
import type { Remarks } from '../remarks.ts';
import type { Join, Supergraph } from './join.ts';

/** What one subgraph has of a type of the supergraph. */
export interface GraphType {
  readonly node: TypeDefinitionNode;
  /** Federation 1 told nothing of types that are no entities: they are kept where they are used. */
  readonly isGuess: boolean;
  readonly keys: { readonly fields: string; readonly resolvable: boolean }[];
  isExtension: boolean;
  isInterfaceObject: boolean;
  readonly fields: Map<string, GraphField>;
  readonly interfaces: Set<string>;
  readonly members: Set<string>;
  readonly values: Set<string>;
}

export interface GraphField {
  readonly node: FieldDefinitionNode | InputValueDefinitionNode;
  readonly type: TypeNode;
  external: boolean;
  readonly requires: string | undefined;
  readonly provides: string | undefined;
  /** The name of the subgraph whose field it takes over. */
  readonly override: string | undefined;
  readonly overrideLabel: string | undefined;
  isShareable: boolean;
}

/** By name. */
export type GraphTypes = Map<string, GraphType>;

const ROOTS: ReadonlySet<string> = new Set(['Query', 'Mutation', 'Subscription']);

/** A file of a few megabytes could ask for gigabytes: each type once per subgraph. */
const MAX_MEMBERS = 1_000_000;
const MAX_TYPE_CHARACTERS = 1_000;

/** Takes the supergraph apart, as its join directives say. Each graph has its entry. */
export function separateGraphs(
  supergraph: Supergraph,
  remarks: ReadonlyMap<string, Remarks>,
  findings: Findings,
): ReadonlyMap<string, GraphTypes> {
  const graphs = new Map<string, GraphTypes>([...supergraph.graphs.keys()].map((id) => [id, new Map()]));
  let members = 0;
  for (const node of supergraph.types) {
    const types = typesOf(node, supergraph, graphs);
    for (const [id, type] of types) graphs.get(id)?.set(node.name.value, type);
    members += types.size * (1 + membersOf(node));
    if (members > MAX_MEMBERS) {
      findings.problem(node, `The subgraphs of the supergraph have more than ${MAX_MEMBERS} fields in all.`);
      return graphs;
    }
    addMembers(node, types, { supergraph, remarks, findings });
  }
  return graphs;
}

function membersOf(node: TypeDefinitionNode): number {
  if ('fields' in node) return node.fields?.length ?? 0;
  if ('values' in node) return node.values?.length ?? 0;
  return 'types' in node ? (node.types?.length ?? 0) : 0;
}

/** Which graphs have the type. */
function typesOf(
  node: TypeDefinitionNode,
  { joins, isFirstVersion }: Supergraph,
  graphs: ReadonlyMap<string, GraphTypes>,
): Map<string, GraphType> {
  const found = new Map<string, GraphType>();
  const typeIn = (id: string, isGuess: boolean) => {
    const known = found.get(id);
    if (known !== undefined) return known;
    const type = emptyType(node, isGuess);
    found.set(id, type);
    return type;
  };
  for (const { values } of joins(node, 'type')) {
    if (typeof values.graph !== 'string' || !graphs.has(values.graph)) continue;
    const type = typeIn(values.graph, false);
    if (typeof values.key === 'string') type.keys.push({ fields: values.key, resolvable: values.resolvable !== false });
    if (values.extension === true) type.isExtension = true;
    if (values.isInterfaceObject === true) type.isInterfaceObject = true;
  }
  if (found.size === 0 && isFirstVersion) for (const id of graphs.keys()) typeIn(id, !ROOTS.has(node.name.value));
  return found;
}

function emptyType(node: TypeDefinitionNode, isGuess: boolean): GraphType {
  return {
    node,
    isGuess,
    keys: [],
    isExtension: false,
    isInterfaceObject: false,
    fields: new Map(),
    interfaces: new Set(),
    members: new Set(),
    values: new Set(),
  };
}

interface Setting {
  readonly supergraph: Supergraph;
  readonly remarks: ReadonlyMap<string, Remarks>;
  readonly findings: Findings;
}

function addMembers(node: TypeDefinitionNode, types: ReadonlyMap<string, GraphType>, setting: Setting): void {
  const { joins } = setting.supergraph;
  switch (node.kind) {
    case Kind.OBJECT_TYPE_DEFINITION:
    case Kind.INTERFACE_TYPE_DEFINITION: {
      addNames(types, joins(node, 'implements'), 'interface', node.interfaces ?? [], (type) => type.interfaces);
      for (const field of node.fields ?? []) addField(node, field, types, setting);
      break;
    }
    case Kind.INPUT_OBJECT_TYPE_DEFINITION:
      for (const field of node.fields ?? []) addField(node, field, types, setting);
      break;
    case Kind.UNION_TYPE_DEFINITION:
      addNames(types, joins(node, 'unionMember'), 'member', node.types ?? [], (type) => type.members);
      break;
    case Kind.ENUM_TYPE_DEFINITION:
      for (const value of node.values ?? []) {
        const own = joins(value, 'enumValue').map(({ values }) => values.graph);
        for (const [id, type] of types) if (own.length === 0 || own.includes(id)) type.values.add(value.name.value);
      }
  }
}

/** Interfaces and members of unions: of the graphs that are named, or of all where none is. */
function addNames(
  types: ReadonlyMap<string, GraphType>,
  joins: readonly Join[],
  argument: 'interface' | 'member',
  all: readonly { readonly name: { readonly value: string } }[],
  listOf: (type: GraphType) => Set<string>,
): void {
  if (joins.length === 0) {
    for (const type of types.values()) for (const { name } of all) listOf(type).add(name.value);
  }
  for (const { values } of joins) {
    const { graph, [argument]: name } = values;
    const type = typeof graph === 'string' ? types.get(graph) : undefined;
    if (type !== undefined && typeof name === 'string') listOf(type).add(name);
  }
}

function addField(
  owner: TypeDefinitionNode,
  node: FieldDefinitionNode | InputValueDefinitionNode,
  types: ReadonlyMap<string, GraphType>,
  { supergraph, remarks, findings }: Setting,
): void {
  for (const { values } of joinsOf(owner, node, types, supergraph)) {
    const { graph } = values;
    // A field that the objects have from an interface object names no graph.
    const type = typeof graph === 'string' ? types.get(graph) : undefined;
    if (typeof graph !== 'string' || type === undefined) continue;
    const { value: name } = node.name;
    if (Array.isArray(values.contextArguments) && values.contextArguments.length > 0) {
      remarks.get(graph)?.leavesOutField(`${owner.name.value}.${name}`, node);
      continue;
    }
    type.fields.set(name, {
      node,
      type: typeof values.type === 'string' ? readType(values.type, node, findings) : node.type,
      external: values.external === true,
      requires: textOf(values.requires),
      provides: textOf(values.provides),
      override: textOf(values.override),
      overrideLabel: textOf(values.overrideLabel),
      isShareable: false,
    });
  }
}

/** Without a word, all graphs that have the type have the field; in the first version the owner of an entity alone. */
function joinsOf(
  owner: TypeDefinitionNode,
  node: FieldDefinitionNode | InputValueDefinitionNode,
  types: ReadonlyMap<string, GraphType>,
  { joins }: Supergraph,
): readonly Pick<Join, 'values'>[] {
  const own = joins(node, 'field');
  if (own.length > 0) return own;
  const owners = joins(owner, 'owner');
  return owners.length > 0 ? owners : [...types.keys()].map((graph) => ({ values: { graph } }));
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function readType(text: string, node: FieldDefinitionNode | InputValueDefinitionNode, findings: Findings): TypeNode {
  try {
    if (text.length <= MAX_TYPE_CHARACTERS) return parseType(text, { noLocation: true });
  } catch {
    // Told below.
  }
  findings.problem(node, `The type that a subgraph has for ${node.name.value} cannot be read.`);
  return node.type;
}
