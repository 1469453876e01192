import { buildClientSchema, type GraphQLSchema, type IntrospectionQuery, validateSchema } from 'graphql';
import { describeError } from '../../kernel/errors.ts';
import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import { createModelSdl, type ModelSdl } from './model-sdl.ts';
import type { GraphqlOptions } from './options.ts';
import { readSchema } from './read-schema.ts';

/** Where a service's schema comes from. */
export type GraphqlDocument =
  | { readonly kind: 'sdl'; readonly text: string; readonly file: string }
  /** The text of the service's answer to the introspection query. */
  | { readonly kind: 'introspection'; readonly text: string };

/** Plain data, fit to come from another process. Without a model the problems say why. */
export interface CompiledGraphql {
  readonly model: ModelSdl | undefined;
  readonly problems: readonly Problem[];
}

/** The first step of loading: pure, and all of the work. */
export function compileGraphql(
  document: GraphqlDocument,
  options: Pick<GraphqlOptions, 'operations' | 'include' | 'exclude'>,
): CompiledGraphql {
  const problems: Problem[] = [];
  try {
    const schema =
      document.kind === 'sdl' ? readSchema(document.text, document.file) : readIntrospection(document.text);
    return { model: createModelSdl(schema, options, (problem) => problems.push(problem)), problems };
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    return { model: undefined, problems: [...problems, ...error.problems.map((problem) => inFile(problem, document))] };
  }
}

/** @throws ProblemsError */
function readIntrospection(text: string): GraphQLSchema {
  try {
    const { data } = JSON.parse(text) as { data: IntrospectionQuery };
    const schema = buildClientSchema(data);
    const errors = validateSchema(schema);
    if (errors.length > 0) throw new AggregateError(errors.slice(0, MAX_TOLD));
    return schema;
  } catch (error) {
    const message = `The schema that the service tells cannot be used: ${describeError(error)}`;
    const suggestion = 'Give its SDL as a file with `document`, mended.';
    throw new ProblemsError([{ path: ['endpoint'], message, suggestion }]);
  }
}

const MAX_TOLD = 5;

function inFile(problem: Problem, document: GraphqlDocument): Problem {
  if (document.kind !== 'sdl' || problem.path !== undefined || problem.file !== undefined) return problem;
  return { ...problem, file: document.file };
}
