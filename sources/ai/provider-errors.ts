import { type ErrorCode, SkeinError } from '../../kernel/errors.ts';
import { isObject, objectOf, textOf } from './dialects/read.ts';
import type { Usage } from './model.ts';

export { retryAfterMs } from '../upstream/retry-after.ts';

const MAX_MESSAGE_CHARACTERS = 500;
/** Shorter values are no keys, and to blot them out would only spoil the message. */
const MIN_SECRET_CHARACTERS = 8;

/** Keys as providers make them: some repeat a part of one in their messages. */
const KEY = /\b(?:(?:sk|key|xai|pplx|nvapi)-|gsk_|hf_|AIza)[^\s"',;]+/gi;

/** What a provider says of a failure: for the log, never for a client. */
export interface ProviderError {
  /** Its type and code, as far as there are any. */
  readonly type: string;
  readonly message: string;
  /** Why a conversation that Anthropic keeps cannot be gone on with. Its clients begin anew then, by themselves. */
  readonly thread?: string | undefined;
}

const THREAD_PROBLEMS: ReadonlySet<unknown> = new Set([
  'thread_not_found',
  'thread_already_continued',
  'thread_continue_in_flight',
  'thread_unsupported_request',
]);

/** What a provider has said, as the cause of an error. */
export class ProviderFailure extends Error {
  override readonly name = 'ProviderFailure';
  /** The question does not fit into the model. */
  readonly isContextOverflow: boolean;
  readonly thread: ProviderError['thread'];

  constructor({ type, message, thread }: ProviderError) {
    super(message);
    this.thread = thread;
    this.isContextOverflow =
      /context_length_exceeded/.test(type) ||
      /maximum context length|prompt is too long|input token count.+exceeds|context (window|length).+exceed|exceeds? .*context (window|length|limit)/i.test(
        message.slice(0, MAX_MESSAGE_CHARACTERS),
      );
  }
}

const bills = new WeakMap<object, Usage>();

/** The error, with what the provider told of the tokens all the same: what came is paid, whatever is wrong with it. */
export function billed(error: unknown, usage: Usage | undefined): unknown {
  const isTold = usage?.inputTokens !== undefined || usage?.outputTokens !== undefined;
  if (isTold && typeof error === 'object' && error !== null) bills.set(error, usage);
  return error;
}

/** What the provider told of the tokens of a call that failed with the error. */
export function billOf(error: unknown): Usage | undefined {
  return typeof error === 'object' && error !== null ? bills.get(error) : undefined;
}

/** Reads `{ error: { type, message } }` and what else is seen in its place. */
export function providerErrorOf(body: unknown): ProviderError {
  // Gemini puts the errors of a stream into a list.
  const { error, message, detail } = objectOf(Array.isArray(body) ? body[0] : body);
  const inner = isObject(error) ? error : {};
  const { error_code: thread } = objectOf(inner.details);
  return {
    ...(typeof thread === 'string' && THREAD_PROBLEMS.has(thread) && { thread }),
    type: [inner.type, inner.code, inner.status].filter((word) => typeof word === 'string').join(' '),
    message: textOf(inner.message) ?? textOf(error) ?? textOf(message) ?? textOf(detail) ?? 'No message.',
  };
}

/** The code for an error that is told by its type alone, inside a stream or a 200 answer. */
export function openErrorCode(type: string): ErrorCode {
  return /rate_limit|quota|resource_exhausted|invalid_(request|argument|prompt)|authenticat|permission|not_found/.test(
    type,
  )
    ? 'UPSTREAM_REJECTED'
    : 'UPSTREAM_FAILED';
}

/** The code for an answer other than 2xx. */
export function statusErrorCode(status: number): ErrorCode {
  if (status >= 500) return 'UPSTREAM_FAILED';
  return status >= 400 ? 'UPSTREAM_REJECTED' : 'UPSTREAM_BAD_RESPONSE';
}

/** Makes a provider's words fit for the log: no secret of ours, no key it repeats in part, no novel. */
export function createRedactor(secrets: readonly string[]): (text: string) => string {
  const known = secrets.filter((secret) => secret.length >= MIN_SECRET_CHARACTERS);
  return (text) => {
    let clean = text.slice(0, MAX_MESSAGE_CHARACTERS * 4);
    for (const secret of known) clean = clean.replaceAll(secret, '[redacted]');
    return clean.replace(KEY, '[redacted]').slice(0, MAX_MESSAGE_CHARACTERS);
  };
}

interface Place {
  readonly source: string;
  readonly operation: string;
  readonly upstreamStatus?: number;
}

/** The same error, saying where it happened, and with a cause that is fit for the log. */
export function locate(error: unknown, details: Place, redact: (text: string) => string): SkeinError {
  const located = locatedAt(error, details, redact);
  billed(located, billOf(error));
  return located;
}

function locatedAt(error: unknown, details: Place, redact: (text: string) => string): SkeinError {
  if (!(error instanceof SkeinError)) {
    return new SkeinError('INTERNAL_SERVER_ERROR', undefined, { details, cause: error });
  }
  const { code, ...own } = error.extensions;
  const cause = error.cause instanceof Error ? redactCause(error.cause, redact) : error.cause;
  return new SkeinError(code, error.message, { details: { ...details, ...own }, cause });
}

/** Keeps a cause that says nothing secret, with its stack. */
function redactCause(cause: Error, redact: (text: string) => string): Error {
  const clean = redact(cause.message);
  if (clean === cause.message) return cause;
  if (!(cause instanceof ProviderFailure)) return new Error(clean);
  const type = cause.isContextOverflow ? 'context_length_exceeded' : '';
  return new ProviderFailure({ type, message: clean, thread: cause.thread });
}
