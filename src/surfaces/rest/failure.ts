import { ERROR_TABLE, isErrorCode, SkeinError } from '../../../kernel/errors.ts';
import { type Problem, ProblemsError } from '../../../kernel/problem.ts';
import { type ErrorScope, toPublicError } from '../../public-errors.ts';

/** An error as clients of REST get it, under `error`. */
export interface RestError {
  readonly code: string;
  readonly message: string;
  readonly requestId: string;
  /** Each mistake of the input, with its place. */
  readonly problems?: readonly { readonly path: readonly (string | number)[]; readonly message: string }[];
  /** What the table of errors says beside: `source`, `upstreamStatus`, `retryAfterMs` … */
  readonly [detail: string]: unknown;
}

export interface RestFailure {
  readonly status: number;
  readonly retryAfterMs: number | undefined;
  readonly body: { readonly error: RestError };
}

/** What is wrong with the input of a prompt, all of it. */
export class InputError extends ProblemsError {}

/** The public face of an error; the unknown is masked and logged. */
export function failureOf(error: unknown, scope: ErrorScope): RestFailure {
  if (error instanceof InputError) {
    const problems = error.problems.map(({ path = [], message }: Problem) => ({ path, message }));
    const message = `The input has ${problems.length === 1 ? 'a mistake' : `${problems.length} mistakes`}.`;
    return failure({ code: 'BAD_USER_INPUT', message, requestId: scope.requestId, problems });
  }
  // A body that is nested deeper than the stack.
  const known = error instanceof RangeError ? new SkeinError('BAD_REQUEST', 'The body is nested too deeply.') : error;
  return publicFailure(toPublicError(known, scope));
}

/** Of an error of a result, which is public already. */
export function publicFailure({
  message,
  extensions = {},
}: {
  readonly message: string;
  readonly extensions?: Readonly<Record<string, unknown>>;
}): RestFailure {
  const { code, requestId, ...details } = extensions;
  return failure({ code: String(code), message, requestId: String(requestId), ...details });
}

function failure(error: RestError): RestFailure {
  const { code, retryAfterMs } = error;
  return {
    status: isErrorCode(code) ? ERROR_TABLE[code].status : 500,
    retryAfterMs: typeof retryAfterMs === 'number' ? retryAfterMs : undefined,
    body: { error },
  };
}
