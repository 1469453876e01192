import type { Durations } from '../../../kernel/durations.ts';
import { SkeinError } from '../../../kernel/errors.ts';
import type { Clock, Log } from '../../../kernel/ports.ts';
import type { CallContext } from '../../source.ts';
import type { CallRun, Judgement, Outcome, PooledEndpoint } from './contracts.ts';

export type Settled<R> = { readonly answer: R } | { readonly error: unknown };

/** An attempt that is over, but for a stream that is still read. */
export interface Sent<R> {
  readonly settled: Settled<R>;
  readonly judgement: Judgement;
  /** Of a stream that was opened. */
  readonly hold: Hold | undefined;
}

export interface AttemptDeps {
  readonly source: string;
  readonly clock: Clock;
  /** Milliseconds that only go forward. */
  readonly monotonic: () => number;
  readonly log: Log;
  /** Counts of the source, beside those of each endpoint. */
  readonly attempts: Record<Outcome, number>;
  readonly durations: Durations;
}

/**
 * Makes one attempt at an endpoint and keeps the counts: of its calls, its failures and its breaker. Rejects with
 * nothing but what `judge` throws.
 */
export type Send<T> = <R>(
  run: CallRun<T, R>,
  endpoint: PooledEndpoint<T>,
  context: CallContext,
  now: number,
) => Promise<Sent<R>>;

export function compileSend<T>({ source, clock, monotonic, log, attempts, durations }: AttemptDeps): Send<T> {
  function record(
    endpoint: PooledEndpoint<T>,
    isTrial: boolean,
    outcome: Outcome,
    startedAt: number,
    now: number,
  ): void {
    const { breaker, address } = endpoint;
    const wasClosed = breaker.retryAt() === undefined;
    breaker.record(outcome, now, isTrial, startedAt);
    const retryAt = breaker.retryAt();
    if (wasClosed === (retryAt === undefined)) return;
    if (retryAt === undefined) {
      log.info({ source, endpoint: address }, 'An endpoint answers again.');
    } else {
      const fields = {
        source,
        endpoint: address,
        lastFailure: endpoint.lastFailure,
        retryInMs: Math.ceil(retryAt - now),
      };
      log.warn(fields, 'An endpoint keeps failing and is left alone for a while.');
    }
  }

  function noteFailure(endpoint: PooledEndpoint<T>, judgement: Judgement, settled: Settled<unknown>): void {
    endpoint.failures += 1;
    endpoint.lastFailure = judgement.reason ?? describeFailure(judgement, settled);
    endpoint.lastFailureAt = clock.now();
  }

  return async (run, endpoint, context, now) => {
    const isTrial = endpoint.breaker.enter(now);
    endpoint.calls += 1;
    endpoint.active += 1;
    const hold = run.holds ? new Hold(endpoint) : undefined;
    let settled: Settled<Awaited<ReturnType<typeof run.attempt>>>;
    let judgement: Judgement | undefined;
    try {
      settled = { answer: await run.attempt(endpoint, context, hold === undefined ? nothing : hold.end) };
    } catch (error) {
      settled = { error };
    }
    try {
      // Whatever an attempt rejects with after it was cancelled says nothing of the service.
      const givenUp = 'error' in settled && context.cancellation.reason !== undefined;
      judgement = givenUp ? GIVEN_UP : run.judge(settled);
    } finally {
      const outcome = countedOutcome(judgement ?? FAILED);
      if (outcome !== 'ok' && outcome !== 'given-up') noteFailure(endpoint, judgement ?? FAILED, settled);
      const endedAt = monotonic();
      attempts[(judgement ?? FAILED).outcome] += 1;
      durations.observe(endedAt - now);
      record(endpoint, isTrial, outcome, now, endedAt);
      if (hold === undefined) endpoint.active -= 1;
      else if (judgement === undefined || 'error' in settled) hold.end();
    }
    return { settled, judgement, hold: 'error' in settled ? undefined : hold };
  };
}

const nothing = (): void => {};

const GIVEN_UP: Judgement = { outcome: 'given-up' };
const FAILED: Judgement = { outcome: 'failed' };

/** What it says of the endpoint. */
function countedOutcome({ outcome, overLimit }: Judgement): Outcome {
  return outcome === 'busy' && overLimit === true ? 'ok' : outcome;
}

/** Codes only: messages and causes may hold what the service or the configuration keeps to itself. */
function describeFailure({ outcome }: Judgement, settled: Settled<unknown>): string {
  if (!('error' in settled) || !(settled.error instanceof SkeinError)) return outcome;
  const { code, upstreamStatus, upstreamCode } = settled.error.extensions;
  const upstream = upstreamStatus ?? upstreamCode;
  return upstream === undefined ? code : `${code} (${upstream})`;
}

/** What a stream occupies until it is over: its endpoint, and once it is the answer, the call's place. */
export class Hold {
  readonly #endpoint: { active: number };
  #ended = false;
  #onEnd: (() => void) | undefined;

  constructor(endpoint: { active: number }) {
    this.#endpoint = endpoint;
  }

  readonly end = (): void => {
    if (this.#ended) return;
    this.#ended = true;
    this.#endpoint.active -= 1;
    this.#onEnd?.();
  };

  /** Calls back once; at once if it is over. */
  whenEnded(onEnd: () => void): void {
    if (this.#ended) onEnd();
    else this.#onEnd = onEnd;
  }
}

/** Lets go of an answer that is not the call's. */
export function discard<T, R>(run: CallRun<T, R>, { settled, hold }: Sent<R>): void {
  try {
    if ('answer' in settled) run.discard(settled.answer);
  } finally {
    hold?.end();
  }
}
