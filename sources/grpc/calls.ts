import { type Client, type Metadata, status } from '@grpc/grpc-js';
import { cancellableStream } from '../cancellable-stream.ts';
import type { CallContext, StreamCall, UnaryCall } from '../source.ts';
import { abortError } from '../upstream/abort.ts';
import type { CompiledMethod } from './method.ts';
import { decodeError, statusError } from './status.ts';

export interface Connection {
  readonly client: Client;
  /** Sent with every call. */
  readonly metadata: Metadata;
  /** How long a unary call may take. */
  readonly timeoutMs: number;
}

/** grpc-js would turn what our decoding throws into a status of the server's, so it hands us bytes. */
const asBytes = (bytes: Buffer): Buffer => bytes;

export function unaryCall(method: CompiledMethod, connection: Connection, isQuery: boolean): UnaryCall {
  const { client, metadata, timeoutMs } = connection;
  const { path, details } = method;

  function invoke(args: Readonly<Record<string, unknown>>, context: CallContext): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const { cancellation } = context;
      const request = method.encode(args);
      if (cancellation.reason !== undefined) throw abortError(context, details);
      const deadline = Math.min(context.deadlineAt, Date.now() + timeoutMs);
      const abortable = { abort: () => call.cancel() };
      const call = client.makeUnaryRequest(
        path,
        asBytes,
        asBytes,
        request,
        metadata.clone(),
        { deadline },
        (error, response) => {
          cancellation.unwatch(abortable);
          if (error !== null) {
            if (isQuery && error.code === status.NOT_FOUND && cancellation.reason === undefined) resolve(null);
            else reject(statusError(error, details, context));
            return;
          }
          try {
            resolve(method.decode(response ?? Buffer.alloc(0)));
          } catch (cause) {
            reject(decodeError(cause, details, context));
          }
        },
      );
      cancellation.watch(abortable);
    });
  }
  return { type: 'unary', operation: details.operation, invoke };
}

/** The stream's own buffer bounds what waits for the reader: 16 messages, then the server is held up. */
export function streamCall(method: CompiledMethod, connection: Connection): StreamCall {
  const { client, metadata } = connection;
  const { path, details } = method;

  async function* read(args: Readonly<Record<string, unknown>>, context: CallContext): AsyncGenerator<unknown> {
    const { cancellation } = context;
    const request = method.encode(args);
    if (cancellation.reason !== undefined) throw abortError(context, details);
    const deadline = context.deadlineAt;
    const call = client.makeServerStreamRequest(path, asBytes, asBytes, request, metadata.clone(), { deadline });
    // The status of a call that was cancelled comes as an error too, when nobody listens any more.
    call.on('error', () => {});
    const abortable = { abort: () => call.cancel() };
    cancellation.watch(abortable);
    try {
      for await (const bytes of call) yield decode(bytes, context);
    } catch (error) {
      throw statusError(error, details, context);
    } finally {
      cancellation.unwatch(abortable);
      call.cancel();
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
