import type { z } from 'zod';
import type { ErrorExposure } from '../options.ts';
import type { CallContext, GraphqlAnswer, GraphqlRequest, GraphqlUpstream, SourceDeps } from '../source.ts';
import type { ForwardRule } from '../upstream/client-headers.ts';
import type { HttpAnswer } from '../upstream/http.ts';
import { createHttpUpstream } from '../upstream/http-upstream.ts';
import { createRedactor, type Redact } from '../upstream/redactor.ts';
import type { UpstreamState } from '../upstream/resilience/contracts.ts';
import type { UpstreamOptions } from '../upstream/resilience/options.ts';
import { joinStates } from '../upstream/resilience/standing.ts';
import { type CallScope, readAnswer } from './answer.ts';
import { createBatcher } from './batch.ts';
import { splitEndpoint } from './endpoint.ts';
import type { subscriptions } from './options.ts';
import { createSseSubscriptions } from './sse-subscription.ts';
import { createWsSubscriptions } from './ws-subscription.ts';

/** What the kinds that speak GraphQL have in common: `graphql` and `federation`. */
export interface GraphqlServiceOptions {
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly forwardHeaders: readonly ForwardRule[];
  readonly returnHeaders: readonly string[];
  readonly subscriptions: z.infer<typeof subscriptions>;
  readonly batch: boolean;
  readonly errors: ErrorExposure;
  readonly timeoutMs: number;
  readonly maxResponseBytes: number;
  readonly upstream?: UpstreamOptions | undefined;
}

export interface GraphqlService {
  readonly graphql: GraphqlUpstream;
  /** The HTTP answer to a document, of any status, for questions that are asked while a source is loaded. */
  ask(request: GraphqlRequest, context: CallContext): Promise<HttpAnswer>;
  probe(signal: AbortSignal): Promise<void>;
  /** What stands between the source and its endpoints. */
  state?(): UpstreamState | undefined;
  /** Takes the secrets of its configuration out of texts. */
  readonly redact?: Redact;
  /** Closes all sockets; what is under way fails. */
  dispose(): Promise<void>;
}

const HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'application/json',
  accept: 'application/graphql-response+json, application/json;q=0.9',
};

/**
 * A GraphQL service at its endpoint: queries and mutations by POST, subscriptions over SSE or WebSocket.
 * @throws ProblemsError when an option cannot be used; paths are below the source's options
 */
export function createGraphqlUpstream(
  name: string,
  options: GraphqlServiceOptions,
  { log, tls }: Partial<Pick<SourceDeps, 'log' | 'tls'>> = {},
): GraphqlService {
  const { errors: exposure, timeoutMs, maxResponseBytes, headers, forwardHeaders, returnHeaders } = options;
  const { endpoint, path } = splitEndpoint(options.endpoint);
  const common = { source: name, headers, forwardHeaders, returnHeaders, maxResponseBytes, log, tls };
  const upstream = createHttpUpstream({ ...common, endpoint, timeoutMs, upstream: options.upstream });
  const { subscriptions: own } = options;
  const redact = createRedactor({
    endpoint: options.endpoint,
    headers,
    params: own.protocol === 'ws' ? own.connectionParams : undefined,
  });
  const scopeOf = (operation: string): CallScope => ({ source: name, operation, exposure, redact });
  const streamed = own.endpoint === undefined ? undefined : splitEndpoint(own.endpoint.replace(/^ws/, 'http'));
  // At an address of their own subscriptions are bounded and judged by themselves: it says nothing of the other.
  const ofStreams =
    streamed === undefined
      ? upstream
      : createHttpUpstream({
          ...common,
          endpoint: streamed.endpoint,
          timeoutMs,
          upstream: options.upstream && { ...options.upstream, endpoints: [], healthCheck: undefined },
        });
  const createSubscriptions = own.protocol === 'ws' ? createWsSubscriptions : createSseSubscriptions;
  const streams = createSubscriptions({
    source: name,
    path: streamed?.path ?? path,
    forwardHeaders,
    returnHeaders,
    connectionParams: own.connectionParams,
    timeoutMs,
    maxResponseBytes,
    upstream: ofStreams,
    scopeOf,
  });

  function send(operation: string, body: string, context: CallContext, isRead: boolean) {
    const repeatable = isRead ? 'always' : 'unsent';
    return upstream.exchange({ operation, method: 'POST', path, headers: HEADERS, body, repeatable }, context);
  }
  async function sendOne(request: GraphqlRequest, body: string, context: CallContext): Promise<GraphqlAnswer> {
    const { operation } = request;
    return readAnswer(await send(operation, body, context, isQuery(request)), scopeOf(operation), context);
  }
  const sendRequest = options.batch ? createBatcher({ scopeOf, send, sendOne }) : sendOne;

  return {
    graphql: {
      execute: (request, context) => sendRequest(request, bodyOf(request), context),
      subscribe: (request, context) => streams.subscribe(request, context),
    },
    ask: (request, context) => send(request.operation, bodyOf(request), context, true),
    probe: (signal) => upstream.probe(signal),
    state: () => (ofStreams === upstream ? upstream.state() : joinStates(upstream.state(), ofStreams.state())),
    redact,
    async dispose() {
      streams.dispose();
      await Promise.all([...new Set([upstream, ofStreams])].map((each) => each.dispose()));
    },
  };
}

/** Whether a document only reads. Texts that look like a mutation anywhere are taken for one: it goes once. */
export function isQuery({ query }: GraphqlRequest): boolean {
  return !/(?:^|[}\n])\s*mutation\b/.test(query);
}

function bodyOf({ query, variables }: GraphqlRequest): string {
  return JSON.stringify({ query, variables });
}
