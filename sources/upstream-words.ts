import type { ErrorDetails } from '../kernel/errors.ts';
import type { ErrorExposure } from './options.ts';
import type { Redact } from './upstream/redactor.ts';

/** What a client may read of an upstream's error answer. */
export type UpstreamWords = Pick<ErrorDetails, 'upstreamMessage' | 'upstreamBody'>;

const NOTHING: UpstreamWords = {};
const MAX_BODY_BYTES = 16_384;
/** The message of a longer body is looked for up to here. */
const MAX_PARSED_BYTES = 262_144;
const MAX_DEPTH = 64;
const MAX_MESSAGE_BYTES = 1_000;

/**
 * The words of an error answer, as far as the source's `errors` option lets them through. `body` is plain, bounded
 * data; `message` is given where the protocol itself says which it is.
 */
export function upstreamWords(
  exposure: ErrorExposure,
  body: unknown,
  message = messageIn(body),
  redact: Redact = (text) => text,
): UpstreamWords {
  if (exposure === 'hidden') return NOTHING;
  const words: UpstreamWords = message === undefined ? NOTHING : { upstreamMessage: bounded(redact(message)) };
  return exposure === 'body' && body !== undefined ? { ...words, upstreamBody: redactedValue(body, redact) } : words;
}

/** Text within a value: written as JSON, a secret could have escapes. */
function redactedValue(value: unknown, redact: Redact): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map((item) => redactedValue(item, redact));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, own]) => [redact(key), redactedValue(own, redact)]));
}

/**
 * The words of an HTTP error answer. A body of JSON is shown parsed; one of more than 16 KB, or nested deeply, as text,
 * cut off there; bytes that are no text are not. `redact` takes out what nobody may read.
 */
export function wordsOfBody(exposure: ErrorExposure, body: Buffer, redact: Redact = (text) => text): UpstreamWords {
  if (exposure === 'hidden' || body.length === 0) return NOTHING;
  const text = redact(body.toString('utf8', 0, MAX_PARSED_BYTES).replace(/^\uFEFF/, ''));
  if (text.trim() === '' || text.includes('\u0000')) return NOTHING;
  const value = parse(text);
  const isShown = body.length <= MAX_BODY_BYTES && value !== undefined && !isDeeper(value, MAX_DEPTH);
  return upstreamWords(exposure, isShown ? value : wholeCharacters(text, MAX_BODY_BYTES), messageIn(value), redact);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function wholeCharacters(text: string, maxBytes: number): string {
  return Buffer.from(text)
    .subarray(0, maxBytes)
    .toString()
    .replace(/\uFFFD+$/, '');
}

/** Where services put it: problem details (RFC 9457), OAuth (RFC 6749), JSON:API, and what is usual beside them. */
export function messageIn(body: unknown): string | undefined {
  if (!isObject(body)) return undefined;
  const { error, errors } = body;
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  const candidates = [
    body.detail,
    body.title,
    body.message,
    isObject(error) ? error.message : body.error_description,
    error,
    isObject(first) ? (first.message ?? first.detail ?? first.title) : first,
  ];
  return candidates.find((candidate): candidate is string => typeof candidate === 'string' && candidate.trim() !== '');
}

function bounded(message: string): string {
  const text = message.trim();
  return text.length > MAX_MESSAGE_BYTES ? `${wholeCharacters(text, MAX_MESSAGE_BYTES)}…` : text;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Serialising recurses: nobody is to choose how deep. */
function isDeeper(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth === 0 || Object.values(value).some((own) => isDeeper(own, depth - 1));
}
