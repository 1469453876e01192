import type { Log } from '../../kernel/ports.ts';
import { systemClock } from '../../kernel/ports.ts';
import { ProblemsError } from '../../kernel/problem.ts';
import { type HttpEndpoint, openHttpEndpoint } from './http-endpoint.ts';
import { probeTcp } from './probe.ts';
import { createBreaker } from './resilience/breaker.ts';
import type { Resilience } from './resilience/contracts.ts';
import { createDiscovery, pinnedLookup } from './resilience/discovery.ts';
import { createEndpointPool, type EndpointPlan } from './resilience/endpoint-pool.ts';
import { startHealthChecks } from './resilience/health-checks.ts';
import { createPublicLookup, isPrivateHost } from './resilience/network-guard.ts';
import type { UpstreamOptions } from './resilience/options.ts';
import { createResilience } from './resilience/resilience.ts';
import type { Target } from './target.ts';

export interface HttpPoolOptions {
  readonly source: string;
  readonly target: Target;
  readonly timeoutMs: number;
  readonly maxConnections: number;
  readonly options: UpstreamOptions;
  readonly log: Log;
}

/**
 * All addresses of an HTTP service, as `upstream` has them.
 * @throws ProblemsError when one of them cannot be used; paths are below the source's options
 */
export function createHttpPool(settings: HttpPoolOptions): Resilience<HttpEndpoint> {
  const { source, target, timeoutMs, maxConnections, options, log } = settings;
  const targets = targetsOf(target, options);
  const isPublic = options.network === 'public';
  const publicLookup = isPublic ? createPublicLookup() : undefined;
  const plan = (own: Target, weight: number, ip?: { readonly ip: string; readonly authority: string }) => ({
    address: ip === undefined ? own.origin : `${own.origin} ${ip.authority}`,
    weight,
    open: () =>
      openHttpEndpoint({
        target: own,
        timeoutMs,
        maxConnections,
        lookup: ip === undefined ? publicLookup : pinnedLookup(ip.ip),
      }),
  });
  const pool = createEndpointPool<HttpEndpoint>({
    endpoints: targets.map(({ target: own, weight }) => plan(own, weight)),
    options,
    createBreaker: () => createBreaker(options.breaker),
    close: (endpoint) => endpoint.close(),
  });
  const stops: (() => void)[] = [];
  if (options.discover !== undefined) {
    /** What each name stood for the last time; until it is known, the name itself is the endpoint. */
    const found = new Map<Target, readonly EndpointPlan<HttpEndpoint>[]>();
    for (const { target: own, weight } of targets) {
      found.set(own, [plan(own, weight)]);
      stops.push(
        createDiscovery({
          host: own.host,
          port: own.port,
          everyMs: options.discover.everyMs,
          ...(publicLookup === undefined ? {} : { lookup: publicLookup }),
          onChange({ addresses, omitted }) {
            found.set(
              own,
              addresses.map((address) => plan(own, weight, address)),
            );
            pool.update([...found.values()].flat());
            log.info(
              { source, endpoint: own.origin, addresses: addresses.length, omitted },
              'A name has other addresses.',
            );
          },
          onFailure(error, failuresInARow) {
            const fields = { source, endpoint: own.origin, failuresInARow, err: error };
            log.warn(fields, 'A name cannot be looked up; its last addresses are kept.');
          },
        }),
      );
    }
  }
  const { healthCheck } = options;
  if (healthCheck !== undefined) {
    stops.push(
      startHealthChecks(pool, {
        options: healthCheck,
        clock: systemClock,
        check: ({ transport }, signal) =>
          checkHealth(transport, healthCheck.path, source, healthCheck.timeoutMs, signal),
        onChange({ address, health }, reason) {
          const fields = { source, endpoint: address, health, reason };
          if (health === 'down') log.warn(fields, 'An endpoint is not well and is not asked.');
          else log.info(fields, 'An endpoint is well.');
        },
      }),
    );
  }
  const resilience = createResilience({ source, pool, options, clock: systemClock, random: Math.random, log });
  return {
    run: (run) => resilience.run(run),
    state: () => resilience.state(),
    async dispose() {
      for (const stop of stops) stop();
      await resilience.dispose();
    },
  };
}

function targetsOf(first: Target, options: UpstreamOptions): readonly { target: Target; weight: number }[] {
  const problems: { path: (string | number)[]; message: string }[] = [];
  const targets = [{ target: first, weight: 1 }];
  for (const [index, entry] of options.endpoints.entries()) {
    const { address, weight } = typeof entry === 'string' ? { address: entry, weight: 1 } : entry;
    if (!/^https?:\/\//i.test(address)) {
      problems.push({
        path: ['upstream', 'endpoints', index],
        message: `"${address}" must begin with http:// or https://.`,
      });
      continue;
    }
    const url = new URL(address);
    const { origin, hostname, port, protocol } = url;
    const number = port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
    targets.push({ target: { ...first, origin, host: hostname.replace(/^\[|\]$/g, ''), port: number }, weight });
  }
  if (options.network === 'public') {
    for (const { target } of targets) {
      if (isPrivateHost(target.host))
        problems.push({
          path: ['upstream', 'network'],
          message: `The address ${target.origin} is private, and the source is public.`,
        });
    }
  }
  if (problems.length > 0) throw new ProblemsError(problems);
  return targets;
}

/** A path that answers below 400, or a connection. */
async function checkHealth(
  endpoint: HttpEndpoint,
  path: string | undefined,
  source: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  if (path === undefined) return probeTcp(endpoint.target, source, timeoutMs, signal);
  const status = await endpoint.ask(path, signal);
  if (status >= 400) throw new Error(`The health check is answered with status ${status}.`);
}
