import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { type Cancellation, CancellationSource } from '../../kernel/cancellation.ts';
import { SkeinError } from '../../kernel/errors.ts';
import { cancellableStream } from '../cancellable-stream.ts';
import type { CallContext, GraphqlAnswer, GraphqlRequest } from '../source.ts';
import { abortError } from '../upstream/abort.ts';
import { ChunkList } from '../upstream/chunk-list.ts';
import type { HttpStream } from '../upstream/http.ts';
import { badResponse, badStatusOf, type CallScope, readAnswer, statusError, toAnswer } from './answer.ts';
import type { SubscriptionSettings, Subscriptions } from './subscriptions.ts';

const HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'application/json',
  accept: 'text/event-stream',
};

/**
 * Subscriptions by GraphQL over SSE, each on a connection of its own.
 * https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md#distinct-connections-mode
 */
export function createSseSubscriptions(settings: SubscriptionSettings): Subscriptions {
  const { source, path, timeoutMs, maxResponseBytes, upstream, scopeOf } = settings;

  async function* read({ operation, query, variables }: GraphqlRequest, context: CallContext) {
    const scope = scopeOf(operation);
    const details = { source, operation };
    if (context.cancellation.reason !== undefined) throw abortError(context, details);
    // The stream may outlast by hours what is read before it.
    const opening = new CancellationSource();
    const abortable = { abort: () => opening.cancel(abortError(context, details)) };
    context.cancellation.watch(abortable);
    let timer: NodeJS.Timeout | undefined;
    let stream: HttpStream | undefined;
    try {
      const body = JSON.stringify({ query, variables });
      const plan = { method: 'POST', path, headers: HEADERS, repeatable: 'always', lasts: true } as const;
      const request = { ...plan, operation, body };
      stream = await upstream.openStream(request, { ...context, cancellation: opening });
      timer = setTimeout(() => opening.cancel(new SkeinError('UPSTREAM_TIMEOUT')), timeoutMs);
      const refusal = await readRefusal(stream, maxResponseBytes, scope, { ...context, cancellation: opening });
      clearTimeout(timer);
      if (refusal === undefined) yield* results(stream, maxResponseBytes, scope, context);
      else yield refusal;
    } finally {
      clearTimeout(timer);
      context.cancellation.unwatch(abortable);
      await stream?.body.return();
    }
  }

  return {
    subscribe: (request, context) => cancellableStream(context, (own) => read(request, own)),
    dispose: () => {},
  };
}

/** The answer of a service that opened no stream but said why not; undefined when there is a stream. */
async function readRefusal(
  stream: HttpStream,
  maxBytes: number,
  scope: CallScope,
  context: CallContext,
): Promise<GraphqlAnswer | undefined> {
  const { status, headers } = stream;
  const opening = context.cancellation;
  const badStatus = badStatusOf(stream);
  const type = String(headers['content-type'] ?? '');
  if (badStatus === undefined && type.startsWith('text/event-stream')) return undefined;
  if (/^application\/([\w.-]+\+)?json\b/.test(type)) {
    const body = await readAll(stream, maxBytes, opening);
    const answer = body === undefined ? undefined : readAnswer({ status, headers, body }, scope, context);
    if (answer !== undefined && answer.errors.length > 0) return answer;
  }
  if (badStatus !== undefined) throw statusError(badStatus, scope, context);
  throw badResponse(`The answer to a subscription has the type "${type}".`, scope, context, status);
}

/** Undefined for a body that is too large or breaks off: what refused the subscription has no words then. */
async function readAll(stream: HttpStream, maxBytes: number, opening: Cancellation): Promise<Buffer | undefined> {
  const chunks = new ChunkList();
  try {
    for await (const chunk of stream.body) {
      chunks.push(chunk);
      if (chunks.bytes > maxBytes) return undefined;
    }
    return chunks.whole();
  } catch (error) {
    if (opening.reason !== undefined) throw error;
    return undefined;
  }
}

async function* results(
  stream: HttpStream,
  maxEventLength: number,
  scope: CallScope,
  context: CallContext,
): AsyncGenerator<GraphqlAnswer> {
  const { source, operation } = scope;
  const events: EventSourceMessage[] = [];
  const decoder = new TextDecoder();
  let isTooLarge = false;
  const parser = createParser({
    maxBufferSize: maxEventLength,
    onEvent: (event) => events.push(event),
    onError: ({ type }) => {
      isTooLarge ||= type === 'max-buffer-size-exceeded';
    },
  });
  for await (const chunk of stream.body) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    for (const { event, data } of events.splice(0)) {
      if (event === 'complete') return;
      if (event === 'next') yield readEvent(data, scope, context);
    }
    if (isTooLarge) {
      context.log.warn({ source, operation, requestId: context.requestId }, 'An event of a subscription is too large.');
      throw tooLarge(scope);
    }
  }
  context.log.warn({ source, operation, requestId: context.requestId }, 'A subscription ended without being complete.');
  throw new SkeinError('UPSTREAM_FAILED', undefined, { details: { source, operation } });
}

function readEvent(data: string, scope: CallScope, context: CallContext): GraphqlAnswer {
  let reason: unknown = 'An event has neither data nor errors.';
  try {
    const answer = toAnswer(JSON.parse(data), undefined, scope, context);
    if (answer !== undefined) return answer;
  } catch (error) {
    reason = error;
  }
  throw badResponse(reason, scope, context);
}

function tooLarge({ source, operation }: CallScope): SkeinError {
  return new SkeinError('UPSTREAM_RESPONSE_TOO_LARGE', undefined, { details: { source, operation } });
}
