import {
  type CallOptions,
  type Client,
  type ClientWritableStream,
  type Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import type { Arguments, CallContext, UnaryCall } from '../source.ts';
import { abortError } from '../upstream/abort.ts';
import { keepHeaders } from '../upstream/kept-headers.ts';
import { callerKey } from '../upstream/resilience/caller-key.ts';
import { asBytes, type Channel, type Connection, isUnsent, planCalls } from './channel.ts';
import { judgeCall } from './judge.ts';
import type { Method } from './method.ts';
import { sendAll } from './send-all.ts';
import { decodeError, statusError } from './status.ts';

type Answered = (error: ServiceError | null, response?: Buffer) => void;

/** What of grpc-js's calls is needed here. */
interface StartedCall {
  cancel(): void;
  getPeer(): string;
  on(event: 'metadata', listener: (metadata: Metadata) => void): unknown;
  on(event: 'status', listener: (status: { readonly metadata: Metadata }) => void): unknown;
}

export function unaryCall(method: Method, connection: Connection, isQuery: boolean): UnaryCall {
  return answeredCall(method, connection, isQuery, (args) => {
    const request = method.encode(args);
    return {
      request,
      start: (client, metadata, options, answered) =>
        client.makeUnaryRequest(method.path, asBytes, asBytes, request, metadata, options, answered),
    };
  });
}

/** The requests go one after another, as fast as the server takes them. */
export function clientStreamCall(method: Method, connection: Connection, isQuery: boolean): UnaryCall {
  return answeredCall(method, connection, isQuery, (args) => {
    const requests = method.encodeAll(args);
    return {
      request: undefined,
      start(client, metadata, options, answered) {
        const call: ClientWritableStream<Buffer> = client.makeClientStreamRequest(
          ...([method.path, asBytes, asBytes, metadata, options, answered] as const),
        );
        sendAll(call, requests);
        return call;
      },
    };
  });
}

/** Sends it once. */
type Start = (client: Client, metadata: Metadata, options: CallOptions, answered: Answered) => StartedCall;

/** A call that can be sent. */
interface Prepared {
  /** Where all that is sent is known beforehand. */
  readonly request: Buffer | undefined;
  readonly start: Start;
}

/** An answer as it came and what it says. */
interface Answer {
  /** Undefined for the answer that there is none. */
  readonly bytes: Buffer | undefined;
  readonly value: unknown;
}

const NOTHING: Answer = { bytes: undefined, value: null };

/** A call with one answer. */
function answeredCall(
  method: Method,
  connection: Connection,
  isQuery: boolean,
  prepare: (args: Arguments) => Prepared,
): UnaryCall {
  const { details } = method;
  const { pool, metadata: rules, timeoutMs, errors, running, sharing, clientHeaders } = connection;
  const plan = planCalls(connection, details.operation, isQuery ? 'always' : 'unsent');

  async function invoke(args: Arguments, context: CallContext): Promise<unknown> {
    const { request, start } = prepare(args);
    if (!isQuery) return (await sendSafely(start, context).finally(sharing?.part)).value;
    const caller = callerKey(context, clientHeaders);
    if (sharing === undefined || request === undefined || caller === undefined) {
      return (await sendSafely(start, context)).value;
    }
    let isFirst = false;
    const key = `${caller}${method.path} ${request.toString('latin1')}`;
    const { bytes, value } = await sharing.share(key, details, context, (own) => {
      isFirst = true;
      return sendSafely(start, own);
    });
    // Values are written into: each gets its own.
    return isFirst || bytes === undefined ? value : method.decode(bytes);
  }

  function sendSafely(start: Start, context: CallContext): Promise<Answer> {
    const kept = rules.receive === undefined ? undefined : keepHeaders(context);
    const answering = pool.run<Answer>({
      call: plan(context),
      context: kept?.context ?? context,
      holds: false,
      attempt({ transport }, own) {
        kept?.restart();
        return send(start, transport, own);
      },
      judge: judgeCall,
      discard: () => {},
    });
    return kept === undefined ? answering : answering.finally(kept.tell);
  }

  function send(start: Start, channel: Channel, context: CallContext): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { cancellation } = context;
      const metadata = rules.send(context, details);
      if (cancellation.reason !== undefined) throw abortError(context, details);
      context.onCall?.(details);
      const deadline = Math.min(context.deadlineAt, Date.now() + timeoutMs);
      const abortable = { abort: () => call.cancel() };
      const call = startCall(start, channel, metadata, { deadline }, context, (error, response) => {
        cancellation.unwatch(abortable);
        running.delete(abortable);
        if (error !== null) {
          if (isQuery && error.code === status.NOT_FOUND && cancellation.reason === undefined) resolve(NOTHING);
          else reject(statusError(error, details, context, errors, isUnsent(call, channel)));
          return;
        }
        try {
          const bytes = response ?? Buffer.alloc(0);
          resolve({ bytes, value: method.decode(bytes) });
        } catch (cause) {
          reject(decodeError(cause, details, context));
        }
      });
      const { receive } = rules;
      if (receive !== undefined) {
        call.on('metadata', (initial) => receive(initial, context));
        call.on('status', (end) => receive(end.metadata, context));
      }
      cancellation.watch(abortable);
      running.add(abortable);
    });
  }

  /** @throws SkeinError when the source is disposed of */
  function startCall(
    start: Start,
    { client }: Channel,
    metadata: Metadata,
    options: CallOptions,
    context: CallContext,
    answered: Answered,
  ): StartedCall {
    try {
      return start(client, metadata, options, answered);
    } catch (error) {
      throw statusError(error, details, context, errors);
    }
  }
  return { type: 'unary', operation: details.operation, invoke };
}
