import { type ASTNode, type DocumentNode, Kind, print, visit } from 'graphql';

const KIND_ORDER: readonly string[] = [Kind.SCHEMA_DEFINITION, Kind.SCHEMA_EXTENSION, Kind.DIRECTIVE_DEFINITION];

/** SDL with everything whose order has no meaning in the order of its text; directives keep theirs. */
export function sortDocument(document: DocumentNode): DocumentNode {
  const sorted = visit(document, {
    leave(node: ASTNode) {
      const result: Record<string, unknown> = { ...node };
      for (const key of ['fields', 'arguments', 'values', 'types', 'interfaces', 'locations', 'operationTypes']) {
        const list = result[key];
        if (Array.isArray(list) && node.kind !== Kind.LIST) result[key] = byText(list as ASTNode[]);
      }
      return result;
    },
  });
  const rank = ({ kind }: ASTNode) => (KIND_ORDER.includes(kind) ? KIND_ORDER.indexOf(kind) : KIND_ORDER.length);
  const definitions = [...sorted.definitions].sort((a, b) => rank(a) - rank(b) || compare(keyOf(a), keyOf(b)));
  return { ...sorted, definitions };
}

function byText(nodes: readonly ASTNode[]): ASTNode[] {
  return nodes
    .map((node) => ({ node, key: keyOf(node) }))
    .sort((a, b) => compare(a.key, b.key))
    .map(({ node }) => node);
}

/** The name, then the text: extensions share a name. */
function keyOf(node: ASTNode): string {
  const name = 'name' in node && node.name !== undefined ? node.name.value : '';
  return `${name}\u0000${name === '' ? print(node) : ''}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
