import { Pool } from 'undici';
import type { CallContext } from '../source.ts';
import { abortError } from './abort.ts';
import { BufferedCall } from './buffered-call.ts';
import { compileForwardHeaders, compileReturnHeaders, type HeaderRules } from './client-headers.ts';
import type { HttpAnswer, HttpRequest, HttpStream } from './http.ts';
import type { CallSettings, HttpCall } from './http-call.ts';
import { probeTcp } from './probe.ts';
import { StreamedCall } from './streamed-call.ts';
import { addHeaders, mergeHeaders, readTarget } from './target.ts';

export interface HttpUpstreamOptions extends HeaderRules {
  /** Name of the source, for errors and logs. */
  readonly source: string;
  /** http or https address; the paths of requests go below its own path. */
  readonly endpoint: string;
  /** Sent with every request. */
  readonly headers: Readonly<Record<string, string>>;
  /** How long a call, or for a stream the silence between two chunks, may last. Fires up to a second late. */
  readonly timeoutMs: number;
  /** The largest answer `exchange` reads, in bytes; streams are bounded by their reader. */
  readonly maxResponseBytes: number;
  /** Sockets that may be open at a time; calls beyond wait for one. Default: 128. */
  readonly maxConnections?: number;
}

/**
 * The HTTP service behind a source. Follows no redirects and retries nothing. All rejections are SkeinErrors:
 * UPSTREAM_UNREACHABLE, UPSTREAM_TIMEOUT, UPSTREAM_FAILED, UPSTREAM_BAD_RESPONSE, UPSTREAM_RESPONSE_TOO_LARGE,
 * BAD_USER_INPUT for a header of the client's that cannot be sent on, and CLIENT_CLOSED_REQUEST or DEADLINE_EXCEEDED
 * once the request is cancelled.
 */
export interface HttpUpstream {
  exchange(request: HttpRequest, context: CallContext): Promise<HttpAnswer>;
  openStream(request: HttpRequest, context: CallContext): Promise<HttpStream>;
  probe(signal: AbortSignal): Promise<void>;
  /** Closes all sockets; calls under way fail. */
  dispose(): Promise<void>;
}

const MAX_CONNECTIONS = 128;

/** @throws ProblemsError when the endpoint, a header or a rule for headers cannot be used; paths are below the source's options. */
export function createHttpUpstream(options: HttpUpstreamOptions): HttpUpstream {
  const { source, timeoutMs, maxResponseBytes } = options;
  const target = readTarget(options.endpoint, options.headers, options);
  const forward = compileForwardHeaders(options.forwardHeaders);
  const settings: CallSettings = {
    source,
    timeoutMs,
    maxResponseBytes,
    returnHeaders: compileReturnHeaders(options.returnHeaders),
  };
  const pool = new Pool(target.origin, {
    connections: options.maxConnections ?? MAX_CONNECTIONS,
    connectTimeout: timeoutMs,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });

  /** @throws SkeinError before anything is sent */
  function prepare(request: HttpRequest, context: CallContext): string[] {
    const details = { source, operation: request.operation };
    if (context.cancellation.reason !== undefined) throw abortError(context, details);
    context.onCall?.(details);
    const { headers } = request;
    return mergeHeaders(
      target.headers,
      forward === undefined ? headers : addHeaders(forward(context, details), headers),
    );
  }

  function send(request: HttpRequest, headers: string[], call: HttpCall): void {
    const path = target.pathPrefix + request.path;
    pool.dispatch({ method: request.method, path, headers, body: request.body ?? null }, call);
  }

  return {
    exchange: (request, context) =>
      new Promise((resolve, reject) => {
        const headers = prepare(request, context);
        send(request, headers, new BufferedCall(settings, request.operation, context, resolve, reject));
      }),
    openStream: (request, context) =>
      new Promise((resolve, reject) => {
        const headers = prepare(request, context);
        send(request, headers, new StreamedCall(settings, request.operation, context, resolve, reject));
      }),
    probe: (signal) => probeTcp(target, source, timeoutMs, signal),
    dispose: () => pool.destroy(),
  };
}
