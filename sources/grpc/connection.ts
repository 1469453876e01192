import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { LookupFunction } from 'node:net';
import { createSecureContext } from 'node:tls';
import { type ChannelCredentials, type ChannelOptions, Client, credentials } from '@grpc/grpc-js';
import { describeError, SkeinError } from '../../kernel/errors.ts';
import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import { lookedUpTarget } from './lookup-resolver.ts';
import type { GrpcOptions } from './options.ts';

const PROBE_TIMEOUT_MS = 2_000;

type ConnectionOptions = Pick<GrpcOptions, 'tls' | 'maxResponseBytes'>;

/** Certificates and keys of a connection, read from their files. */
export interface TlsFiles {
  readonly ca?: Buffer;
  readonly certificate?: Buffer;
  readonly key?: Buffer;
}

/** @throws ProblemsError with all files that cannot be read, or do not belong together */
export async function readTlsFiles({ tls }: Pick<GrpcOptions, 'tls'>): Promise<TlsFiles> {
  if (typeof tls === 'boolean') return {};
  const problems: Problem[] = [];
  const files: { -readonly [K in keyof TlsFiles]: TlsFiles[K] } = {};
  for (const name of ['ca', 'certificate', 'key'] as const) {
    const file = tls[name];
    if (file === undefined) continue;
    try {
      files[name] = await readFile(file);
    } catch (error) {
      problems.push({ message: `The file cannot be read: ${describeError(error)}`, path: ['tls', name] });
    }
  }
  const [lacking, given] = tls.key === undefined ? ['key', 'certificate'] : ['certificate', 'key'];
  if ((tls.key === undefined) !== (tls.certificate === undefined)) {
    problems.push({ message: `A ${given} needs its ${lacking}.`, path: ['tls', lacking ?? 'key'] });
  }
  // OpenSSL passes over an authority that it cannot read.
  if (files.ca !== undefined && !isCertificate(files.ca)) {
    problems.push({ message: 'The file has no certificate in PEM.', path: ['tls', 'ca'] });
  }
  if (problems.length === 0) problems.push(...secureContextProblems(files));
  if (problems.length > 0) throw new ProblemsError(problems);
  return files;
}

function isCertificate(file: Buffer): boolean {
  try {
    return new X509Certificate(file).subject !== undefined;
  } catch {
    return false;
  }
}

function secureContextProblems({ ca, certificate, key }: TlsFiles): readonly Problem[] {
  try {
    createSecureContext({ ca, cert: certificate, key });
    return [];
  } catch (error) {
    return [{ message: `The certificates cannot be used: ${describeError(error)}`, path: ['tls'] }];
  }
}

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
