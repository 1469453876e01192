import { type Client, type ClientDuplexStream, type Metadata, status } from '@grpc/grpc-js';
import { asBytes } from './channel.ts';
import { decodeResponse, encodeRequest, type ReflectionRequest, type ReflectionResponse } from './reflection-wire.ts';

/** What the server answers is no reflection; the message is for the log and the operator. */
export class ReflectionError extends Error {
  override readonly name = 'ReflectionError';
}

/** A conversation with the reflection service. */
export interface ReflectionStream {
  /** One answer for each request, in their order. Rejects with what grpc-js rejects with, or a ReflectionError. */
  ask(requests: readonly ReflectionRequest[]): Promise<readonly ReflectionResponse[]>;
  close(): void;
}

const SERVICES = ['grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1alpha.ServerReflection'];

/** How many requests are under way at once. */
const WINDOW = 32;

export interface ReflectionCall {
  readonly client: Client;
  readonly metadata: Metadata;
  readonly deadlineAt: number;
  readonly maxBytes: number;
}

/** Asks for the list of services to find out which version of the protocol the server has. */
export async function openReflection(
  call: ReflectionCall,
): Promise<{ readonly stream: ReflectionStream; readonly services: readonly string[] }> {
  let failure: unknown;
  for (const service of SERVICES) {
    const stream = converse(call, `/${service}/ServerReflectionInfo`);
    try {
      const [answer] = await stream.ask([{ listServices: '*' }]);
      if (!answer?.services) throw new ReflectionError('The server does not list its services.');
      return { stream, services: answer.services.service.map(({ name }) => name) };
    } catch (error) {
      stream.close();
      failure ??= error;
      if (!isUnimplemented(error)) throw error;
    }
  }
  throw failure;
}

function isUnimplemented(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === status.UNIMPLEMENTED;
}

function converse({ client, metadata, deadlineAt, maxBytes }: ReflectionCall, path: string): ReflectionStream {
  const call: ClientDuplexStream<Buffer, Buffer> = client.makeBidiStreamRequest(
    ...([path, asBytes, asBytes, metadata.clone(), { deadline: deadlineAt }] as const),
  );
  // An error also ends the iteration; it may come when nobody iterates.
  call.on('error', () => {});
  const answers = call[Symbol.asyncIterator]();
  let bytesRead = 0;

  async function next(): Promise<ReflectionResponse> {
    const { done, value } = await answers.next();
    if (done === true || !(value instanceof Uint8Array)) {
      throw new ReflectionError('The server ended its reflection before it had answered.');
    }
    bytesRead += value.byteLength;
    if (bytesRead > maxBytes) throw new ReflectionError(`The server's descriptors are larger than ${maxBytes} bytes.`);
    try {
      return decodeResponse(value);
    } catch {
      throw new ReflectionError('The server answers with something that is no reflection.');
    }
  }

  return {
    async ask(requests) {
      const found: ReflectionResponse[] = [];
      for (let sent = 0; found.length < requests.length; found.push(await next())) {
        for (; sent < requests.length && sent < found.length + WINDOW; sent += 1) {
          const request = requests[sent];
          if (request !== undefined) call.write(encodeRequest(request));
        }
      }
      return found;
    },
    close() {
      call.cancel();
    },
  };
}
