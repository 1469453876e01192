import { type Log, silentLog, systemClock } from '../../kernel/ports.ts';
import type { Source, SourceCall } from '../source.ts';
import { forwardedNames } from '../upstream/client-headers.ts';
import { createRedactor } from '../upstream/redactor.ts';
import { createReadSharing } from '../upstream/resilience/share-reads.ts';
import type { TlsFiles } from '../upstream/tls-files.ts';
import { clientStreamCall, unaryCall } from './calls.ts';
import type { Connection } from './channel.ts';
import { createCodecs } from './codecs.ts';
import type { CompiledGrpc, CompiledMethod } from './compiled.ts';
import { createGrpcPool } from './grpc-pool.ts';
import { compileMetadata } from './metadata.ts';
import { type Method, openMethod } from './method.ts';
import type { GrpcOptions } from './options.ts';
import { bidiStreamCall, serverStreamCall } from './stream-calls.ts';
import { createWire } from './wire.ts';

/**
 * The source of a compiled definition. Cheap: the codecs of a call are made on its first use, and the connection with
 * the first call.
 * @throws ProblemsError when a header cannot be sent, or an endpoint cannot be one
 */
export function openGrpc(
  name: string,
  compiled: CompiledGrpc,
  options: GrpcOptions,
  tlsFiles: TlsFiles,
  log: Log = silentLog,
): Source {
  const metadata = compileMetadata(options);
  const wire = createWire(compiled.messages);
  const codecs = createCodecs(compiled, wire);
  const pool = createGrpcPool(name, options, tlsFiles, metadata, log);
  const errors = { exposure: options.errors, packable: codecs.packable, redact: createRedactor(options) };
  const { balance } = options.upstream;
  const hashHeader = typeof balance === 'string' ? undefined : balance.hash.header.toLowerCase();
  const connection: Connection = {
    pool,
    hashHeader,
    metadata,
    clientHeaders: [...forwardedNames(options.forwardHeaders), ...(hashHeader === undefined ? [] : [hashHeader])],
    sharing: options.upstream.shareReads ? createReadSharing({ clock: systemClock }) : undefined,
    errors,
    timeoutMs: options.timeoutMs,
    running: new Set(),
  };
  const calls = new Map<string, SourceCall>();
  for (const method of compiled.methods) {
    const opened = openMethod(name, method, compiled, codecs, wire, options.maxResponseBytes);
    calls.set(`${method.root}.${method.field}`, callOf(method, opened, connection));
  }
  return {
    name,
    kind: 'grpc',
    model: { sdl: compiled.sdl, calls, notices: compiled.notices },
    probe: (signal) => pool.probe(signal),
    upstream: () => pool.state(),
    async dispose() {
      const closed = pool.dispose();
      for (const call of [...connection.running]) call.abort();
      await closed;
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
