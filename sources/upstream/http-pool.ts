import type { Log } from '../../kernel/ports.ts';
import { type HttpEndpoint, openHttpEndpoint } from './http-endpoint.ts';
import { probeTcp } from './probe.ts';
import type { Resilience } from './resilience/contracts.ts';
import type { UpstreamOptions } from './resilience/options.ts';
import { createUpstreamPool } from './resilience/upstream-pool.ts';
import type { Target } from './target.ts';
import type { Tls } from './tls-files.ts';

export interface HttpPoolOptions {
  readonly source: string;
  readonly target: Target;
  readonly timeoutMs: number;
  readonly maxConnections: number;
  readonly options: UpstreamOptions;
  readonly tls?: Tls | undefined;
  readonly log: Log;
}

/**
 * All addresses of an HTTP service, as `upstream` has them.
 * @throws ProblemsError when one of them cannot be used; paths are below the source's options
 */
export function createHttpPool(settings: HttpPoolOptions): Resilience<HttpEndpoint> {
  const { source, target: first, timeoutMs, maxConnections, options, tls, log } = settings;
  const { path, timeoutMs: checkTimeoutMs = timeoutMs } = options.healthCheck ?? {};
  return createUpstreamPool<Target, HttpEndpoint>({
    source,
    options,
    log,
    first,
    readAddress: (text) => readAddress(text, first),
    addressRule: 'must begin with http:// or https://',
    open: (target, { ip, lookup }) => {
      // The host is what its health is asked of; calls go by the origin and the lookup.
      const own = ip === undefined ? target : { ...target, host: ip.ip };
      return openHttpEndpoint({ target: own, timeoutMs, maxConnections, lookup, tls });
    },
    close: (endpoint) => endpoint.close(),
    checkHealth: (endpoint, signal) => checkHealth(endpoint, path, source, checkTimeoutMs, signal),
  });
}

/** Paths and headers are those of the first. */
function readAddress(text: string, first: Target): Target | undefined {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined;
  const { origin, hostname, port, protocol } = new URL(text);
  const number = port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
  return { ...first, origin, host: hostname.replace(/^\[|\]$/g, ''), port: number };
}

/** A path that answers below 400, or a connection. */
async function checkHealth(
  endpoint: HttpEndpoint,
  path: string | undefined,
  source: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  if (path === undefined) return probeTcp(endpoint.target, source, timeoutMs, signal, endpoint.lookup);
  const status = await endpoint.ask(path, signal);
  if (status >= 400) throw new Error(`The health check is answered with status ${status}.`);
}
