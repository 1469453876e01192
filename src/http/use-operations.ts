import type { ExecutionResult } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { ERROR_TABLE, SkeinError } from '../../kernel/errors.ts';
import type { Caller } from '../identity/caller.ts';
import type { Lifetime } from '../lifetimes.ts';
import { isRefused, type OperationParams, type Operations } from '../operations.ts';
import { returnRate } from '../policy/rates/headers.ts';
import { type PublicResult, toPublicError } from '../public-errors.ts';
import { negotiate, PLAIN_JSON, RESPONSE_JSON } from './media-types.ts';
import { resultStatus } from './respond.ts';

/** What the front hands to Yoga with a request it has already let in. */
export interface YogaServerContext {
  readonly caller: Caller;
  readonly lifetime: Lifetime;
}

const NO_STREAM_HERE =
  'Send a subscription by GET or as JSON, with text/event-stream in the Accept header, or over WebSocket.';

/** Yoga reads the request and writes the answer; what lies between is the gateway's one way for operations. */
export function useOperations(operations: Operations): Plugin<object, YogaServerContext> {
  return {
    onParams({ setParamsHandler }) {
      setParamsHandler(async ({ params, request, context }) => {
        const { caller, lifetime } = context as unknown as YogaServerContext;
        const result = await run(operations, params, request, caller, lifetime);
        return withStatus(result, request) as unknown as ExecutionResult;
      });
    },
    // What Yoga refuses itself, such as a form that cannot be read, has not come to the operations.
    onResultProcess({ result, setResult, request, serverContext: { lifetime } }) {
      if (Array.isArray(result) || !('errors' in result) || result.errors === undefined) return;
      if (result.errors.every(({ extensions }) => extensions?.requestId !== undefined)) return;
      const errors = result.errors.map((cause) => {
        const { originalError } = cause;
        // Such as a value that JSON cannot write: that is not the client's fault.
        if (originalError !== undefined && !(originalError instanceof SyntaxError))
          return toPublicError(originalError, lifetime);
        const message = originalError === undefined ? cause.message : undefined;
        return toPublicError(new SkeinError('BAD_REQUEST', message, { cause }), lifetime);
      });
      setResult(withStatus({ errors }, request) as unknown as ExecutionResult);
    },
  };
}

function withStatus(result: PublicResult, request: Request): PublicResult {
  const mediaType = negotiate(request.headers.get('accept') ?? undefined, [PLAIN_JSON, RESPONSE_JSON]) ?? PLAIN_JSON;
  const status = resultStatus(result, mediaType);
  const headers = status === ERROR_TABLE.METHOD_NOT_ALLOWED.status ? { allow: 'POST' } : {};
  return { ...result, extensions: { ...result.extensions, http: { status, headers } } };
}

async function run(
  operations: Operations,
  params: OperationParams,
  request: Request,
  caller: Caller,
  lifetime: Lifetime,
): Promise<PublicResult> {
  const operation = await operations.prepare(params, caller);
  returnRate(operation.rate, lifetime.returnHeader);
  if (isRefused(operation)) return { errors: operation.errors.map((error) => toPublicError(error, lifetime)) };
  if (request.method === 'GET' && operation.type === 'mutation') {
    const error = new SkeinError('METHOD_NOT_ALLOWED', 'A mutation cannot be sent with GET.');
    return { errors: [toPublicError(error, lifetime)] };
  }
  if (operation.type === 'subscription') {
    const error = new SkeinError('NOT_ACCEPTABLE', NO_STREAM_HERE);
    return { errors: [toPublicError(error, lifetime)] };
  }
  return operations.execute(operation, lifetime);
}
