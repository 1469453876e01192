import { type DocumentNode, GraphQLError, TypeInfo, visit, visitWithTypeInfo } from 'graphql';
import { EMPTY_QUERY, EMPTY_QUERY_DESCRIPTION, isEmptyQuery } from '../schema/empty-query.ts';
import type { Documents, PreparedDocument } from '../schema/plan/documents.ts';
import type { Generation } from '../schema/registry.ts';

type CallersDocuments = Pick<Documents, 'prepare'>;

const FIELD_NAME = EMPTY_QUERY.slice(EMPTY_QUERY.indexOf('.') + 1);
const lacking = new WeakMap<Generation, boolean>();
const made = new WeakMap<CallersDocuments, CallersDocuments>();

/** Whether the graph has nothing to query, and a field that says so. */
export function saysNothingToQuery(generation: Generation): boolean {
  let isLacking = lacking.get(generation);
  if (isLacking === undefined) {
    const field = generation.schema.getQueryType()?.getFields()[FIELD_NAME];
    isLacking = isEmptyQuery(EMPTY_QUERY, field?.description ?? undefined);
    lacking.set(generation, isLacking);
  }
  return isLacking;
}

/** The documents of such a graph: those that ask for the field are told what it says. It is nobody's to grant. */
export function withoutEmptyQuery(documents: CallersDocuments, { schema }: Generation): CallersDocuments {
  const known = made.get(documents);
  if (known !== undefined) return known;
  const told = new WeakMap<PreparedDocument, PreparedDocument>();
  const wrapped: CallersDocuments = {
    prepare(text) {
      const prepared = documents.prepare(text);
      if (prepared.errors !== undefined || !text.includes(FIELD_NAME)) return prepared;
      const answer = told.get(prepared) ?? judge(prepared.document) ?? prepared;
      told.set(prepared, answer);
      return answer;
    },
  };
  made.set(documents, wrapped);
  return wrapped;

  function judge(document: DocumentNode): PreparedDocument | undefined {
    const info = new TypeInfo(schema);
    const query = schema.getQueryType();
    const errors: GraphQLError[] = [];
    const Field = (node: { readonly name: { readonly value: string } }) => {
      if (errors.length > 0 || node.name.value !== FIELD_NAME || info.getParentType() !== query) return;
      const extensions = { code: 'GRAPHQL_VALIDATION_FAILED' };
      errors.push(new GraphQLError(EMPTY_QUERY_DESCRIPTION, { nodes: node as never, extensions }));
    };
    visit(document, visitWithTypeInfo(info, { Field }));
    return errors.length > 0 ? { errors } : undefined;
  }
}
