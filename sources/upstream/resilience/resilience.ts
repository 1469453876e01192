import { Durations } from '../../../kernel/durations.ts';
import { SkeinError } from '../../../kernel/errors.ts';
import type { Clock, Log } from '../../../kernel/ports.ts';
import { compileSend, discard, type Hold, type Sent } from './attempts.ts';
import { backoffFor, mayRepeat, pause } from './backoff.ts';
import { type Bulkhead, createBulkhead } from './bulkhead.ts';
import type { CallRun, EndpointPool, PooledEndpoint, Resilience, UpstreamState } from './contracts.ts';
import { HedgedCall, type SecondPlace } from './hedge.ts';
import type { UpstreamOptions } from './options.ts';
import { createRetryBudget } from './retry-budget.ts';
import { endpointStates, hasUntried, unavailable } from './standing.ts';

export interface ResilienceSettings<T> {
  /** Name of the source, for errors and logs. */
  readonly source: string;
  readonly pool: EndpointPool<T>;
  readonly options: Pick<UpstreamOptions, 'retries' | 'concurrency' | 'hedge'>;
  readonly clock: Clock;
  /** At least 0, below 1. */
  readonly random: () => number;
  readonly log: Log;
  /** Milliseconds that only go forward, for breakers and budgets. Default: since the process began. */
  readonly monotonic?: (() => number) | undefined;
}

/** Of hedges where nothing is retried. */
const HEDGE_BUDGET_PERCENT = 20;

/** The place of a call among those under way; a stream keeps it until it is over. */
interface Place {
  hold: Hold | undefined;
}

/** In this order: a place among the calls under way, an endpoint, its breaker, the attempt, what it says, once more. */
export function createResilience<T>(settings: ResilienceSettings<T>): Resilience<T> {
  const { source, pool, clock, random, log, monotonic = () => performance.now() } = settings;
  const { retries, concurrency, hedge } = settings.options;
  const bulkhead = concurrency === undefined ? undefined : createBulkhead(concurrency, clock);
  const budget = createRetryBudget(retries === false ? HEDGE_BUDGET_PERCENT : retries.budgetPercent);
  const attempts = { ok: 0, busy: 0, unsent: 0, failed: 0, 'given-up': 0 };
  const durations = new Durations();
  const send = compileSend<T>({ source, clock, monotonic, log, attempts, durations });
  const counts = { retries: 0, retriesRefused: 0, hedges: 0, refused: 0 };

  async function inTurn<R>(run: CallRun<T, R>, bounds: Bulkhead): Promise<R> {
    if (!bounds.tryEnter()) {
      try {
        await bounds.enter(run.context, { source, operation: run.call.operation });
      } catch (error) {
        if (error instanceof SkeinError && error.code === 'UPSTREAM_BUSY') counts.refused += 1;
        throw error;
      }
    }
    const place: Place = { hold: undefined };
    try {
      return await execute(run, place);
    } finally {
      if (place.hold === undefined) bounds.leave();
      else place.hold.whenEnded(bounds.leave);
    }
  }

  async function execute<R>(run: CallRun<T, R>, place: Place | undefined): Promise<R> {
    budget.deposit();
    let tried: Set<PooledEndpoint<T>> | undefined;
    let last: Sent<R> | undefined;
    for (let sends = 1; ; sends += 1) {
      const now = monotonic();
      const endpoint = pool.pick(run.call, now, tried);
      if (endpoint === undefined) {
        if (last !== undefined) return conclude(last, place);
        counts.refused += 1;
        throw unavailable(pool, now, { source, operation: run.call.operation });
      }
      if (last !== undefined) {
        discard(run, last);
        counts.retries += 1;
      }
      if (hedge === undefined || run.holds || run.call.repeatable !== 'always') {
        last = await send(run, endpoint, run.context, now);
      } else {
        tried ??= new Set();
        tried.add(endpoint);
        last = await hedged(run, { endpoint, now }, hedge.afterMs, tried);
      }
      if (last.judgement.outcome === 'ok') return conclude(last, place);
      tried ??= new Set();
      tried.add(endpoint);
      const waitMs = waitBeforeNext(run, last, sends, tried);
      if (waitMs === undefined) return conclude(last, place);
      await wait(run, last, waitMs, sends);
    }
  }

  function conclude<R>({ settled, hold }: Sent<R>, place: Place | undefined): R {
    if ('error' in settled) throw settled.error;
    if (place !== undefined) place.hold = hold;
    return settled.answer;
  }

  /** How long to wait before the call is sent again; undefined when it is not. */
  function waitBeforeNext<R>(
    { call, context }: CallRun<T, R>,
    { judgement }: Sent<R>,
    sends: number,
    tried: ReadonlySet<PooledEndpoint<T>>,
  ): number | undefined {
    if (retries === false || sends > retries.most || !mayRepeat(call.repeatable, judgement.outcome)) return undefined;
    const now = monotonic();
    const elsewhere = hasUntried(pool, tried, now);
    const waitMs = backoffFor(sends - 1, judgement, elsewhere, retries, random);
    if (waitMs === undefined || clock.now() + waitMs >= context.deadlineAt) return undefined;
    if (!pool.endpoints.some(({ breaker }) => breaker.allows(now + waitMs))) return undefined;
    // To another endpoint, a call that was never sent is a first one.
    if (judgement.outcome === 'unsent' && elsewhere) return waitMs;
    if (budget.withdraw(now)) return waitMs;
    counts.retriesRefused += 1;
    return undefined;
  }

  async function wait<R>(run: CallRun<T, R>, last: Sent<R>, waitMs: number, sends: number): Promise<void> {
    const { call, context } = run;
    const { operation } = call;
    const fields = { requestId: context.requestId, source, operation, outcome: last.judgement.outcome, waitMs, sends };
    context.log.debug(fields, 'A call to a source is sent again.');
    try {
      await pause(waitMs, context, { source, operation });
    } catch (error) {
      discard(run, last);
      throw error;
    }
  }

  function hedged<R>(
    run: CallRun<T, R>,
    first: { readonly endpoint: PooledEndpoint<T>; readonly now: number },
    afterMs: number,
    tried: Set<PooledEndpoint<T>>,
  ): Promise<Sent<R>> {
    // The answer to a hedge would come too late.
    if (clock.now() + afterMs >= run.context.deadlineAt) return send(run, first.endpoint, run.context, first.now);
    return new HedgedCall(run, send, first, afterMs, () => placeForHedge(run, tried)).result;
  }

  function placeForHedge<R>(run: CallRun<T, R>, tried: Set<PooledEndpoint<T>>): SecondPlace<T> | undefined {
    if (bulkhead?.tryEnter() === false) return undefined;
    const now = monotonic();
    const endpoint = pool.pick(run.call, now, tried);
    if (endpoint === undefined || !budget.withdraw(now)) {
      bulkhead?.leave();
      return undefined;
    }
    tried.add(endpoint);
    counts.hedges += 1;
    return { endpoint, now, leave: () => bulkhead?.leave() };
  }

  return {
    run: (run) => (bulkhead === undefined ? execute(run, undefined) : inTurn(run, bulkhead)),
    state: (): UpstreamState => {
      const endpoints = endpointStates(pool, monotonic());
      return {
        endpoints,
        active: bulkhead?.active ?? endpoints.reduce((sum, { active }) => sum + active, 0),
        queued: bulkhead?.queued ?? 0,
        maxActive: bulkhead?.most,
        ...counts,
        ...{ attempts, durations },
      };
    },
    dispose: () => pool.dispose(),
  };
}
