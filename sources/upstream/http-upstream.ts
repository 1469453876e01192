import { type Log, silentLog } from '../../kernel/ports.ts';
import type { CallContext } from '../source.ts';
import { abortError } from './abort.ts';
import { compileForwardHeaders, compileReturnHeaders, forwardedNames, type HeaderRules } from './client-headers.ts';
import { conditionalHeaders, isConditional } from './freshness.ts';
import type { HttpAnswer, HttpRequest, HttpStream } from './http.ts';
import type { CallSettings } from './http-call.ts';
import { ExchangeRun, exchangeOnce, type HttpRun, openOnce, type PrepareHeaders, StreamRun } from './http-calls.ts';
import { ConnectionRun, type HttpConnection } from './http-connection.ts';
import { openHttpEndpoint } from './http-endpoint.ts';
import { createHttpPool } from './http-pool.ts';
import { NotModified } from './not-modified.ts';
import { probeTcp } from './probe.ts';
import type { UpstreamState } from './resilience/contracts.ts';
import { createPublicLookup } from './resilience/network-guard.ts';
import type { UpstreamOptions } from './resilience/options.ts';
import { type Exchange, shareExchanges } from './share-exchanges.ts';
import { addHeaders, mergeHeaders, readTarget } from './target.ts';
import type { Tls } from './tls-files.ts';

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
  /** How calls are spread, repeated and bounded. Default: each goes to the endpoint, once. */
  readonly upstream?: UpstreamOptions | undefined;
  readonly tls?: Tls | undefined;
  /** Told of endpoints that fail and are well again. */
  readonly log?: Log | undefined;
}

/**
 * The HTTP service behind a source, at one address or several. Follows no redirects; sends again only what `upstream`
 * and the request's `repeatable` allow. All rejections are SkeinErrors: UPSTREAM_UNAVAILABLE, UPSTREAM_BUSY,
 * UPSTREAM_UNREACHABLE, UPSTREAM_TIMEOUT, UPSTREAM_FAILED, UPSTREAM_BAD_RESPONSE, UPSTREAM_RESPONSE_TOO_LARGE,
 * BAD_USER_INPUT for a header of the client's that cannot be sent on, and CLIENT_CLOSED_REQUEST or DEADLINE_EXCEEDED
 * once the request is cancelled; and NotModified where the context has validators and the answer still holds.
 */
export interface HttpUpstream {
  exchange(request: HttpRequest, context: CallContext): Promise<HttpAnswer>;
  openStream(request: HttpRequest, context: CallContext): Promise<HttpStream>;
  /** Rejects as the connection's own `open` does, or with UPSTREAM_UNAVAILABLE or UPSTREAM_BUSY. */
  connect<R>(connection: HttpConnection<R>, context: CallContext): Promise<R>;
  probe(signal: AbortSignal): Promise<void>;
  /** Undefined where nothing stands between the source and its endpoint. */
  state(): UpstreamState | undefined;
  /** Closes all sockets; calls under way fail. */
  dispose(): Promise<void>;
}

const MAX_CONNECTIONS = 128;

/** @throws ProblemsError when the endpoint, a header or a rule for headers cannot be used; paths are below the source's options. */
export function createHttpUpstream(options: HttpUpstreamOptions): HttpUpstream {
  const { source, timeoutMs, maxResponseBytes, maxConnections = MAX_CONNECTIONS, log = silentLog } = options;
  const target = readTarget(options.endpoint, options.headers, options);
  const forward = compileForwardHeaders(options.forwardHeaders);
  const settings: CallSettings = {
    source,
    timeoutMs,
    maxResponseBytes,
    returnHeaders: compileReturnHeaders(options.returnHeaders),
  };
  const prepare: PrepareHeaders = (endpoint, request, context) => {
    const details = { source, operation: request.operation };
    if (context.cancellation.reason !== undefined) throw abortError(context, details);
    context.onCall?.(details);
    const { validators } = context;
    const headers =
      validators === undefined || !isConditional(request.method)
        ? request.headers
        : { ...request.headers, ...conditionalHeaders(validators) };
    return mergeHeaders(
      endpoint.target.headers,
      forward === undefined ? headers : addHeaders(forward(context, details), headers),
    );
  };
  const lookup = options.upstream?.network === 'public' ? createPublicLookup() : undefined;
  const probe = (signal: AbortSignal) => probeTcp(target, source, timeoutMs, signal, lookup);
  if (options.upstream === undefined) {
    const endpoint = openHttpEndpoint({ target, timeoutMs, maxConnections, tls: options.tls });
    return {
      exchange: (request, context) =>
        orNotModified(exchangeOnce(settings, prepare, endpoint, request, context), source, request, context),
      openStream: (request, context) => openOnce(settings, prepare, endpoint, request, context),
      connect: (connection, context) => connection.open(endpoint, context, () => {}),
      probe,
      state: () => undefined,
      dispose: () => endpoint.close(),
    };
  }
  const { balance } = options.upstream;
  const hashHeader = typeof balance === 'string' ? undefined : balance.hash.header.toLowerCase();
  const pool = createHttpPool({
    source,
    target,
    timeoutMs,
    maxConnections,
    options: options.upstream,
    tls: options.tls,
    log,
  });
  const run = <R>(each: HttpRun<R> | ConnectionRun<R>): Promise<R> =>
    each.kept === undefined ? pool.run(each) : pool.run(each).finally(each.kept.tell);
  const exchange: Exchange = (request, context) =>
    run(new ExchangeRun(settings, prepare, request, context, hashHeader));
  const clientHeaders = [...forwardedNames(options.forwardHeaders), ...(hashHeader === undefined ? [] : [hashHeader])];
  const shared = options.upstream.shareReads ? shareExchanges(exchange, source, clientHeaders) : exchange;
  return {
    exchange: (request, context) => orNotModified(shared(request, context), source, request, context),
    openStream: (request, context) => run(new StreamRun(settings, prepare, request, context, hashHeader)),
    connect: (connection, context) =>
      run(new ConnectionRun(connection, context, hashHeader, settings.returnHeaders !== undefined)),
    probe,
    state: () => pool.state(),
    dispose: () => pool.dispose(),
  };
}

/** Outside of all that repeats calls and judges services by them: to those it is an answer like any other. */
function orNotModified(
  answering: Promise<HttpAnswer>,
  source: string,
  { operation, method }: HttpRequest,
  { validators }: CallContext,
): Promise<HttpAnswer> {
  if (validators === undefined || !isConditional(method)) return answering;
  return answering.then((answer) => {
    if (answer.status === 304) throw new NotModified({ source, operation });
    return answer;
  });
}
