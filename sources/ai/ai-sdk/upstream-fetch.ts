import { CancellationSource } from '../../../kernel/cancellation.ts';
import { SkeinError } from '../../../kernel/errors.ts';
import { type Log, silentLog } from '../../../kernel/ports.ts';
import { ProblemsError } from '../../../kernel/problem.ts';
import { NO_CLIENT } from '../../call-context.ts';
import type { CallContext } from '../../source.ts';
import { CONNECTION_HEADERS } from '../../upstream/client-headers.ts';
import type { HttpAnswer, HttpHeaders, HttpRequest, HttpStream } from '../../upstream/http.ts';
import { createHttpUpstream, type HttpUpstream } from '../../upstream/http-upstream.ts';
import type { Repeatable, UpstreamState } from '../../upstream/resilience/contracts.ts';
import type { UpstreamOptions } from '../../upstream/resilience/options.ts';
import type { Tls } from '../../upstream/tls-files.ts';
import { MAX_STREAM_BYTES } from '../event-stream.ts';

/** A call of a model, as far as what it sends must know. */
export interface SdkCall {
  readonly context: CallContext;
  /** Name of the model. */
  readonly operation: string;
  /** Its answer is read as it comes. */
  readonly isStream: boolean;
}

export interface UpstreamFetch {
  readonly fetch: typeof globalThis.fetch;
  /** What is sent with the signal belongs to the call. */
  bind(signal: AbortSignal, call: SdkCall): void;
  /** @throws ProblemsError when the address cannot be used. */
  open(address: string): void;
  probe(signal: AbortSignal): Promise<void>;
  state(): UpstreamState | undefined;
  dispose(): Promise<void>;
}

export interface UpstreamFetchOptions {
  readonly timeoutMs: number;
  readonly upstream: UpstreamOptions | undefined;
  readonly tls: Tls | undefined;
  readonly log: Log | undefined;
  readonly repeatable: Repeatable;
}

const MAX_ANSWER_BYTES = 32 * 1024 * 1024;
const MAX_ERROR_BYTES = 64 * 1024;
/** A provider has one address for its models, and perhaps one for its tokens. */
const MAX_ORIGINS = 8;
/** Answers that have no body: https://fetch.spec.whatwg.org/#null-body-status */
const EMPTY: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * The `fetch` that packages are given: what they send goes the way of all other upstreams, with its limits, its TLS and
 * its guard, follows no redirects, and ends with the call that it belongs to.
 */
export function createUpstreamFetch(options: UpstreamFetchOptions): UpstreamFetch {
  const { timeoutMs, log = silentLog } = options;
  const upstreams = new Map<string, HttpUpstream>();
  const calls = new WeakMap<AbortSignal, SdkCall>();

  function upstreamAt({ origin }: URL): HttpUpstream {
    const known = upstreams.get(origin);
    if (known !== undefined) return known;
    if (upstreams.size >= MAX_ORIGINS) throw unusable('A package has called too many hosts.');
    const made = createHttpUpstream({
      source: 'ai',
      endpoint: origin,
      headers: {},
      timeoutMs,
      maxResponseBytes: MAX_ANSWER_BYTES,
      upstream: options.upstream,
      tls: options.tls,
      log,
    });
    upstreams.set(origin, made);
    return made;
  }

  async function send(input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
    const { url, request, signal } = await readRequest(input, init);
    const call = signal === undefined ? undefined : calls.get(signal);
    const cancellation = new CancellationSource();
    const context = call?.context ?? {
      ...{ cancellation, deadlineAt: Date.now() + timeoutMs, requestId: '', log },
      ...NO_CLIENT,
    };
    const http: HttpRequest = { ...request, operation: call?.operation ?? 'package', repeatable: options.repeatable };
    const upstream = upstreamFor(url);
    if (call?.isStream) return streamedResponse(await upstream.openStream(http, context));
    if (call !== undefined || signal === undefined) return wholeResponse(await upstream.exchange(http, context));
    // A signal of the package's own.
    const give = () => cancellation.cancel(new SkeinError('CLIENT_CLOSED_REQUEST'));
    if (signal.aborted) give();
    signal.addEventListener('abort', give);
    try {
      return wholeResponse(await upstream.exchange(http, context));
    } finally {
      signal.removeEventListener('abort', give);
    }
  }

  function upstreamFor(url: URL): HttpUpstream {
    try {
      return upstreamAt(url);
    } catch (error) {
      if (error instanceof ProblemsError) throw unusable(error.message);
      throw error;
    }
  }

  return {
    fetch: send as typeof globalThis.fetch,
    bind: (signal, call) => void calls.set(signal, call),
    open: (address) => void upstreamAt(new URL(address)),
    async probe(signal) {
      const [first] = upstreams.values();
      await first?.probe(signal);
    },
    state() {
      const [first, ...others] = [...upstreams.values()].flatMap((upstream) => upstream.state() ?? []);
      return first && { ...first, endpoints: [first, ...others].flatMap(({ endpoints }) => endpoints) };
    },
    async dispose() {
      await Promise.all([...upstreams.values()].map((upstream) => upstream.dispose()));
    },
  };
}

function unusable(reason: string): SkeinError {
  return new SkeinError('UPSTREAM_UNREACHABLE', undefined, { cause: new Error(reason) });
}

interface Read {
  readonly url: URL;
  readonly request: Pick<HttpRequest, 'method' | 'path' | 'headers' | 'body'>;
  readonly signal: AbortSignal | undefined;
}

async function readRequest(input: string | URL | Request, init: RequestInit): Promise<Read> {
  const given = input instanceof Request ? input : undefined;
  const url = new URL(given?.url ?? String(input));
  if (!/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw unusable('A package has called an address that is none of HTTP, or has a password in it.');
  const headers: Record<string, string> = {};
  for (const source of [given?.headers, init.headers])
    if (source !== undefined)
      for (const [name, value] of new Headers(source))
        if (!CONNECTION_HEADERS.has(name) && name !== 'host' && name !== 'accept-encoding') headers[name] = value;
  const body = await readBody(init.body ?? given?.body, headers);
  return {
    url,
    request: {
      method: (init.method ?? given?.method ?? 'GET').toUpperCase(),
      path: url.pathname + url.search,
      headers,
      body,
    },
    signal: init.signal ?? given?.signal ?? undefined,
  };
}

async function readBody(body: unknown, headers: Record<string, string>): Promise<string | Buffer | undefined> {
  if (body === undefined || body === null || typeof body === 'string') return body ?? undefined;
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  // Forms and the like, which have a type of their own.
  const read = new Response(body as ConstructorParameters<typeof Response>[0]);
  const type = read.headers.get('content-type');
  if (type !== null) headers['content-type'] ??= type;
  return Buffer.from(await read.arrayBuffer());
}

function wholeResponse({ status, headers, body }: HttpAnswer): Response {
  return respond(EMPTY.has(status) ? null : new Uint8Array(body), status, headers);
}

function streamedResponse(stream: HttpStream): Response {
  const { status, headers, body } = stream;
  const isAnswer = status >= 200 && status < 300;
  // A page of a proxy is no answer, and a package would look for parts in it.
  if (EMPTY.has(status) || (isAnswer && /\bhtml\b/i.test(String(headers['content-type'])))) {
    void body.return();
    if (isAnswer)
      throw new SkeinError('UPSTREAM_BAD_RESPONSE', undefined, { cause: new Error('The answer is no stream.') });
    return respond(null, status, headers);
  }
  return respond(readable(body, isAnswer), status, headers);
}

/** Reads as its reader does: nothing is asked for before it is wanted. */
function readable(body: HttpStream['body'], isAnswer: boolean): ReadableStream<Uint8Array> {
  let bytes = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await body.next();
        if (done) return controller.close();
        bytes += value.length;
        controller.enqueue(value);
        if (bytes <= (isAnswer ? MAX_STREAM_BYTES : MAX_ERROR_BYTES)) return;
        void body.return();
        // Of an error its beginning is enough.
        if (!isAnswer) controller.close();
        else throw new SkeinError('UPSTREAM_RESPONSE_TOO_LARGE');
      },
      async cancel() {
        await body.return();
      },
    },
    { highWaterMark: 0 },
  );
}

function respond(
  body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | null,
  status: number,
  headers: HttpHeaders,
): Response {
  if (status < 200 || status > 599)
    throw new SkeinError('UPSTREAM_BAD_RESPONSE', undefined, { details: { upstreamStatus: status } });
  const list: [string, string][] = [];
  // What was encoded is decoded by now.
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined && name !== 'content-encoding' && name !== 'content-length')
      for (const one of Array.isArray(value) ? value : [value]) list.push([name, one]);
  return new Response(body, { status, headers: list });
}
