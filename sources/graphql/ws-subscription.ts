import { SkeinError } from '../../kernel/errors.ts';
import { cancellableStream } from '../cancellable-stream.ts';
import type { CallContext, GraphqlAnswer, GraphqlRequest } from '../source.ts';
import { abortError } from '../upstream/abort.ts';
import { compileForwardHeaders, compileReturnHeaders } from '../upstream/client-headers.ts';
import type { HttpPlace } from '../upstream/http-connection.ts';
import { addHeaders, type Target } from '../upstream/target.ts';
import { badResponse, isRecord, toAnswer } from './answer.ts';
import { judgeOpening } from './socket-errors.ts';
import { SubscriptionSocket } from './subscription-socket.ts';
import { MAX_SUBSCRIPTIONS, type SubscriptionSettings, type Subscriptions } from './subscriptions.ts';

/**
 * Subscriptions by the graphql-transport-ws protocol, each on a socket of its own: its `connection_init` and its upgrade
 * carry the headers of one client, and its end is the socket's. One that does not come to be open is tried elsewhere; one
 * that is lost is not opened again.
 * https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
 */
export function createWsSubscriptions(settings: SubscriptionSettings): Subscriptions {
  const { source, path, connectionParams, upstream, scopeOf } = settings;
  const forward = compileForwardHeaders(settings.forwardHeaders);
  const returnHeaders = compileReturnHeaders(settings.returnHeaders);
  const open = new Set<SubscriptionSocket>();
  let underWay = 0;

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
    if (underWay >= MAX_SUBSCRIPTIONS) {
      const cause = new Error(`There are ${MAX_SUBSCRIPTIONS} subscriptions to this source already.`);
      throw new SkeinError('UPSTREAM_UNREACHABLE', undefined, { details, cause });
    }
    const forwarded = forward?.(context, details) ?? {};
    const common = {
      initPayload: initPayload(forwarded),
      request: { query, variables },
      timeoutMs: settings.timeoutMs,
      maxMessageBytes: settings.maxResponseBytes,
    };

    async function connect({ target, lookup, tls }: HttpPlace, own: CallContext, onEnd: () => void) {
      if (own.cancellation.reason !== undefined) throw abortError(own, details);
      own.onCall?.(details);
      const socket = new SubscriptionSocket(
        {
          ...common,
          url: target.origin.replace(/^http/, 'ws') + path,
          headers: addHeaders(headersOf(target), forwarded),
          onHeaders: (headers) => returnHeaders?.(headers, own),
          tls,
          lookup,
          onEnd() {
            open.delete(socket);
            onEnd();
          },
        },
        scope,
        own,
      );
      open.add(socket);
      await socket.opened;
      return socket;
    }

    // Nothing of the subscription was sent before its connection is acknowledged.
    const plan = { operation, repeatable: 'always', judge: judgeOpening } as const;
    let socket: SubscriptionSocket | undefined;
    underWay += 1;
    try {
      socket = await upstream.connect({ ...plan, open: connect, close: (opened) => opened.close() }, context);
      for (;;) {
        const payload = await socket.next();
        if (payload === undefined) return;
        const answer = toAnswer(payload, undefined, scope, context);
        if (answer === undefined) throw badResponse('An event has neither data nor errors.', scope, context);
        yield answer;
      }
    } finally {
      underWay -= 1;
      socket?.close();
    }
  }

  return {
    subscribe: (request, context): AsyncIterableIterator<GraphqlAnswer> =>
      cancellableStream(context, (own) => read(request, own)),
    dispose() {
      for (const socket of open) socket.terminate();
    },
  };
}

function headersOf({ headers: { names, flat } }: Target): Record<string, string> {
  return Object.fromEntries(names.map((name, index) => [name, flat[index * 2 + 1] ?? '']));
}
