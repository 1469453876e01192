/** One limit that a request must pass, and what it takes of it. */
export interface CounterCheck {
  /** What is counted together: the same for every request that shares the limit and its window. */
  readonly key: string;
  readonly limit: number;
  readonly windowMs: number;
  /** At least 1. */
  readonly cost: number;
}

/** How one limit stands after a request. */
export interface CounterStanding {
  /** What is left of it; the request's own cost is taken off if it was let through. */
  readonly remaining: number;
  /** Milliseconds until all of it is there again, if nothing more is taken. */
  readonly resetMs: number;
  /** Milliseconds until the request would fit: 0 when it does, Infinity when it costs more than the limit. */
  readonly retryAfterMs: number;
}

export interface CounterVerdict {
  /** Whether it fits into all limits. If not, it has cost nothing of any. */
  readonly allowed: boolean;
  /** In the order of the checks. */
  readonly standings: readonly CounterStanding[];
}

export interface SharedCountersState {
  readonly health: 'up' | 'down';
  /** Calls of it that failed or took too long. */
  readonly errors: number;
}

/**
 * Counts what callers take of limits, in sliding windows: in no stretch of time as long as the window is more let through
 * than the limit, and what was taken is there again at the latest a 64th of the window after it has passed.
 */
export interface CounterStore {
  /**
   * Charges all limits or none, in one step that nothing comes between. No key comes twice. Never throws or rejects. At
   * once in memory; a promise where others are asked.
   */
  consume(checks: readonly CounterCheck[]): CounterVerdict | Promise<CounterVerdict>;
  /** Of one that others share: while it is `down`, each instance counts its share for itself. */
  state?(): SharedCountersState;
  dispose(): Promise<void>;
}

/** A window is counted in so many slices: it moves on by one of them at a time. */
export const SLICES = 64;
