import type { ExecutionResult } from 'graphql';
import { GraphQLError } from 'graphql';
import { isErrorCode, SkeinError } from '../../kernel/errors.ts';
import { ProblemsError } from '../../kernel/problem.ts';
import type { ResultStream } from '../../schema/events.ts';
import type { Plan, Variables } from '../../schema/plan/plan.ts';
import type { Generation, Registry } from '../../schema/registry.ts';
import { createGraphContext } from '../../schema/request-context.ts';
import { compileGraphql } from '../../sources/graphql/compile-graphql.ts';
import { openGraphql } from '../../sources/graphql/graphql-source.ts';
import type { GraphqlService } from '../../sources/graphql/graphql-upstream.ts';
import { graphqlOptions } from '../../sources/graphql/options.ts';
import type { CallContext, GraphqlAnswer, GraphqlRequest, Source } from '../../sources/source.ts';

const OPTIONS = graphqlOptions.parse({ kind: 'graphql', endpoint: 'http://graph.invalid/' });

/**
 * The part of a tenant's graph that another tenant was granted, as a source of the other's graph. It is asked in the
 * process: what it is asked runs on the graph it belongs to, with that graph's connections and caches.
 *
 * @throws ProblemsError when the part makes no schema
 */
export function createProductSource(name: string, sdl: string, registry: Pick<Registry, 'current'>): Source {
  const { model, problems } = compileGraphql({ kind: 'sdl', text: sdl, file: name }, OPTIONS);
  if (model === undefined) throw new ProblemsError(problems);
  const source = openGraphql(name, model, OPTIONS, serviceOf(name, registry));
  return { ...source, probe: async () => {} };
}

function serviceOf(name: string, registry: Pick<Registry, 'current'>): GraphqlService {
  const plan = ({ operation, query }: GraphqlRequest): { readonly plan: Plan; readonly generation: Generation } => {
    const generation = registry.current();
    if (generation === undefined)
      throw new SkeinError('UPSTREAM_UNREACHABLE', undefined, { details: { source: name, operation } });
    const prepared = generation.documents.prepare(query);
    // The graph has changed since: it lacks what is asked for.
    if (prepared.errors !== undefined)
      throw new SkeinError('UPSTREAM_REJECTED', undefined, {
        details: { source: name, operation },
        cause: prepared.errors[0],
      });
    return { plan: prepared.plan(undefined), generation };
  };
  return {
    graphql: {
      async execute(request, context) {
        const { plan: planned, generation } = plan(request);
        const release = generation.hold();
        try {
          const result = await planned.execute(createGraphContext(context), request.variables as Variables);
          return answerOf(result, name, request, context);
        } finally {
          release();
        }
      },
      subscribe: (request, context) => subscribe(plan, name, request, context),
    },
    ask: () => Promise.reject(new Error('A product is asked in the process.')),
    probe: async () => {},
    dispose: async () => {},
  };
}

async function* subscribe(
  plan: (request: GraphqlRequest) => { readonly plan: Plan; readonly generation: Generation },
  name: string,
  request: GraphqlRequest,
  context: CallContext,
): AsyncGenerator<GraphqlAnswer, void, undefined> {
  const { plan: planned, generation } = plan(request);
  const release = generation.hold();
  let stream: ResultStream | undefined;
  try {
    const opened = await planned.subscribe(createGraphContext(context), request.variables as Variables);
    if (!(Symbol.asyncIterator in opened)) {
      yield answerOf(opened, name, request, context);
      return;
    }
    stream = opened;
    for await (const result of stream) yield answerOf(result, name, request, context);
  } finally {
    await stream?.return?.();
    release();
  }
}

function answerOf(
  { data, errors = [] }: ExecutionResult,
  source: string,
  request: GraphqlRequest,
  context: CallContext,
): GraphqlAnswer {
  return {
    data,
    errors: errors.map((error) => ({ error: causeOf(error, source, request, context), path: error.path })),
  };
}

function causeOf(
  error: GraphQLError,
  source: string,
  { operation }: GraphqlRequest,
  { log, requestId }: CallContext,
): SkeinError {
  let cause: unknown = error;
  while (cause instanceof GraphQLError && cause.originalError != null) cause = cause.originalError;
  if (cause instanceof SkeinError) return cause;
  const code = cause instanceof GraphQLError ? cause.extensions?.code : undefined;
  if (isErrorCode(code))
    return new SkeinError(code, (cause as GraphQLError).message, { details: { source, operation } });
  log.warn({ requestId, source, operation, err: cause }, 'a field of a product could not be resolved');
  return new SkeinError('UPSTREAM_BAD_RESPONSE', undefined, { details: { source, operation }, cause });
}
