import { type ErrorCode, SkeinError } from '../../kernel/errors.ts';
import type { ErrorExposure } from '../options.ts';
import type { CallContext } from '../source.ts';
import type { HttpAnswer } from '../upstream/http.ts';
import { retryAfterMs } from '../upstream/retry-after.ts';
import { wordsOfBody } from '../upstream-words.ts';
import { parseExactJson } from './exact-json.ts';
import { isJson } from './media-kind.ts';
import { type HeaderPlan, headerReader } from './response-headers.ts';

export interface AnswerPlan {
  /** `none`: there is nothing to read, and the value is true. */
  readonly content: 'none' | 'json' | 'text' | 'binary';
  /** What JSON must be; `plain`: neither an object nor a list. */
  readonly expects: 'list' | 'object' | 'plain' | 'value';
  /** Name of the type of the value, or of a list's items. */
  readonly type: string;
  /** A 404 means that there is no such thing, which is an answer. */
  readonly notFoundIsNull: boolean;
  /** The value is `{ body, headers }`, with these. */
  readonly headers?: readonly HeaderPlan[];
}

export interface AnswerDeps {
  readonly source: string;
  readonly operation: string;
  readonly method: string;
  /** Of the document, without values. */
  readonly path: string;
  readonly errors: ErrorExposure;
  /** Types that are read so that no digit is lost. */
  readonly exactTypes: ReadonlySet<string>;
  /** Takes credentials out of what an upstream repeats of them. */
  readonly redact: (text: string) => string;
}

const MAX_LOGGED_BYTES = 1_024;
const NOTHING: ReadonlySet<number> = new Set([204, 205]);

/** The value of the root field, passed on as it was parsed. Throws SkeinError. */
export function createAnswerReader(
  plan: AnswerPlan,
  deps: AnswerDeps,
): (answer: HttpAnswer, context: CallContext) => unknown {
  const { content, expects, type, notFoundIsNull } = plan;
  const { source, operation, method, path, errors, redact } = deps;
  const parse = type === 'Int64' || deps.exactTypes.has(type) ? parseExactJson : JSON.parse;

  function failure(code: ErrorCode, answer: HttpAnswer, context: CallContext, reason: string): SkeinError {
    const { status, headers, body } = answer;
    context.log.warn(
      {
        requestId: context.requestId,
        source,
        operation,
        code,
        method,
        path,
        status,
        reason,
        body: redact(body.toString('utf8', 0, MAX_LOGGED_BYTES)),
      },
      'A source gave an answer that is a failure.',
    );
    const wait = status === 429 || status === 503 ? retryAfterMs(headers, Date.now()) : undefined;
    const words = status >= 400 ? wordsOfBody(errors, body, redact) : {};
    const details = { source, operation, upstreamStatus: status, ...words };
    return new SkeinError(code, undefined, {
      details: wait === undefined ? details : { ...details, retryAfterMs: wait },
      cause: new Error(reason),
    });
  }

  function readJson(answer: HttpAnswer, context: CallContext): unknown {
    if (!isJson(answer.headers['content-type'])) {
      throw failure('UPSTREAM_BAD_RESPONSE', answer, context, 'The answer is not JSON by its content type.');
    }
    const value = parseBody(answer.body, parse);
    if (value === undefined) throw failure('UPSTREAM_BAD_RESPONSE', answer, context, 'The answer is not valid JSON.');
    if (!fits(value, expects)) {
      throw failure('UPSTREAM_BAD_RESPONSE', answer, context, `The answer is not the ${expects} value it should be.`);
    }
    return value;
  }

  function readContent(answer: HttpAnswer, context: CallContext): unknown {
    if (content === 'none') return true;
    if (NOTHING.has(answer.status)) return null;
    if (content === 'json') return readJson(answer, context);
    return content === 'text' ? readText(answer) : answer.body.toString('base64');
  }

  const readHeaders = plan.headers && headerReader(plan.headers);
  return (answer, context) => {
    const { status } = answer;
    if (status >= 200 && status < 300) {
      const body = readContent(answer, context);
      return readHeaders === undefined ? body : { body, headers: readHeaders(answer.headers) };
    }
    if (status === 404 && notFoundIsNull) return null;
    if (status >= 500) throw failure('UPSTREAM_FAILED', answer, context, 'The status is a failure of the source.');
    if (status >= 400) throw failure('UPSTREAM_REJECTED', answer, context, 'The status is a refusal.');
    throw failure('UPSTREAM_BAD_RESPONSE', answer, context, 'The status is a redirect, which is not followed.');
  };
}

/** Undefined for what is no JSON. A byte order mark is passed over. */
function parseBody(body: Buffer, parse: (text: string) => unknown): unknown {
  try {
    return parse(body[0] === 0xef ? body.toString('utf8').replace(/^\uFEFF/, '') : body.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** By the charset of the content type; UTF-8 where it has none that is known. */
function readText({ headers, body }: HttpAnswer): string {
  const contentType = headers['content-type'];
  const [, charset] = /;\s*charset="?([\w.:-]+)"?/i.exec(typeof contentType === 'string' ? contentType : '') ?? [];
  if (charset === undefined || /^utf-?8$/i.test(charset)) return new TextDecoder().decode(body);
  try {
    return new TextDecoder(charset).decode(body);
  } catch {
    return new TextDecoder().decode(body);
  }
}

function fits(value: unknown, expects: AnswerPlan['expects']): boolean {
  if (value === null || expects === 'value') return true;
  if (expects === 'plain') return typeof value !== 'object';
  return typeof value === 'object' && Array.isArray(value) === (expects === 'list');
}
