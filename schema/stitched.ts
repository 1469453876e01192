import { getStitchedSchemaFromSupergraphSdl } from '@graphql-tools/federation';
import { makeExecutableSchema } from '@graphql-tools/schema';
import { type ExecutionRequest, type Executor, mapAsyncIterator } from '@graphql-tools/utils';
import {
  BREAK,
  type DocumentNode,
  type ExecutionResult,
  execute,
  type FieldNode,
  GraphQLError,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  getOperationAST,
  isScalarType,
  Kind,
  type OperationDefinitionNode,
  print,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { SCALARS } from '../sources/scalars.ts';
import type { GraphqlAnswer, GraphqlUpstream } from '../sources/source.ts';
import type { Composition } from './compose.ts';
import { placeErrors } from './error-places.ts';
import { subscribeWith } from './events.ts';
import { expandFragments } from './fetch/expand-fragments.ts';
import { createFieldPlans, type FieldPlans } from './fetch/fetch-plan.ts';
import { createFetchResolvers } from './fetch/fetch-resolvers.ts';
import { planBelow, planFetches } from './fetch/plan-fetches.ts';
import { createRoutes } from './fetch/routes.ts';
import { createFetchRunner } from './fetch/run-fetches.ts';
import { createFieldReader } from './field-readers.ts';
import { cannotRead, createGraphReader } from './graph-reader.ts';
import { subgraphUrl } from './join-subgraphs.ts';
import { pickSelected } from './link-arguments.ts';
import type { GraphReader } from './link-resolver.ts';
import { askLinkedEntities } from './linked-entities.ts';
import type { Link } from './links.ts';
import { createMergeLoaders } from './merge-loaders.ts';
import { createGraphContext, type GraphContext } from './request-context.ts';
import { createResolvers } from './resolvers.ts';
import { executableDocument, type Subgraph } from './subgraphs.ts';

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
  const stitched = getStitchedSchemaFromSupergraphSdl({
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
  return placeErrors(withScalars(stitched));
}

/** A scalar made of SDL reads a number in a document as a float, which loses digits of large integers. */
function withScalars(schema: GraphQLSchema): GraphQLSchema {
  for (const [name, { serialize, parseValue, parseLiteral }] of Object.entries(SCALARS)) {
    const type = schema.getType(name);
    if (isScalarType(type)) Object.assign(type, { serialize, parseValue, parseLiteral });
  }
  return schema;
}

const NOTHING_MERGED: Composition['merges'] = new Map();

function createSubgraphExecutor(subgraph: Subgraph, composition: Composition): Executor {
  const { ownership, links, merges } = composition;
  const source = ownership.sources.get(subgraph.name)?.source;
  const ownLinks = links.filter((link) => link.target === subgraph.name);
  const service = source?.model.federation === undefined ? undefined : source.graphql;
  const forward = service && createForwarder(service);
  if (forward !== undefined && ownLinks.length === 0) return forward;
  const plans = createFieldPlans();
  // What a federation subgraph has of a type only the supergraph knows.
  const routes =
    forward === undefined
      ? createRoutes(ownership, NOTHING_MERGED, undefined, () => false)
      : createRoutes(ownership, merges, composition.supergraph, () => false);
  const isOwn = (typeName: string) => ownership.has(subgraph.name, typeName);
  /** What the source's own links and objects say is read here; what others say comes in the representation. */
  const readGraphOf = ({ typeName, requires }: Link): GraphReader => {
    const isHere = (field: string) =>
      ownLinks.some((link) => link.typeName === typeName && link.fieldName === field) ||
      ownership.fieldIn(subgraph.name, typeName, field) !== undefined;
    const given = [...requires].filter(([field]) => !isHere(field));
    const here = new Map([...requires].filter(([field]) => isHere(field)));
    const readHere = createGraphReader(typeName, here, (document, below) => {
      planBelow(document, below, typeName, { composition, schema, routes, plans, ...localSource });
      return schema;
    });
    return async (parent, context) => {
      const values = new Map<string, unknown>();
      for (const [field, selection] of given) {
        // The source's own objects are no representations: nobody was asked for what they require.
        const value = isOwn(typeName) ? undefined : (parent as Record<string, unknown>)[field];
        if (value === undefined) throw cannotRead([field], typeName);
        values.set(field, pickSelected(value, selection));
      }
      return { ...Object.fromEntries(values), ...(here.size === 0 ? {} : await readHere(parent, context)) };
    };
  };
  const resolvers = createResolvers({
    ownership,
    sources: source === undefined ? [] : [source],
    links: ownLinks,
    ...createFetchResolvers(composition, plans, createFetchRunner(ownership, merges)),
    readParent: (link) => {
      // The source's own types come as the source keeps them; those of others as entity representations.
      const isOwn = ownership.has(subgraph.name, link.typeName);
      return createFieldReader(isOwn ? source?.model : undefined, link.typeName);
    },
    readGraph: (link) => readGraphOf(link),
  });
  const linkedTypes = ownLinks.map(({ typeName }) => typeName).filter(isOwn);
  const entities = new Set([...subgraph.entities, ...linkedTypes]);
  const schema = makeExecutableSchema({
    typeDefs: executableDocument(forward === undefined ? subgraph : { ...subgraph, entities: [...entities] }),
    resolvers: withEntities(resolvers, source?.name ?? '', createMergeLoaders(ownership, merges), plans) as never,
    resolverValidationOptions: { requireResolversToMatchSchema: 'ignore' },
    assumeValid: true,
  });
  const localSource = forward === undefined ? { localSource: subgraph.name } : {};
  function run(request: ExecutionRequest, { operation }: OperationDefinitionNode) {
    const document = request.document as DocumentNode;
    planFetches(document, { composition, schema, routes, plans, ...localSource });
    const args = {
      schema,
      document,
      variableValues: request.variables ?? {},
      contextValue: request.context as GraphContext,
      operationName: request.operationName,
    };
    if (operation !== 'subscription')
      return execute({ ...args, contextValue: createGraphContext(args.contextValue.call) });
    return subscribeWith(args, (event) =>
      execute({ ...args, rootValue: event, contextValue: createGraphContext(args.contextValue.call) }),
    );
  }
  return ((given: ExecutionRequest) => {
    const operation = getOperationAST(given.document as DocumentNode, given.operationName);
    if (operation == null) throw new Error('no operation');
    if (forward !== undefined && !asksForLinks(given.document as DocumentNode, schema, ownLinks)) return forward(given);
    const request = { ...given, document: expandFragments(given.document as DocumentNode, operation) };
    if (forward === undefined) return run(request, operation);
    const asks = [
      async (each: ExecutionRequest) => forward(each),
      async (each: ExecutionRequest) => run(each, operation),
    ];
    return askLinkedEntities(request, ownLinks, isOwn, asks as never) ?? run(request, operation);
  }) as Executor;
}

/** A federation subgraph knows nothing of links that lead to it. */
function asksForLinks(document: DocumentNode, schema: GraphQLSchema, links: readonly Link[]): boolean {
  const types = new TypeInfo(schema);
  let found = false;
  const onField = ({ name }: FieldNode) => {
    const parent = types.getParentType()?.name;
    found ||= links.some(({ typeName, fieldName }) => typeName === parent && fieldName === name.value);
    return found ? BREAK : undefined;
  };
  visit(document, visitWithTypeInfo(types, { Field: onField }));
  return found;
}

/** A federation subgraph answers for itself. */
function createForwarder(service: GraphqlUpstream): Executor {
  return ((request: ExecutionRequest) => {
    const { call } = request.context as GraphContext;
    const operation = getOperationAST(request.document as DocumentNode, request.operationName);
    const asked = {
      operation: rootFieldsOf(operation),
      query: print(request.document as DocumentNode),
      variables: (request.variables ?? {}) as Readonly<Record<string, unknown>>,
    };
    if (operation?.operation !== 'subscription') {
      const running = service.execute(asked, call).then(toResult);
      // The answer may be given before this one is waited for.
      running.catch(() => {});
      return running;
    }
    return mapAsyncIterator(service.subscribe(asked, call), toResult);
  }) as Executor;
}

function rootFieldsOf(operation: OperationDefinitionNode | null | undefined): string {
  const fields = operation?.selectionSet.selections.flatMap((node) =>
    node.kind === Kind.FIELD ? [node.name.value] : [],
  );
  return (fields ?? []).slice(0, 5).join(', ');
}

function toResult({ data, errors }: GraphqlAnswer): ExecutionResult {
  const told = errors.map(
    ({ error, path }) => new GraphQLError(error.message, { path: path ?? null, originalError: error }),
  );
  // The tools write into what they are given, and what is kept is everybody's.
  const own = Object.isFrozen(data) ? structuredClone(data) : data;
  return { data: own ?? null, ...(told.length === 0 ? {} : { errors: told }) };
}

/** Representations are the parents of links; objects of merged types are asked for. */
function withEntities(
  resolvers: Record<string, unknown>,
  source: string,
  loaderOf: ReturnType<typeof createMergeLoaders>,
  plans: FieldPlans,
): Record<string, unknown> {
  const query = resolvers.Query as Record<string, unknown> | undefined;
  const _entities = (
    _parent: unknown,
    { representations }: { readonly representations: readonly { readonly __typename: string }[] },
    context: GraphContext,
    info: GraphQLResolveInfo,
  ) =>
    representations.map(async (representation) => {
      const { __typename } = representation;
      const loader = loaderOf(source, __typename);
      if (loader === undefined) return representation;
      const shape = plans.get(info.fieldNodes[0] as FieldNode, __typename)?.shape;
      const entity = await loader(representation, context, shape && { shape, values: info.variableValues });
      return typeof entity === 'object' && entity !== null && !(entity instanceof Error)
        ? { ...entity, __typename }
        : entity;
    });
  return {
    ...resolvers,
    Query: { ...query, _entities },
    _Entity: { __resolveType: (value: { __typename: string }) => value.__typename },
  };
}
