import { Server, ServerCredentials, type UntypedHandleCall } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { silentLog } from '../../kernel/ports.ts';
import type { Problem } from '../../kernel/problem.ts';
import { createGrpcSource } from '../../sources/grpc/grpc-source.ts';
import { grpcOptions } from '../../sources/grpc/options.ts';
import type { CallContext, Source, StreamCall, UnaryCall } from '../../sources/source.ts';

/** Only for tests: a real grpc-js server over a .proto of the fixtures. */
export interface TestServer {
  readonly endpoint: string;
  stop(): void;
}

export function fixture(name: string): string {
  return new URL(`../../sources/grpc/fixtures/${name}`, import.meta.url).pathname;
}

export async function startServer(
  document: string,
  serviceName: string,
  handlers: Record<string, UntypedHandleCall>,
): Promise<TestServer> {
  const root = new protobuf.Root();
  const resolvePath = root.resolvePath.bind(root);
  root.resolvePath = (origin, target) => {
    if (target.startsWith('google/api/')) return null;
    return target === document ? target : resolvePath(fixture('shop.proto'), target || origin);
  };
  root.loadSync(document);
  const service = root.lookupService(serviceName);
  const server = new Server();
  for (const method of service.methodsArray) {
    const handler = handlers[method.name];
    if (handler === undefined) continue;
    method.resolve();
    const { resolvedRequestType: request, resolvedResponseType: response } = method;
    if (request === null || response === null) throw new Error('The types are not resolved.');
    const definition = {
      path: `/${serviceName}/${method.name}`,
      requestStream: method.requestStream === true,
      responseStream: method.responseStream === true,
      requestSerialize: (value: object) => Buffer.from(request.encode(request.fromObject(value)).finish()),
      requestDeserialize: (bytes: Buffer) =>
        Object.defineProperty(request.toObject(request.decode(bytes), { longs: String }), 'raw', { value: bytes }),
      responseSerialize: (value: object) =>
        Buffer.isBuffer(value) ? value : Buffer.from(response.encode(response.fromObject(value)).finish()),
      responseDeserialize: (bytes: Buffer) => response.toObject(response.decode(bytes)),
    };
    server.addService({ [method.name]: definition }, { [method.name]: handler });
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { endpoint: `127.0.0.1:${port}`, stop: () => server.forceShutdown() };
}

export async function sourceOf(
  document: string,
  endpoint: string,
  options: object = {},
): Promise<{ source: Source; problems: Problem[] }> {
  const problems: Problem[] = [];
  const parsed = grpcOptions.parse({ kind: 'grpc', document: 'x', endpoint, ...options });
  const deps = { log: silentLog, report: (problem: Problem) => problems.push(problem) };
  return { source: await createGrpcSource('inventory', parsed, document, deps), problems };
}

export function contextOf(signal: AbortSignal = new AbortController().signal, deadlineMs = 15_000): CallContext {
  return { signal, deadlineAt: Date.now() + deadlineMs, requestId: 'test', log: silentLog };
}

export function unary(source: Source, name: string): UnaryCall {
  const call = source.model.calls.get(name);
  if (call?.type !== 'unary') throw new Error(`${name} is no unary call.`);
  return call;
}

export function stream(source: Source, name: string): StreamCall {
  const call = source.model.calls.get(name);
  if (call?.type !== 'stream') throw new Error(`${name} is no stream.`);
  return call;
}
