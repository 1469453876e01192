import { SkeinError } from '../../kernel/errors.ts';
import { ProblemsError } from '../../kernel/problem.ts';
import { cancellableStream } from '../cancellable-stream.ts';
import type { CallContext, GraphqlAnswer, GraphqlRequest } from '../source.ts';
import { abortError } from '../upstream/abort.ts';
import { compileForwardHeaders, compileReturnHeaders } from '../upstream/client-headers.ts';
import { createPublicLookup, isPrivateHost, privateAddress } from '../upstream/resilience/network-guard.ts';
import { addHeaders, readTarget } from '../upstream/target.ts';
import { badResponse, isRecord, toAnswer } from './answer.ts';
import { splitEndpoint } from './endpoint.ts';
import { SubscriptionSocket } from './subscription-socket.ts';
import { MAX_SUBSCRIPTIONS, type SubscriptionSettings, type Subscriptions } from './subscriptions.ts';

/**
 * Subscriptions by the graphql-transport-ws protocol, each on a socket of its own: its `connection_init` and its upgrade
 * carry the headers of one client, and its end is the socket's. A socket that is lost is not opened again.
 * https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
 */
export function createWsSubscriptions(settings: SubscriptionSettings): Subscriptions {
  const { source, connectionParams, scopeOf } = settings;
  const { endpoint, path } = splitEndpoint(settings.endpoint.replace(/^ws/, 'http'));
  const target = readTarget(endpoint, settings.headers, settings);
  const forward = compileForwardHeaders(settings.forwardHeaders);
  const returnHeaders = compileReturnHeaders(settings.returnHeaders);
  const isPublic = settings.network === 'public';
  if (isPublic && isPrivateHost(target.host)) throw new ProblemsError([privateAddress(target.origin)]);
  const lookup = isPublic ? createPublicLookup() : undefined;
  const url = target.origin.replace(/^http/, 'ws') + path;
  const baseHeaders = Object.fromEntries(
    target.headers.names.map((name, index) => [name, target.headers.flat[index * 2 + 1] ?? '']),
  );
  const open = new Set<SubscriptionSocket>();

  /** The payload of `connection_init`; forwarded headers stand over the ones that are configured there. */
  function initPayload(forwarded: Readonly<Record<string, string>>): Record<string, unknown> | undefined {
    if (Object.keys(forwarded).length === 0) {
      return Object.keys(connectionParams).length === 0 ? undefined : connectionParams;
    }
    const configured = isRecord(connectionParams.headers) ? connectionParams.headers : {};
    return { ...connectionParams, headers: { ...configured, ...forwarded } };
  }

  async function* read({ operation, query, variables }: GraphqlRequest, context: CallContext) {
    const details = { source, operation };
    const scope = scopeOf(operation);
    if (context.cancellation.reason !== undefined) throw abortError(context, details);
    if (open.size >= MAX_SUBSCRIPTIONS) {
      const cause = new Error(`There are ${MAX_SUBSCRIPTIONS} subscriptions to this source already.`);
      throw new SkeinError('UPSTREAM_UNREACHABLE', undefined, { details, cause });
    }
    context.onCall?.(details);
    const forwarded = forward?.(context, details) ?? {};
    const socket = new SubscriptionSocket(
      {
        url,
        headers: addHeaders({ ...baseHeaders }, forwarded),
        initPayload: initPayload(forwarded),
        request: { query, variables },
        timeoutMs: settings.timeoutMs,
        maxMessageBytes: settings.maxResponseBytes,
        onHeaders: (headers) => returnHeaders?.(headers, context),
        tls: settings.tls,
        lookup,
      },
      scope,
      context,
    );
    open.add(socket);
    try {
      for (;;) {
        const payload = await socket.next();
        if (payload === undefined) return;
        const answer = toAnswer(payload, undefined, scope, context);
        if (answer === undefined) throw badResponse('An event has neither data nor errors.', scope, context);
        yield answer;
      }
    } finally {
      socket.close();
      open.delete(socket);
    }
  }

  return {
    subscribe: (request, context): AsyncIterableIterator<GraphqlAnswer> =>
      cancellableStream(context, (own) => read(request, own)),
    async dispose() {
      for (const socket of open) socket.terminate();
    },
  };
}
