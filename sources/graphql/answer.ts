import { describeError, type ErrorCode, SkeinError } from '../../kernel/errors.ts';
import type { ErrorExposure } from '../options.ts';
import type { CallContext, GraphqlAnswer } from '../source.ts';
import type { HttpAnswer } from '../upstream/http.ts';
import type { Redact } from '../upstream/redactor.ts';
import { retryAfterMs } from '../upstream/retry-after.ts';
import { type UpstreamWords, upstreamWords, wordsOfBody } from '../upstream-words.ts';

/** One call, as far as its errors tell of it. */
export interface CallScope {
  readonly source: string;
  readonly operation: string;
  /** What clients may read of the service's errors. */
  readonly exposure: ErrorExposure;
  /** Takes out of its words what nobody may read. */
  readonly redact?: Redact;
}

export interface BadStatus {
  readonly upstreamStatus: number;
  readonly retryAfterMs?: number;
}

interface UpstreamError {
  readonly message?: unknown;
  readonly path?: unknown;
  readonly extensions?: unknown;
}

/** Codes that blame the request, as the servers of this field give them. */
const REFUSALS: ReadonlySet<unknown> = new Set([
  'BAD_REQUEST',
  'BAD_USER_INPUT',
  'FORBIDDEN',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'NOT_FOUND',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
  'UNAUTHENTICATED',
  'UNAUTHORIZED',
]);

/** Errors of one answer that are told; an answer of nothing but errors could hold a hundred thousand. */
const MAX_ERRORS = 1_000;
const MAX_LOGGED_ERRORS = 5;

/**
 * Reads an HTTP answer. A GraphQL body counts with any status.
 * @throws SkeinError UPSTREAM_REJECTED or UPSTREAM_FAILED for a bad status, UPSTREAM_BAD_RESPONSE for a bad body
 */
export function readAnswer(answer: HttpAnswer, scope: CallScope, context: CallContext): GraphqlAnswer {
  const badStatus = badStatusOf(answer);
  let cause: unknown;
  try {
    const read = toAnswer(JSON.parse(answer.body.toString()), badStatus, scope, context);
    if (read !== undefined) return read;
  } catch (error) {
    cause = error;
  }
  if (badStatus !== undefined) throw statusError(badStatus, scope, context, answer.body);
  throw badResponse(cause ?? 'The answer has neither data nor errors.', scope, context, answer.status);
}

/** Undefined for 2xx. */
export function badStatusOf({ status, headers }: Pick<HttpAnswer, 'status' | 'headers'>): BadStatus | undefined {
  if (status >= 200 && status < 300) return undefined;
  const wait = status === 429 || status === 503 ? retryAfterMs(headers, Date.now()) : undefined;
  return wait === undefined ? { upstreamStatus: status } : { upstreamStatus: status, retryAfterMs: wait };
}

/** Makes the service's errors public and logs their words; undefined for what is no GraphQL answer. */
export function toAnswer(
  body: unknown,
  badStatus: BadStatus | undefined,
  scope: CallScope,
  context: CallContext,
): GraphqlAnswer | undefined {
  if (!isRecord(body)) return undefined;
  const { data, errors } = body;
  const list = Array.isArray(errors) ? errors.filter(isRecord) : [];
  if (list.length === 0) return isRecord(data) ? { data, errors: NONE } : undefined;
  logErrors(list, scope, context);
  return {
    data: isRecord(data) ? data : null,
    errors: list.slice(0, MAX_ERRORS).map((error) => ({
      error: publicError(codeOf(error, badStatus), badStatus, scope, exposed(error, scope)),
      path: pathOf(error),
    })),
  };
}

const NONE: GraphqlAnswer['errors'] = [];

function pathOf({ path }: UpstreamError): readonly (string | number)[] | undefined {
  if (!Array.isArray(path)) return undefined;
  return path.every((key) => typeof key === 'string' || typeof key === 'number') ? path : undefined;
}

function codeOf(error: UpstreamError, badStatus: BadStatus | undefined): ErrorCode {
  if (badStatus !== undefined) return statusCode(badStatus);
  return isRecord(error.extensions) && REFUSALS.has(error.extensions.code) ? 'UPSTREAM_REJECTED' : 'UPSTREAM_FAILED';
}

/** A redirect is not followed, and no answer. */
function statusCode({ upstreamStatus }: BadStatus): ErrorCode {
  if (upstreamStatus < 400) return 'UPSTREAM_BAD_RESPONSE';
  return upstreamStatus < 500 ? 'UPSTREAM_REJECTED' : 'UPSTREAM_FAILED';
}

/** Its message, and with `errors: body` its extensions; bounded, for they are the service's own. */
function exposed({ message, extensions }: UpstreamError, { exposure, redact }: CallScope): UpstreamWords {
  if (exposure === 'hidden') return {};
  const words = upstreamWords('message', undefined, typeof message === 'string' ? message : undefined, redact);
  if (exposure === 'message' || !isRecord(extensions)) return words;
  const { upstreamBody } = wordsOfBody('body', Buffer.from(jsonOf(extensions)), redact);
  return upstreamBody === undefined ? words : { ...words, upstreamBody: { extensions: upstreamBody } };
}

/** Empty for what is nested too deeply to be written. */
function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return '';
  }
}

function publicError(
  code: ErrorCode,
  badStatus: BadStatus | undefined,
  { source, operation }: CallScope,
  words: UpstreamWords = {},
): SkeinError {
  return new SkeinError(code, undefined, { details: { source, operation, ...badStatus, ...words } });
}

/** For an answer that is no GraphQL at all. */
export function statusError(
  badStatus: BadStatus,
  scope: CallScope,
  context: CallContext,
  body: Buffer = Buffer.alloc(0),
): SkeinError {
  const { source, operation, exposure, redact } = scope;
  context.log.warn({ source, operation, requestId: context.requestId, ...badStatus }, 'A call to a source failed.');
  return publicError(statusCode(badStatus), badStatus, scope, wordsOfBody(exposure, body, redact));
}

export function badResponse(
  reason: unknown,
  { source, operation }: CallScope,
  context: CallContext,
  upstreamStatus?: number,
): SkeinError {
  const details = { source, operation, ...(upstreamStatus === undefined ? {} : { upstreamStatus }) };
  const cause = describeError(reason);
  context.log.warn({ ...details, requestId: context.requestId, cause }, 'The answer of a source cannot be used.');
  return new SkeinError('UPSTREAM_BAD_RESPONSE', undefined, { details, cause: reason });
}

function logErrors(errors: readonly UpstreamError[], scope: CallScope, context: CallContext): void {
  const { source, operation, redact = (text: string) => text } = scope;
  const upstreamErrors = errors.slice(0, MAX_LOGGED_ERRORS).map(({ message, path }) => ({
    message: typeof message === 'string' ? redact(message) : undefined,
    path,
  }));
  const fields = { source, operation, requestId: context.requestId, count: errors.length, upstreamErrors };
  context.log.warn(fields, 'A source answered with errors.');
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
