import { SkeinError } from '../../kernel/errors.ts';
import type { CallContext, GraphqlAnswer, GraphqlRequest } from '../source.ts';
import type { HttpAnswer } from '../upstream/http.ts';
import { badResponse, badStatusOf, type CallScope, statusError, toAnswer } from './answer.ts';
import { isQuery } from './graphql-upstream.ts';

/** Operations in one HTTP request; what is beyond goes in the next one. */
const MAX_BATCH = 50;

interface Waiting {
  readonly request: GraphqlRequest;
  readonly body: string;
  readonly resolve: (answer: GraphqlAnswer) => void;
  readonly reject: (error: unknown) => void;
}

export interface BatchSettings {
  readonly scopeOf: (operation: string) => CallScope;
  /** POSTs a body. */
  readonly send: (operation: string, body: string, context: CallContext, isRead: boolean) => Promise<HttpAnswer>;
  /** For an operation that is alone. */
  readonly sendOne: (request: GraphqlRequest, body: string, context: CallContext) => Promise<GraphqlAnswer>;
}

/**
 * Gathers operations of one request that are made in the same tick into one POST of a JSON array. Only of one request:
 * its client's headers, deadline and cancellation are those of all its calls.
 */
export function createBatcher(settings: BatchSettings) {
  const gathering = new Map<CallContext, Waiting[]>();

  function flush(context: CallContext): void {
    const all = gathering.get(context) ?? [];
    gathering.delete(context);
    for (let start = 0; start < all.length; start += MAX_BATCH) {
      const batch = all.slice(start, start + MAX_BATCH);
      const [first] = batch;
      if (batch.length > 1) void exchange(batch, context, settings);
      else if (first !== undefined) {
        settings.sendOne(first.request, first.body, context).then(first.resolve, first.reject);
      }
    }
  }

  return (request: GraphqlRequest, body: string, context: CallContext): Promise<GraphqlAnswer> =>
    new Promise((resolve, reject) => {
      const waiting = { request, body, resolve, reject };
      const gathered = gathering.get(context);
      if (gathered !== undefined) {
        gathered.push(waiting);
        return;
      }
      gathering.set(context, [waiting]);
      // Behind the promises of this tick, and behind the loaders of links, which wait in the same way.
      process.nextTick(flush, context);
    });
}

async function exchange(
  batch: readonly Waiting[],
  context: CallContext,
  { send, scopeOf }: BatchSettings,
): Promise<void> {
  const operation = batch.map(({ request }) => request.operation).join(', ');
  try {
    const isRead = batch.every(({ request }) => isQuery(request));
    const answer = await send(operation, `[${batch.map(({ body }) => body).join()}]`, context, isRead);
    const bodies = readBodies(answer, batch.length, scopeOf(operation), context);
    const badStatus = badStatusOf(answer);
    batch.forEach(({ request, resolve, reject }, index) => {
      const scope = scopeOf(request.operation);
      const read = toAnswer(bodies[index], badStatus, scope, context);
      if (read !== undefined) resolve(read);
      else reject(badResponse('An answer of a batch has neither data nor errors.', scope, context, answer.status));
    });
  } catch (error) {
    for (const { request, reject } of batch) reject(ofOperation(error, request.operation));
  }
}

/** @throws SkeinError when these are not the answers to the operations, one by one */
function readBodies(answer: HttpAnswer, count: number, scope: CallScope, context: CallContext): readonly unknown[] {
  let bodies: unknown;
  let reason: unknown;
  try {
    bodies = JSON.parse(answer.body.toString());
  } catch (error) {
    reason = error;
  }
  if (Array.isArray(bodies) && bodies.length === count) return bodies;
  const badStatus = badStatusOf(answer);
  if (badStatus !== undefined) throw statusError(badStatus, scope, context, answer.body);
  if (Array.isArray(bodies)) reason = `A batch of ${count} operations got ${bodies.length} answers.`;
  reason ??= 'A batch of operations was not answered with an array: the service may not take batches.';
  throw badResponse(reason, scope, context, answer.status);
}

/** The same error, told of one operation of the batch. */
function ofOperation(error: unknown, operation: string): unknown {
  if (!(error instanceof SkeinError)) return error;
  const { code, ...details } = error.extensions;
  return new SkeinError(code, error.message, { details: { ...details, operation }, cause: error.cause });
}
