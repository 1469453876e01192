import { getStitchedSchemaFromSupergraphSdl } from '@graphql-tools/federation';
import { makeExecutableSchema } from '@graphql-tools/schema';
import type { ExecutionRequest, Executor } from '@graphql-tools/utils';
import { type DocumentNode, execute, type GraphQLSchema, getOperationAST, Kind, type SelectionSetNode } from 'graphql';
import { type Composition, subgraphUrl } from './compose.ts';
import { subscribeWith } from './events.ts';
import { createGraphContext, type GraphContext } from './request-context.ts';
import { createResolvers } from './resolvers.ts';
import type { Subgraph } from './subgraphs.ts';

/**
 * The stitched schema: every source a subgraph with a local executor, planned and merged by @graphql-tools. It is the
 * reference — it can do whatever federation can — and about ten times slower than the direct schema.
 */
export function createStitchedSchema(composition: Composition): GraphQLSchema {
  const executors = new Map(
    composition.subgraphs.map((subgraph) => [
      subgraphUrl(subgraph.name),
      createSubgraphExecutor(subgraph, composition),
    ]),
  );
  return getStitchedSchemaFromSupergraphSdl({
    supergraphSdl: composition.supergraphSdl,
    onSubschemaConfig: (subschema) => {
      const executor = executors.get(subschema.endpoint);
      if (executor !== undefined) subschema.executor = executor;
      // A loader lives as long as its context, and the context of a subscription for all of its events: what was joined
      // to one event must not be taken for the next.
      for (const type of Object.values(subschema.merge ?? {}))
        type.dataLoaderOptions = { ...type.dataLoaderOptions, cache: false };
    },
  });
}

function createSubgraphExecutor(subgraph: Subgraph, { ownership, links }: Composition): Executor {
  const source = ownership.sources.get(subgraph.name)?.source;
  const resolvers = createResolvers({
    ownership,
    sources: source === undefined ? [] : [source],
    links: links.filter((link) => link.target === subgraph.name),
    allLinks: links,
    readParent: (link) => {
      // The source's own types come as the source keeps them; those of others as entity representations.
      const properties = ownership.types.get(link.typeName) === subgraph.name ? source?.model.properties : undefined;
      return (parent, field) =>
        (parent as Record<string, unknown>)[properties?.get(`${link.typeName}.${field}`) ?? field];
    },
    readGraph: (link) => async (parent) =>
      Object.fromEntries(
        [...link.requires].map(([field, selection]) => [
          field,
          project((parent as Record<string, unknown>)[field], selection),
        ]),
      ),
  });
  const schema = makeExecutableSchema({
    typeDefs: subgraph.executable,
    resolvers: withEntities(resolvers) as never,
    resolverValidationOptions: { requireResolversToMatchSchema: 'ignore' },
    assumeValid: true,
  });
  return ((request: ExecutionRequest) => {
    const args = {
      schema,
      document: request.document as DocumentNode,
      variableValues: request.variables ?? {},
      contextValue: request.context as GraphContext,
      operationName: request.operationName,
    };
    const operation = getOperationAST(args.document, args.operationName)?.operation;
    if (operation !== 'subscription')
      return execute({ ...args, contextValue: createGraphContext(args.contextValue.call) });
    return subscribeWith(args, (event) =>
      execute({ ...args, rootValue: event, contextValue: createGraphContext(args.contextValue.call) }),
    );
  }) as Executor;
}

function withEntities(resolvers: Record<string, unknown>): Record<string, unknown> {
  const query = resolvers.Query as Record<string, unknown> | undefined;
  const _entities = (_parent: unknown, args: { representations: readonly unknown[] }) => args.representations;
  return {
    ...resolvers,
    Query: { ...query, _entities },
    _Entity: { __resolveType: (value: { __typename: string }) => value.__typename },
  };
}

/** Representations carry keys and type names beside what was asked for; the link gets what it asked for. */
function project(value: unknown, selectionSet: SelectionSetNode): unknown {
  if (Array.isArray(value)) return value.map((item) => project(item, selectionSet));
  if (typeof value !== 'object' || value === null) return value;
  const projected: Record<string, unknown> = {};
  for (const node of selectionSet.selections) {
    if (node.kind !== Kind.FIELD) continue;
    const inner = (value as Record<string, unknown>)[node.name.value];
    projected[node.name.value] = node.selectionSet === undefined ? inner : project(inner, node.selectionSet);
  }
  return projected;
}
