import { Client, credentials, Metadata } from '@grpc/grpc-js';
import type protobuf from 'protobufjs';
import { describeError, SkeinError } from '../../kernel/errors.ts';
import { ProblemsError } from '../../kernel/problem.ts';
import { didYouMean } from '../../kernel/suggest.ts';
import type { Source, SourceDeps } from '../source.ts';
import { loadProto, servicesOf } from './load-proto.ts';
import { createGrpcModel } from './model.ts';
import type { GrpcOptions } from './options.ts';

const PROBE_TIMEOUT_MS = 2_000;

/**
 * A gRPC service by its .proto file, at an absolute path. The service itself is not needed yet.
 * @throws ProblemsError when the document, the service it names or a header cannot be used
 */
export async function createGrpcSource(
  name: string,
  options: GrpcOptions,
  documentPath: string,
  deps: SourceDeps,
): Promise<Source> {
  const { root, services } = await loadProto(documentPath, options.includeDirs);
  const chosen = chooseServices(root, services, options.service, documentPath);
  const metadata = readMetadata(options.headers);
  const client = new Client(options.endpoint, credentials.createInsecure(), {
    'grpc.max_receive_message_length': options.maxResponseBytes,
    // Sources share nothing, so that dispose() closes what it opened.
    'grpc.use_local_subchannel_pool': 1,
    // Neither the environment nor DNS records have a say in where calls go and how.
    'grpc.enable_http_proxy': 0,
    'grpc.service_config_disable_resolution': 1,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 5_000,
  });
  try {
    return {
      name,
      kind: 'grpc',
      model: createGrpcModel(name, chosen, options, { client, metadata, timeoutMs: options.timeoutMs }, deps),
      probe: (signal) => probe(client, name, signal),
      dispose: async () => client.close(),
    };
  } catch (error) {
    client.close();
    if (error instanceof ProblemsError) throw error;
    throw new ProblemsError([{ message: describeError(error), file: documentPath }]);
  }
}

function chooseServices(
  root: protobuf.Root,
  own: readonly protobuf.Service[],
  wanted: string | undefined,
  file: string,
): readonly protobuf.Service[] {
  const all = servicesOf(root);
  if (wanted === undefined) {
    // A document may do nothing but import the files that define the services.
    const services = own.length > 0 ? own : all;
    if (services.length === 0) throw new ProblemsError([{ message: 'The document defines no service.', file }]);
    return services;
  }
  const exact = all.filter((service) => service.fullName === `.${wanted}`);
  const found = exact.length > 0 ? exact : all.filter((service) => service.name === wanted);
  if (found.length === 1) return found;
  const names = all.map((service) => service.fullName.slice(1));
  const suggestion = didYouMean(wanted, names).trim() || `It defines ${names.join(', ') || 'none'}.`;
  throw new ProblemsError([
    { message: `The document defines no single service "${wanted}".`, path: ['service'], suggestion },
  ]);
}

function readMetadata(headers: Readonly<Record<string, string>>): Metadata {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(headers)) {
    try {
      metadata.set(key, key.toLowerCase().endsWith('-bin') ? Buffer.from(value, 'base64') : value);
    } catch {
      // The reason would repeat the value, which may be a secret.
      throw new ProblemsError([{ message: 'The header cannot be sent as gRPC metadata.', path: ['headers', key] }]);
    }
  }
  return metadata;
}

function probe(client: Client, source: string, signal: AbortSignal): Promise<void> {
  const details = { source, operation: 'probe' };
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(new SkeinError('CLIENT_CLOSED_REQUEST', undefined, { details, cause: signal.reason }));
    if (signal.aborted) {
      onAbort();
      return;
    }
    signal.addEventListener('abort', onAbort, { once: true });
    client.waitForReady(Date.now() + PROBE_TIMEOUT_MS, (error) => {
      signal.removeEventListener('abort', onAbort);
      if (error === undefined) resolve();
      else reject(new SkeinError('UPSTREAM_UNREACHABLE', undefined, { details, cause: error }));
    });
  });
}
