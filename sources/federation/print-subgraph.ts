import { type DirectiveNode, type FieldDefinitionNode, Kind, print, type TypeDefinitionNode, visit } from 'graphql';
import type { RootField } from '../graphql/operation-text.ts';
import { FEDERATION_DIRECTIVES, GRAPHQL_DIRECTIVES, SPECS } from './spec.ts';
import type { SubgraphDocument, TypeNode } from './subgraph-document.ts';

const DEFINITION_OF = {
  [Kind.SCALAR_TYPE_EXTENSION]: Kind.SCALAR_TYPE_DEFINITION,
  [Kind.OBJECT_TYPE_EXTENSION]: Kind.OBJECT_TYPE_DEFINITION,
  [Kind.INTERFACE_TYPE_EXTENSION]: Kind.INTERFACE_TYPE_DEFINITION,
  [Kind.UNION_TYPE_EXTENSION]: Kind.UNION_TYPE_DEFINITION,
  [Kind.ENUM_TYPE_EXTENSION]: Kind.ENUM_TYPE_DEFINITION,
  [Kind.INPUT_OBJECT_TYPE_EXTENSION]: Kind.INPUT_OBJECT_TYPE_DEFINITION,
} as const;

/** The types with everything that is said of them in one definition each, without federation's directives. */
export function plainTypes(types: readonly TypeNode[]): TypeDefinitionNode[] {
  return groupBy(types, ({ name }) => name.value).map((group) =>
    asDefinition(
      visit(join(group), { Directive: (directive: DirectiveNode) => (isOfGraphql(directive) ? undefined : null) }),
    ),
  );
}

/** One definition and one extension of each type at most. A thousand of them take the composer seconds to join. */
export function mergeExtensions(types: readonly TypeNode[]): TypeNode[] {
  return groupBy(types, ({ kind, name }) => `${kind} ${name.value}`).map(join);
}

function groupBy(types: readonly TypeNode[], keyOf: (node: TypeNode) => string): [TypeNode, ...TypeNode[]][] {
  const groups = new Map<string, [TypeNode, ...TypeNode[]]>();
  for (const node of types) {
    const group = groups.get(keyOf(node));
    if (group === undefined) groups.set(keyOf(node), [node]);
    else group.push(node);
  }
  return [...groups.values()];
}

function isOfGraphql({ name }: DirectiveNode): boolean {
  return GRAPHQL_DIRECTIVES.has(name.value);
}

export function asDefinition(node: TypeNode): TypeDefinitionNode {
  const kind = Object.hasOwn(DEFINITION_OF, node.kind)
    ? DEFINITION_OF[node.kind as keyof typeof DEFINITION_OF]
    : node.kind;
  return { ...node, kind } as TypeDefinitionNode;
}

/** All are about the same name; that they are of one kind has been checked. */
function join(group: readonly [TypeNode, ...TypeNode[]]): TypeNode {
  const [first] = group;
  if (group.length === 1) return first;
  const joined: Record<string, unknown> = { ...first };
  for (const list of ['directives', 'interfaces', 'fields', 'types', 'values']) {
    const all = group.flatMap((node): readonly unknown[] => Reflect.get(node, list) ?? []);
    if (all.length > 0) joined[list] = all;
  }
  const described = group.find((node) => 'description' in node && node.description !== undefined);
  if (described !== undefined) joined.description = Reflect.get(described, 'description');
  return joined as unknown as TypeNode;
}

export function printTypes(types: readonly TypeNode[], { executable }: SubgraphDocument): string {
  return [...types, ...executable.map(({ definition }) => definition)].map(print).join('\n\n');
}

/** Links of the graph put these on types of every subgraph. */
const USED_BY_LINKS = ['key', 'requires', 'external'];

/** The document as the composer takes it. */
export function printFederation(document: SubgraphDocument): string {
  const types = printTypes(document.types, document);
  if (document.version === undefined) return types;
  const used = new Set<string>(USED_BY_LINKS);
  for (const node of document.types) {
    visit(node, { Directive: ({ name }) => void (FEDERATION_DIRECTIVES.has(name.value) && used.add(name.value)) });
  }
  const composed = document.executable.flatMap(({ definition, composedBy }) =>
    composedBy === undefined ? [] : [{ name: definition.name.value, composedBy }],
  );
  if (composed.length > 0) used.add('composeDirective');
  const head = [
    linkText(`${SPECS}federation/${document.version}`, [...used]),
    ...[...new Set(composed.map(({ composedBy }) => composedBy))].map((url) =>
      linkText(
        url,
        composed.flatMap(({ name, composedBy }) => (composedBy === url ? [name] : [])),
      ),
    ),
    ...composed.map(({ name }) => `@composeDirective(name: "@${name}")`),
  ];
  return `extend schema\n  ${head.join('\n  ')}\n\n${types}`;
}

function linkText(url: string, directives: readonly string[]): string {
  return `@link(url: ${JSON.stringify(url)}, import: [${directives.map((name) => `"@${name}"`).join(', ')}])`;
}

/** `Query.product` → how it is asked for. */
export function rootFields(types: readonly TypeDefinitionNode[]): ReadonlyMap<string, RootField> {
  const fields = new Map<string, RootField>();
  for (const node of types) {
    const type = OPERATIONS.get(node.name.value);
    if (type === undefined || node.kind !== Kind.OBJECT_TYPE_DEFINITION) continue;
    for (const field of node.fields ?? []) {
      const { value: name } = field.name;
      const isNullable = field.type.kind !== Kind.NON_NULL_TYPE;
      fields.set(`${node.name.value}.${name}`, { type, name, arguments: argumentTypes(field), isNullable });
    }
  }
  return fields;
}

const OPERATIONS: ReadonlyMap<string, RootField['type']> = new Map([
  ['Query', 'query'],
  ['Mutation', 'mutation'],
  ['Subscription', 'subscription'],
]);

function argumentTypes(field: FieldDefinitionNode): ReadonlyMap<string, string> {
  return new Map((field.arguments ?? []).map(({ name, type }) => [name.value, print(type)]));
}
