import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  type FieldNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  visit,
} from 'graphql';
import type { Plan } from '../../schema/plan/plan.ts';

const ASKS = /\b__(schema|type)\b/;

/** Whether a document may ask for the schema. */
export function mayIntrospect(text: string): boolean {
  return ASKS.test(text);
}

/**
 * What a document asks of the schema elsewhere than at the root of a query, through a field that gives the root again: that
 * would be answered while the fields run, of the whole schema.
 */
export function introspectionInside(document: DocumentNode): GraphQLError | undefined {
  const spread = new Set<string>();
  const asking = new Map<string, FieldNode>();
  const spreads = new Map<string, Set<string>>();
  const found: FieldNode[] = [];
  for (const definition of document.definitions) {
    const fragment = definition.kind === Kind.FRAGMENT_DEFINITION ? definition.name.value : undefined;
    const inner = new Set<string>();
    let depth = 0;
    visit(definition, {
      Field: {
        enter(node) {
          if (isIntrospection(node)) {
            if (depth > 0) found.push(node);
            if (fragment !== undefined) asking.set(fragment, node);
          }
          depth += 1;
        },
        leave() {
          depth -= 1;
        },
      },
      FragmentSpread({ name }) {
        inner.add(name.value);
        if (depth > 0) spread.add(name.value);
      },
    });
    if (fragment !== undefined) spreads.set(fragment, inner);
  }
  // What is spread inside spreads others inside. A set that grows is walked to its end.
  for (const name of spread) for (const next of spreads.get(name) ?? []) spread.add(next);
  for (const name of spread) {
    const node = asking.get(name);
    if (node !== undefined) found.push(node);
  }
  const [first] = found;
  if (first === undefined) return undefined;
  return new GraphQLError(`"${first.name.value}" is asked for at the root of a query.`, { nodes: first });
}

/** The same plan, with what it asks of the schema answered by the schema that its caller sees. */
export function withIntrospection(plan: Plan, schema: GraphQLSchema): Plan {
  const { document, operation } = plan;
  if (operation.operation !== OperationTypeNode.QUERY) return plan;
  const asked = rootFieldsOf(document, operation);
  if (!asked.some(isIntrospection)) return plan;
  const isAll = asked.every(({ name }) => name.value.startsWith('__'));
  const shown = introspectionOf(document, isAll);
  const operationName = operation.name?.value;
  return {
    ...plan,
    async execute(context, variables) {
      const own = execute({ schema, document: shown, operationName, variableValues: variables }) as ExecutionResult;
      if (isAll || own.data == null) return own;
      const { data, ...rest } = await plan.execute(context, variables);
      return data == null ? { ...rest, data: null } : { ...rest, data: { ...data, ...own.data } };
    },
  };
}

/** Fields at the root of an operation, fragments spread out. */
function rootFieldsOf(document: DocumentNode, operation: OperationDefinitionNode): readonly FieldNode[] {
  const fields: FieldNode[] = [];
  const names = new Set<string>();
  const collect = (definition: OperationDefinitionNode | DocumentNode['definitions'][number]) =>
    visit(definition, {
      Field(node) {
        fields.push(node);
        return false;
      },
      FragmentSpread({ name }) {
        names.add(name.value);
      },
    });
  collect(operation);
  for (const name of names)
    for (const definition of document.definitions)
      if (definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === name) collect(definition);
  return fields;
}

/** The document without root fields of the graph. Fragments on types of introspection stay what they are. */
function introspectionOf(document: DocumentNode, keepsTypename: boolean): DocumentNode {
  return visit(document, {
    FragmentDefinition: ({ typeCondition }) => (typeCondition.name.value.startsWith('__') ? false : undefined),
    Field: (node) => (isIntrospection(node) || (keepsTypename && node.name.value === '__typename') ? false : null),
  });
}

function isIntrospection({ name }: FieldNode): boolean {
  return name.value === '__schema' || name.value === '__type';
}
