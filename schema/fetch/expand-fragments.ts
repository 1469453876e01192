import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { Unplannable } from './fetch-plan.ts';

const MAX_FIELDS = 20_000;

/**
 * A copy of one operation with its fragments written out, so that every node of it stands in one place only.
 * @throws Unplannable when it would become too large
 */
export function expandFragments(document: DocumentNode, operation: OperationDefinitionNode): DocumentNode {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  let left = MAX_FIELDS;

  const expandSet = (set: SelectionSetNode): SelectionSetNode => ({ ...set, selections: set.selections.map(expand) });

  function expand(node: SelectionNode): SelectionNode {
    left -= 1;
    if (left < 0) throw new Unplannable(`has more than ${MAX_FIELDS} fields`);
    if (node.kind === Kind.FIELD)
      return node.selectionSet === undefined ? { ...node } : { ...node, selectionSet: expandSet(node.selectionSet) };
    if (node.kind === Kind.INLINE_FRAGMENT) return { ...node, selectionSet: expandSet(node.selectionSet) };
    const fragment = fragments.get(node.name.value);
    if (fragment === undefined) throw new Unplannable(`has no fragment ${node.name.value}`);
    return {
      kind: Kind.INLINE_FRAGMENT,
      typeCondition: fragment.typeCondition,
      directives: [...(node.directives ?? [])],
      selectionSet: expandSet(fragment.selectionSet),
    };
  }

  return {
    kind: Kind.DOCUMENT,
    definitions: [{ ...operation, selectionSet: expandSet(operation.selectionSet) }],
  };
}
