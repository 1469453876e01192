import { type DefinitionNode, type GraphQLSchema, Kind } from 'graphql';
import type { Problem } from '../../kernel/problem.ts';
import { runInSlices, runSteps, type Steps } from '../../kernel/steps.ts';
import { SCALARS } from '../../sources/scalars.ts';
import type { Source } from '../../sources/source.ts';
import { buildDefinitions } from '../build-schema.ts';
import { parseDefinitions } from '../build-schema-definitions.ts';
import { refuseHiddenKeys, renameFieldSets } from './field-sets.ts';
import type { TransformOptions } from './options.ts';
import { createPlan, type Plan } from './plan.ts';
import { printDefinitions } from './print-definitions.ts';
import { rewriteDefinitions } from './rewrite-document.ts';
import { rewriteModel, takesSelections } from './rewrite-model.ts';
import { checkDefinitions } from './schema-mistakes.ts';
import { refuseForSelections } from './selection-limits.ts';
import { translateUpstream } from './translate-upstream.ts';
import { needsTranslation, translatedModel } from './translated-model.ts';

/**
 * A source over the same calls with other names, types and values in the graph. Pure; it owns the given source from now
 * on. Reports every mistake with a path below the source (`transforms`, …); with one, the source is given back as it is.
 */
export function transformSource(source: Source, options: TransformOptions, report: (problem: Problem) => void): Source {
  return runSteps(transformSteps(source, options, report));
}

/** The same in slices of some milliseconds, between which the event loop turns. */
export function transformSourceInSlices(
  source: Source,
  options: TransformOptions,
  report: (problem: Problem) => void,
): Promise<Source> {
  return runInSlices(transformSteps(source, options, report));
}

function* transformSteps(source: Source, options: TransformOptions, report: (problem: Problem) => void): Steps<Source> {
  const read = yield* readSource(source);
  // Composition says what is wrong with it.
  if (read === undefined) return source;
  let failed = false;
  const tell = (problem: Problem) => {
    failed = true;
    report(problem);
  };
  const plan = yield* createPlan(options, read.schema, tell);
  if (takesSelections(source)) refuseForSelections(source, plan, tell);
  yield;
  const { federation } = source.model;
  const federated = federation === undefined ? undefined : yield* parseDefinitions(federation.sdl);
  if (federated !== undefined) refuseHiddenKeys(federated, plan, tell);
  if (failed) return source;

  const definitions = withScalars(yield* rewriteDefinitions(read.definitions, plan), plan);
  const { mistakes } = yield* checkDefinitions(definitions);
  for (const message of mistakes) tell(problemOf(message));
  if (failed) return source;
  const sdl = yield* printDefinitions(definitions);
  const translated = federated !== undefined && source.graphql !== undefined && needsTranslation(plan);
  const graphql = translated && source.graphql ? translateUpstream(source, source.graphql, plan) : source.graphql;
  const federationSdl = federated && (yield* federationSdlOf(federated, plan));
  const { name, kind } = source;
  return {
    name,
    kind,
    model:
      translated && graphql && federationSdl !== undefined
        ? translatedModel(source, { sdl, definitions, federationSdl }, graphql)
        : yield* rewriteModel(source, sdl, federationSdl, plan),
    ...(graphql === undefined ? {} : { graphql }),
    probe: (signal) => source.probe(signal),
    upstream: () => source.upstream?.(),
    dispose: () => source.dispose(),
  };
}

function* federationSdlOf(definitions: readonly DefinitionNode[], plan: Plan): Steps<string> {
  const renamed = yield* renameFieldSets(definitions, plan);
  return yield* printDefinitions(withScalars(yield* rewriteDefinitions(renamed, plan), plan));
}

interface ReadSource {
  readonly definitions: readonly DefinitionNode[];
  readonly schema: GraphQLSchema;
}

function* readSource({ model: { sdl, enumValues } }: Source): Steps<ReadSource | undefined> {
  try {
    const definitions = yield* parseDefinitions(sdl);
    const schema = yield* buildDefinitions(definitions, enumValues === undefined ? {} : { enumValues });
    return { definitions, schema };
  } catch {
    return undefined;
  }
}

/** With the scalars that only the transforms use. */
function withScalars(definitions: readonly DefinitionNode[], plan: Plan): readonly DefinitionNode[] {
  const declared = new Set(
    definitions.flatMap((node) => (node.kind === Kind.SCALAR_TYPE_DEFINITION ? [node.name.value] : [])),
  );
  const used = new Set([...plan.types.values()].map(({ named }) => named));
  const added = Object.keys(SCALARS).filter((name) => used.has(name) && !declared.has(name));
  return [
    ...definitions,
    ...added.map((value): DefinitionNode => ({ kind: Kind.SCALAR_TYPE_DEFINITION, name: { kind: Kind.NAME, value } })),
  ];
}

function problemOf(message: string): Problem {
  return {
    path: ['transforms'],
    message: `What the transforms make is no valid schema: ${message}`,
    ...(/[Ii]nterface/.test(message)
      ? { suggestion: 'Transform the field of the interface and of its types alike, e.g. by a pattern.' }
      : {}),
  };
}
