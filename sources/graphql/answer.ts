import { describeError, type ErrorCode, SkeinError } from '../../kernel/errors.ts';
import type { CallContext } from '../source.ts';
import type { HttpAnswer } from '../upstream/http.ts';

export interface CallDetails {
  readonly source: string;
  readonly operation: string;
}

/** What a GraphQL service answers, and the HTTP status if that was not a good one. */
export interface GraphqlAnswer {
  readonly data: Readonly<Record<string, unknown>> | undefined;
  readonly errors: readonly UpstreamError[];
  readonly badStatus: number | undefined;
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

/**
 * Reads an HTTP answer. A GraphQL body counts with any status.
 * @throws SkeinError UPSTREAM_REJECTED or UPSTREAM_FAILED for a bad status, UPSTREAM_BAD_RESPONSE for a bad body
 */
export function readAnswer(answer: HttpAnswer, details: CallDetails, context: CallContext): GraphqlAnswer {
  const isGood = answer.status >= 200 && answer.status < 300;
  const badStatus = isGood ? undefined : answer.status;
  let cause: unknown;
  try {
    const body = parseAnswer(answer.body.toString(), badStatus);
    if (body !== undefined) return body;
  } catch (error) {
    cause = error;
  }
  if (badStatus !== undefined) throw statusError(badStatus, details, context);
  throw badResponse(cause ?? 'The answer has neither data nor errors.', details, context);
}

/** @throws SyntaxError; undefined for JSON that is no GraphQL answer */
export function parseAnswer(text: string, badStatus?: number): GraphqlAnswer | undefined {
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
    const refused = badStatus === undefined ? errors.some(isRefusal) : badStatus < 500;
    throw publicError(refused, badStatus, details);
  }
  for (const error of errors) {
    const [root, ...path] = Array.isArray(error.path) ? error.path : [];
    if (root === field) placeError(value, path, publicError(isRefusal(error), badStatus, details));
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

function publicError(refused: boolean, upstreamStatus: number | undefined, details: CallDetails): SkeinError {
  const code: ErrorCode = refused ? 'UPSTREAM_REJECTED' : 'UPSTREAM_FAILED';
  return new SkeinError(code, undefined, { details: upstreamStatus ? { ...details, upstreamStatus } : details });
}

export function statusError(status: number, details: CallDetails, context: CallContext): SkeinError {
  context.log.warn({ ...details, requestId: context.requestId, upstreamStatus: status }, 'A call to a source failed.');
  return publicError(status >= 400 && status < 500, status, details);
}

export function badResponse(reason: unknown, details: CallDetails, context: CallContext): SkeinError {
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
