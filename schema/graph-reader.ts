import {
  type DocumentNode,
  GraphQLObjectType,
  GraphQLSchema,
  isObjectType,
  Kind,
  parse,
  type SelectionSetNode,
  validate,
} from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';
import { SkeinError } from '../kernel/errors.ts';
import { Unplannable } from './fetch/fetch-plan.ts';
import { printReads } from './link-chains.ts';
import type { GraphReader } from './link-resolver.ts';
import type { Link } from './links.ts';

/** Plans what is read of an object that is there, and gives the schema that it is read by. */
export type PlanReading = (document: DocumentNode, below: SelectionSetNode, typeName: string) => GraphQLSchema;

/** Runs what a link reads from the graph as a query below the parent, compiled on first use, within the same batches. */
export function createGraphReader(typeName: string, reads: Link['requires'], plan: PlanReading): GraphReader {
  let compiled: ReturnType<typeof compile> | undefined;
  return async (parent, context) => {
    compiled ??= compile(typeName, reads, plan);
    const result = await compiled.query(parent, context, {});
    const [error] = result.errors ?? [];
    if (error !== undefined) throw error.originalError ?? error;
    return (result.data as { parent: Record<string, unknown> }).parent;
  };
}

function compile(typeName: string, reads: Link['requires'], plan: PlanReading) {
  const document = parse(`{ parent { ${printReads(reads)} } }`, { noLocation: true });
  const type = planned(document, [...reads.keys()], typeName, plan).getType(typeName);
  if (!isObjectType(type)) throw new Error(`no object type ${typeName}`);
  const query = new GraphQLObjectType({
    name: `Skein${typeName}Parent`,
    fields: { parent: { type, resolve: (parent: unknown) => parent } },
  });
  const schema = new GraphQLSchema({ query, types: [type], assumeValid: true });
  const [mistake] = validate(schema, document);
  if (mistake !== undefined) throw cannotRead([...reads.keys()], typeName, mistake);
  const compiled = compileQuery(schema, document);
  if (!isCompiledQuery(compiled)) throw new Error(`cannot read ${printReads(reads)} of ${typeName}`);
  return compiled;
}

function planned(document: DocumentNode, fields: readonly string[], typeName: string, plan: PlanReading) {
  try {
    return plan(document, belowParent(document), typeName);
  } catch (error) {
    throw error instanceof Unplannable ? cannotRead(fields, typeName, error) : error;
  }
}

/** What the stitched way cannot read: there, one source's own schema is all that is known of an object. */
export function cannotRead(fields: readonly string[], typeName: string, cause?: Error): SkeinError {
  const names = fields.map((name) => `${typeName}.${name}`).join(', ');
  return new SkeinError('INTERNAL_SERVER_ERROR', `What a link reads of ${names} cannot be had in this operation.`, {
    ...(cause === undefined ? {} : { cause }),
  });
}

function belowParent({ definitions }: DocumentNode): SelectionSetNode {
  const [operation] = definitions;
  const root = operation?.kind === Kind.OPERATION_DEFINITION ? operation.selectionSet.selections[0] : undefined;
  if (root?.kind !== Kind.FIELD || root.selectionSet === undefined) throw new Error('nothing is read');
  return root.selectionSet;
}
