import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { CancellationSource } from '../../kernel/cancellation.ts';
import { describeError, SkeinError } from '../../kernel/errors.ts';
import { cancellableStream } from '../cancellable-stream.ts';
import type { Arguments, CallContext, Selected, StreamCall } from '../source.ts';
import { abortError } from '../upstream/abort.ts';
import type { HttpStream } from '../upstream/http.ts';
import type { HttpUpstream } from '../upstream/http-upstream.ts';
import { badResponse, badStatusOf, type CallDetails, fieldValue, parseAnswer, statusError } from './answer.ts';
import { createRequestBody, type RootField } from './operation-text.ts';

export interface StreamSettings {
  /** A subscription may be silent for as long as it likes, so this upstream has no time limits of its own. */
  readonly upstream: HttpUpstream;
  /** Path and query of the endpoint. */
  readonly path: string;
  /** How long a subscription may take to begin. */
  readonly timeoutMs: number;
  /** The largest event, in bytes. */
  readonly maxResponseBytes: number;
}

const HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'application/json',
  accept: 'text/event-stream',
};

/**
 * A subscription by GraphQL over SSE, on a connection of its own; WebSocket is not spoken yet.
 * https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md#distinct-connections-mode
 */
export function streamCall(source: string, field: RootField, settings: StreamSettings): StreamCall {
  const { upstream, path, timeoutMs, maxResponseBytes } = settings;
  const details = { source, operation: field.name };
  const requestBody = createRequestBody(field);

  async function* read(args: Arguments, selected: Selected | undefined, context: CallContext): AsyncGenerator<unknown> {
    if (context.cancellation.reason !== undefined) throw abortError(context, details);
    const body = requestBody(args, selected);
    // The stream may outlast its opening by hours: only the opening is timed.
    const opening = new CancellationSource();
    const abortable = { abort: () => opening.cancel(abortError(context, details)) };
    context.cancellation.watch(abortable);
    const timer = setTimeout(() => opening.cancel(new SkeinError('UPSTREAM_TIMEOUT')), timeoutMs);
    let stream: HttpStream | undefined;
    try {
      const request = { operation: field.name, method: 'POST', path, headers: HEADERS, body };
      stream = await upstream.openStream(request, { ...context, cancellation: opening });
      clearTimeout(timer);
      checkHead(stream, details, context);
      yield* results(stream, field.name, maxResponseBytes, details, context);
    } finally {
      clearTimeout(timer);
      context.cancellation.unwatch(abortable);
      await stream?.body.return();
    }
  }

  return {
    type: 'stream',
    operation: field.name,
    usesSelection: true,
    open: (args, context, selected) => cancellableStream(context, (own) => read(args, selected, own)),
  };
}

function checkHead(stream: HttpStream, details: CallDetails, context: CallContext): void {
  const badStatus = badStatusOf(stream);
  if (badStatus !== undefined) throw statusError(badStatus, details, context);
  const type = String(stream.headers['content-type'] ?? '');
  if (!type.startsWith('text/event-stream')) {
    const reason = `The answer to a subscription has the type "${type}".`;
    throw badResponse(reason, { ...details, upstreamStatus: stream.status }, context);
  }
}

async function* results(
  stream: HttpStream,
  field: string,
  maxEventLength: number,
  details: CallDetails,
  context: CallContext,
): AsyncGenerator<unknown> {
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
      if (event === 'next') yield eventValue(data, field, details, context);
    }
    if (isTooLarge) {
      context.log.warn({ ...details, requestId: context.requestId }, 'An event of a subscription is too large.');
      throw new SkeinError('UPSTREAM_RESPONSE_TOO_LARGE', undefined, { details });
    }
  }
  context.log.warn({ ...details, requestId: context.requestId }, 'A subscription ended without being complete.');
  throw new SkeinError('UPSTREAM_FAILED', undefined, { details });
}

/** An event that failed is an error as a value: it ends neither the subscription nor the events after it. */
function eventValue(data: string, field: string, details: CallDetails, context: CallContext): unknown {
  const answer = parseEvent(data, details, context);
  try {
    return fieldValue(answer, field, details, context);
  } catch (error) {
    return error instanceof SkeinError ? error : badResponse(error, details, context);
  }
}

function parseEvent(data: string, details: CallDetails, context: CallContext) {
  let reason = 'An event has neither data nor errors.';
  try {
    const answer = parseAnswer(data);
    if (answer !== undefined) return answer;
  } catch (error) {
    reason = describeError(error);
  }
  throw badResponse(reason, details, context);
}
