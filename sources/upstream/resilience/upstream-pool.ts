import type { LookupFunction } from 'node:net';
import { type Log, systemClock } from '../../../kernel/ports.ts';
import { type Problem, ProblemsError } from '../../../kernel/problem.ts';
import { createBreaker } from './breaker.ts';
import type { Resilience } from './contracts.ts';
import { createDiscovery, type DiscoveredAddress, pinnedLookup } from './discovery.ts';
import { createEndpointPool, type EndpointPlan } from './endpoint-pool.ts';
import { startHealthChecks } from './health-checks.ts';
import { createPublicLookup, isPrivateHost, privateAddress } from './network-guard.ts';
import type { UpstreamOptions } from './options.ts';
import { createResilience } from './resilience.ts';

/** Where a service answers, in the terms of its transport. */
export interface UpstreamAddress {
  /** As operators read it: `https://a.example.com`, `a.example.com:443`. */
  readonly origin: string;
  /** IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/** How an address is reached. */
export interface Way {
  /** The one of its name's addresses that is meant; undefined where the name is looked up when it is connected to. */
  readonly ip: DiscoveredAddress | undefined;
  /** What its name is looked up by; undefined for the system's way. */
  readonly lookup: LookupFunction | undefined;
}

export interface UpstreamPoolSettings<A extends UpstreamAddress, T> {
  readonly source: string;
  readonly options: UpstreamOptions;
  readonly log: Log;
  /** That of the source's `endpoint`. */
  readonly first: A;
  /** One of `upstream.endpoints`; undefined if it is none of the transport's. */
  readAddress(text: string): A | undefined;
  /** What an address must be, for those that are not. */
  readonly addressRule: string;
  open(address: A, way: Way): T;
  close(transport: T): Promise<void>;
  /** Rejects when it is not well, with words for operators. */
  checkHealth(transport: T, signal: AbortSignal): Promise<void>;
}

type Weighted<A> = { readonly address: A; readonly weight: number };

/**
 * All addresses of a service, as `upstream` has them: found, watched and chosen from.
 * @throws ProblemsError when one of them cannot be used; paths are below the source's options
 */
export function createUpstreamPool<A extends UpstreamAddress, T>(settings: UpstreamPoolSettings<A, T>): Resilience<T> {
  const { source, options, log, open } = settings;
  const addresses = addressesOf(settings);
  const publicLookup = options.network === 'public' ? createPublicLookup() : undefined;
  const plan = ({ address, weight }: Weighted<A>, ip?: DiscoveredAddress): EndpointPlan<T> => ({
    address: ip === undefined ? address.origin : `${address.origin} ${ip.authority}`,
    weight,
    open: () => open(address, { ip, lookup: ip === undefined ? publicLookup : pinnedLookup(ip.ip) }),
  });
  const pool = createEndpointPool<T>({
    endpoints: addresses.map((each) => plan(each)),
    options,
    createBreaker: () => createBreaker(options.breaker),
    close: (transport) => settings.close(transport),
  });
  const stops: (() => void)[] = [];
  const { discover, healthCheck } = options;
  if (discover !== undefined) {
    /** What each name stood for the last time; until it is known, the name itself is the endpoint. */
    const found = new Map(addresses.map((each) => [each, [plan(each)]]));
    for (const each of addresses) {
      const { origin, host, port } = each.address;
      const discovery = createDiscovery({
        host,
        port,
        everyMs: discover.everyMs,
        ...(publicLookup === undefined ? {} : { lookup: publicLookup }),
        onChange({ addresses: ips, omitted }) {
          const plans = ips.map((ip) => plan(each, ip));
          found.set(each, plans);
          pool.update([...found.values()].flat());
          log.info({ source, endpoint: origin, addresses: ips.length, omitted }, 'A name has other addresses.');
        },
        onFailure(error, failuresInARow) {
          const fields = { source, endpoint: origin, failuresInARow, err: error };
          log.warn(fields, 'A name cannot be looked up; its last addresses are kept.');
        },
      });
      stops.push(discovery);
    }
  }
  if (healthCheck !== undefined) {
    const checks = startHealthChecks(pool, {
      options: healthCheck,
      clock: systemClock,
      check: ({ transport }, signal) => settings.checkHealth(transport, signal),
      onChange({ address, health }, reason) {
        const fields = { source, endpoint: address, health, reason };
        if (health === 'down') log.warn(fields, 'An endpoint is not well and is not asked.');
        else log.info(fields, 'An endpoint is well.');
      },
    });
    stops.push(checks);
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

/** The first of them is that of the source's `endpoint`. */
function addressesOf<A extends UpstreamAddress, T>(
  settings: Pick<UpstreamPoolSettings<A, T>, 'first' | 'options' | 'readAddress' | 'addressRule'>,
): readonly Weighted<A>[] {
  const { first, options, readAddress, addressRule } = settings;
  const problems: Problem[] = [];
  const addresses: Weighted<A>[] = [{ address: first, weight: 1 }];
  for (const [index, entry] of options.endpoints.entries()) {
    const { address: text, weight } = typeof entry === 'string' ? { address: entry, weight: 1 } : entry;
    const address = readAddress(text);
    if (address !== undefined) addresses.push({ address, weight });
    else problems.push({ path: ['upstream', 'endpoints', index], message: `"${text}" ${addressRule}.` });
  }
  if (options.network === 'public') {
    for (const { address } of addresses) {
      if (isPrivateHost(address.host)) problems.push(privateAddress(address.origin));
    }
  }
  if (problems.length > 0) throw new ProblemsError(problems);
  return addresses;
}
