import { SkeinError } from '../../kernel/errors.ts';
import { type Log, systemClock } from '../../kernel/ports.ts';
import type { CallContext } from '../source.ts';
import type { HttpHeaders, HttpRequest, HttpStream } from '../upstream/http.ts';
import { createHttpUpstream } from '../upstream/http-upstream.ts';
import type { UpstreamState } from '../upstream/resilience/contracts.ts';
import type { Tls } from '../upstream/tls-files.ts';
import { errorInside, unreadable } from './dialects/dialect.ts';
import { createDialect } from './dialects/index.ts';
import { isObject } from './dialects/read.ts';
import type { ModelPart, ModelRequest, ModelResponse } from './model.ts';
import type { ProviderOptions } from './options.ts';
import { PartStream } from './part-stream.ts';
import { createRedactor, locate, providerErrorOf, retryAfterMs, statusErrorCode } from './provider-errors.ts';

const MAX_RESPONSE_BYTES = 32 * 1024 * 1024;
const MAX_ERROR_BYTES = 64 * 1024;

/** A model at a provider, as a call needs it. */
export interface ModelTarget {
  /** Our own name of the model. */
  readonly name: string;
  /** Name of the provider from the configuration. */
  readonly provider: string;
  /** The provider's own id of the model. */
  readonly modelId: string;
  /** Asked for where the call names none and the dialect wants a number. */
  readonly maxTokens: number;
}

/** A dialect on a connection. Errors are SkeinErrors of source `ai` whose operation is the model's name. */
export interface Provider {
  generate(target: ModelTarget, call: ModelRequest, context: CallContext): Promise<ModelResponse>;
  /** The request is sent with the first `next()`; `return()` closes the socket. */
  stream(target: ModelTarget, call: ModelRequest, context: CallContext): AsyncIterableIterator<ModelPart>;
  probe(signal: AbortSignal): Promise<void>;
  state(): UpstreamState | undefined;
  dispose(): Promise<void>;
}

/** @throws ProblemsError with paths below the provider's options. */
export function createProvider(name: string, options: ProviderOptions, log?: Log, tls?: Tls): Provider {
  const { endpoint, headers, timeoutMs, apiKey } = options;
  const dialect = createDialect(options.dialect, endpoint);
  const redact = createRedactor([...(apiKey === undefined ? [] : [apiKey]), ...Object.values(headers)]);
  const upstream = createHttpUpstream({
    source: 'ai',
    endpoint,
    headers,
    timeoutMs,
    maxResponseBytes: MAX_RESPONSE_BYTES,
    upstream: options.upstream,
    tls,
    log,
  });

  function request(target: ModelTarget, call: ModelRequest, stream: boolean): HttpRequest {
    const { modelId: model, maxTokens } = target;
    const request = dialect.request(call, { model, maxTokens, stream, apiKey });
    // What it has begun to answer is paid for.
    return { operation: target.name, method: 'POST', repeatable: 'unprocessed', ...request };
  }

  /** The public face of a failure; what the provider said of it goes to the log. */
  function failure(error: unknown, target: ModelTarget, context: CallContext, answered?: number): SkeinError {
    // What the upstream throws is located and logged already.
    if (error instanceof SkeinError && error.extensions.source !== undefined) return error;
    const status = answered === undefined ? {} : { upstreamStatus: answered };
    const located = locate(error, { source: 'ai', operation: target.name, ...status }, redact);
    if (located.status >= 500) {
      const { code, upstreamStatus } = located.extensions;
      const reason = located.cause instanceof Error ? located.cause.message : undefined;
      const fields = { provider: name, model: target.name, requestId: context.requestId, code, upstreamStatus, reason };
      context.log.warn(fields, 'A model call failed.');
    }
    return located;
  }

  async function generate(target: ModelTarget, call: ModelRequest, context: CallContext): Promise<ModelResponse> {
    let answered: number | undefined;
    try {
      const answer = await upstream.exchange(request(target, call, false), context);
      answered = answer.status;
      if (!isSuccess(answer.status)) throw refusal(answer.status, answer.headers, answer.body);
      const body = parseJson(answer.body);
      if (body === undefined) throw unreadable('The answer is not JSON.');
      return dialect.parse(body, call);
    } catch (error) {
      throw failure(error, target, context, answered);
    }
  }

  return {
    generate,
    stream: (target, call, context) =>
      new PartStream({
        context,
        decoder: dialect.stream(call),
        open: async (ownContext) => openEvents(await upstream.openStream(request(target, call, true), ownContext)),
        toError: (error) => failure(error, target, context),
      }),
    probe: (signal) => upstream.probe(signal),
    state: () => upstream.state(),
    dispose: () => upstream.dispose(),
  };
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

function refusal(status: number, headers: HttpHeaders, body: Buffer): SkeinError {
  return new SkeinError(statusErrorCode(status), undefined, {
    details: { upstreamStatus: status, retryAfterMs: retryAfterMs(headers, systemClock.now()) },
    cause: new Error(providerErrorOf(parseJson(body)).message),
  });
}

/** Lets a stream of events through; anything else is read, closed and thrown as the failure it is. */
async function openEvents(stream: HttpStream): Promise<HttpStream> {
  const contentType = String(stream.headers['content-type'] ?? '');
  // Servers are careless with the type of a stream, but nothing that calls itself JSON or HTML is one.
  const isAnswer = isSuccess(stream.status) && !/\b(json|html)\b/i.test(contentType);
  if (isAnswer) return stream;
  const body = await readStart(stream);
  if (!isSuccess(stream.status)) throw refusal(stream.status, stream.headers, body);
  const json = parseJson(body);
  const isFailure = isObject(json) && json.error !== undefined;
  const { code, cause } = isFailure ? errorInside(json) : unreadable('The answer is no event stream.');
  throw new SkeinError(code, undefined, { details: { upstreamStatus: stream.status }, cause });
}

async function readStart(stream: HttpStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of stream.body) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= MAX_ERROR_BYTES) break;
    }
  } catch (error) {
    // A gone client or a passed deadline stays what it is; a broken connection still leaves us the status.
    if (error instanceof SkeinError && (error.code === 'CLIENT_CLOSED_REQUEST' || error.code === 'DEADLINE_EXCEEDED')) {
      throw error;
    }
  }
  return Buffer.concat(chunks);
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
