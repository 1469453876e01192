import type { LookupFunction } from 'node:net';
import { type ChannelCredentials, type ChannelOptions, Client, credentials } from '@grpc/grpc-js';
import { SkeinError } from '../../kernel/errors.ts';
import type { TlsFiles } from '../upstream/tls-files.ts';
import { lookedUpTarget } from './lookup-resolver.ts';
import type { GrpcOptions } from './options.ts';

const PROBE_TIMEOUT_MS = 2_000;

type ConnectionOptions = Pick<GrpcOptions, 'tls' | 'maxResponseBytes'>;

/** Connects with the first call. `lookup` is what the host is looked up by, if not the system's way. */
export function createClient(
  address: string,
  { tls, maxResponseBytes }: ConnectionOptions,
  files: TlsFiles,
  lookup: LookupFunction | undefined,
): Client {
  const lookedUp = lookup === undefined ? { target: address, options: {} } : lookedUpTarget(address, lookup);
  const serverName = typeof tls === 'object' ? tls.serverName : undefined;
  const options: ChannelOptions = {
    'grpc.max_receive_message_length': maxResponseBytes,
    // Sources share nothing, so that dispose() closes what it opened.
    'grpc.use_local_subchannel_pool': 1,
    // Neither the environment nor DNS records have a say in where calls go and how.
    'grpc.enable_http_proxy': 0,
    'grpc.service_config_disable_resolution': 1,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 5_000,
    ...(serverName === undefined
      ? {}
      : { 'grpc.ssl_target_name_override': serverName, 'grpc.default_authority': serverName }),
    ...lookedUp.options,
  };
  return new Client(lookedUp.target, tls === false ? credentials.createInsecure() : secure(files), options);
}

function secure({ ca, certificate, key }: TlsFiles): ChannelCredentials {
  return credentials.createSsl(ca ?? null, key ?? null, certificate ?? null);
}

/** Rejects with a SkeinError when no connection can be made. */
export function probe(client: Client, source: string, signal: AbortSignal): Promise<void> {
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
