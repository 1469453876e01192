import { SkeinError } from '../../../kernel/errors.ts';
import type { ModelPart, ModelRequest, ModelResponse } from '../model.ts';
import { openErrorCode, providerErrorOf } from '../provider-errors.ts';

/**
 * The wire format of a provider: canonical requests to bytes, bytes to canonical parts and usage. A dialect knows
 * nothing of sockets, names or configuration. What it throws is a SkeinError without details; the provider adds them.
 */
export interface ModelDialect {
  readonly name: string;
  /** @throws SkeinError BAD_USER_INPUT for a parameter the format cannot carry: none is dropped silently. */
  request(call: ModelRequest, target: DialectTarget): DialectRequest;
  /** The parsed body of a 2xx answer. @throws SkeinError UPSTREAM_BAD_RESPONSE, UPSTREAM_FAILED, UPSTREAM_REJECTED */
  parse(body: unknown, call: ModelRequest): ModelResponse;
  /** A decoder for one stream. */
  stream(call: ModelRequest): StreamDecoder;
}

export interface DialectTarget {
  /** The provider's own id of the model. */
  readonly model: string;
  /** Asked for where the call names none and the format wants a number. */
  readonly maxTokens: number;
  readonly stream: boolean;
  readonly apiKey: string | undefined;
}

export interface DialectRequest {
  /** Below the provider's endpoint. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** One server-sent event. */
export interface StreamEvent {
  readonly event?: string | undefined;
  readonly data: string;
}

export interface StreamDecoder {
  /** @throws SkeinError when the event is an error or cannot be read. */
  push(event: StreamEvent): ModelPart[];
  /**
   * The body has ended: what is still to be told, which is nothing or the `finish` part.
   * @throws SkeinError MODEL_STREAM_TRUNCATED when the stream was not finished.
   */
  end(): ModelPart[];
}

/** The data of an event as JSON. @throws SkeinError UPSTREAM_BAD_RESPONSE */
export function parseEventData(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    // The parser's own message quotes the text, and what a model wrote does not belong in a log.
    throw unreadable('An event of the stream is not JSON.');
  }
}

/** An error that came where an answer was due: behind a 200. */
export function errorInside(body: unknown): SkeinError {
  const error = providerErrorOf(body);
  return new SkeinError(openErrorCode(error.type), undefined, { cause: new Error(error.message) });
}

/** For an answer that has not the shape of its format. */
export function unreadable(what: string): SkeinError {
  return new SkeinError('UPSTREAM_BAD_RESPONSE', undefined, { cause: new Error(what) });
}
