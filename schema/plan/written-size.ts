import { type DocumentNode, type FragmentDefinitionNode, Kind, type SelectionSetNode } from 'graphql';

/**
 * Characters of a document's operations with fragments spread out: what is planned, and what upstreams may be sent. It
 * can be a thousand times the document's own length. Each fragment is measured once.
 */
export function writtenSize(document: DocumentNode): number {
  const fragments = new Map<string, FragmentDefinitionNode>();
  const known = new Map<string, number>();
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  }

  function sizeOf({ selections }: SelectionSetNode): number {
    let size = 0;
    for (const node of selections) {
      if (node.kind === Kind.FRAGMENT_SPREAD) size += sizeOfFragment(node.name.value);
      else size += lengthOf(node) - lengthOf(node.selectionSet);
      if (node.kind !== Kind.FRAGMENT_SPREAD && node.selectionSet !== undefined) size += sizeOf(node.selectionSet);
    }
    return Math.min(Number.MAX_SAFE_INTEGER, size);
  }

  function sizeOfFragment(name: string): number {
    const size = known.get(name);
    if (size !== undefined) return size;
    // One that spreads itself is refused by GraphQL's own rules.
    known.set(name, 0);
    const fragment = fragments.get(name);
    const found = fragment === undefined ? 0 : sizeOf(fragment.selectionSet);
    known.set(name, found);
    return found;
  }

  let size = 0;
  for (const node of document.definitions) {
    if (node.kind !== Kind.OPERATION_DEFINITION) continue;
    size += lengthOf(node) - lengthOf(node.selectionSet) + sizeOf(node.selectionSet);
  }
  return size;
}

function lengthOf(node: { readonly loc?: { readonly start: number; readonly end: number } } | undefined): number {
  return node?.loc === undefined ? 0 : node.loc.end - node.loc.start;
}
