import type { NativeRequest } from '../native.ts';
import { idsOf } from './anthropic-request.ts';
import { type AuthForm, authHeaders, type DialectQuirks, type DialectRequest, type DialectTarget } from './dialect.ts';
import type { JsonObject } from './read.ts';
import { countOf, objectOf } from './read.ts';
import { withFitIds } from './tool-call-ids.ts';

/** What a dialect does with questions that are in its own words already. */
export interface NativeDialect {
  request(native: NativeRequest, target: DialectTarget): DialectRequest;
  /** Asks how many tokens a question has, where the format has a way to. */
  readonly count?: CountDialect | undefined;
  /** Whether among these events of a stream is one that the decoder must see: with usage, an error, an end. */
  isNoteworthy(events: Buffer): boolean;
  /** Whether the data of an event says that an answer is to come, and nothing of it. */
  isOpening(data: JsonObject): boolean;
  /** Whether the data of an event is there only because we have asked for the usage. */
  isUsageAlone?(data: JsonObject): boolean;
}

export interface CountDialect {
  request(native: NativeRequest, target: DialectTarget): DialectRequest;
  /** Undefined for a body that has no count. */
  parse(body: unknown): number | undefined;
}

export function openaiNative(quirks: DialectQuirks): NativeDialect {
  const { maxTokensField = 'max_tokens', seedField = 'seed' } = quirks;
  return {
    request({ body }, target) {
      const fit = withFitIds(body, 'openai', quirks.toolCallIds);
      const { max_tokens, max_completion_tokens, seed, stream_options, ...rest } = fit;
      const options = quirks.hasNoStreamOptions ? {} : { ...objectOf(stream_options), include_usage: true };
      const asked = {
        ...rest,
        model: target.model,
        // One limit under two names, of which a server may know but one.
        [maxTokensField]: max_completion_tokens ?? max_tokens,
        [seedField]: seed,
        ...(target.stream && !quirks.hasNoStreamOptions && { stream_options: options }),
      };
      return toRequest('/chat/completions', asked, target, quirks.auth ?? 'bearer');
    },
    isNoteworthy: (events) =>
      hasValue(events, '"usage"') ||
      hasValue(events, '"error"') ||
      hasValue(events, '"finish_reason"') ||
      events.subarray(-TERMINATOR_BYTES).includes('[DONE]'),
    isOpening: ({ choices }) => Array.isArray(choices) && choices.every(saysNothing),
    isUsageAlone: ({ choices, usage }) =>
      Array.isArray(choices) && choices.length === 0 && usage !== undefined && usage !== null,
  };
}

export function responsesNative(quirks: DialectQuirks): NativeDialect {
  return {
    request: ({ body }, target) =>
      toRequest(
        '/responses',
        { ...withFitIds(body, 'openai-responses', 'responses'), model: target.model },
        target,
        quirks.auth ?? 'bearer',
      ),
    isNoteworthy: (events) =>
      events.includes('response.completed') ||
      events.includes('response.incomplete') ||
      hasValue(events, '"error"') ||
      events.includes('response.failed'),
    isOpening: ({ type }) =>
      type === 'response.created' || type === 'response.in_progress' || type === 'response.queued',
  };
}

export function anthropicNative(quirks: DialectQuirks): NativeDialect {
  const requestTo = (path: string, { body, headers }: NativeRequest, target: DialectTarget) =>
    toRequest(
      path,
      { ...withFitIds(body, 'anthropic', idsOf(target)), model: target.model },
      target,
      quirks.auth ?? 'x-api-key',
      { 'anthropic-version': '2023-06-01', ...headers },
    );
  return {
    request: (native, target) => requestTo('/messages', native, target),
    count: {
      request: (native, target) => requestTo('/messages/count_tokens', native, target),
      parse: (body) => countOf(objectOf(body).input_tokens),
    },
    isNoteworthy: (events) =>
      hasValue(events, '"usage"') || hasValue(events, '"error"') || events.includes('message_stop'),
    isOpening: ({ type }) => type === 'message_start' || type === 'ping',
  };
}

const TERMINATOR_BYTES = 32;

/** OpenAI's first piece has the role, and what else there will be as empty texts. */
function saysNothing(choice: unknown): boolean {
  const { delta, finish_reason: reason } = objectOf(choice);
  const isEmpty = ([name, value]: [string, unknown]) => name === 'role' || value === '' || value === null;
  return (reason === undefined || reason === null) && Object.entries(objectOf(delta)).every(isEmpty);
}

function toRequest(
  path: string,
  body: JsonObject,
  target: DialectTarget,
  auth: AuthForm,
  headers: Readonly<Record<string, string>> = {},
): DialectRequest {
  return {
    path,
    headers: {
      ...headers,
      'content-type': 'application/json',
      accept: target.stream ? 'text/event-stream' : 'application/json',
      ...authHeaders(auth, target.apiKey),
    },
    body: JSON.stringify(body),
  };
}

const [LETTER_N, COLON, SPACE] = [0x6e, 0x3a, 0x20];

/**
 * Whether the key, in its quotes, stands before something else than null. In a text of the model quotes are escaped, so
 * that it is not taken for one; where it is by chance, an event is read that need not have been.
 */
export function hasValue(bytes: Buffer, key: string): boolean {
  for (let at = bytes.indexOf(key); at !== -1; at = bytes.indexOf(key, at)) {
    at += key.length;
    while (bytes[at] === SPACE || bytes[at] === COLON) at += 1;
    if (bytes[at] !== LETTER_N) return true;
  }
  return false;
}
