import { describeError, SkeinError } from '../../../kernel/errors.ts';
import type { Clock } from '../../../kernel/ports.ts';
import type { Endpoint, PooledEndpoint } from './contracts.ts';
import type { ChangingEndpointPool } from './endpoint-pool.ts';
import type { UpstreamOptions } from './options.ts';
import { repeat } from './repeat.ts';

export interface HealthCheckSettings<T> {
  readonly options: Pick<
    NonNullable<UpstreamOptions['healthCheck']>,
    'everyMs' | 'timeoutMs' | 'downAfter' | 'upAfter'
  >;
  /** Rejects when the endpoint is not well, with words fit for operators, and as soon as the signal is aborted. */
  check(endpoint: Endpoint<T>, signal: AbortSignal): Promise<void>;
  /** The endpoint's `health` has changed; `reason` says why it is down, for the log. */
  onChange(endpoint: PooledEndpoint<T>, reason: string | undefined): void;
  readonly clock: Clock;
}

/**
 * Asks each endpoint of the pool again and again whether it is well, those that join later too. It takes `downAfter` or
 * `upAfter` equal answers in a row to change what is held of an endpoint. Ends when the function it returns is called.
 */
export function startHealthChecks<T>(pool: ChangingEndpointPool<T>, settings: HealthCheckSettings<T>): () => void {
  const running = new Map<PooledEndpoint<T>, () => void>();

  function follow(): void {
    const present = new Set(pool.endpoints);
    for (const [endpoint, stop] of running) {
      if (present.has(endpoint)) continue;
      running.delete(endpoint);
      stop();
    }
    for (const endpoint of present) {
      if (!running.has(endpoint)) running.set(endpoint, checkAgainAndAgain(endpoint, settings));
    }
  }

  follow();
  const unsubscribe = pool.onUpdate(follow);
  return () => {
    unsubscribe();
    for (const stop of running.values()) stop();
    running.clear();
  };
}

function checkAgainAndAgain<T>(endpoint: PooledEndpoint<T>, settings: HealthCheckSettings<T>): () => void {
  const { options, check, onChange, clock } = settings;
  let [well, ill] = [0, 0];

  function isWell(): void {
    ill = 0;
    well += 1;
    if (well < options.upAfter || endpoint.health === 'up') return;
    endpoint.health = 'up';
    onChange(endpoint, undefined);
  }

  function isIll(reason: string): void {
    well = 0;
    ill += 1;
    endpoint.lastFailure = `Health check: ${reason}`;
    endpoint.lastFailureAt = clock.now();
    if (ill < options.downAfter || endpoint.health === 'down') return;
    endpoint.health = 'down';
    onChange(endpoint, reason);
  }

  return repeat(options.everyMs, async (ending) => {
    const round = new AbortController();
    let late = false;
    const end = () => round.abort();
    ending.addEventListener('abort', end);
    const timer = setTimeout(() => {
      late = true;
      end();
    }, options.timeoutMs).unref();
    try {
      await check(endpoint, round.signal);
      if (!ending.aborted) isWell();
    } catch (error) {
      if (!ending.aborted) isIll(late ? `no answer within ${options.timeoutMs} ms` : reasonOf(error));
    } finally {
      clearTimeout(timer);
      ending.removeEventListener('abort', end);
    }
  });
}

/** The public face of an error hides what operators need to know. */
function reasonOf(error: unknown): string {
  return describeError(error instanceof SkeinError && error.cause !== undefined ? error.cause : error);
}
