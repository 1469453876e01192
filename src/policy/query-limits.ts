import {
  type ASTVisitor,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
} from 'graphql';

export interface QueryLimits {
  /** How deep selections may nest, with fragments spread out. Introspection does not count. */
  readonly depth: number;
  /** How many fields an operation may select, with fragments spread out. */
  readonly fields: number;
}

/**
 * A validation rule that refuses operations beyond the limits, so that they are judged once per document. Each fragment
 * is measured once, however often it is spread: a chain of fragments cannot make measuring itself expensive.
 */
export function createQueryLimits(limits: QueryLimits): ValidationRule {
  return (context: ValidationContext): ASTVisitor => ({
    OperationDefinition(operation) {
      const { depth, fields } = measure(operation.selectionSet, context, new Map());
      const refuse = (what: string) =>
        context.reportError(
          new GraphQLError(`The operation ${what}.`, {
            nodes: operation,
            extensions: { code: 'OPERATION_TOO_COMPLEX' },
          }),
        );
      if (depth > limits.depth) refuse(`nests ${depth} levels deep; ${limits.depth} are allowed (limits.depth)`);
      if (fields > limits.fields) refuse(`selects more than ${limits.fields} fields (limits.fields)`);
    },
  });
}

interface Size {
  readonly depth: number;
  readonly fields: number;
}

const NOTHING: Size = { depth: 0, fields: 0 };

function measure(
  selectionSet: SelectionSetNode,
  context: ValidationContext,
  fragments: Map<FragmentDefinitionNode, Size>,
): Size {
  let depth = 0;
  let fields = 0;
  for (const node of selectionSet.selections) {
    let size = NOTHING;
    if (node.kind === Kind.FIELD) {
      const isIntrospection = node.name.value.startsWith('__');
      const inner = node.selectionSet === undefined ? NOTHING : measure(node.selectionSet, context, fragments);
      size = { depth: isIntrospection ? 0 : inner.depth + 1, fields: inner.fields + 1 };
    } else if (node.kind === Kind.INLINE_FRAGMENT) {
      size = measure(node.selectionSet, context, fragments);
    } else {
      const fragment = context.getFragment(node.name.value);
      if (fragment != null) size = measureFragment(fragment, context, fragments);
    }
    depth = Math.max(depth, size.depth);
    fields = Math.min(Number.MAX_SAFE_INTEGER, fields + size.fields);
  }
  return { depth, fields };
}

function measureFragment(
  fragment: FragmentDefinitionNode,
  context: ValidationContext,
  fragments: Map<FragmentDefinitionNode, Size>,
): Size {
  const known = fragments.get(fragment);
  if (known !== undefined) return known;
  // A fragment that spreads itself is refused by GraphQL's own rules; here it must only not run forever.
  fragments.set(fragment, NOTHING);
  const size = measure(fragment.selectionSet, context, fragments);
  fragments.set(fragment, size);
  return size;
}
