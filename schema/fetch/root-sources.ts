import {
  type FieldNode,
  type GraphQLSchema,
  getNullableType,
  isObjectType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import type { Composition } from '../compose.ts';
import type { Reach } from './reach.ts';
import type { Routes } from './routes.ts';

export interface RootDeps {
  readonly composition: Composition;
  readonly schema: GraphQLSchema;
  readonly routes: Routes;
  readonly reach: Reach;
}

/**
 * The sources that have a root field, and the one that answers it: of several subgraphs one that is asked already, or has the
 * most below.
 */
export function rootSources(
  rootName: string,
  node: FieldNode,
  isAsked: (source: string) => boolean,
  { composition: { ownership, supergraph }, routes, reach }: RootDeps,
): { readonly one: string | undefined; readonly having: readonly string[] } {
  const { value: name } = node.name;
  const owner = ownership.rootFields.get(`${rootName}.${name}`) ?? '';
  if (!ownership.federated.has(owner)) return { one: owner, having: [owner] };
  const having = [...(supergraph?.types.get(rootName)?.fields.get(name)?.subgraphs.keys() ?? [owner])]
    .filter((source) => routes.fieldIn(source, rootName, name)?.external === false)
    .map((source) => ({
      source,
      cost: reach.missing(source, rootName, node, undefined) * 2 - Number(isAsked(source)),
    }))
    .sort((a, b) => a.cost - b.cost)
    .map(({ source }) => source);
  return { one: having.find((source) => reach.canPlanBelow(source, rootName, node, undefined)), having };
}

/**
 * A root field that several subgraphs share, where none has all that is selected of it: what each of them is asked for. Of
 * an object only: items of lists can be told apart by nothing. Undefined where that is not enough.
 */
export function splitRoot(
  rootName: string,
  node: FieldNode,
  sources: readonly string[],
  { schema, routes, reach }: RootDeps,
): ReadonlyMap<string, FieldNode> | undefined {
  const root = schema.getType(rootName);
  const type = isObjectType(root) ? getNullableType(root.getFields()[node.name.value]?.type) : undefined;
  if (node.selectionSet === undefined || !isObjectType(type)) return undefined;
  const fields = new Set(fieldsOf(node.selectionSet));
  const has = (source: string, field: FieldNode) =>
    field.name.value.startsWith('__') ||
    (routes.has(source, type.name, { kind: Kind.FIELD, name: field.name }, undefined) &&
      reach.canPlanBelow(source, rootName, { ...node, selectionSet: selectionOf([field]) }, undefined));
  const having = sources
    .map((source) => ({ source, known: new Set([...fields].filter((field) => has(source, field))) }))
    .sort((a, b) => b.known.size - a.known.size);
  const parts = new Map<string, FieldNode>();
  for (const { source, known } of having) {
    const own = new Set([...known].filter((field) => fields.delete(field)));
    if (own.size > 0) parts.set(source, { ...node, selectionSet: selectionOf(only(own, node.selectionSet)) });
  }
  return fields.size === 0 ? parts : undefined;
}

export function fieldsOf({ selections }: SelectionSetNode): readonly FieldNode[] {
  return selections.flatMap((node) => {
    if (node.kind === Kind.FIELD) return [node];
    return node.kind === Kind.INLINE_FRAGMENT ? fieldsOf(node.selectionSet) : [];
  });
}

function only(fields: ReadonlySet<FieldNode>, { selections }: SelectionSetNode): readonly SelectionNode[] {
  return selections.flatMap((node): readonly SelectionNode[] => {
    if (node.kind === Kind.FIELD) return fields.has(node) ? [node] : [];
    if (node.kind !== Kind.INLINE_FRAGMENT) return [];
    const inner = only(fields, node.selectionSet);
    return inner.length === 0 ? [] : [{ ...node, selectionSet: selectionOf(inner) }];
  });
}

function selectionOf(selections: readonly SelectionNode[]): SelectionSetNode {
  return { kind: Kind.SELECTION_SET, selections };
}
