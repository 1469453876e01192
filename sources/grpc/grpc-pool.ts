import { SkeinError } from '../../kernel/errors.ts';
import type { Log } from '../../kernel/ports.ts';
import { ProblemsError } from '../../kernel/problem.ts';
import type { Resilience } from '../upstream/resilience/contracts.ts';
import { createUpstreamPool, type UpstreamAddress } from '../upstream/resilience/upstream-pool.ts';
import type { TlsFiles } from '../upstream/tls-files.ts';
import { readAddress } from './address.ts';
import type { Channel } from './channel.ts';
import { createClient, probe } from './connection.ts';
import { checkHealth } from './health.ts';
import type { MetadataRules } from './metadata.ts';
import type { GrpcOptions } from './options.ts';

export interface GrpcPool extends Resilience<Channel> {
  /** Rejects when none of its endpoints can be connected to. */
  probe(signal: AbortSignal): Promise<void>;
}

/**
 * All addresses of a gRPC service, as `upstream` has them, each with a channel of its own.
 * @throws ProblemsError when one of them cannot be used; paths are below the source's options
 */
export function createGrpcPool(
  source: string,
  options: Pick<GrpcOptions, 'endpoint' | 'tls' | 'maxResponseBytes' | 'upstream'>,
  tlsFiles: TlsFiles,
  metadata: Pick<MetadataRules, 'fixed'>,
  log: Log,
): GrpcPool {
  const { upstream, endpoint } = options;
  const first = readAddress(endpoint);
  if (first === undefined) throw new ProblemsError([{ path: ['endpoint'], message: `"${endpoint}" ${RULE}.` }]);
  if (upstream.healthCheck?.path !== undefined) {
    const path = ['upstream', 'healthCheck', 'path'];
    const message = 'A gRPC service has no path for health checks: it is asked by grpc.health.v1.Health.';
    throw new ProblemsError([{ path, message, suggestion: 'Leave it out.' }]);
  }
  const channels = new Set<Channel>();
  const pool = createUpstreamPool<UpstreamAddress, Channel>({
    source,
    options: upstream,
    log,
    first,
    readAddress,
    addressRule: RULE,
    open({ origin }, { lookup }) {
      const client = createClient(origin, options, tlsFiles, lookup);
      const channel = { client, target: client.getChannel().getTarget() };
      channels.add(channel);
      return channel;
    },
    async close(channel) {
      channels.delete(channel);
      channel.client.close();
    },
    checkHealth: (channel, signal) => checkHealth(channel, metadata, signal),
  });
  return {
    ...pool,
    async probe(signal) {
      const probes = [...channels].map(({ client }) => probe(client, source, signal));
      try {
        await Promise.any(probes);
      } catch (error) {
        const [first] = error instanceof AggregateError ? error.errors : [error];
        const details = { source, operation: 'probe' };
        throw first ?? new SkeinError('UPSTREAM_UNREACHABLE', undefined, { details });
      }
    },
  };
}

const RULE = 'must be host:port, such as b.example.com:443';
