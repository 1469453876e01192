import { type ErrorCode, SkeinError } from '../../kernel/errors.ts';
import type { CallContext } from '../source.ts';
import type { HttpAnswer } from '../upstream/http.ts';
import { retryAfterMs } from '../upstream/retry-after.ts';

export interface AnswerPlan {
  /** `done`: there is nothing to read, and the value is true. */
  readonly expects: 'done' | 'list' | 'object' | 'value';
  /** Name of the type of the value, or of a list's items. */
  readonly type: string;
  /** A 404 means that there is no such thing, which is an answer. */
  readonly notFoundIsNull: boolean;
}

export interface AnswerDeps {
  readonly source: string;
  readonly operation: string;
}

const MAX_LOGGED_CHARACTERS = 1_000;

/** The value of the root field, passed on as it was parsed. Throws SkeinError. */
export function createAnswerReader(
  plan: AnswerPlan,
  deps: AnswerDeps,
): (answer: HttpAnswer, context: CallContext) => unknown {
  const { expects, notFoundIsNull } = plan;
  const { source, operation } = deps;

  function failure(code: ErrorCode, answer: HttpAnswer, context: CallContext, reason: string): SkeinError {
    const fields = { requestId: context.requestId, source, operation, code, status: answer.status, reason };
    context.log.warn(fields, 'A source gave an answer that is a failure.');
    context.log.debug(
      { ...fields, body: answer.body.toString('utf8', 0, MAX_LOGGED_CHARACTERS) },
      'The answer that is a failure.',
    );
    const wait = answer.status === 429 || answer.status === 503 ? retryAfterMs(answer.headers, Date.now()) : undefined;
    const details = { source, operation, upstreamStatus: answer.status };
    return new SkeinError(code, undefined, {
      details: wait === undefined ? details : { ...details, retryAfterMs: wait },
      cause: new Error(reason),
    });
  }

  function readJson(answer: HttpAnswer, context: CallContext): unknown {
    if (!isJson(answer.headers['content-type'])) {
      throw failure('UPSTREAM_BAD_RESPONSE', answer, context, 'The answer is not JSON by its content type.');
    }
    const value = parseJson(answer.body);
    if (value === undefined) throw failure('UPSTREAM_BAD_RESPONSE', answer, context, 'The answer is not valid JSON.');
    if (!fits(value, expects)) {
      throw failure('UPSTREAM_BAD_RESPONSE', answer, context, `The answer is not the ${expects} it should be.`);
    }
    return value;
  }

  return (answer, context) => {
    const { status } = answer;
    if (status >= 200 && status < 300) {
      if (expects === 'done') return true;
      return status === 204 ? null : readJson(answer, context);
    }
    if (status === 404 && notFoundIsNull) return null;
    if (status >= 500) throw failure('UPSTREAM_FAILED', answer, context, 'The status is a failure of the source.');
    if (status >= 400) throw failure('UPSTREAM_REJECTED', answer, context, 'The status is a refusal.');
    throw failure('UPSTREAM_BAD_RESPONSE', answer, context, 'The status is a redirect, which is not followed.');
  };
}

/** `application/json`, `application/problem+json; charset=utf-8`, `text/json`. */
export function isJson(contentType: string | string[] | undefined): boolean {
  return typeof contentType === 'string' && /^(?:application|text)\/(?:[^;\s]+\+)?json\s*(?:;|$)/i.test(contentType);
}

/** Undefined for what is no JSON. A byte order mark is passed over. */
function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body[0] === 0xef ? body.toString('utf8').replace(/^\uFEFF/, '') : body.toString('utf8'));
  } catch {
    return undefined;
  }
}

function fits(value: unknown, expects: AnswerPlan['expects']): boolean {
  if (value === null || expects === 'value') return true;
  return typeof value === 'object' && Array.isArray(value) === (expects === 'list');
}
