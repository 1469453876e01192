import type { ExecutionResult } from 'graphql';
import { GraphQLError } from 'graphql';
import { type ErrorCode, isErrorCode, SkeinError } from '../../kernel/errors.ts';
import { ProblemsError } from '../../kernel/problem.ts';
import { EMPTY_QUERY, EMPTY_QUERY_SDL } from '../../schema/empty-query.ts';
import type { ResultStream } from '../../schema/events.ts';
import type { Plan, Variables } from '../../schema/plan/plan.ts';
import type { Generation } from '../../schema/registry.ts';
import { createGraphContext, type GraphContext } from '../../schema/request-context.ts';
import { compileGraphql } from '../../sources/graphql/compile-graphql.ts';
import { openGraphql } from '../../sources/graphql/graphql-source.ts';
import type { GraphqlService } from '../../sources/graphql/graphql-upstream.ts';
import { graphqlOptions } from '../../sources/graphql/options.ts';
import type {
  Account,
  CallContext,
  CallEstimate,
  CallOrigin,
  GraphqlAnswer,
  GraphqlRequest,
  Source,
} from '../../sources/source.ts';
import { estimateField, fieldCallsOf } from '../policy/costs/field-calls.ts';

// What the owner's graph says of an error is for its clients already: that is passed on.
const OPTIONS = graphqlOptions.parse({ kind: 'graphql', endpoint: 'http://graph.invalid/', errors: 'message' });
// The graph that has the product says for itself where it has nothing to query.
const WITHOUT_QUERIES = { ...OPTIONS, exclude: { operations: [EMPTY_QUERY] } };

/** An operation on the graph of an owner. */
export interface OwnerOperation {
  readonly plan: Plan;
  readonly generation: Generation;
}

export interface ProductSourceOptions {
  readonly name: string;
  readonly sdl: string;
  current(): Generation | undefined;
  /** To which product what a caller asks is accounted. */
  originOf(asked: OwnerOperation, account: Account | undefined): CallOrigin;
}

/**
 * The part of a tenant's graph that another tenant was granted, as a source of the other's graph. It is asked in the
 * process: what it is asked runs on the graph it belongs to, with that graph's connections and caches.
 *
 * @throws ProblemsError when the part makes no schema
 */
export function createProductSource({ name, sdl, current, originOf }: ProductSourceOptions): Source {
  const options = sdl.endsWith(EMPTY_QUERY_SDL) ? WITHOUT_QUERIES : OPTIONS;
  const { model, problems } = compileGraphql({ kind: 'sdl', text: sdl, file: name }, options);
  if (model === undefined) throw new ProblemsError(problems);
  const source = openGraphql(name, model, OPTIONS, serviceOf({ name, current, originOf }));
  return {
    ...source,
    prompts: () => promptsIn(source, current()),
    estimate: (coordinate) => estimateIn(current, coordinate),
    probe: async () => {},
  };
}

/** What a field may cost in the owner's graph: as that is when it is asked, for its prompts may have other versions then. */
function estimateIn(current: ProductSourceOptions['current'], coordinate: string): CallEstimate | undefined {
  const generation = current();
  const call = generation && fieldCallsOf(generation)(coordinate);
  if (call === undefined || (call.estimate === undefined && call.reads.length === 0)) return undefined;
  return (known) => {
    const now = current();
    return now === undefined ? 0n : estimateField(now, coordinate, known);
  };
}

/** Which of its mutations are prompts of the owner's. Examples show how those ask, and stay the owner's. */
function promptsIn({ model }: Source, generation: Generation | undefined): ReturnType<NonNullable<Source['prompts']>> {
  const names = generation?.sources.flatMap((source) => [...(source.prompts?.().keys() ?? [])]) ?? [];
  return new Map(names.filter((name) => model.calls.has(`Mutation.${name}`)).map((name) => [name, { examples: [] }]));
}

function serviceOf({ name, current, originOf }: Omit<ProductSourceOptions, 'sdl'>): GraphqlService {
  const ask = ({ operation, query }: GraphqlRequest): OwnerOperation => {
    const details = { source: name, operation };
    const generation = current();
    if (generation === undefined) throw new SkeinError('UPSTREAM_UNREACHABLE', undefined, { details });
    const prepared = generation.documents.prepare(query);
    // The graph has changed since: it lacks what is asked for.
    if (prepared.errors !== undefined)
      throw new SkeinError('UPSTREAM_REJECTED', undefined, { details, cause: prepared.errors[0] });
    return { plan: prepared.plan(undefined), generation };
  };
  const contextOf = (asked: OwnerOperation, request: GraphqlRequest, context: CallContext): GraphContext => {
    const origin = originOf(asked, context.account);
    return createGraphContext({ ...ownersContext(name, request, context), origin });
  };
  return {
    graphql: {
      async execute(request, context) {
        const asked = ask(request);
        const release = asked.generation.hold();
        try {
          const result = await asked.plan.execute(contextOf(asked, request, context), request.variables as Variables);
          return answerOf(result, name, request, context);
        } finally {
          release();
        }
      },
      subscribe(request, context) {
        const open = () => {
          const asked = ask(request);
          return { ...asked, context: contextOf(asked, request, context) };
        };
        return subscribe(open, name, request, context);
      },
    },
    ask: () => Promise.reject(new Error('A product is asked in the process.')),
    probe: async () => {},
    dispose: async () => {},
  };
}

/** Headers of clients that say nothing of who they are. */
const PASSED = ['accept-language', 'traceparent', 'tracestate', 'baggage'];

/** What the owner's sources see of a call: nothing that the clients of another tenant say of themselves. */
function ownersContext(source: string, { operation }: GraphqlRequest, context: CallContext): CallContext {
  context.onCall?.({ source, operation });
  const { cancellation, deadlineAt, requestId, log, callerScope, account } = context;
  const headers: Record<string, string | undefined> = {};
  for (const name of PASSED) if (context.headers[name] !== undefined) headers[name] = context.headers[name];
  return { cancellation, deadlineAt, requestId, log, callerScope, account, headers, returnHeader: () => {} };
}

/** Not a generator: `return()` must reach the stream at once, also while an event is awaited. */
function subscribe(
  ask: () => OwnerOperation & { readonly context: GraphContext },
  name: string,
  request: GraphqlRequest,
  context: CallContext,
): AsyncIterableIterator<GraphqlAnswer> {
  let opening: Promise<ResultStream | ExecutionResult> | undefined;
  let release = () => {};
  let isOver = false;
  const end = async () => {
    if (isOver) return;
    isOver = true;
    try {
      const opened = await opening;
      if (opened !== undefined && Symbol.asyncIterator in opened) await opened.return?.();
    } catch {
      // It was not opened.
    } finally {
      release();
    }
  };
  const open = async (): Promise<ResultStream | ExecutionResult> => {
    const asked = ask();
    release = asked.generation.hold();
    return asked.plan.subscribe(asked.context, request.variables as Variables);
  };
  const done = { done: true as const, value: undefined };
  return {
    async next() {
      if (isOver) return done;
      try {
        opening ??= open();
        const opened = await opening;
        if (!(Symbol.asyncIterator in opened)) {
          void end();
          return { done: false, value: answerOf(opened, name, request, context) };
        }
        const event = await opened.next();
        if (event.done !== true) return { done: false, value: answerOf(event.value, name, request, context) };
        await end();
        return done;
      } catch (error) {
        await end();
        throw error;
      }
    },
    async return() {
      await end();
      return done;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function answerOf(
  { data, errors = [] }: ExecutionResult,
  source: string,
  request: GraphqlRequest,
  context: CallContext,
): GraphqlAnswer {
  return {
    data,
    errors: errors.map((error) => ({ error: errorOf(error, source, request, context), path: error.path })),
  };
}

/** About what a client has asked for: these name its own fields and values. */
const ABOUT_REQUESTS: ReadonlySet<ErrorCode> = new Set([
  'BAD_USER_INPUT',
  'CLIENT_CLOSED_REQUEST',
  'DEADLINE_EXCEEDED',
  'SHUTTING_DOWN',
]);

/**
 * An error of the owner's graph as another tenant sees it. Which sources, models and operations are behind the product is
 * the owner's own; what those pass on of their services' words, the owner has chosen to.
 */
function errorOf(
  error: GraphQLError,
  source: string,
  { operation }: GraphqlRequest,
  { log, requestId }: CallContext,
): SkeinError {
  let cause: unknown = error;
  while (cause instanceof GraphQLError && cause.originalError != null) cause = cause.originalError;
  const details = { source, operation };
  if (cause instanceof SkeinError) {
    const { upstreamStatus, upstreamCode, upstreamMessage, upstreamBody, retryAfterMs } = cause.extensions;
    const told = { upstreamStatus, upstreamCode, upstreamMessage, upstreamBody, retryAfterMs };
    const passed = Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined));
    const message = ABOUT_REQUESTS.has(cause.code) ? cause.message : undefined;
    return new SkeinError(cause.code, message, { details: { ...details, ...passed }, cause });
  }
  const code = cause instanceof GraphQLError ? cause.extensions?.code : undefined;
  if (isErrorCode(code)) return new SkeinError(code, undefined, { details, cause });
  log.warn({ requestId, source, operation, err: cause }, 'a field of a product could not be resolved');
  return new SkeinError('UPSTREAM_BAD_RESPONSE', undefined, { details, cause });
}
