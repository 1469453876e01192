import {
  type ConstDirectiveNode,
  type FieldDefinitionNode,
  Kind,
  parse,
  type SelectionSetNode,
  type TypeDefinitionNode,
} from 'graphql';

/** What a composed supergraph says of who resolves what: the join directives, read once (https://specs.apollo.dev/join). */
export interface Supergraph {
  readonly types: ReadonlyMap<string, SupergraphType>;
  /** Labels of progressive overrides, e.g. `percent(20)`. */
  readonly overrideLabels: ReadonlySet<string>;
}

export interface SupergraphType {
  readonly name: string;
  readonly kind: 'object' | 'interface' | 'union' | 'other';
  /** By name of the source. */
  readonly subgraphs: ReadonlyMap<string, TypeInSubgraph>;
  readonly fields: ReadonlyMap<string, SupergraphField>;
  readonly interfaces: readonly string[];
}

export interface TypeInSubgraph {
  /** Keys by which the subgraph resolves entities of the type. */
  readonly keys: readonly SelectionSetNode[];
  readonly isInterfaceObject: boolean;
}

export interface SupergraphField {
  readonly name: string;
  /** By name of the source. */
  readonly subgraphs: ReadonlyMap<string, FieldInSubgraph>;
  /** The interface objects it comes from, when no subgraph has it on the type itself. */
  readonly isFromInterfaceObject: boolean;
}

export interface FieldInSubgraph {
  readonly external: boolean;
  readonly requires: SelectionSetNode | undefined;
  readonly provides: SelectionSetNode | undefined;
  /** The subgraph whose field this one takes over. */
  readonly override: string | undefined;
  /** With a label the override holds for the requests that it is active for. */
  readonly overrideLabel: string | undefined;
}

/** Reads a supergraph as the composer writes it. */
export function readSupergraph(sdl: string): Supergraph {
  const definitions = parse(sdl, { noLocation: true }).definitions;
  const names = new Map<string, string>();
  for (const definition of definitions) {
    if (definition.kind !== Kind.ENUM_TYPE_DEFINITION || definition.name.value !== 'join__Graph') continue;
    for (const value of definition.values ?? []) {
      const graph = value.directives?.find(({ name }) => name.value === 'join__graph');
      names.set(value.name.value, text(graph, 'name') ?? value.name.value);
    }
  }
  const sourceOf = (directive: ConstDirectiveNode) => names.get(enumValue(directive, 'graph') ?? '');
  const labels = new Set<string>();
  const types = new Map<string, SupergraphType>();
  for (const definition of definitions) {
    if (!('name' in definition) || definition.name === undefined || definition.kind === Kind.DIRECTIVE_DEFINITION)
      continue;
    const { value: name } = definition.name;
    if (/^(join|link|core)__/.test(name)) continue;
    const type = readType(definition as TypeDefinitionNode, sourceOf);
    types.set(name, type);
    for (const field of type.fields.values())
      for (const { overrideLabel } of field.subgraphs.values())
        if (overrideLabel !== undefined) labels.add(overrideLabel);
  }
  return { types, overrideLabels: labels };
}

type SourceOf = (directive: ConstDirectiveNode) => string | undefined;

function readType(node: TypeDefinitionNode, sourceOf: SourceOf): SupergraphType {
  const subgraphs = new Map<string, { keys: SelectionSetNode[]; isInterfaceObject: boolean }>();
  for (const directive of node.directives ?? []) {
    if (directive.name.value !== 'join__type') continue;
    const source = sourceOf(directive);
    if (source === undefined) continue;
    const known = subgraphs.get(source) ?? { keys: [], isInterfaceObject: false };
    const key = text(directive, 'key');
    if (key !== undefined) {
      const selection = parseFieldSet(key);
      if (boolean(directive, 'resolvable') !== false) known.keys.push(selection);
    }
    if (boolean(directive, 'isInterfaceObject') === true) known.isInterfaceObject = true;
    subgraphs.set(source, known);
  }
  const fields = new Map<string, SupergraphField>();
  if ('fields' in node && (node.kind === Kind.OBJECT_TYPE_DEFINITION || node.kind === Kind.INTERFACE_TYPE_DEFINITION)) {
    for (const field of node.fields ?? [])
      fields.set(field.name.value, readField(field, [...subgraphs.keys()], sourceOf));
  }
  const kinds: Partial<Record<Kind, SupergraphType['kind']>> = {
    [Kind.OBJECT_TYPE_DEFINITION]: 'object',
    [Kind.INTERFACE_TYPE_DEFINITION]: 'interface',
    [Kind.UNION_TYPE_DEFINITION]: 'union',
  };
  const interfaces = 'interfaces' in node ? (node.interfaces ?? []).map(({ name }) => name.value) : [];
  return { name: node.name.value, kind: kinds[node.kind] ?? 'other', subgraphs, fields, interfaces };
}

const EVERYWHERE: FieldInSubgraph = {
  external: false,
  requires: undefined,
  provides: undefined,
  override: undefined,
  overrideLabel: undefined,
};

function readField(node: FieldDefinitionNode, owners: readonly string[], sourceOf: SourceOf): SupergraphField {
  const joins = (node.directives ?? []).filter(({ name }) => name.value === 'join__field');
  // Without a word, all subgraphs that have the type have the field.
  if (joins.length === 0) {
    return {
      name: node.name.value,
      subgraphs: new Map(owners.map((owner) => [owner, EVERYWHERE])),
      isFromInterfaceObject: false,
    };
  }
  const subgraphs = new Map<string, FieldInSubgraph>();
  for (const join of joins) {
    const source = sourceOf(join);
    if (source === undefined) continue;
    const requires = text(join, 'requires');
    const provides = text(join, 'provides');
    subgraphs.set(source, {
      external: boolean(join, 'external') === true || boolean(join, 'usedOverridden') === true,
      requires: requires === undefined ? undefined : parseFieldSet(requires),
      provides: provides === undefined ? undefined : parseFieldSet(provides),
      override: text(join, 'override'),
      overrideLabel: text(join, 'overrideLabel'),
    });
  }
  return { name: node.name.value, subgraphs, isFromInterfaceObject: subgraphs.size === 0 };
}

/** `id organization { id }` as a selection set. */
export function parseFieldSet(fieldSet: string): SelectionSetNode {
  const [definition] = parse(`{ ${fieldSet} }`, { noLocation: true }).definitions;
  if (definition?.kind !== Kind.OPERATION_DEFINITION) throw new Error(`not a field set: ${fieldSet}`);
  return definition.selectionSet;
}

function argument(directive: ConstDirectiveNode | undefined, name: string) {
  return directive?.arguments?.find((candidate) => candidate.name.value === name)?.value;
}

function text(directive: ConstDirectiveNode | undefined, name: string): string | undefined {
  const value = argument(directive, name);
  return value?.kind === Kind.STRING ? value.value : undefined;
}

function enumValue(directive: ConstDirectiveNode, name: string): string | undefined {
  const value = argument(directive, name);
  return value?.kind === Kind.ENUM ? value.value : undefined;
}

function boolean(directive: ConstDirectiveNode, name: string): boolean | undefined {
  const value = argument(directive, name);
  return value?.kind === Kind.BOOLEAN ? value.value : undefined;
}
