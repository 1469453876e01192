import type { IncomingMessage, ServerResponse } from 'node:http';
import { SkeinError } from '../../kernel/errors.ts';
import type { Clock, IdGenerator, Log } from '../../kernel/ports.ts';
import { isObject } from '../../sources/ai/dialects/read.ts';
import type { JsonObject } from '../../sources/ai/model.ts';
import type { Models } from '../../sources/ai/model-client.ts';
import { readBody } from '../http/body.ts';
import { clientHeaders, headerReturner } from '../http/client-headers.ts';
import { isJson } from '../http/media-types.ts';
import { sendJson } from '../http/respond.ts';
import type { Caller } from '../identity/caller.ts';
import { credentialsOf } from '../identity/credentials.ts';
import type { Keyring } from '../identity/keyring.ts';
import type { Lifetime, Lifetimes } from '../lifetimes.ts';
import { returnRate } from '../policy/rates/headers.ts';
import type { Rates, RateVerdict } from '../policy/rates/rates.ts';
import { failureOf, type Names } from './failure.ts';
import type { Family } from './format.ts';
import { type ModelsView, type ModelUse, usableModels } from './models-view.ts';

export interface SurfacesDeps {
  /** @throws SkeinError where there is none for the caller */
  readonly modelsOf: (caller: Caller) => ModelsView;
  readonly keyring: Pick<Keyring, 'identify'>;
  readonly rates?: Pick<Rates, 'chargeField' | 'chargeRequest'> | undefined;
  readonly lifetimes: Lifetimes;
  readonly limits: {
    readonly modelBodyBytes: number;
    readonly requestTimeoutMs: number;
    readonly streamTimeoutMs: number;
  };
  readonly isDraining: () => boolean;
  readonly clock: Clock;
  readonly ids: IdGenerator;
  readonly log: Log;
}

/** What pages of other origins may read, beside what all doors let them. */
const EXPOSED =
  'request-id, retry-after-ms, x-should-retry, x-skein-model, x-skein-ignored, x-skein-cache, x-skein-cache-age, x-skein-saved-usd, x-skein-estimated';

/** One request of a client, in the words of its family. */
export class Exchange {
  readonly requestId: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly family: Family;
  /** What parameters are called in its errors. */
  names: Names = { names: {} };
  readonly #deps: SurfacesDeps;
  #lifetime: Lifetime | undefined;

  constructor(request: IncomingMessage, response: ServerResponse, family: Family, deps: SurfacesDeps) {
    const given = request.headers['x-request-id'];
    const isGiven = typeof given === 'string' && /^[\w.:/+=-]{1,128}$/.test(given);
    this.requestId = isGiven ? given : deps.ids.next();
    this.request = request;
    this.response = response;
    this.family = family;
    this.#deps = deps;
    for (const [name, value] of Object.entries(family.headers(this.requestId))) response.setHeader(name, value);
    const exposed = response.getHeader('access-control-expose-headers');
    if (exposed !== undefined) response.setHeader('access-control-expose-headers', `${String(exposed)}, ${EXPOSED}`);
  }

  /** Who calls; the request is counted. @throws SkeinError UNAUTHENTICATED, RATE_LIMITED, … */
  async admit(): Promise<Caller> {
    const { keyring, rates, isDraining } = this.#deps;
    const { request, response } = this;
    const identified = keyring.identify(credentialsOf(request));
    const caller = identified instanceof Promise ? await identified : identified;
    if (isDraining()) {
      response.setHeader('connection', 'close');
      throw new SkeinError('SHUTTING_DOWN');
    }
    await this.#pass(rates?.chargeRequest(caller));
    return caller;
  }

  /**
   * The models for what a field of the graph does as well: rights and limits on the field are those of the request.
   * @throws SkeinError FORBIDDEN, MODEL_NOT_FOUND, RATE_LIMITED
   */
  async models(caller: Caller, use: ModelUse): Promise<{ readonly models: Models; readonly view: ModelsView }> {
    const { modelsOf, rates } = this.#deps;
    const view = modelsOf(caller);
    const models = usableModels(view, caller, use);
    await this.#pass(rates?.chargeField(caller, use));
    return { models, view };
  }

  async #pass(charged: RateVerdict | Promise<RateVerdict> | undefined): Promise<void> {
    const { response, family } = this;
    const verdict = charged instanceof Promise ? await charged : charged;
    // It may have gone meanwhile: nothing would be heard of that any more.
    if (response.destroyed) throw new SkeinError('CLIENT_CLOSED_REQUEST');
    if (verdict === undefined) return;
    const { clock } = this.#deps;
    const returnHeader = headerReturner(response);
    returnRate(verdict.standing, returnHeader);
    for (const [name, value] of Object.entries(family.rateHeaders(verdict.standing, clock.now())))
      returnHeader(name, value);
    if (verdict.error !== undefined) throw verdict.error;
  }

  /** Those of the client's headers with these names. */
  headers(names: readonly string[]): Readonly<Record<string, string>> {
    const given = names.map((name) => [name, this.request.headers[name]] as const);
    return Object.fromEntries(given.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  }

  /** @throws SkeinError PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, BAD_REQUEST */
  async readJson(): Promise<JsonObject> {
    const { headers } = this.request;
    const encoding = headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity')
      throw new SkeinError('UNSUPPORTED_MEDIA_TYPE', 'Request bodies are taken without content encoding.');
    const body = await readBody(this.request, this.#deps.limits.modelBodyBytes);
    if (!isJson(headers['content-type']))
      throw new SkeinError(
        'UNSUPPORTED_MEDIA_TYPE',
        'Send the request as JSON, with "content-type: application/json".',
      );
    const value = parse(body);
    if (!isObject(value)) throw new SkeinError('BAD_REQUEST', 'The request body must be a JSON object.');
    return value;
  }

  /** Everything that the answer needs ends with it, and it ends with the client. */
  open(caller: Caller, isStream: boolean, release: () => void): Lifetime {
    const { lifetimes, limits } = this.#deps;
    const { request, response, requestId, family } = this;
    const lifetime = lifetimes.open({
      timeoutMs: isStream ? limits.streamTimeoutMs : limits.requestTimeoutMs,
      isStream,
      requestId,
      caller,
      door: family.name,
      headers: clientHeaders(request.headers),
      returnHeader: headerReturner(response),
    });
    this.#lifetime = lifetime;
    let isOver = false;
    const close = () => {
      if (isOver) return;
      isOver = true;
      lifetime.close();
      release();
    };
    response.once('close', () => {
      if (!response.writableFinished) lifetime.stop('CLIENT_CLOSED_REQUEST');
      close();
    });
    // What is written is out of its hands: a client that does not take its answer must not hold up a shutdown.
    lifetime.onStop(() => {
      if (response.writableEnded) close();
    });
    if (response.destroyed) {
      lifetime.stop('CLIENT_CLOSED_REQUEST');
      close();
    }
    return lifetime;
  }

  failureOf(error: unknown) {
    const { log } = this.#deps;
    const known = isTooDeep(error) ? new SkeinError('BAD_REQUEST', 'The request is nested too deeply.') : error;
    return failureOf(known, { requestId: this.requestId, log, stopped: this.#lifetime?.stopped }, this.names);
  }

  /** Answers with an error, unless an answer has begun. */
  fail(error: unknown): void {
    const { response, family, requestId } = this;
    if (response.headersSent || response.destroyed) return;
    const failure = this.failureOf(error);
    const { status, retryAfterMs } = failure;
    if (failure.code === 'PAYLOAD_TOO_LARGE') response.setHeader('connection', 'close');
    if (retryAfterMs !== undefined) {
      response.setHeader('retry-after', String(Math.ceil(retryAfterMs / 1_000)));
      response.setHeader('retry-after-ms', String(Math.ceil(retryAfterMs)));
    }
    // Clients try again after all 5xx, unless they are told that it would not help.
    if (status >= 500 && !failure.isRetryable) response.setHeader('x-should-retry', 'false');
    sendJson(response, status, family.failure(failure, requestId));
    if (this.#lifetime?.stopped !== undefined) this.#lifetime.close();
  }
}

/** To write JSON takes as much of the stack as it is deep. */
function isTooDeep(error: unknown): boolean {
  const thrown = error instanceof SkeinError ? error.cause : error;
  return thrown instanceof RangeError && thrown.message.startsWith('Maximum call stack');
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new SkeinError('BAD_REQUEST', 'The request body is not valid JSON.');
  }
}
