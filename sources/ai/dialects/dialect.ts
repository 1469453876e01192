import { SkeinError } from '../../../kernel/errors.ts';
import type { EmbedRequest, EmbedResponse, ModelPart, ModelRequest, ModelResponse, Usage } from '../model.ts';
import { openErrorCode, providerErrorOf } from '../provider-errors.ts';
import type { CostField } from './billing.ts';
import type { NativeDialect } from './native.ts';
import type { IdForm } from './tool-call-ids.ts';

/**
 * The wire format of a provider: canonical requests to bytes, bytes to canonical parts and usage. A dialect knows
 * nothing of sockets, names or configuration. What it throws is a SkeinError without details; the provider adds them.
 */
export interface ModelDialect {
  readonly name: string;
  /** @throws SkeinError BAD_USER_INPUT for a parameter the format cannot carry: none is dropped silently. */
  request(call: ModelRequest, target: DialectTarget): DialectRequest;
  /**
   * The parsed body of a 2xx answer. One that is passed on `as-is` has whatever calls of tools it has.
   * @throws SkeinError UPSTREAM_BAD_RESPONSE, UPSTREAM_FAILED, UPSTREAM_REJECTED
   */
  parse(body: unknown, call: ModelRequest, asIs?: 'as-is'): ModelResponse;
  /** What the parsed body of any answer says of the tokens, an error's as well: it is paid, whatever it is worth. */
  usage(body: unknown): Usage | undefined;
  /** A decoder for one stream. One that is shown `some` of the events alone holds nothing against calls that lack a piece. */
  stream(call: ModelRequest, shown?: 'all' | 'some'): StreamDecoder;
  /** What questions in the format's own words become, where clients may ask in it. */
  readonly native?: NativeDialect | undefined;
  /** Where the format has one. */
  readonly embeddings?: EmbeddingDialect | undefined;
}

export interface EmbeddingDialect {
  /** @throws SkeinError BAD_USER_INPUT for a parameter the format cannot carry. */
  request(call: EmbedRequest, target: DialectTarget): DialectRequest;
  /** @throws SkeinError as `ModelDialect.parse` does. */
  parse(body: unknown, call: EmbedRequest): EmbedResponse;
}

/** Where a provider differs from what its dialect has. */
export interface DialectQuirks {
  /** How the key is sent. Default: as the dialect has it. */
  readonly auth?: AuthForm | undefined;
  /** Default: by the endpoint. */
  readonly maxTokensField?: 'max_tokens' | 'max_completion_tokens' | undefined;
  /** Default: `seed`. */
  readonly seedField?: string | undefined;
  /** It tells the usage of a stream without being asked, and refuses the question. */
  readonly hasNoStreamOptions?: boolean | undefined;
  /** What ids of calls it takes. Default: by the endpoint. */
  readonly toolCallIds?: IdForm | undefined;
  /** It wants its thoughts back with the calls that they led to. */
  readonly wantsThoughts?: boolean | undefined;
  /** Where in the usage it tells what a call costs. */
  readonly costField?: CostField | undefined;
  /** Tiers of service that cost what the standard one does. */
  readonly alikeTiers?: readonly string[] | undefined;
}

export type AuthForm = 'bearer' | 'x-api-key' | 'api-key' | 'x-goog-api-key';

/** The header that a key is sent in. */
export function authHeaders(form: AuthForm, apiKey: string | undefined): Readonly<Record<string, string>> {
  if (apiKey === undefined) return {};
  return form === 'bearer' ? { authorization: `Bearer ${apiKey}` } : { [form]: apiKey };
}

/** For what the format cannot carry: none is dropped silently. */
export function refuse(parameter: string, reason: string): SkeinError {
  return new SkeinError('BAD_USER_INPUT', `"${parameter}" ${reason}.`);
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
  /** What is known of the tokens until now, for streams that are not read to their end. */
  usage(): Usage | undefined;
  /** Whether that is the provider's last word on them. */
  isCounted(): boolean;
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
