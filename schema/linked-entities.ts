import type { ExecutionRequest } from '@graphql-tools/utils';
import {
  type DocumentNode,
  type ExecutionResult,
  type FieldNode,
  type InlineFragmentNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  visit,
} from 'graphql';
import type { Link } from './links.ts';

type Ask = (request: ExecutionRequest) => Promise<ExecutionResult>;
type Entity = Readonly<Record<string, unknown>> | null;

interface Split {
  /** What the subgraph answers itself, with what the links read. */
  readonly own: DocumentNode;
  readonly linked: DocumentNode;
  readonly responseKey: string;
  /** The variable that holds the representations. */
  readonly variable: string;
}

/**
 * Entities of a federation subgraph with links that lead to it: the service is asked for what it knows, then `askLinks`
 * for the links of what it gave. Undefined for all other requests. Fragments of the document must be written out.
 */
export function askLinkedEntities(
  request: ExecutionRequest,
  links: readonly Link[],
  isOwn: (typeName: string) => boolean,
  [askService, askLinks]: readonly [Ask, Ask],
): Promise<ExecutionResult> | undefined {
  const split = splitEntities(request.document as DocumentNode, links, isOwn);
  return split && askBoth(split, request, askService, askLinks);
}

async function askBoth(split: Split, request: ExecutionRequest, askService: Ask, askLinks: Ask) {
  const { responseKey, variable } = split;
  const own = await askService({ ...request, document: split.own });
  const entities = own.data?.[responseKey] as readonly Entity[] | null | undefined;
  if (!Array.isArray(entities)) return own;
  const given = request.variables?.[variable] as readonly object[];
  const representations = given.map((representation, index) => ({ ...representation, ...entities[index] }));
  const linked = await askLinks({
    ...request,
    document: split.linked,
    variables: { ...request.variables, [variable]: representations },
  });
  const added = linked.data?.[responseKey] as readonly Entity[] | null | undefined;
  const errors = [...(own.errors ?? []), ...(linked.errors ?? [])];
  return {
    data: { [responseKey]: entities.map((entity: Entity, index) => entity && { ...entity, ...added?.[index] }) },
    ...(errors.length === 0 ? {} : { errors }),
  };
}

function splitEntities(
  document: DocumentNode,
  links: readonly Link[],
  isOwn: (typeName: string) => boolean,
): Split | undefined {
  const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  const [root, ...others] = operation?.selectionSet.selections ?? [];
  if (operation === undefined || root?.kind !== Kind.FIELD || root.name.value !== '_entities' || others.length > 0)
    return undefined;
  const representations = root.arguments?.find(({ name }) => name.value === 'representations')?.value;
  if (representations?.kind !== Kind.VARIABLE) return undefined;
  const own: InlineFragmentNode[] = [];
  const linked: SelectionNode[] = [];
  for (const node of root.selectionSet?.selections ?? []) {
    const typeName = node.kind === Kind.INLINE_FRAGMENT ? node.typeCondition?.name.value : undefined;
    if (node.kind !== Kind.INLINE_FRAGMENT || typeName === undefined || !isOwn(typeName)) {
      linked.push(node);
      continue;
    }
    const isLink = (selection: SelectionNode) => linkOf(links, typeName, selection) !== undefined;
    const { selections } = node.selectionSet;
    const keys = selections.flatMap((selection) => [...(linkOf(links, typeName, selection)?.key ?? [])]);
    own.push(
      withSelections(node, [...selections.filter((each) => !isLink(each)), ...['__typename', ...keys].map(field)]),
    );
    if (selections.some(isLink)) linked.push(withSelections(node, selections.filter(isLink)));
  }
  if (own.length === 0) return undefined;
  return {
    own: documentOf(operation, root, own),
    linked: documentOf(operation, root, linked),
    responseKey: root.alias?.value ?? root.name.value,
    variable: representations.name.value,
  };
}

function linkOf(links: readonly Link[], typeName: string, selection: SelectionNode): Link | undefined {
  if (selection.kind !== Kind.FIELD) return undefined;
  return links.find((link) => link.typeName === typeName && link.fieldName === selection.name.value);
}

function withSelections(node: InlineFragmentNode, selections: readonly SelectionNode[]): InlineFragmentNode {
  return { ...node, selectionSet: { kind: Kind.SELECTION_SET, selections } };
}

function field(name: string): FieldNode {
  return { kind: Kind.FIELD, name: { kind: Kind.NAME, value: name } };
}

/** The operation with another selection of its one field, and with the variables that are still used. */
function documentOf(operation: OperationDefinitionNode, root: FieldNode, selections: readonly SelectionNode[]) {
  const selected: FieldNode = { ...root, selectionSet: { kind: Kind.SELECTION_SET, selections } };
  const used = new Set<string>();
  visit(selected, { Variable: ({ name }) => void used.add(name.value) });
  const definition: OperationDefinitionNode = {
    ...operation,
    variableDefinitions: (operation.variableDefinitions ?? []).filter(({ variable }) => used.has(variable.name.value)),
    selectionSet: { kind: Kind.SELECTION_SET, selections: [selected] },
  };
  return { kind: Kind.DOCUMENT, definitions: [definition] } satisfies DocumentNode;
}
