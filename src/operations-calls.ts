import type { CallDetails } from '../sources/source.ts';
import type { Lifetime } from './lifetimes.ts';

export interface CallCount extends CallDetails {
  readonly count: number;
}

/** What an operation asked of which source, and how often. */
export interface CallCounts {
  /** Calls that were sent until now, in the order of the first of each. */
  counts(): readonly CallCount[];
}

/** Begins to count the calls of a request or stream. */
export function countCalls(lifetime: Lifetime): CallCounts {
  const counts = new Map<string, CallCount>();
  lifetime.onCall = ({ source, operation }) => {
    const key = JSON.stringify([source, operation]);
    counts.set(key, { source, operation, count: (counts.get(key)?.count ?? 0) + 1 });
  };
  return { counts: () => [...counts.values()] };
}
