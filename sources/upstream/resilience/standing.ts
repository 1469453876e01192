import { joinDurations } from '../../../kernel/durations.ts';
import { SkeinError } from '../../../kernel/errors.ts';
import type { CallDetails } from '../../source.ts';
import type { EndpointPool, EndpointState, PooledEndpoint, UpstreamState } from './contracts.ts';

/** Whether a call could go to an endpoint that it has not been at. */
export function hasUntried<T>(pool: EndpointPool<T>, tried: ReadonlySet<PooledEndpoint<T>>, now: number): boolean {
  return pool.endpoints.some(
    (endpoint) => !tried.has(endpoint) && endpoint.health !== 'down' && endpoint.breaker.allows(now),
  );
}

/** No endpoint may be asked. Says when the first of them is tried again, where that is known. */
export function unavailable<T>(pool: EndpointPool<T>, now: number, details: CallDetails): SkeinError {
  let retryAt = Number.POSITIVE_INFINITY;
  for (const { health, breaker } of pool.endpoints) {
    if (health !== 'down') retryAt = Math.min(retryAt, breaker.retryAt() ?? Number.POSITIVE_INFINITY);
  }
  // While a trial is under way that time has passed.
  const retryAfterMs = retryAt === Number.POSITIVE_INFINITY ? undefined : Math.max(1, Math.ceil(retryAt - now));
  return new SkeinError('UPSTREAM_UNAVAILABLE', undefined, {
    details: { ...details, ...(retryAfterMs === undefined ? undefined : { retryAfterMs }) },
  });
}

/** Of two upstreams of one source. */
export function joinStates(
  one: UpstreamState | undefined,
  other: UpstreamState | undefined,
): UpstreamState | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return {
    endpoints: [...one.endpoints, ...other.endpoints],
    active: one.active + other.active,
    queued: one.queued + other.queued,
    maxActive:
      one.maxActive === undefined || other.maxActive === undefined ? undefined : one.maxActive + other.maxActive,
    retries: one.retries + other.retries,
    retriesRefused: one.retriesRefused + other.retriesRefused,
    hedges: one.hedges + other.hedges,
    refused: one.refused + other.refused,
    attempts: joinAttempts(one.attempts, other.attempts),
    durations: joinDurations(one.durations, other.durations),
  };
}

function joinAttempts(one: UpstreamState['attempts'], other: UpstreamState['attempts']): UpstreamState['attempts'] {
  return {
    ok: one.ok + other.ok,
    busy: one.busy + other.busy,
    unsent: one.unsent + other.unsent,
    failed: one.failed + other.failed,
    'given-up': one['given-up'] + other['given-up'],
  };
}

export function endpointStates<T>(pool: EndpointPool<T>, now: number): EndpointState[] {
  return pool.endpoints.map((endpoint) => ({
    address: endpoint.address,
    health: endpoint.health,
    breaker: endpoint.breaker.state(now),
    active: endpoint.active,
    calls: endpoint.calls,
    failures: endpoint.failures,
    lastFailure: endpoint.lastFailure,
    lastFailureAt: endpoint.lastFailureAt,
  }));
}
