import type { ExecutionResult, GraphQLFormattedError, OperationTypeNode } from 'graphql';
import { SkeinError } from '../kernel/errors.ts';
import type { ResultStream } from '../schema/events.ts';
import type { Plan, Variables } from '../schema/plan/plan.ts';
import type { Generation, Registry } from '../schema/registry.ts';
import { createGraphContext } from '../schema/request-context.ts';
import { promptAnswersOf } from '../sources/prompt/prompt-answers.ts';
import { type CallersGraph, callersGraph, type GraphView } from './callers-graph.ts';
import type { Caller } from './identity/caller.ts';
import type { Lifetime } from './lifetimes.ts';
import { type CallCounts, countCalls } from './operations-calls.ts';
import { type AccessPolicy, createAccessPolicy } from './policy/access.ts';
import type { CostEstimate, Costs } from './policy/costs/costs.ts';
import { type GraphAccess, OWN_GRAPH } from './policy/graph-access.ts';
import type { RateStanding, Rates, RateVerdict } from './policy/rates/rates.ts';
import { type PublicResult, toPublicError, toPublicResult } from './public-errors.ts';

/** GraphQL request parameters as any door reads them, not yet checked. */
export interface OperationParams {
  readonly query?: unknown;
  readonly operationName?: unknown;
  readonly variables?: unknown;
  readonly extensions?: unknown;
}

/** An operation that may run: parsed, valid, within limits, planned. */
export interface ReadyOperation {
  readonly type: OperationTypeNode;
  readonly plan: Plan;
  readonly variables: Variables;
  readonly generation: Generation;
  readonly access: GraphAccess;
  readonly caller: Caller;
  /** How the caller's limits stand, if it has any. */
  readonly rate?: RateStanding | undefined;
  /** Asked for by `extensions: { skein: { plan: true } }`. */
  readonly wantsPlan: boolean;
  /** What it may cost, where its plan is wanted. */
  readonly estimate?: CostEstimate | undefined;
}

/** Why an operation may not run: errors for the client, none of them secret. */
export interface RefusedOperation {
  readonly errors: readonly unknown[];
  readonly rate?: RateStanding | undefined;
}

export type PreparedOperation = ReadyOperation | RefusedOperation;

/**
 * The way of every operation, whatever door it came through: HTTP, SSE, WebSocket. A door reads parameters, identifies
 * the caller, and calls `prepare`, then `execute` or `subscribe`; nothing runs that did not pass here.
 */
export interface Operations {
  /**
   * Also charges the caller's limits. A promise where these are counted elsewhere, or what the caller sees of the graph is
   * to be made yet. Never throws or rejects.
   */
  prepare(params: OperationParams, caller: Caller): PreparedOperation | Promise<PreparedOperation>;
  /** Runs a query or mutation. Never rejects. */
  execute(operation: ReadyOperation, lifetime: Lifetime): Promise<PublicResult>;
  /** Opens a subscription: a stream of results, or one result when it cannot be opened. Never rejects. */
  subscribe(operation: ReadyOperation, lifetime: Lifetime): Promise<AsyncIterableIterator<PublicResult> | PublicResult>;
}

export function isRefused(operation: PreparedOperation): operation is RefusedOperation {
  return 'errors' in operation;
}

export interface OperationsDeps {
  /** @throws SkeinError where there is none for the caller */
  readonly graphOf: (caller: Caller) => GraphView;
  /** How much callers may ask for. Default: as much as they like. */
  readonly rates?: Rates | undefined;
  /** What an operation may cost. Default: nobody reckons. */
  readonly costs?: Costs | undefined;
  /** What callers may use. */
  readonly access?: AccessPolicy | undefined;
}

/** One graph for everybody. */
export function oneGraph(registry: Pick<Registry, 'current'>): OperationsDeps['graphOf'] {
  const view = { registry, access: OWN_GRAPH };
  return () => view;
}

export function createOperations({
  graphOf,
  rates,
  costs,
  access: policy = createAccessPolicy(),
}: OperationsDeps): Operations {
  const prepareOn = (graph: CallersGraph, params: OperationParams, caller: Caller) => {
    const operation = prepare(graph, params, caller);
    if (isRefused(operation)) return operation;
    const refusal = policy.refusal(operation, caller) ?? costs?.refusal(operation);
    if (refusal !== undefined) return { errors: [refusal] };
    return withinLimits(
      rates,
      operation.wantsPlan ? { ...operation, estimate: costs?.estimate(operation) } : operation,
    );
  };
  const seeing = { graphOf, access: policy };
  return {
    prepare(params, caller) {
      try {
        checkParams(params);
        const graph = callersGraph(seeing, caller);
        if (!(graph instanceof Promise)) return prepareOn(graph, params, caller);
        return graph.then((seen) => prepareOn(seen, params, caller)).catch((error) => ({ errors: [error] }));
      } catch (error) {
        return { errors: [error] };
      }
    },
    async execute(operation, lifetime) {
      const release = operation.generation.hold();
      try {
        if (lifetime.stopped !== undefined) throw lifetime.stopped;
        const calls = operation.wantsPlan ? countCalls(lifetime) : undefined;
        const running = operation.plan.execute(createGraphContext(lifetime), operation.variables);
        const result = toPublicResult(await untilStopped(running, lifetime), lifetime, operation);
        return withPrompts(withPlan(result, operation, calls), lifetime);
      } catch (error) {
        return { errors: [toPublicError(error, lifetime)] };
      } finally {
        release();
      }
    },
    async subscribe(operation, lifetime) {
      const release = operation.generation.hold();
      let opening: Promise<ResultStream | ExecutionResult> | undefined;
      try {
        if (lifetime.stopped !== undefined) throw lifetime.stopped;
        lifetime.grants = policy.grantsUsed(operation, operation.caller);
        const calls = operation.wantsPlan ? countCalls(lifetime) : undefined;
        opening = operation.plan.subscribe(createGraphContext(lifetime), operation.variables);
        const stream = await untilStopped(opening, lifetime);
        if (!(Symbol.asyncIterator in stream)) {
          release();
          return withPlan(toPublicResult(stream, lifetime, operation), operation, calls);
        }
        return publicStream(stream, operation, lifetime, calls, release);
      } catch (error) {
        release();
        // It was stopped while it was being opened, and may be open later.
        void opening?.then(closeStream).catch(() => {});
        return { errors: [toPublicError(error, lifetime)] };
      }
    },
  };
}

async function closeStream(stream: ResultStream | ExecutionResult): Promise<void> {
  if (Symbol.asyncIterator in stream) await stream.return?.();
}

function checkParams({ query, operationName, variables, extensions }: OperationParams): void {
  if (query === undefined && isMap(extensions) && isMap(extensions.persistedQuery))
    throw new SkeinError('PERSISTED_QUERY_NOT_SUPPORTED');
  if (typeof query !== 'string') throw badRequest('"query" must be a string: the GraphQL document to execute.');
  if (operationName != null && typeof operationName !== 'string') throw badRequest('"operationName" must be a string.');
  if (variables != null && !isMap(variables)) throw badRequest('"variables" must be a JSON object.');
  if (extensions != null && !isMap(extensions)) throw badRequest('"extensions" must be a JSON object.');
}

function prepare(
  { generation, access, documents }: CallersGraph,
  { query, operationName, variables, extensions }: OperationParams,
  caller: Caller,
): ReadyOperation | RefusedOperation {
  const document = documents?.prepare(query as string);
  if (document === undefined)
    throw new SkeinError('FORBIDDEN', 'Of the graph there is nothing that the caller may use.');
  if (document.errors !== undefined) return { errors: document.errors };
  const plan = document.plan(operationName as string | null | undefined);
  const skein = isMap(extensions) ? extensions.skein : undefined;
  return {
    type: plan.operation.operation,
    plan,
    variables: (variables ?? {}) as Variables,
    generation,
    access,
    caller,
    wantsPlan: isMap(skein) && skein.plan === true,
  };
}

function withinLimits(
  rates: Rates | undefined,
  operation: ReadyOperation,
): PreparedOperation | Promise<PreparedOperation> {
  const verdict = rates?.charge(operation, operation.caller);
  if (verdict === undefined) return operation;
  const judge = ({ error, standing: rate }: RateVerdict) =>
    error === undefined ? { ...operation, rate } : { errors: [error], rate };
  return verdict instanceof Promise ? verdict.then(judge) : judge(verdict);
}

function badRequest(message: string): SkeinError {
  return new SkeinError('BAD_REQUEST', message);
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function withPlan(result: PublicResult, operation: ReadyOperation, calls: CallCounts | undefined): PublicResult {
  if (calls === undefined) return result;
  const { way, reason } = operation.plan;
  const plan = { way, ...(reason === undefined ? {} : { reason }), generation: operation.generation.number };
  return { ...result, extensions: { plan: { ...plan, ...operation.estimate, calls: calls.counts() } } };
}

/** Says which versions and models made the answers of prompts. Events of their streams say so themselves. */
function withPrompts(result: PublicResult, lifetime: Lifetime): PublicResult {
  const prompts = promptAnswersOf(lifetime);
  return prompts.length === 0 ? result : { ...result, extensions: { ...result.extensions, skein: { prompts } } };
}

/** The result, or the reason the request was stopped for, whichever comes first: no source can hold an answer back. */
function untilStopped<T>(running: Promise<T> | T, lifetime: Lifetime): Promise<T> | T {
  if (!(running instanceof Promise)) return running;
  return new Promise((resolve, reject) => {
    lifetime.onStop(reject);
    running.then(resolve, reject);
  });
}

/** Results as clients see them. A stream that is stopped from outside ends with an error that says so. */
function publicStream(
  stream: ResultStream,
  operation: ReadyOperation,
  lifetime: Lifetime,
  calls: CallCounts | undefined,
  release: () => void,
): AsyncIterableIterator<PublicResult> {
  let finished = false;
  let first = true;
  let onStop: ((reason: SkeinError) => void) | undefined;
  lifetime.onStop((reason) => onStop?.(reason));
  const done = { done: true as const, value: undefined };
  const close = () => {
    if (finished) return;
    finished = true;
    release();
    // Nobody waits for the source to close, and nobody is left to be told that it could not.
    closeStream(stream).catch((error: unknown) => {
      lifetime.log.warn({ requestId: lifetime.requestId, err: error }, 'a stream could not be closed');
    });
    // Calls that an event under way still waits for end as well.
    lifetime.stop('CLIENT_CLOSED_REQUEST');
  };
  const last = (error: unknown): IteratorResult<PublicResult> => {
    const reason = lifetime.stopped;
    const errors: readonly GraphQLFormattedError[] = [toPublicError(error, lifetime)];
    close();
    return reason?.code === 'CLIENT_CLOSED_REQUEST' ? done : { done: false, value: { errors } };
  };
  return {
    async next() {
      if (finished) return done;
      if (lifetime.stopped !== undefined) return last(lifetime.stopped);
      const stopped = new Promise<never>((_resolve, reject) => {
        onStop = reject;
      });
      try {
        const event = await Promise.race([stream.next(), stopped]);
        if (finished || event.done === true) {
          finished = true;
          release();
          return done;
        }
        const result = toPublicResult(event.value, lifetime, operation);
        if (!first) return { done: false, value: result };
        first = false;
        return { done: false, value: withPlan(result, operation, calls) };
      } catch (error) {
        return finished ? done : last(error);
      } finally {
        onStop = undefined;
      }
    },
    async return() {
      close();
      return done;
    },
    // graphql-ws closes only what looks like a generator.
    async throw(error: unknown) {
      close();
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
