import type { DocumentNode, GraphQLSchema, OperationDefinitionNode } from 'graphql';
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
import { createGraphReader } from './graph-reader.ts';
import { createResolverOf, enumValuesOf, typeResolverOf } from './resolvers.ts';
import { findSharedEnums } from './shared-enums.ts';

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
  const shared = findSharedEnums(merges, ownership);
  const resolverOf = createResolverOf({
    ownership,
    sharedEnums: shared,
    sources,
    links,
    readParent: (link) => {
      const owner = ownership.types.get(link.typeName);
      const model = owner === undefined ? undefined : ownership.sources.get(owner)?.source.model;
      return createFieldReader(model, link.typeName);
    },
    readGraph: (link) => {
      if (link.requires.size === 0) return undefined;
      return createGraphReader(link.typeName, link.requires, (document, below, typeName) => {
        planBelow(document, below, typeName, { ...planning, schema, routes: routesFor(new Set()) });
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
    enumValues: enumValuesOf(sources, shared),
    enumWords: shared,
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
