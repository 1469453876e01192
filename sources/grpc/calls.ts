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
    return (client, metadata, options, answered) =>
      client.makeUnaryRequest(method.path, asBytes, asBytes, request, metadata, options, answered);
  });
}

/** The requests go one after another, as fast as the server takes them. */
export function clientStreamCall(method: Method, connection: Connection, isQuery: boolean): UnaryCall {
  return answeredCall(method, connection, isQuery, (args) => {
    const requests = method.encodeAll(args);
    return (client, metadata, options, answered) => {
      const call: ClientWritableStream<Buffer> = client.makeClientStreamRequest(
        ...([method.path, asBytes, asBytes, metadata, options, answered] as const),
      );
      sendAll(call, requests);
      return call;
    };
  });
}

/** Sends it once. */
type Start = (client: Client, metadata: Metadata, options: CallOptions, answered: Answered) => StartedCall;

/** A call with one answer. */
function answeredCall(
  method: Method,
  connection: Connection,
  isQuery: boolean,
  prepare: (args: Arguments) => Start,
): UnaryCall {
  const { details } = method;
  const { pool, metadata: rules, timeoutMs, errors, running } = connection;
  const plan = planCalls(connection, details.operation, isQuery ? 'always' : 'unsent');

  async function invoke(args: Arguments, context: CallContext): Promise<unknown> {
    const start = prepare(args);
    const kept = rules.receive === undefined ? undefined : keepHeaders(context);
    const answering = pool.run({
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

  function send(start: Start, channel: Channel, context: CallContext): Promise<unknown> {
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
          if (isQuery && error.code === status.NOT_FOUND && cancellation.reason === undefined) resolve(null);
          else reject(statusError(error, details, context, errors, isUnsent(call, channel)));
          return;
        }
        try {
          resolve(method.decode(response ?? Buffer.alloc(0)));
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
