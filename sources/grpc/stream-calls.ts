import type { Client, ClientReadableStream, Metadata } from '@grpc/grpc-js';
import type { Abortable } from '../../kernel/cancellation.ts';
import { cancellableStream } from '../cancellable-stream.ts';
import type { Arguments, CallContext, StreamCall } from '../source.ts';
import { abortError } from '../upstream/abort.ts';
import { keepHeaders } from '../upstream/kept-headers.ts';
import { asBytes, type Channel, type Connection, isUnsent, planCalls } from './channel.ts';
import { judgeCall } from './judge.ts';
import type { Method } from './method.ts';
import { sendAll } from './send-all.ts';
import { decodeError, statusError } from './status.ts';

/** Sends it once. */
type Open = (client: Client, metadata: Metadata, deadline: number) => ClientReadableStream<Buffer>;

/** A stream whose server has begun to answer. */
interface OpenStream {
  readonly call: ClientReadableStream<Buffer>;
  /** What it ended with, if that is no good end: it may come before anybody reads. */
  failure(): unknown;
  /** Needed once, also at its end. */
  close(): void;
}

export function serverStreamCall(method: Method, connection: Connection): StreamCall {
  return eventsCall(method, connection, (args) => {
    const request = method.encode(args);
    return (client, metadata, deadline) =>
      client.makeServerStreamRequest(method.path, asBytes, asBytes, request, metadata, { deadline });
  });
}

/** All requests are sent, then comes what the server answers; it may begin before it has all of them. */
export function bidiStreamCall(method: Method, connection: Connection): StreamCall {
  return eventsCall(method, connection, (args) => {
    const requests = method.encodeAll(args);
    return (client, metadata, deadline) => {
      const call = client.makeBidiStreamRequest(method.path, asBytes, asBytes, metadata, { deadline });
      sendAll(call, requests);
      return call;
    };
  });
}

/** The stream's own buffer bounds what waits for the reader: 16 messages, then the server is held up. */
function eventsCall(method: Method, connection: Connection, prepare: (args: Arguments) => Open): StreamCall {
  const { details } = method;
  const { pool, metadata: rules, errors, running } = connection;
  const plan = planCalls(connection, details.operation, 'always');

  async function* read(args: Arguments, context: CallContext): AsyncGenerator<unknown> {
    const open = prepare(args);
    const kept = rules.receive === undefined ? undefined : keepHeaders(context);
    const opening = pool.run<OpenStream>({
      call: plan(context),
      context: kept?.context ?? context,
      holds: true,
      attempt({ transport }, own, onEnd) {
        kept?.restart();
        return openOnce(open, transport, own, onEnd);
      },
      judge: judgeCall,
      discard: (opened) => opened.close(),
    });
    const stream = await (kept === undefined ? opening : opening.finally(kept.tell));
    try {
      for await (const bytes of stream.call) yield decode(bytes, context);
      const failure = stream.failure();
      if (failure !== undefined) throw failure;
    } catch (error) {
      throw statusError(error, details, context, errors);
    } finally {
      stream.close();
    }
  }

  /** Resolves when the server's metadata came, or the stream has ended well without. */
  function openOnce(open: Open, channel: Channel, context: CallContext, onEnd: () => void): Promise<OpenStream> {
    return new Promise((resolve, reject) => {
      const { cancellation } = context;
      const metadata = rules.send(context, details);
      if (cancellation.reason !== undefined) throw abortError(context, details);
      context.onCall?.(details);
      const call = openCall(open, channel, metadata, context);
      const abortable: Abortable = { abort: () => call.cancel() };
      let failure: unknown;
      const stream: OpenStream = {
        call,
        failure: () => failure,
        close() {
          cancellation.unwatch(abortable);
          running.delete(abortable);
          call.cancel();
          onEnd();
        },
      };
      // The status of a call that was cancelled comes as an error too, when nobody listens any more.
      call.on('error', (error) => {
        failure = error;
        if (isOpen) return;
        stream.close();
        reject(statusError(error, details, context, errors, isUnsent(call, channel)));
      });
      let isOpen = false;
      const begin = () => {
        isOpen = true;
        resolve(stream);
      };
      call.on('metadata', (initial) => {
        rules.receive?.(initial, context);
        begin();
      });
      call.on('status', begin);
      cancellation.watch(abortable);
      running.add(abortable);
      // Without a reader the end of a stream that is empty would not be told.
      call.read(0);
    });
  }

  /** @throws SkeinError when the source is disposed of */
  function openCall(
    open: Open,
    { client }: Channel,
    metadata: Metadata,
    context: CallContext,
  ): ClientReadableStream<Buffer> {
    try {
      return open(client, metadata, context.deadlineAt);
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
