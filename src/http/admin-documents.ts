import {
  type ASTVisitor,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  parse,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
  validate,
} from 'graphql';
import type { Plugin } from 'graphql-yoga';

export interface AdminDocumentLimits {
  /** Lexical tokens of a document. Texts of sources are one each. */
  readonly tokens: number;
  /** Fields of a root type that an operation may select, with fragments spread out: each is work of its own. */
  readonly rootFields: number;
  readonly rules: readonly ValidationRule[];
}

/**
 * Holds documents to limits before GraphQL's own rules see them: some of those compare every field with every other.
 */
export function useAdminDocuments({ tokens, rootFields, rules }: AdminDocumentLimits): Plugin {
  const first = [...rules, limitRootFields(rootFields)];
  return {
    onParse({ setParseFn }) {
      setParseFn((source, options) => parse(source, { ...options, maxTokens: tokens }));
    },
    onValidate({ params, setResult }) {
      const errors = validate(params.schema, params.documentAST, first);
      if (errors.length > 0) setResult(errors);
    },
  };
}

function limitRootFields(most: number): ValidationRule {
  return (context: ValidationContext): ASTVisitor => ({
    OperationDefinition(operation) {
      if (countFields(operation.selectionSet, context, new Map()) <= most) return;
      const message = `The operation asks for more than ${most} things at once: send it in parts.`;
      const extensions = { code: 'OPERATION_TOO_COMPLEX' };
      context.reportError(new GraphQLError(message, { nodes: operation, extensions }));
    },
  });
}

function countFields(
  { selections }: SelectionSetNode,
  context: ValidationContext,
  fragments: Map<FragmentDefinitionNode, number>,
): number {
  let count = 0;
  for (const node of selections) {
    if (node.kind === Kind.FIELD) count += 1;
    else if (node.kind === Kind.INLINE_FRAGMENT) count += countFields(node.selectionSet, context, fragments);
    else count += countFragment(context.getFragment(node.name.value) ?? undefined, context, fragments);
  }
  return count;
}

function countFragment(
  fragment: FragmentDefinitionNode | undefined,
  context: ValidationContext,
  fragments: Map<FragmentDefinitionNode, number>,
): number {
  if (fragment === undefined) return 0;
  const known = fragments.get(fragment);
  if (known !== undefined) return known;
  // One that spreads itself is refused by GraphQL's own rules.
  fragments.set(fragment, 0);
  const count = countFields(fragment.selectionSet, context, fragments);
  fragments.set(fragment, count);
  return count;
}
