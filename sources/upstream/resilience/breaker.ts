import type { Breaker, BreakerState, Outcome } from './contracts.ts';
import type { UpstreamOptions } from './options.ts';

type BreakerOptions = Exclude<UpstreamOptions['breaker'], false>;

const BUCKETS = 10;

/** How much longer than `openMs` a breaker may stay open after trials that failed. */
const MAX_OPEN_FACTOR = 10;

/**
 * The breaker of one endpoint; `false` makes one that never opens. `failed`, `unsent` and `busy` count as failures;
 * `given-up` counts as nothing, and ends a trial without a verdict. Being over a limit is not being ill: who records
 * says `ok` for it.
 */
export function createBreaker(options: UpstreamOptions['breaker']): Breaker {
  return options === false ? ALWAYS_CLOSED : new CountingBreaker(options);
}

const ALWAYS_CLOSED: Breaker = {
  allows: () => true,
  enter: () => false,
  record: () => {},
  state: () => 'closed',
  retryAt: () => undefined,
};

class CountingBreaker implements Breaker {
  readonly #options: BreakerOptions;
  readonly #window: Window;
  #failuresInRow = 0;
  #openForMs: number;
  #retryAt: number | undefined;
  #isTrying = false;
  #closedAt = Number.NEGATIVE_INFINITY;

  constructor(options: BreakerOptions) {
    this.#options = options;
    this.#openForMs = options.openMs;
    this.#window = new Window(options.windowMs);
  }

  allows(now: number): boolean {
    return this.#retryAt === undefined || (!this.#isTrying && now >= this.#retryAt);
  }

  enter(now: number): boolean {
    if (this.#retryAt === undefined || this.#isTrying || now < this.#retryAt) return false;
    this.#isTrying = true;
    return true;
  }

  record(outcome: Outcome, now: number, isTrial = false, startedAt = now): void {
    if (isTrial) this.#endTrial(outcome, now);
    else if (this.#retryAt === undefined && outcome !== 'given-up' && startedAt >= this.#closedAt) {
      this.#count(outcome, now);
    }
  }

  state(now: number): BreakerState {
    if (this.#retryAt === undefined) return 'closed';
    return now < this.#retryAt ? 'open' : 'half-open';
  }

  retryAt(): number | undefined {
    return this.#retryAt;
  }

  #count(outcome: Outcome, now: number): void {
    if (outcome === 'ok') {
      this.#failuresInRow = 0;
      this.#window.add(false, now);
      return;
    }
    this.#failuresInRow += 1;
    this.#window.add(true, now);
    const { failures = Number.POSITIVE_INFINITY, percent, minimumCalls } = this.#options;
    const { calls, failed } = this.#window;
    if (
      this.#failuresInRow >= (failures ?? Number.POSITIVE_INFINITY) ||
      (calls >= minimumCalls && failed * 100 >= percent * calls)
    ) {
      this.#retryAt = now + this.#openForMs;
    }
  }

  #endTrial(outcome: Outcome, now: number): void {
    this.#isTrying = false;
    if (outcome === 'given-up') return;
    const { openMs } = this.#options;
    if (outcome === 'ok') {
      this.#retryAt = undefined;
      this.#closedAt = now;
      this.#failuresInRow = 0;
      this.#openForMs = openMs;
      this.#window.clear();
    } else {
      this.#openForMs = Math.min(this.#openForMs * 2, openMs * MAX_OPEN_FACTOR);
      this.#retryAt = now + this.#openForMs;
    }
  }
}

/** Calls and failures of the last `windowMs`, to a tenth of it. */
class Window {
  calls = 0;
  failed = 0;
  readonly #bucketMs: number;
  readonly #calls = new Uint32Array(BUCKETS);
  readonly #failed = new Uint32Array(BUCKETS);
  #current = 0;
  #currentEndsAt = Number.NEGATIVE_INFINITY;

  constructor(windowMs: number) {
    this.#bucketMs = windowMs / BUCKETS;
  }

  add(isFailure: boolean, now: number): void {
    if (now >= this.#currentEndsAt) this.#turn(now);
    const current = this.#current;
    this.calls += 1;
    this.#calls[current] = (this.#calls[current] ?? 0) + 1;
    if (!isFailure) return;
    this.failed += 1;
    this.#failed[current] = (this.#failed[current] ?? 0) + 1;
  }

  clear(): void {
    this.calls = 0;
    this.failed = 0;
    this.#calls.fill(0);
    this.#failed.fill(0);
  }

  /** Empties the buckets whose time is over, and goes on to the one of now. */
  #turn(now: number): void {
    const passed = Math.floor((now - this.#currentEndsAt) / this.#bucketMs) + 1;
    if (passed >= BUCKETS) {
      this.clear();
      this.#currentEndsAt = now + this.#bucketMs;
      return;
    }
    for (let turns = 0; turns < passed; turns += 1) {
      const next = (this.#current + 1) % BUCKETS;
      this.calls -= this.#calls[next] ?? 0;
      this.failed -= this.#failed[next] ?? 0;
      this.#calls[next] = 0;
      this.#failed[next] = 0;
      this.#current = next;
    }
    this.#currentEndsAt += passed * this.#bucketMs;
  }
}
