import { describeError, type ErrorCode, SkeinError } from '../../kernel/errors.ts';
import type { CallContext } from '../source.ts';
import type { HttpAnswer } from '../upstream/http.ts';
import { retryAfterMs } from '../upstream/retry-after.ts';

export interface CallDetails {
  readonly source: string;
  readonly operation: string;
}

/** What a GraphQL service answers, and what HTTP said of it if the status was not a good one. */
export interface GraphqlAnswer {
  readonly data: Readonly<Record<string, unknown>> | undefined;
  readonly errors: readonly UpstreamError[];
  readonly badStatus: BadStatus | undefined;
}

export interface BadStatus {
  readonly upstreamStatus: number;
  readonly retryAfterMs?: number;
}

type HttpHead = Pick<HttpAnswer, 'status' | 'headers'>;

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

/**
 * Reads an HTTP answer. A GraphQL body counts with any status.
 * @throws SkeinError UPSTREAM_REJECTED or UPSTREAM_FAILED for a bad status, UPSTREAM_BAD_RESPONSE for a bad body
 */
export function readAnswer(answer: HttpAnswer, details: CallDetails, context: CallContext): GraphqlAnswer {
  const badStatus = badStatusOf(answer);
  let cause: unknown;
  try {
    const body = parseAnswer(answer.body.toString(), badStatus);
    if (body !== undefined) return body;
  } catch (error) {
    cause = error;
  }
  if (badStatus !== undefined) throw statusError(badStatus, details, context);
  const reason = cause ?? 'The answer has neither data nor errors.';
  throw badResponse(reason, { ...details, upstreamStatus: answer.status }, context);
}

/** Undefined for 2xx. */
export function badStatusOf({ status, headers }: HttpHead): BadStatus | undefined {
  if (status >= 200 && status < 300) return undefined;
  const wait = status === 429 || status === 503 ? retryAfterMs(headers, Date.now()) : undefined;
  return wait === undefined ? { upstreamStatus: status } : { upstreamStatus: status, retryAfterMs: wait };
}

/** @throws SyntaxError; undefined for JSON that is no GraphQL answer */
export function parseAnswer(text: string, badStatus?: BadStatus): GraphqlAnswer | undefined {
  const body: unknown = JSON.parse(text);
  if (!isRecord(body)) return undefined;
  const { data, errors } = body;
  const list = Array.isArray(errors) ? errors.filter(isRecord) : [];
  if (isRecord(data)) return { data, errors: list, badStatus };
  return list.length > 0 ? { data: undefined, errors: list, badStatus } : undefined;
}

/**
 * The value of the root field. Errors below it stand in the place of their nulls, for the execution to find there.
 * @throws SkeinError when there is no value
 */
export function fieldValue(answer: GraphqlAnswer, field: string, details: CallDetails, context: CallContext): unknown {
  const { data, errors, badStatus } = answer;
  const value = data !== undefined && Object.hasOwn(data, field) ? data[field] : undefined;
  if (errors.length === 0) {
    if (value === undefined) throw badResponse(`The answer has no "${field}".`, details, context);
    return value;
  }
  logErrors(errors, details, context);
  if (value === undefined || value === null) {
    const code = badStatus === undefined ? codeOf(errors.some(isRefusal)) : statusCode(badStatus);
    throw publicError(code, badStatus, details);
  }
  for (const error of errors) {
    const [root, ...path] = Array.isArray(error.path) ? error.path : [];
    if (root === field) placeError(value, path, publicError(codeOf(isRefusal(error)), badStatus, details));
  }
  return value;
}

/** Puts the error at the null its path leads to; that null may stand above the path's end, where it bubbled up to. */
function placeError(value: unknown, path: readonly unknown[], error: SkeinError): void {
  let parent = value;
  for (const key of path) {
    if (typeof parent !== 'object' || parent === null || parent instanceof Error) return;
    if (typeof key !== 'string' && typeof key !== 'number') return;
    if (!Object.hasOwn(parent, key)) return;
    const child: unknown = Reflect.get(parent, key);
    if (child === null) {
      Reflect.set(parent, key, error);
      return;
    }
    parent = child;
  }
}

function isRefusal(error: UpstreamError): boolean {
  return isRecord(error.extensions) && REFUSALS.has(error.extensions.code);
}

function codeOf(refused: boolean): ErrorCode {
  return refused ? 'UPSTREAM_REJECTED' : 'UPSTREAM_FAILED';
}

/** A redirect is not followed, and no answer. */
function statusCode({ upstreamStatus }: BadStatus): ErrorCode {
  return upstreamStatus < 400 ? 'UPSTREAM_BAD_RESPONSE' : codeOf(upstreamStatus < 500);
}

function publicError(code: ErrorCode, badStatus: BadStatus | undefined, details: CallDetails): SkeinError {
  return new SkeinError(code, undefined, { details: { ...details, ...badStatus } });
}

export function statusError(badStatus: BadStatus, details: CallDetails, context: CallContext): SkeinError {
  context.log.warn({ ...details, requestId: context.requestId, ...badStatus }, 'A call to a source failed.');
  return publicError(statusCode(badStatus), badStatus, details);
}

export function badResponse(
  reason: unknown,
  details: CallDetails & { readonly upstreamStatus?: number },
  context: CallContext,
): SkeinError {
  const cause = describeError(reason);
  context.log.warn({ ...details, requestId: context.requestId, cause }, 'The answer of a source cannot be used.');
  return new SkeinError('UPSTREAM_BAD_RESPONSE', undefined, { details, cause: reason });
}

const MAX_LOGGED_ERRORS = 5;

function logErrors(errors: readonly UpstreamError[], details: CallDetails, context: CallContext): void {
  const upstreamErrors = errors.slice(0, MAX_LOGGED_ERRORS).map(({ message, path }) => ({ message, path }));
  const fields = { ...details, requestId: context.requestId, count: errors.length, upstreamErrors };
  context.log.warn(fields, 'A source answered with errors.');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
