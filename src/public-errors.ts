import { type ExecutionResult, GraphQLError, type GraphQLFormattedError } from 'graphql';
import { ERROR_TABLE, type ErrorCode, type ErrorDetails, isErrorCode, SkeinError } from '../kernel/errors.ts';
import type { Log } from '../kernel/ports.ts';
import { type Origin, originOf } from './public-errors-origin.ts';

/** A result as clients get it. */
export interface PublicResult {
  data?: ExecutionResult['data'];
  errors?: readonly GraphQLFormattedError[];
  extensions?: Record<string, unknown>;
}

/** What is known of the request whose error is shown. */
export interface ErrorScope {
  readonly requestId: string;
  readonly log: Log;
  /** Set when the request was ended from outside: then that is why its calls failed. */
  readonly stopped?: SkeinError | undefined;
}

/**
 * The result with its errors fit to be seen: table codes, no upstream details, the unknown masked and logged. Errors in
 * values name the field and its source where the operation is given.
 */
export function toPublicResult(result: ExecutionResult, scope: ErrorScope, origin?: Origin): PublicResult {
  if (result.errors === undefined || result.errors.length === 0) return result as PublicResult;
  const errors = result.errors.map((error) => toPublicError(error, scope, origin));
  return 'data' in result && result.data !== undefined ? { errors, data: result.data } : { errors };
}

export function toPublicError(error: unknown, scope: ErrorScope, origin?: Origin): GraphQLFormattedError {
  const located = error instanceof GraphQLError ? error : undefined;
  const { code, message, details } = judge(error, scope, origin);
  return {
    message,
    ...(located?.locations === undefined ? {} : { locations: located.locations }),
    ...(located?.path === undefined ? {} : { path: located.path }),
    extensions: { code, ...details, requestId: scope.requestId },
  };
}

/** HTTP status of a result without data: the first error decides. */
export function statusOf(errors: readonly GraphQLFormattedError[]): number {
  const code = errors[0]?.extensions?.code;
  return isErrorCode(code) ? ERROR_TABLE[code].status : 500;
}

interface Judgement {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details?: ErrorDetails;
}

function judge(error: unknown, scope: ErrorScope, origin: Origin | undefined): Judgement {
  const original = rootCause(error);
  if (original instanceof SkeinError) {
    const { code, ...details } = original.extensions;
    if (scope.stopped !== undefined && (code === 'CLIENT_CLOSED_REQUEST' || code === 'DEADLINE_EXCEEDED')) {
      return { code: scope.stopped.code, message: scope.stopped.message, details };
    }
    // Who made it has told the log why: here is only its public face.
    return { code, message: original.message, details };
  }
  if (original instanceof GraphQLError) {
    // Errors of graphql-jit look like GraphQLErrors but have no extensions.
    const extensions: Record<string, unknown> | undefined = original.extensions;
    if (isErrorCode(extensions?.code)) {
      return { code: extensions.code, message: messageOf(original), details: detailsOf(extensions) };
    }
    return judgeGraphqlError(original, scope, origin);
  }
  if (error instanceof GraphQLError && isUnexpectedNull(error)) return judgeGraphqlError(error, scope, origin);
  scope.log.error({ requestId: scope.requestId, err: original }, 'unexpected error');
  return { code: 'INTERNAL_SERVER_ERROR', message: ERROR_TABLE.INTERNAL_SERVER_ERROR.message };
}

/** GraphQL.js says of its limit neither whose it is nor where to set it. */
function messageOf({ message }: GraphQLError): string {
  const maxTokens = /^Syntax Error: Document contains more that (\d+) tokens/.exec(message)?.[1];
  return maxTokens === undefined ? message : `The document has more than ${maxTokens} tokens (limits.tokens).`;
}

/** Errors that GraphQL execution itself raises: about the client's values, or about a source's. */
function judgeGraphqlError(error: GraphQLError, scope: ErrorScope, origin: Origin | undefined): Judgement {
  // Variables are judged before anything runs; one that is wrong further down is the gateway's own, in a delegated call.
  const isAboutInput =
    error.path === undefined
      ? error.nodes !== undefined || /^(Variable "|Too many errors processing variables)/.test(error.message)
      : /^(Argument|Directive) "/.test(error.message);
  if (isAboutInput) {
    return { code: 'BAD_USER_INPUT', message: error.message };
  }
  scope.log.warn(
    { requestId: scope.requestId, path: error.path, message: error.message },
    'a source gave a value of a wrong type',
  );
  return { code: 'UPSTREAM_BAD_RESPONSE', ...judgeMisfit(error, origin) };
}

/** The names of field and source are public, the value that does not fit is not. */
function judgeMisfit(error: GraphQLError, origin: Origin | undefined): Pick<Judgement, 'message' | 'details'> {
  const found = origin === undefined || error.path === undefined ? undefined : originOf(origin, error.path);
  const details = found?.source === undefined ? {} : { details: { source: found.source } };
  if (isUnexpectedNull(error)) return { message: error.message, ...details };
  if (found === undefined) return { message: ERROR_TABLE.UPSTREAM_BAD_RESPONSE.message };
  const who = found.source === undefined ? 'The source' : `Source "${found.source}"`;
  const what = `${who} gave a value of ${found.field} that does not fit its type, ${String(found.type)}.`;
  if (found.retypable === undefined || !isBeyond32Bits(error)) return { message: what, ...details };
  const type = String(found.type).replace(/\bInt\b/, 'Int64');
  const way = `Integers beyond 32 bits are Int64: set transforms.fields.${found.retypable}.type to ${type} in the source.`;
  return { message: `${what} ${way}`, ...details };
}

function isBeyond32Bits(error: GraphQLError): boolean {
  return error.message.startsWith('Int cannot represent non 32-bit signed integer value');
}

/** GraphQL.js raises this one as a plain Error, graphql-jit as a GraphQLError. */
function isUnexpectedNull(error: GraphQLError): boolean {
  return /^Cannot return null for non-nullable field \w+\.\w+\.$/.test(error.message);
}

/** What was thrown; among GraphQLErrors the outermost, which knows the place and names the variable. */
function rootCause(error: unknown): unknown {
  let current = error;
  for (let i = 0; i < 16 && current instanceof GraphQLError; i += 1) {
    if (current.originalError === undefined) return error;
    current = current.originalError;
  }
  return current instanceof GraphQLError ? error : current;
}

function detailsOf({
  source,
  operation,
  upstreamStatus,
  upstreamCode,
  upstreamMessage,
  upstreamBody,
  retryAfterMs,
  limit,
}: Record<string, unknown>): ErrorDetails {
  const details = {
    source,
    operation,
    upstreamStatus,
    upstreamCode,
    upstreamMessage,
    upstreamBody,
    retryAfterMs,
    limit,
  };
  return JSON.parse(JSON.stringify(details)) as ErrorDetails;
}
