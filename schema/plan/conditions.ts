import {
  type ASTNode,
  type DirectiveNode,
  type DocumentNode,
  Kind,
  type OperationDefinitionNode,
  visit,
} from 'graphql';

/** With more variables than this there are too many documents to settle each: such operations are interpreted. */
const MAX_VARIABLES = 3;

/** The `@skip` and `@include` of a document, and what becomes of it when their variables have values. */
export interface Conditions {
  /** Names of Boolean variables that conditions read; undefined when there are too many. */
  readonly variables: readonly string[] | undefined;
  /** The document with every condition settled: what is excluded is gone, what is included is unconditional. */
  settle(values: ReadonlyMap<string, boolean>): DocumentNode;
}

/**
 * Finds the conditions of a document. They are settled before it is compiled, one document per combination of values,
 * because the compiler loses conditions when a field is selected twice with different ones.
 */
export function findConditions(document: DocumentNode): Conditions {
  const names = new Set<string>();
  visit(document, {
    Directive(node) {
      const condition = isCondition(node) ? node.arguments?.[0]?.value : undefined;
      if (condition?.kind === Kind.VARIABLE) names.add(condition.name.value);
    },
  });
  return {
    variables: names.size > MAX_VARIABLES ? undefined : [...names],
    settle: (values) => {
      const settleNode = <T extends ASTNode & { readonly directives?: readonly DirectiveNode[] | undefined }>(
        node: T,
      ) => {
        const conditions = node.directives?.filter(isCondition) ?? [];
        if (conditions.length === 0) return undefined;
        if (conditions.some((directive) => excludes(directive, values))) return null;
        return { ...node, directives: node.directives?.filter((directive) => !isCondition(directive)) };
      };
      return visit(document, { Field: settleNode, InlineFragment: settleNode, FragmentSpread: settleNode });
    },
  };
}

/** Values of the condition variables of one request; undefined when one is no Boolean: then execution says why. */
export function conditionValues(
  names: readonly string[],
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): Map<string, boolean> | undefined {
  const values = new Map<string, boolean>();
  for (const name of names) {
    let value = variables[name];
    if (value === undefined) {
      const definition = operation.variableDefinitions?.find(({ variable }) => variable.name.value === name);
      value = definition?.defaultValue?.kind === Kind.BOOLEAN ? definition.defaultValue.value : undefined;
    }
    if (typeof value !== 'boolean') return undefined;
    values.set(name, value);
  }
  return values;
}

function isCondition({ name }: DirectiveNode): boolean {
  return name.value === 'skip' || name.value === 'include';
}

function excludes(directive: DirectiveNode, values: ReadonlyMap<string, boolean>): boolean {
  const condition = directive.arguments?.[0]?.value;
  const value =
    condition?.kind === Kind.VARIABLE
      ? values.get(condition.name.value)
      : condition?.kind === Kind.BOOLEAN && condition.value;
  return directive.name.value === 'skip' ? value === true : value !== true;
}
