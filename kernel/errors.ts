/**
 * The one table of public errors. Every error a client can see carries one of these codes; ERRORS.md explains each of
 * them, and a test holds the two together. `status` is the HTTP status when the whole request fails with the code;
 * errors below `data` travel in a 200 answer as GraphQL has it.
 */
export const ERROR_TABLE = {
  BAD_REQUEST: { status: 400, retryable: false, message: 'The request is not a valid GraphQL-over-HTTP request.' },
  // The message is what clients of automatic persisted queries look for.
  PERSISTED_QUERY_NOT_SUPPORTED: { status: 400, retryable: false, message: 'PersistedQueryNotSupported' },
  GRAPHQL_PARSE_FAILED: { status: 400, retryable: false, message: 'The GraphQL document has a syntax error.' },
  GRAPHQL_VALIDATION_FAILED: { status: 400, retryable: false, message: 'The operation does not fit the schema.' },
  BAD_USER_INPUT: { status: 400, retryable: false, message: 'An argument or variable has a wrong value.' },
  OPERATION_TOO_COMPLEX: { status: 400, retryable: false, message: 'The operation exceeds a limit of this gateway.' },
  UNAUTHENTICATED: { status: 401, retryable: false, message: 'A valid API key or token is required.' },
  FORBIDDEN: { status: 403, retryable: false, message: 'The API key or token does not allow this.' },
  NOT_FOUND: { status: 404, retryable: false, message: 'There is nothing at this address.' },
  METHOD_NOT_ALLOWED: { status: 405, retryable: false, message: 'The method is not allowed here.' },
  NOT_ACCEPTABLE: { status: 406, retryable: false, message: 'No answer can be given in an accepted media type.' },
  REQUEST_TIMEOUT: { status: 408, retryable: true, message: 'The request took too long to arrive.' },
  CONFLICT: { status: 409, retryable: false, message: 'The request does not fit what is there already.' },
  PAYLOAD_TOO_LARGE: { status: 413, retryable: false, message: 'The request body is too large.' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, retryable: false, message: 'The content type is not supported.' },
  RATE_LIMITED: { status: 429, retryable: true, message: 'Too many requests.' },
  CLIENT_CLOSED_REQUEST: {
    status: 499,
    retryable: false,
    message: 'The client went away before the answer was ready.',
  },
  INTERNAL_SERVER_ERROR: { status: 500, retryable: false, message: 'Something went wrong in the gateway.' },
  SHUTTING_DOWN: { status: 503, retryable: true, message: 'The gateway is shutting down.' },
  GRAPH_NOT_READY: { status: 503, retryable: true, message: 'The graph is not ready yet.' },
  IDENTITY_UNAVAILABLE: { status: 503, retryable: true, message: 'It cannot be told at the moment who is calling.' },
  STORE_UNAVAILABLE: {
    status: 503,
    retryable: true,
    message: 'The store of the control plane does not answer at the moment.',
  },
  DEADLINE_EXCEEDED: { status: 504, retryable: true, message: 'The request took longer than its deadline.' },
  UPSTREAM_UNREACHABLE: { status: 502, retryable: true, message: 'The source cannot be reached.' },
  UPSTREAM_TIMEOUT: { status: 504, retryable: true, message: 'The source did not answer in time.' },
  UPSTREAM_UNAVAILABLE: {
    status: 503,
    retryable: true,
    message: 'The source fails at the moment and is left alone for a while.',
  },
  UPSTREAM_BUSY: { status: 503, retryable: true, message: 'Too many calls to the source are under way.' },
  UPSTREAM_FAILED: { status: 502, retryable: true, message: 'The source failed.' },
  UPSTREAM_REJECTED: { status: 502, retryable: false, message: 'The source refused the call.' },
  UPSTREAM_BAD_RESPONSE: { status: 502, retryable: false, message: 'The source gave an answer that cannot be used.' },
  UPSTREAM_RESPONSE_TOO_LARGE: {
    status: 502,
    retryable: false,
    message: 'The source gave a larger answer than allowed.',
  },
  MODEL_NOT_FOUND: { status: 400, retryable: false, message: 'There is no such model or route.' },
  MODEL_OUTPUT_INVALID: {
    status: 502,
    retryable: true,
    message: 'The model gave an answer that does not fit the output type.',
  },
  MODEL_STREAM_TRUNCATED: { status: 502, retryable: true, message: 'The model stream ended before it was finished.' },
} as const satisfies Record<string, { status: number; retryable: boolean; message: string }>;

export type ErrorCode = keyof typeof ERROR_TABLE;

/**
 * What a public error may say beside its code. Never a host, a URL or a header of an upstream; its own words only where
 * the source's configuration passes them on (`errors: message` or `errors: body`).
 */
export interface ErrorDetails {
  /** Name of the source that failed, as in the configuration. */
  readonly source?: string | undefined;
  /** The operation of that source: an operationId, a gRPC method, a root field, a model. */
  readonly operation?: string | undefined;
  /** HTTP status of the upstream's answer. */
  readonly upstreamStatus?: number | undefined;
  /** Status name of a gRPC upstream, e.g. `NOT_FOUND`. */
  readonly upstreamCode?: string | undefined;
  /** What the upstream says of the error, with `errors: message` or `errors: body`. */
  readonly upstreamMessage?: string | undefined;
  /** The body of the upstream's error answer, parsed if it is JSON, with `errors: body`. */
  readonly upstreamBody?: unknown;
  /** How long the client should wait before it tries again. */
  readonly retryAfterMs?: number | undefined;
  /** What people call the limit that was reached. */
  readonly limit?: string | undefined;
  /** What the operation may cost, in units and in US dollars, and what it was allowed to. */
  readonly cost?: number | undefined;
  readonly costUsd?: number | undefined;
  readonly costLimit?: number | undefined;
  readonly costUsdLimit?: number | undefined;
}

/**
 * An error with a public face. `message` and `extensions` reach the client as they are, so neither may hold secrets or
 * upstream details; the `cause` is for the log only.
 */
export class SkeinError extends Error {
  override readonly name = 'SkeinError';
  readonly code: ErrorCode;
  readonly extensions: { readonly code: ErrorCode } & ErrorDetails;

  constructor(code: ErrorCode, message?: string, options: { details?: ErrorDetails; cause?: unknown } = {}) {
    super(message ?? ERROR_TABLE[code].message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.extensions = { code, ...options.details };
  }

  get status(): number {
    return ERROR_TABLE[this.code].status;
  }
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERROR_TABLE, value);
}

/** The message of anything thrown: for logs and for configuration problems, never for a client. */
export function describeError(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(describeError).join('; ');
  return error instanceof Error ? error.message || error.name : String(error);
}
