import type { ExecutionResult } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { SkeinError } from '../../kernel/errors.ts';
import type { Caller } from '../identity/keyring.ts';
import type { Lifetime } from '../lifetimes.ts';
import { isRefused, type OperationParams, type Operations } from '../operations.ts';
import { type PublicResult, toPublicError } from '../public-errors.ts';
import { negotiate, PLAIN_JSON, RESPONSE_JSON } from './media-types.ts';
import { resultStatus } from './respond.ts';

/** What the front hands to Yoga with a request it has already let in. */
export interface YogaServerContext {
  readonly caller: Caller;
  readonly lifetime: Lifetime;
}

/** Yoga reads the request and writes the answer; what lies between is the gateway's one way for operations. */
export function useOperations(operations: Operations): Plugin<object, YogaServerContext> {
  return {
    onParams({ setParamsHandler }) {
      setParamsHandler(async ({ params, request, context }) => {
        const { caller, lifetime } = context as unknown as YogaServerContext;
        const result = await run(operations, params, request, caller, lifetime);
        if (Symbol.asyncIterator in result) return result as AsyncIterable<ExecutionResult>;
        const mediaType =
          negotiate(request.headers.get('accept') ?? undefined, [PLAIN_JSON, RESPONSE_JSON]) ?? PLAIN_JSON;
        const http = { status: resultStatus(result, mediaType) };
        return { ...result, extensions: { ...result.extensions, http } } as unknown as ExecutionResult;
      });
    },
  };
}

async function run(
  operations: Operations,
  params: OperationParams,
  request: Request,
  caller: Caller,
  lifetime: Lifetime,
): Promise<PublicResult | AsyncIterable<PublicResult>> {
  const operation = operations.prepare(params, caller);
  if (isRefused(operation)) return { errors: operation.errors.map((error) => toPublicError(error, lifetime)) };
  if (request.method === 'GET' && operation.type !== 'query') {
    const error = new SkeinError('METHOD_NOT_ALLOWED', `A ${operation.type} cannot be sent with GET.`);
    return { errors: [toPublicError(error, lifetime)] };
  }
  if (operation.type === 'subscription') return operations.subscribe(operation, lifetime);
  return operations.execute(operation, lifetime);
}
