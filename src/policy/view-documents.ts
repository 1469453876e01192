import { type DocumentNode, GraphQLError, type GraphQLSchema, Kind, parse, specifiedRules, validate } from 'graphql';
import { EMPTY_QUERY_DESCRIPTION } from '../../schema/empty-query.ts';
import type { PreparedDocument } from '../../schema/plan/documents.ts';
import type { Plan } from '../../schema/plan/plan.ts';
import { introspectionInside, mayIntrospect, withIntrospection } from './introspection.ts';

const INVALID = 'GRAPHQL_VALIDATION_FAILED';

/** `prepared` is what the whole graph says of the document; of its mistakes, those that name fields are not told. */
export function prepareInView(text: string, prepared: PreparedDocument, schema: GraphQLSchema): PreparedDocument {
  const beyond = prepared.errors?.filter(({ extensions }) => extensions.code !== INVALID) ?? [];
  if (prepared.errors !== undefined && beyond.length === prepared.errors.length) return prepared;
  const document: DocumentNode = prepared.errors === undefined ? prepared.document : parse(text);
  const asks = mayIntrospect(text);
  const inside = asks ? introspectionInside(document) : undefined;
  const mistakes = [
    ...validate(schema, document, specifiedRules, { maxErrors: 20 }),
    ...missingRoots(document, schema),
    ...(inside === undefined ? [] : [inside]),
  ];
  if (mistakes.length > 0 || prepared.errors !== undefined) {
    const told = mistakes.length > 0 ? mistakes : [new GraphQLError(EMPTY_QUERY_DESCRIPTION)];
    return { errors: [...told.map(invalid), ...beyond] };
  }
  if (!asks) return prepared;
  const plans = new WeakMap<Plan, Plan>();
  return {
    ...prepared,
    plan(operationName) {
      const plan = prepared.plan(operationName);
      const known = plans.get(plan) ?? withIntrospection(plan, schema);
      plans.set(plan, known);
      return known;
    },
  };
}

/** Validation takes whatever is asked of a root type that is not there. */
function missingRoots({ definitions }: DocumentNode, schema: GraphQLSchema): readonly GraphQLError[] {
  return definitions.flatMap((node) => {
    if (node.kind !== Kind.OPERATION_DEFINITION || schema.getRootType(node.operation) != null) return [];
    return [new GraphQLError(`Schema is not configured to execute ${node.operation} operation.`, { nodes: node })];
  });
}

function invalid(error: GraphQLError): GraphQLError {
  const { message, nodes, source, positions, path } = error;
  const places = { nodes: nodes ?? null, source: source ?? null, positions: positions ?? null, path: path ?? null };
  return new GraphQLError(message, { ...places, extensions: { code: INVALID } });
}
