import { ERROR_TABLE, type ErrorCode, isErrorCode, SkeinError } from '../../kernel/errors.ts';
import { ProviderFailure } from '../../sources/ai/provider-errors.ts';
import { type ErrorScope, toPublicError } from '../public-errors.ts';

/** What kind of failure it is, in words that both families of clients have their own for. */
export type FailureKind =
  | 'invalid-request'
  | 'context-overflow'
  | 'unauthenticated'
  | 'forbidden'
  | 'model-not-found'
  | 'not-found'
  | 'too-large'
  | 'rate-limited'
  | 'timeout'
  | 'overloaded'
  | 'internal';

/** An error as clients may see it, before it has a format. */
export interface Failure {
  readonly kind: FailureKind;
  readonly status: number;
  readonly code: ErrorCode;
  readonly message: string;
  /** The parameter it is about, in the client's own words. */
  readonly parameter: string | undefined;
  readonly retryAfterMs: number | undefined;
  /** Why a conversation that the provider keeps cannot be gone on with. */
  readonly thread: string | undefined;
  /** Whether the same request may do better later. */
  readonly isRetryable: boolean;
}

export interface Names {
  /** Canonical names of parameters → the client's own. */
  readonly names: Readonly<Record<string, string>>;
  /** Where canonical messages stand in the client's list. */
  readonly places?: readonly number[] | undefined;
}

/** Where a message stands that the client has told beside its list. */
export const SYSTEM_PLACE = -1;

/** The public face of an error; the unknown is masked and logged. */
export function failureOf(error: unknown, scope: ErrorScope, names: Names = { names: {} }): Failure {
  const { message, extensions = {} } = toPublicError(error, scope);
  const code = isErrorCode(extensions.code) ? extensions.code : 'INTERNAL_SERVER_ERROR';
  const retryAfterMs = typeof extensions.retryAfterMs === 'number' ? extensions.retryAfterMs : undefined;
  const upstreamStatus = typeof extensions.upstreamStatus === 'number' ? extensions.upstreamStatus : undefined;
  const { kind, status, isRetryable } = judge(code, upstreamStatus, error);
  const own = code === 'BAD_USER_INPUT' ? inOwnWords(message, names) : { message, parameter: undefined };
  const text = kind === 'context-overflow' ? 'The question is longer than the model can take.' : own.message;
  const { parameter } = own;
  const thread =
    providerFailureOf(error)?.thread ?? (parameter === 'thread' ? 'thread_unsupported_request' : undefined);
  return { kind, status, code, message: text, parameter, retryAfterMs, thread, isRetryable };
}

function providerFailureOf(error: unknown): ProviderFailure | undefined {
  return error instanceof SkeinError && error.cause instanceof ProviderFailure ? error.cause : undefined;
}

type Judgement = Pick<Failure, 'kind' | 'status' | 'isRetryable'>;

const KINDS: Readonly<Partial<Record<ErrorCode, FailureKind>>> = {
  UNAUTHENTICATED: 'unauthenticated',
  FORBIDDEN: 'forbidden',
  NOT_FOUND: 'not-found',
  MODEL_NOT_FOUND: 'model-not-found',
  PAYLOAD_TOO_LARGE: 'too-large',
  RATE_LIMITED: 'rate-limited',
  DEADLINE_EXCEEDED: 'timeout',
  UPSTREAM_TIMEOUT: 'timeout',
  UPSTREAM_BUSY: 'overloaded',
  UPSTREAM_UNAVAILABLE: 'overloaded',
  SHUTTING_DOWN: 'overloaded',
};

function judge(code: ErrorCode, upstreamStatus: number | undefined, error: unknown): Judgement {
  const { retryable: isRetryable } = ERROR_TABLE[code];
  if (providerFailureOf(error)?.isContextOverflow === true)
    return { kind: 'context-overflow', status: 400, isRetryable: false };
  if (code === 'UPSTREAM_REJECTED') return judgeRefusal(upstreamStatus);
  if (code === 'UPSTREAM_FAILED' && (upstreamStatus === 529 || upstreamStatus === 503))
    return { kind: 'overloaded', status: 503, isRetryable };
  const status = code === 'MODEL_NOT_FOUND' ? 404 : ERROR_TABLE[code].status;
  return { kind: KINDS[code] ?? (status >= 500 ? 'internal' : 'invalid-request'), status, isRetryable };
}

/** What a provider blames on the request is the client's to know; what it blames on our key is not. */
function judgeRefusal(status: number | undefined): Judgement {
  switch (status) {
    case 429:
      return { kind: 'rate-limited', status, isRetryable: true };
    case 400:
    case 422:
      return { kind: 'invalid-request', status, isRetryable: false };
    case 404:
      return { kind: 'not-found', status, isRetryable: false };
    case 413:
      return { kind: 'too-large', status, isRetryable: false };
    default:
      return { kind: 'internal', status: 502, isRetryable: false };
  }
}

/** Errors about parameters begin with the name, quoted. */
function inOwnWords(message: string, { names, places }: Names): Pick<Failure, 'message' | 'parameter'> {
  const [quoted, name] = /^"([^"]+)"/.exec(message) ?? [];
  if (quoted === undefined || name === undefined) return { message, parameter: undefined };
  const parameter = names[name] ?? placed(name, places);
  return { message: `"${parameter}"${message.slice(quoted.length)}`, parameter };
}

function placed(name: string, places: readonly number[] | undefined): string {
  const [whole, index] = /^messages\[(\d+)\]/.exec(name) ?? [];
  if (whole === undefined || places === undefined) return name;
  const place = places[Number(index)] ?? Number(index);
  return place === SYSTEM_PLACE ? 'system' : `messages[${place}]`;
}
