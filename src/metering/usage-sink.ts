import type { UsageRecord } from '../../admin/models/usage.ts';

/**
 * Where records go. Whoever has one gives it and goes on: nothing waits for a store. A ledger that outlives the process is
 * another one of these.
 */
export interface Sink<T> {
  add(record: T): void;
  /** Tries at once to write all that was given until now. */
  flush(): Promise<void>;
  state(): UsageSinkState;
  /** Writes what is left, as long as that takes not too long. What comes afterwards is lost. */
  stop(): Promise<void>;
}

export type UsageSink = Sink<UsageRecord>;

/** Counts since the start. */
export interface UsageSinkState {
  readonly written: number;
  /** Not written yet. */
  readonly waiting: number;
  readonly lost: number;
}
