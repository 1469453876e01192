import {
  type DocumentNode,
  GraphQLObjectType,
  GraphQLSchema,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
} from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';
import { runSteps, type Steps } from '../kernel/steps.ts';
import { SCALARS } from '../sources/scalars.ts';
import type { Source } from '../sources/source.ts';
import { openSchemaSteps } from './build-schema.ts';
import type { Composition } from './compose.ts';
import { declaredFieldSteps } from './federation/declared-fields.ts';
import { expandFragments } from './fetch/expand-fragments.ts';
import { createFieldPlans } from './fetch/fetch-plan.ts';
import { createFetchResolvers } from './fetch/fetch-resolvers.ts';
import { planBelow, planFetches } from './fetch/plan-fetches.ts';
import { createRoutes, type Routes } from './fetch/routes.ts';
import { createFetchRunner } from './fetch/run-fetches.ts';
import { createFieldReader } from './field-readers.ts';
import type { GraphReader } from './link-resolver.ts';
import type { Link } from './links.ts';
import { createResolverOf, enumValuesOf, typeResolverOf } from './resolvers.ts';

/** The public schema whose resolvers are the sources' own calls, and what it takes to run a document on it. */
export interface DirectGraph {
  readonly schema: GraphQLSchema;
  /** Labels of progressive overrides, some of which may be active for a request. */
  readonly overrideLabels: readonly string[];
  /**
   * One operation as the schema runs it, with all that upstreams are asked planned. `active` are labels.
   * @throws Unplannable
   */
  prepare(document: DocumentNode, operation: OperationDefinitionNode, active: ReadonlySet<string>): DocumentNode;
}

/**
 * The direct way: no query is rewritten at run time and no result is copied; docs/benchmarks.md has the figures. What
 * each source that takes selections is asked is planned once per document.
 */
export function createDirectGraph(composition: Composition): DirectGraph {
  return runSteps(createDirectSteps(composition));
}

/** The same in steps. */
export function* createDirectSteps(composition: Composition): Steps<DirectGraph> {
  const { ownership, links, merges, publicSdl, supergraph } = composition;
  const sources = [...ownership.sources.values()].map(({ source }) => source);
  const plans = createFieldPlans();
  const runner = createFetchRunner(ownership, merges);
  const routes = new Map<string, Routes>();
  const routesFor = (active: ReadonlySet<string>): Routes => {
    const name = [...active].sort().join();
    let known = routes.get(name);
    if (known === undefined) {
      known = createRoutes(ownership, merges, supergraph, (label) => active.has(label));
      routes.set(name, known);
    }
    return known;
  };
  const planning = { composition, plans };
  for (const { model } of sources) if (model.federation !== undefined) yield* declaredFieldSteps(model.federation);

  const fetching = createFetchResolvers(composition, plans, runner);
  // Of other sources all fields stand in their parents; most graphs have thousands of those.
  const selecting = new Set(sources.filter(takesSelections));
  const resolverOf = createResolverOf({
    ownership,
    sources,
    links,
    readParent: (link) => {
      const owner = ownership.types.get(link.typeName);
      const model = owner === undefined ? undefined : ownership.sources.get(owner)?.source.model;
      return createFieldReader(model, link.typeName);
    },
    readGraph: (link) => {
      if (link.requires.size === 0) return undefined;
      return createGraphReader(link, (document) => {
        const deps = { ...planning, schema, routes: routesFor(new Set()) };
        for (const { below, typeName } of parentSelections(document, link)) planBelow(document, below, typeName, deps);
        return schema;
      });
    },
    ...fetching,
    fieldResolver: (source, own, typeName, fieldName) =>
      selecting.has(source) || merges.has(typeName)
        ? fetching.fieldResolver(source, own, typeName, fieldName)
        : undefined,
  });
  const schema: GraphQLSchema = yield* openSchemaSteps(publicSdl, {
    enumValues: enumValuesOf(sources),
    scalars: SCALARS,
    resolverOf,
    typeResolverOf: (typeName) => typeResolverOf(typeName, { sources, ownership }),
  });
  const plansFetches = merges.size > 0 || selecting.size > 0;
  return {
    schema,
    overrideLabels: [...(supergraph?.overrideLabels ?? [])],
    prepare(document, operation, active) {
      const prepared = expandFragments(document, operation, schema);
      if (plansFetches) planFetches(prepared, { ...planning, schema, routes: routesFor(active) });
      return prepared;
    },
  };
}

function takesSelections({ model }: Source): boolean {
  if (model.federation !== undefined) return true;
  for (const { usesSelection } of model.calls.values()) if (usesSelection === true) return true;
  return false;
}

/** Runs what a link reads from the graph as a query below the parent, compiled on first use, within the same batches. */
function createGraphReader(link: Link, planned: (document: DocumentNode) => GraphQLSchema): GraphReader {
  let compiled: ReturnType<typeof compile> | undefined;
  return async (parent, context) => {
    compiled ??= compile(link, planned);
    const result = await compiled.query(parent, context, {});
    const [error] = result.errors ?? [];
    if (error !== undefined) throw error.originalError ?? error;
    return (result.data as { parent: Record<string, unknown> }).parent;
  };
}

function compile(link: Link, planned: (document: DocumentNode) => GraphQLSchema) {
  const below = [...link.requires].map(([field, selection]) => `${field} ${print(selection)}`).join(' ');
  const document: DocumentNode = parse(`{ parent { ${below} } }`, { noLocation: true });
  const type = planned(document).getType(link.typeName);
  if (!isObjectType(type)) throw new Error(`no object type ${link.typeName}`);
  const query = new GraphQLObjectType({
    name: `Skein${link.typeName}Parent`,
    fields: { parent: { type, resolve: (parent: unknown) => parent } },
  });
  const compiled = compileQuery(new GraphQLSchema({ query, types: [type], assumeValid: true }), document);
  if (!isCompiledQuery(compiled)) throw new Error(`cannot read ${below} of ${link.typeName}`);
  return compiled;
}

function parentSelections(document: DocumentNode, link: Link) {
  const [definition] = document.definitions;
  if (definition?.kind !== Kind.OPERATION_DEFINITION) return [];
  return definition.selectionSet.selections.flatMap((node) =>
    node.kind === Kind.FIELD && node.selectionSet !== undefined
      ? [{ below: node.selectionSet, typeName: link.typeName }]
      : [],
  );
}
