import type { IncomingMessage, ServerResponse } from 'node:http';
import { SkeinError } from '../../../kernel/errors.ts';
import type { IdGenerator, Log } from '../../../kernel/ports.ts';
import { readBody } from '../../http/body.ts';
import { clientHeaders, headerReturner } from '../../http/client-headers.ts';
import { isJson } from '../../http/media-types.ts';
import { sendJson } from '../../http/respond.ts';
import type { Caller } from '../../identity/caller.ts';
import { credentialsOf } from '../../identity/credentials.ts';
import type { Keyring } from '../../identity/keyring.ts';
import type { Lifetime, Lifetimes } from '../../lifetimes.ts';
import { returnRate } from '../../policy/rates/headers.ts';
import type { RateStanding } from '../../policy/rates/rates.ts';
import type { ErrorScope } from '../../public-errors.ts';
import { failureOf, type RestFailure } from './failure.ts';

export interface RestExchangeDeps {
  readonly keyring: Pick<Keyring, 'identify'>;
  readonly lifetimes: Lifetimes;
  readonly limits: { readonly bodyBytes: number; readonly requestTimeoutMs: number; readonly streamTimeoutMs: number };
  readonly isDraining: () => boolean;
  readonly ids: IdGenerator;
  readonly log: Log;
}

type JsonObject = Readonly<Record<string, unknown>>;

/** One request of a client of REST, and its answer. */
export class RestExchange {
  readonly requestId: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly #deps: RestExchangeDeps;
  #lifetime: Lifetime | undefined;

  constructor(request: IncomingMessage, response: ServerResponse, deps: RestExchangeDeps) {
    const given = request.headers['x-request-id'];
    const isGiven = typeof given === 'string' && /^[\w.:/+=-]{1,128}$/.test(given);
    this.requestId = isGiven ? given : deps.ids.next();
    this.request = request;
    this.response = response;
    this.#deps = deps;
    response.setHeader('x-request-id', this.requestId);
  }

  /** @throws SkeinError UNAUTHENTICATED, SHUTTING_DOWN … */
  async identify(): Promise<Caller> {
    const { keyring, isDraining } = this.#deps;
    const identified = keyring.identify(credentialsOf(this.request));
    const caller = identified instanceof Promise ? await identified : identified;
    if (isDraining()) {
      this.response.setHeader('connection', 'close');
      throw new SkeinError('SHUTTING_DOWN');
    }
    this.mustBeThere();
    return caller;
  }

  /** @throws SkeinError CLIENT_CLOSED_REQUEST when it has gone: nothing would be heard of that any more */
  mustBeThere(): void {
    if (this.response.destroyed) throw new SkeinError('CLIENT_CLOSED_REQUEST');
  }

  tellRate(standing: RateStanding | undefined): void {
    returnRate(standing, headerReturner(this.response));
  }

  /** @throws SkeinError PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, BAD_REQUEST */
  async readJson(): Promise<JsonObject> {
    const { headers } = this.request;
    const encoding = headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity')
      throw new SkeinError('UNSUPPORTED_MEDIA_TYPE', 'Request bodies are taken without content encoding.');
    const body = await readBody(this.request, this.#deps.limits.bodyBytes);
    // A prompt without inputs needs no body.
    if (body.length === 0) return {};
    if (!isJson(headers['content-type']))
      throw new SkeinError('UNSUPPORTED_MEDIA_TYPE', 'Send the input as JSON, with "content-type: application/json".');
    const value = parse(body);
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new SkeinError('BAD_REQUEST', 'The body must be a JSON object: the input of the prompt.');
    return value as JsonObject;
  }

  /** Everything that the answer needs ends with it, and it ends with the client. */
  open(caller: Caller, isStream: boolean): Lifetime {
    const { lifetimes, limits } = this.#deps;
    const { request, response, requestId } = this;
    const lifetime = lifetimes.open({
      timeoutMs: isStream ? limits.streamTimeoutMs : limits.requestTimeoutMs,
      isStream,
      requestId,
      caller,
      door: 'rest',
      headers: clientHeaders(request.headers),
      returnHeader: headerReturner(response),
    });
    this.#lifetime = lifetime;
    response.once('close', () => {
      if (!response.writableFinished) lifetime.stop('CLIENT_CLOSED_REQUEST');
      lifetime.close();
    });
    // What is being written is out of its hands: a client that does not take its answer must not hold up a shutdown.
    lifetime.onStop(() => {
      if (response.headersSent && !isStream) lifetime.close();
    });
    if (response.destroyed) {
      lifetime.stop('CLIENT_CLOSED_REQUEST');
      lifetime.close();
    }
    return lifetime;
  }

  failureOf(error: unknown): RestFailure {
    return failureOf(error, this.#scope());
  }

  /** Answers with an error, unless an answer has begun. */
  fail({ status, retryAfterMs, body }: RestFailure): void {
    const { response } = this;
    if (response.headersSent || response.destroyed) return;
    if (status === 413) response.setHeader('connection', 'close');
    if (retryAfterMs !== undefined) response.setHeader('retry-after', String(Math.ceil(retryAfterMs / 1_000)));
    sendJson(response, status, body);
    if (this.#lifetime?.stopped !== undefined) this.#lifetime.close();
  }

  #scope(): ErrorScope {
    return { requestId: this.requestId, log: this.#deps.log, stopped: this.#lifetime?.stopped };
  }
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new SkeinError('BAD_REQUEST', 'The body is not valid JSON.');
  }
}
