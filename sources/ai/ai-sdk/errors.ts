import { SkeinError } from '../../../kernel/errors.ts';
import { systemClock } from '../../../kernel/ports.ts';
import { isObject, objectOf, textOf } from '../dialects/read.ts';
import type { JsonObject } from '../model.ts';
import {
  billed,
  openErrorCode,
  ProviderFailure,
  providerErrorOf,
  retryAfterMs,
  statusErrorCode,
} from '../provider-errors.ts';
import { usageInBody } from './usage.ts';

/** Errors of the AI SDK are known by their marks: a package brings its own copy of their classes. */
function isSdkError(error: unknown, name: string): error is Error & JsonObject {
  return error instanceof Error && Reflect.get(error, Symbol.for(`vercel.ai.error.${name}`)) === true;
}

/** The question is one that the package does not send. */
const REFUSED = ['AI_UnsupportedFunctionalityError', 'AI_InvalidPromptError', 'AI_InvalidArgumentError'];
/** The answer has not the shape that the package knows. */
const UNREADABLE = [
  'AI_TypeValidationError',
  'AI_JSONParseError',
  'AI_InvalidResponseDataError',
  'AI_NoContentGeneratedError',
  'AI_EmptyResponseBodyError',
];
/** Too long, in the words of those whose errors have no code for it. */
const TOO_LONG = /input is too long|too many (input )?tokens|too large for model|prompt contains \d+ tokens/i;
const MAX_CAUSES = 8;

/**
 * What a package has thrown, or told in a stream, as an error of ours. Nothing of theirs is kept but words: they hold
 * questions, addresses and headers.
 */
export function toSdkFailure(error: unknown): SkeinError {
  const own = ownFailure(error);
  if (own !== undefined) return own;
  if (isSdkError(error, 'AI_APICallError')) {
    const failure = callFailure(error);
    billed(failure, usageInBody(parsed(error.responseBody)));
    return failure;
  }
  if (REFUSED.some((name) => isSdkError(error, name))) return refused(error as Error & JsonObject);
  if (isSdkError(error, 'AI_TypeValidationError') && isTold(error.value)) return toldFailure(error.value);
  if (UNREADABLE.some((name) => isSdkError(error, name)))
    return new SkeinError('UPSTREAM_BAD_RESPONSE', undefined, {
      cause: new Error('The answer is not as its format has it.'),
    });
  if (error instanceof Error) {
    const cause = new Error(`${error.name}: ${error.message}`);
    return new SkeinError('UPSTREAM_FAILED', undefined, { cause });
  }
  return toldFailure(error);
}

/** What a provider has told in the place of a part, and its package could not read. */
function isTold(value: unknown): boolean {
  const { error, type, object } = objectOf(value);
  return isObject(error) || type === 'error' || object === 'error';
}

function toldFailure(told: unknown): SkeinError {
  const { type, message } = wordsOf(told);
  return new SkeinError(openErrorCode(type), undefined, { cause: providerFailure(type, message) });
}

/** Our own, which packages wrap: of a connection, or of a request that was cancelled. */
function ownFailure(error: unknown): SkeinError | undefined {
  let inner = error;
  for (let depth = 0; depth < MAX_CAUSES && inner instanceof Error; depth += 1) {
    if (inner instanceof SkeinError) return inner;
    inner = inner.cause;
  }
  return undefined;
}

function callFailure({ statusCode, responseHeaders, responseBody, message }: Error & JsonObject): SkeinError {
  const body = parsed(responseBody);
  const told = isObject(body) || Array.isArray(body) ? providerErrorOf(body) : { type: '', message };
  const cause = providerFailure(told.type, told.message === 'No message.' ? message : told.message);
  if (typeof statusCode !== 'number') return new SkeinError('UPSTREAM_FAILED', undefined, { cause });
  const isAnswer = statusCode >= 200 && statusCode < 300;
  const details = {
    upstreamStatus: statusCode,
    ...(!isAnswer && { retryAfterMs: retryAfterMs(lowered(responseHeaders), systemClock.now()) }),
  };
  if (isAnswer) return new SkeinError('UPSTREAM_BAD_RESPONSE', undefined, { details, cause: new Error(message) });
  return new SkeinError(statusErrorCode(statusCode), undefined, { details, cause });
}

function providerFailure(type: string, message: string): ProviderFailure {
  return new ProviderFailure({ type: TOO_LONG.test(message) ? 'context_length_exceeded' : type, message });
}

/** The package's word for what it does not send, if it is one that may be shown. */
function refused(error: Error & JsonObject): SkeinError {
  const what = textOf(error.functionality);
  const shown = what !== undefined && /^[\w .,:'/()-]{1,80}$/.test(what) && !what.includes('//') ? `: ${what}` : '';
  return new SkeinError('BAD_USER_INPUT', `The question has something that this model does not take${shown}.`, {
    cause: new Error(error.message),
  });
}

function wordsOf(error: unknown): { readonly type: string; readonly message: string } {
  if (!isObject(error)) return { type: '', message: typeof error === 'string' ? error : 'No message.' };
  const inner = isObject(error.error) ? error.error : error;
  return providerErrorOf({ error: inner });
}

function lowered(headers: unknown): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    Object.entries(objectOf(headers)).map(([name, value]) => [name.toLowerCase(), textOf(value)]),
  );
}

function parsed(text: unknown): unknown {
  try {
    return typeof text === 'string' ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}
