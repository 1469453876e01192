import type { ClientReadableStream, Metadata } from '@grpc/grpc-js';
import { cancellableStream } from '../cancellable-stream.ts';
import type { Arguments, CallContext, StreamCall } from '../source.ts';
import { abortError } from '../upstream/abort.ts';
import { asBytes, type Connection } from './channel.ts';
import type { Method } from './method.ts';
import { sendAll } from './send-all.ts';
import { decodeError, statusError } from './status.ts';

type Open = (metadata: Metadata, deadline: number) => ClientReadableStream<Buffer>;

export function serverStreamCall(method: Method, connection: Connection): StreamCall {
  const { client } = connection;
  return eventsCall(method, connection, (args) => {
    const request = method.encode(args);
    return (metadata, deadline) =>
      client.makeServerStreamRequest(method.path, asBytes, asBytes, request, metadata, { deadline });
  });
}

/** All requests are sent, then comes what the server answers; it may begin before it has all of them. */
export function bidiStreamCall(method: Method, connection: Connection): StreamCall {
  const { client } = connection;
  return eventsCall(method, connection, (args) => {
    const requests = method.encodeAll(args);
    return (metadata, deadline) => {
      const call = client.makeBidiStreamRequest(method.path, asBytes, asBytes, metadata, { deadline });
      sendAll(call, requests);
      return call;
    };
  });
}

/** The stream's own buffer bounds what waits for the reader: 16 messages, then the server is held up. */
function eventsCall(
  method: Method,
  { metadata: rules, errors, running }: Connection,
  prepare: (args: Arguments) => Open,
): StreamCall {
  const { details } = method;

  async function* read(args: Arguments, context: CallContext): AsyncGenerator<unknown> {
    const { cancellation } = context;
    const open = prepare(args);
    const metadata = rules.send(context, details);
    if (cancellation.reason !== undefined) throw abortError(context, details);
    context.onCall?.(details);
    const call = openCall(open, metadata, context);
    // The status of a call that was cancelled comes as an error too, when nobody listens any more.
    call.on('error', () => {});
    const { receive } = rules;
    if (receive !== undefined) call.on('metadata', (initial) => receive(initial, context));
    const abortable = { abort: () => call.cancel() };
    cancellation.watch(abortable);
    running.add(abortable);
    try {
      for await (const bytes of call) yield decode(bytes, context);
    } catch (error) {
      throw statusError(error, details, context, errors);
    } finally {
      cancellation.unwatch(abortable);
      running.delete(abortable);
      call.cancel();
    }
  }

  /** @throws SkeinError when the source is disposed of */
  function openCall(open: Open, metadata: Metadata, context: CallContext): ClientReadableStream<Buffer> {
    try {
      return open(metadata, context.deadlineAt);
    } catch (error) {
      throw statusError(error, details, context, errors);
    }
  }

  function decode(bytes: Buffer, context: CallContext): unknown {
    try {
      return method.decode(bytes);
    } catch (error) {
      throw decodeError(error, details, context);
    }
  }

  return {
    type: 'stream',
    operation: details.operation,
    open: (args, context) => cancellableStream(context, (own) => read(args, own)),
  };
}
