import type { Source, SourceCall } from '../source.ts';
import { createRedactor } from '../upstream/redactor.ts';
import { clientStreamCall, unaryCall } from './calls.ts';
import type { Connection } from './channel.ts';
import { createCodecs } from './codecs.ts';
import type { CompiledGrpc, CompiledMethod } from './compiled.ts';
import { createClient, probe, type TlsFiles } from './connection.ts';
import { compileMetadata } from './metadata.ts';
import { type Method, openMethod } from './method.ts';
import type { GrpcOptions } from './options.ts';
import { bidiStreamCall, serverStreamCall } from './stream-calls.ts';
import { createWire } from './wire.ts';

/**
 * The source of a compiled definition. Cheap: the codecs of a call are made on its first use, and the connection with
 * the first call.
 * @throws ProblemsError when a header cannot be sent
 */
export function openGrpc(name: string, compiled: CompiledGrpc, options: GrpcOptions, tlsFiles: TlsFiles): Source {
  const metadata = compileMetadata(options);
  const wire = createWire(compiled.messages);
  const codecs = createCodecs(compiled, wire);
  const client = createClient(options, tlsFiles);
  const errors = { exposure: options.errors, packable: codecs.packable, redact: createRedactor(options) };
  const connection: Connection = { client, metadata, errors, timeoutMs: options.timeoutMs, running: new Set() };
  const calls = new Map<string, SourceCall>();
  for (const method of compiled.methods) {
    const opened = openMethod(name, method, compiled, codecs, wire, options.maxResponseBytes);
    calls.set(`${method.root}.${method.field}`, callOf(method, opened, connection));
  }
  return {
    name,
    kind: 'grpc',
    model: { sdl: compiled.sdl, calls, notices: compiled.notices },
    probe: (signal) => probe(client, name, signal),
    async dispose() {
      client.close();
      for (const call of [...connection.running]) call.abort();
    },
  };
}

function callOf({ root, requestStream }: CompiledMethod, method: Method, connection: Connection): SourceCall {
  if (root === 'Subscription') {
    return requestStream ? bidiStreamCall(method, connection) : serverStreamCall(method, connection);
  }
  const isQuery = root === 'Query';
  return requestStream ? clientStreamCall(method, connection, isQuery) : unaryCall(method, connection, isQuery);
}
