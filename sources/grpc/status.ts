import { type ServiceError, status } from '@grpc/grpc-js';
import { describeError, type ErrorCode, type ErrorDetails, SkeinError } from '../../kernel/errors.ts';
import type { ErrorExposure } from '../options.ts';
import type { CallContext } from '../source.ts';
import { abortError } from '../upstream/abort.ts';
import type { Redact } from '../upstream/redactor.ts';
import { upstreamWords } from '../upstream-words.ts';
import type { Packable } from './any-codec.ts';
import { TooManyMessagesError } from './checked-reader.ts';
import { readStatusDetails } from './status-details.ts';

/** https://grpc.io/docs/guides/status-codes/ */
const CODES: Readonly<Record<number, ErrorCode>> = {
  [status.CANCELLED]: 'UPSTREAM_FAILED',
  [status.UNKNOWN]: 'UPSTREAM_FAILED',
  [status.INVALID_ARGUMENT]: 'UPSTREAM_REJECTED',
  [status.DEADLINE_EXCEEDED]: 'UPSTREAM_TIMEOUT',
  [status.NOT_FOUND]: 'UPSTREAM_REJECTED',
  [status.ALREADY_EXISTS]: 'UPSTREAM_REJECTED',
  [status.PERMISSION_DENIED]: 'UPSTREAM_REJECTED',
  [status.RESOURCE_EXHAUSTED]: 'UPSTREAM_REJECTED',
  [status.FAILED_PRECONDITION]: 'UPSTREAM_REJECTED',
  [status.ABORTED]: 'UPSTREAM_FAILED',
  [status.OUT_OF_RANGE]: 'UPSTREAM_REJECTED',
  [status.UNIMPLEMENTED]: 'UPSTREAM_REJECTED',
  [status.INTERNAL]: 'UPSTREAM_FAILED',
  [status.UNAVAILABLE]: 'UPSTREAM_UNREACHABLE',
  [status.DATA_LOSS]: 'UPSTREAM_FAILED',
  [status.UNAUTHENTICATED]: 'UPSTREAM_REJECTED',
};

/** What grpc-js itself says when a message is over `grpc.max_receive_message_length`. */
const TOO_LARGE = /^Received message (larger than max|that decompresses to a size larger)/;

/** And for a unary call that ended well without its message, which it calls UNIMPLEMENTED. */
const NO_MESSAGE = 'No message received';

/** What it says itself of connections, deadlines and streams: with addresses, and no words of the server's. */
const OWN_WORDS =
  /^(?:No connection established|Name resolution failed|Failed to (?:parse|start|write)|Unrecognized scheme|Deadline exceeded|Received (?:RST_STREAM|HTTP status)|Connection dropped|Channel closed|Subchannel|Write (?:error|failed)|Parsing service config|Invalid status from control plane)|remote_addr=|\b(?:connect|read|write|getaddrinfo) E[A-Z]+\b/;

export interface CallDetails {
  readonly source: string;
  readonly operation: string;
}

/** What clients may read of a failed call, and how to read it. */
export interface ErrorRules {
  readonly exposure: ErrorExposure;
  /** Takes out of its words what nobody may read. */
  readonly redact: Redact;
  /** Messages of the document, which errors may carry. */
  packable(fullName: string): Packable | undefined;
}

/** A call that ended before it was given to a connection. */
export class UnsentError extends Error {
  override readonly name = 'UnsentError';
  readonly code: status;

  constructor(cause: ServiceError) {
    super(cause.details, { cause });
    this.code = cause.code;
  }
}

/**
 * The public face of a failed call; the upstream's own words go to the log, and further only where `errors` says so.
 * The cause of one that was never sent is an UnsentError.
 */
export function statusError(
  error: unknown,
  details: CallDetails,
  context: CallContext,
  rules: ErrorRules,
  isUnsent = false,
): SkeinError {
  if (error instanceof SkeinError) return error;
  if (context.cancellation.reason !== undefined) return abortError(context, details);
  if (!isServiceError(error)) {
    context.log.error({ ...details, requestId: context.requestId, err: error }, 'A gRPC call could not be made.');
    return new SkeinError('UPSTREAM_FAILED', undefined, { details, cause: error });
  }
  const upstreamCode = status[error.code];
  const code = codeOf(error, context);
  context.log.warn(
    { ...details, requestId: context.requestId, code, upstreamCode, cause: rules.redact(error.details) },
    'A call to a source failed.',
  );
  const told = tellable(error, rules);
  const cause = isUnsent ? new UnsentError(error) : error;
  return new SkeinError(code, undefined, { details: { ...details, upstreamCode, ...told }, cause });
}

function tellable(error: ServiceError, rules: ErrorRules): ErrorDetails {
  const found = readStatusDetails(error.metadata, rules);
  const { exposure, redact } = rules;
  const message = error.details === '' || OWN_WORDS.test(error.details) ? undefined : error.details;
  return {
    ...upstreamWords(exposure, found.body, message, redact),
    ...(found.retryAfterMs === undefined ? {} : { retryAfterMs: found.retryAfterMs }),
  };
}

/** Bytes that are not the message the document says, or more than the source may say. */
export function decodeError(error: unknown, details: CallDetails, context: CallContext): SkeinError {
  const cause = describeError(error);
  context.log.warn({ ...details, requestId: context.requestId, cause }, 'A message of a source cannot be read.');
  const code = error instanceof TooManyMessagesError ? 'UPSTREAM_RESPONSE_TOO_LARGE' : 'UPSTREAM_BAD_RESPONSE';
  return new SkeinError(code, undefined, { details, cause: error });
}

/** Of a call that has no deadline but its own. */
export function codeOfStatus(error: ServiceError): ErrorCode {
  if (error.code === status.RESOURCE_EXHAUSTED && TOO_LARGE.test(error.details)) return 'UPSTREAM_RESPONSE_TOO_LARGE';
  if (error.code === status.UNIMPLEMENTED && error.details === NO_MESSAGE) return 'UPSTREAM_BAD_RESPONSE';
  return CODES[error.code] ?? 'UPSTREAM_FAILED';
}

function codeOf(error: ServiceError, context: CallContext): ErrorCode {
  // The request's own deadline goes with the call, and its timer may be the first to fire.
  if (error.code === status.DEADLINE_EXCEEDED && Date.now() >= context.deadlineAt) return 'DEADLINE_EXCEEDED';
  return codeOfStatus(error);
}

export function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error;
}
