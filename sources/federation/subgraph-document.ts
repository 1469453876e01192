import {
  type DefinitionNode,
  type DirectiveDefinitionNode,
  type DirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  isTypeDefinitionNode,
  isTypeExtensionNode,
  Kind,
  type TypeDefinitionNode,
  type TypeExtensionNode,
  visit,
} from 'graphql';
import { didYouMean } from '../../kernel/suggest.ts';
import type { Findings } from './findings.ts';
import { argumentsOf, type FederationLinks } from './links.ts';
import { createRemarks, type Remarks } from './remarks.ts';
import { FEDERATION_DIRECTIVES, GRAPHQL_DIRECTIVES, SUBGRAPH_FIELDS, SUBGRAPH_TYPES } from './spec.ts';

export type TypeNode = TypeDefinitionNode | TypeExtensionNode;

/** A subgraph's document with plain names: `@key` is `@key` and the query type `Query`, whatever it called them. */
export interface SubgraphDocument {
  /** `v2.3`; undefined for federation 1. */
  readonly version: string | undefined;
  readonly types: readonly TypeNode[];
  /** Directives that clients may write into operations. */
  readonly executable: readonly ExecutableDirective[];
  /** Root types that are called something else upstream: `Query` → `RootQuery`. */
  readonly renamedRoots: ReadonlyMap<string, string>;
}

export interface ExecutableDirective {
  readonly definition: DirectiveDefinitionNode;
  /** The specification it is composed by, if it is. */
  readonly composedBy: string | undefined;
}

const ROOTS = { query: 'Query', mutation: 'Mutation', subscription: 'Subscription' } as const;

export const EXECUTABLE_LOCATION =
  /^(QUERY|MUTATION|SUBSCRIPTION|FIELD|FRAGMENT_DEFINITION|FRAGMENT_SPREAD|INLINE_FRAGMENT|VARIABLE_DEFINITION)$/;

/** Leaves out what federation and links add to every subgraph's document, and what means nothing to the graph. */
export function readSubgraphDocument(
  document: DocumentNode,
  links: FederationLinks,
  findings: Findings,
): SubgraphDocument {
  const renamed = rootNames(document, findings);
  const definitions = directiveDefinitions(document, links);
  const remarks = createRemarks(findings);
  const types: TypeNode[] = [];
  for (const node of document.definitions) {
    if (!isTypeDefinitionNode(node) && !isTypeExtensionNode(node)) continue;
    const { value: name } = node.name;
    if (SUBGRAPH_TYPES.has(name) || links.isOfSpec(name, 'type')) continue;
    const plain = visit(node as TypeNode, {
      Directive: (directive) => plainDirective(directive, name, { links, definitions, findings, remarks }),
      NamedType: (type) => {
        const to = renamed.get(type.name.value);
        return to === undefined ? undefined : { ...type, name: { ...type.name, value: to } };
      },
    });
    const root = renamed.get(name) ?? name;
    const own = withoutUnusable(plain, root, remarks);
    if (own !== undefined) types.push(root === name ? own : { ...own, name: { ...own.name, value: root } });
  }
  remarks.tell();
  return {
    version: links.version,
    types,
    executable: executableDirectives(document, definitions, links),
    renamedRoots: new Map([...renamed].flatMap(([from, to]) => (from === to ? [] : [[to, from]]))),
  };
}

/** `RootQuery` → `Query`, as the schema definition says. */
function rootNames(document: DocumentNode, findings: Findings): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  let isDefined = false;
  for (const node of document.definitions) {
    if (node.kind !== Kind.SCHEMA_DEFINITION && node.kind !== Kind.SCHEMA_EXTENSION) continue;
    isDefined ||= node.kind === Kind.SCHEMA_DEFINITION && node.operationTypes.length > 0;
    for (const { operation, type } of node.operationTypes ?? []) names.set(type.name.value, ROOTS[operation]);
  }
  if (!isDefined) return names;
  const reserved = new Set<string>(Object.values(ROOTS));
  for (const node of document.definitions) {
    if (!isTypeDefinitionNode(node) || !reserved.has(node.name.value) || names.has(node.name.value)) continue;
    findings.problem(node, `The type ${node.name.value} is not the root type that its name promises.`, {
      suggestion: 'Name it in the schema definition, or give it another name.',
    });
  }
  return names;
}

function directiveDefinitions(document: DocumentNode, links: FederationLinks): Map<string, DirectiveDefinitionNode> {
  const own = new Map<string, DirectiveDefinitionNode>();
  for (const node of document.definitions) {
    if (node.kind !== Kind.DIRECTIVE_DEFINITION || links.isOfSpec(node.name.value, 'directive')) continue;
    if (!GRAPHQL_DIRECTIVES.has(node.name.value)) own.set(node.name.value, node);
  }
  return own;
}

function plainDirective(
  node: DirectiveNode,
  typeName: string,
  {
    links,
    definitions,
    findings,
    remarks,
  }: {
    readonly links: FederationLinks;
    readonly definitions: ReadonlyMap<string, DirectiveDefinitionNode>;
    readonly findings: Findings;
    readonly remarks: Remarks;
  },
): DirectiveNode | null | undefined {
  const { value: name } = node.name;
  const plain = links.directives.get(name);
  if (plain !== undefined) {
    remarks.uses(plain, typeName, node);
    return plain === name ? undefined : { ...node, name: { ...node.name, value: plain } };
  }
  if (GRAPHQL_DIRECTIVES.has(name)) return undefined;
  if (definitions.has(name)) remarks.leavesOut(name, node);
  else findings.problem(node, `There is no directive @${name}.`, wayOut(name, links));
  return null;
}

function wayOut(name: string, links: FederationLinks): { suggestion?: string } {
  if (FEDERATION_DIRECTIVES.has(name)) {
    const suggestion =
      links.version === undefined
        ? `Link federation 2 for it: extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@${name}"])`
        : `Add "@${name}" to what the link to federation imports.`;
    return { suggestion };
  }
  const suggestion = didYouMean(
    `@${name}`,
    [...links.directives.keys()].map((known) => `@${known}`),
  ).trim();
  return suggestion === '' ? { suggestion: 'Define it in the document.' } : { suggestion };
}

/**
 * Without federation's own root fields, and without fields that only a gateway can give an argument, which we cannot.
 * Undefined for a root type that has nothing else.
 */
function withoutUnusable(node: TypeNode, root: string, remarks: Remarks): TypeNode | undefined {
  if (node.kind !== Kind.OBJECT_TYPE_DEFINITION && node.kind !== Kind.OBJECT_TYPE_EXTENSION) return node;
  const isRoot = Object.values(ROOTS).some((name) => name === root);
  const fields = (node.fields ?? []).filter((field) => {
    if (root === 'Query' && SUBGRAPH_FIELDS.has(field.name.value)) return false;
    if (!wantsContext(field)) return true;
    remarks.leavesOutField(`${root}.${field.name.value}`, field);
    return false;
  });
  if (isRoot && fields.length === 0) return undefined;
  return fields.length === node.fields?.length ? node : { ...node, fields };
}

function wantsContext(field: FieldDefinitionNode): boolean {
  return (field.arguments ?? []).some(({ directives }) => directives?.some(({ name }) => name.value === 'fromContext'));
}

function executableDirectives(
  document: DocumentNode,
  definitions: ReadonlyMap<string, DirectiveDefinitionNode>,
  links: FederationLinks,
): ExecutableDirective[] {
  const composed = composedNames(document.definitions, links);
  return [...definitions.values()].flatMap((definition) => {
    const { value: name } = definition.name;
    const locations = definition.locations.filter(({ value }) => EXECUTABLE_LOCATION.test(value));
    if (locations.length === 0 || FEDERATION_DIRECTIVES.has(name)) return [];
    const link = composed.has(`@${name}`)
      ? links.custom.find(({ imports }) => imports.get(`@${name}`) === `@${name}`)
      : undefined;
    const composedBy = link === undefined ? undefined : [link.identity, link.version].filter(Boolean).join('/');
    return [{ definition: { ...definition, locations }, composedBy }];
  });
}

function composedNames(definitions: readonly DefinitionNode[], links: FederationLinks): ReadonlySet<unknown> {
  const names = new Set<unknown>();
  for (const node of definitions) {
    if (node.kind !== Kind.SCHEMA_DEFINITION && node.kind !== Kind.SCHEMA_EXTENSION) continue;
    for (const directive of node.directives ?? []) {
      if (links.directives.get(directive.name.value) === 'composeDirective') names.add(argumentsOf(directive).name);
    }
  }
  return names;
}
