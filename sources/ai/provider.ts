import { SkeinError } from '../../kernel/errors.ts';
import { type Clock, type Log, systemClock } from '../../kernel/ports.ts';
import type { Problem } from '../../kernel/problem.ts';
import type { CallContext } from '../source.ts';
import type { HttpHeaders, HttpRequest, HttpStream } from '../upstream/http.ts';
import { createHttpUpstream } from '../upstream/http-upstream.ts';
import type { UpstreamState } from '../upstream/resilience/contracts.ts';
import type { Tls } from '../upstream/tls-files.ts';
import { createAiSdkProvider } from './ai-sdk/provider.ts';
import {
  type DialectRequest,
  type DialectTarget,
  errorInside,
  type ModelDialect,
  unreadable,
} from './dialects/dialect.ts';
import { AI_SDK, createDialect } from './dialects/index.ts';
import { isObject } from './dialects/read.ts';
import { createKeyedCalls } from './keyed-calls.ts';
import type { EmbedRequest, EmbedResponse, ModelRequest, ModelResponse } from './model.ts';
import { NativeDecoder } from './native-decoder.ts';
import type { ProviderOptions } from './options.ts';
import { createEventDecoder, type ModelPartStream, type PartDecoder, PartStream } from './part-stream.ts';
import {
  billed,
  createRedactor,
  ProviderFailure,
  providerErrorOf,
  retryAfterMs,
  statusErrorCode,
} from './provider-errors.ts';
import { settleProvider } from './settle-provider.ts';

const MAX_RESPONSE_BYTES = 32 * 1024 * 1024;
const MAX_ERROR_BYTES = 64 * 1024;
/** Of a whole answer where a stream was asked for: it says what it costs. */
const MAX_UNASKED_BYTES = 1024 * 1024;

/** Answers of those who have no such address. */
const LACKS = new Set([404, 405]);

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
  stream(target: ModelTarget, call: ModelRequest, context: CallContext): ModelPartStream;
  embed(target: ModelTarget, call: EmbedRequest, context: CallContext): Promise<EmbedResponse>;
  /** How many tokens a question has that is in the provider's own words; undefined where it does not tell. */
  countTokens?(target: ModelTarget, call: ModelRequest, context: CallContext): Promise<number | undefined>;
  /** Why a model cannot be asked, by the provider's own id, where that shows beforehand. */
  check?(modelId: string): readonly Problem[];
  probe(signal: AbortSignal): Promise<void>;
  state(): UpstreamState | undefined;
  dispose(): Promise<void>;
}

/** @throws ProblemsError with paths below the provider's options. */
export function createProvider(
  name: string,
  options: ProviderOptions,
  log?: Log,
  tls?: Tls,
  clock: Clock = systemClock,
): Provider {
  const { headers, timeoutMs } = options;
  const { dialect: format, endpoint, preset, apiKeys, package: packageName } = settleProvider(name, options);
  if (format === AI_SDK) return createAiSdkProvider(name, { ...options, package: packageName }, { log, tls, clock });
  const dialect = createDialect(format, endpoint, preset?.quirks);
  const redact = createRedactor([...apiKeys, ...Object.values(headers)]);
  const { withKey, failure } = createKeyedCalls({ name, apiKeys, redact, clock });
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

  const toHttp = (target: ModelTarget, request: DialectRequest): HttpRequest =>
    // What it has begun to answer is paid for; and where a key has reached its limits, another is better than to wait.
    ({ operation: target.name, method: 'POST', repeatable: apiKeys.length > 1 ? 'unsent' : 'unprocessed', ...request });

  const dialectTarget = (target: ModelTarget, stream: boolean, apiKey: string | undefined): DialectTarget => ({
    model: target.modelId,
    maxTokens: target.maxTokens,
    stream,
    apiKey,
  });

  const isNative = ({ native }: ModelRequest): boolean =>
    native !== undefined && native.dialect === dialect.name && dialect.native !== undefined;

  function requestOf(call: ModelRequest, asked: DialectTarget): DialectRequest {
    const { native } = call;
    if (native === undefined) return dialect.request(call, asked);
    if (native.dialect === dialect.name && dialect.native !== undefined) return dialect.native.request(native, asked);
    const refusal = native.refusal(dialect.name);
    if (refusal !== undefined) throw refusal;
    return dialect.request(call, asked);
  }

  function decoderOf(call: ModelRequest): PartDecoder {
    const { native } = call;
    if (native === undefined || dialect.native === undefined || native.dialect !== dialect.name)
      return createEventDecoder(dialect.stream(call));
    return new NativeDecoder(dialect.native, dialect.stream({ ...call, output: undefined }, 'some'), native.wantsUsage);
  }

  /** The body of a whole answer, and what it is worth. */
  async function exchange<T>(
    target: ModelTarget,
    context: CallContext,
    requestOf: (apiKey: string | undefined) => DialectRequest,
    read: (body: unknown, bytes: Buffer) => T,
  ): Promise<T> {
    let answered: number | undefined;
    try {
      return await withKey(context, async (apiKey) => {
        const answer = await upstream.exchange(toHttp(target, requestOf(apiKey)), context);
        answered = answer.status;
        const body = parseJson(answer.body);
        try {
          if (!isSuccess(answer.status)) throw refusal(answer.status, answer.headers, body);
          if (body === undefined) throw unreadable('The answer is not JSON.');
          return read(body, answer.body);
        } catch (error) {
          throw billed(error, dialect.usage(body));
        }
      });
    } catch (error) {
      throw failure(error, target, context, answered);
    }
  }

  return {
    generate: (target, call, context) =>
      exchange(
        target,
        context,
        (apiKey) => requestOf(call, dialectTarget(target, false, apiKey)),
        (body, bytes) =>
          isNative(call)
            ? { ...dialect.parse(body, { ...call, output: undefined }, 'as-is'), native: bytes }
            : dialect.parse(body, call),
      ),
    stream: (target, call, context) =>
      new PartStream({
        context,
        decoder: decoderOf(call),
        open: (ownContext) =>
          withKey(ownContext, async (apiKey) => {
            const request = requestOf(call, dialectTarget(target, true, apiKey));
            return openEvents(await upstream.openStream(toHttp(target, request), ownContext), dialect);
          }),
        toError: (error) => failure(error, target, context),
      }),
    async embed(target, call, context) {
      const { embeddings } = dialect;
      if (embeddings === undefined) throw failure(new SkeinError('BAD_USER_INPUT'), target, context);
      return exchange(
        target,
        context,
        (apiKey) => embeddings.request(call, dialectTarget(target, false, apiKey)),
        (body) => embeddings.parse(body, call),
      );
    },
    async countTokens(target, call, context) {
      const { native } = call;
      const count = dialect.native?.count;
      if (native === undefined || count === undefined || !isNative(call)) return undefined;
      try {
        return await withKey(context, async (apiKey) => {
          const request = count.request(native, dialectTarget(target, false, apiKey));
          const { status, headers, body } = await upstream.exchange(toHttp(target, request), context);
          if (LACKS.has(status)) return undefined;
          const answer = parseJson(body);
          if (!isSuccess(status)) throw refusal(status, headers, answer);
          const tokens = count.parse(answer);
          if (tokens === undefined) throw unreadable('The answer has no count of tokens.');
          return tokens;
        });
      } catch (error) {
        throw failure(error, target, context);
      }
    },
    probe: (signal) => upstream.probe(signal),
    state: () => upstream.state(),
    dispose: () => upstream.dispose(),
  };
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

function refusal(status: number, headers: HttpHeaders, body: unknown): SkeinError {
  return new SkeinError(statusErrorCode(status), undefined, {
    details: { upstreamStatus: status, retryAfterMs: retryAfterMs(headers, systemClock.now()) },
    cause: new ProviderFailure(providerErrorOf(body)),
  });
}

/** Lets a stream of events through; anything else is read, closed and thrown as the failure it is. */
async function openEvents(stream: HttpStream, dialect: Pick<ModelDialect, 'usage'>): Promise<HttpStream> {
  const contentType = String(stream.headers['content-type'] ?? '');
  // Servers are careless with the type of a stream, but nothing that calls itself JSON or HTML is one.
  const isAnswer = isSuccess(stream.status) && !/\b(json|html)\b/i.test(contentType);
  if (isAnswer) return stream;
  const json = parseJson(await readStart(stream, isSuccess(stream.status) ? MAX_UNASKED_BYTES : MAX_ERROR_BYTES));
  throw billed(failureOf(stream, json), dialect.usage(json));
}

function failureOf({ status, headers }: HttpStream, body: unknown): SkeinError {
  if (!isSuccess(status)) return refusal(status, headers, body);
  const isFailure = isObject(body) && body.error !== undefined && body.error !== null;
  const { code, cause } = isFailure ? errorInside(body) : unreadable('The answer is no event stream.');
  return new SkeinError(code, undefined, { details: { upstreamStatus: status }, cause });
}

async function readStart(stream: HttpStream, mostBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of stream.body) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= mostBytes) break;
    }
  } catch (error) {
    // A gone client or a passed deadline stays what it is; a broken connection still leaves us the status.
    if (error instanceof SkeinError && (error.code === 'CLIENT_CLOSED_REQUEST' || error.code === 'DEADLINE_EXCEEDED')) {
      throw error;
    }
  }
  return Buffer.concat(chunks);
}

/** Of objects and lists in an answer: to make millions of them holds up everybody, and no model says so much. */
const MAX_PARTS = 250_000;

/** Undefined: it is no JSON, or more than an answer can be. */
function parseJson(body: Buffer): unknown {
  if (countBraces(body, MAX_PARTS) > MAX_PARTS) return undefined;
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** What opens an object or list, in texts as well; no further than is asked. */
function countBraces(body: Buffer, most: number): number {
  let count = 0;
  for (const brace of ['{', '[']) {
    for (let at = body.indexOf(brace); at >= 0 && count <= most; at = body.indexOf(brace, at + 1)) count += 1;
  }
  return count;
}
