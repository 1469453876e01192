import type { Clock } from '../../../kernel/ports.ts';
import { type CounterCheck, type CounterStanding, type CounterStore, type CounterVerdict, SLICES } from './store.ts';

export interface MemoryCounters extends CounterStore {
  /** At once. */
  consume(checks: readonly CounterCheck[]): CounterVerdict;
  /** Counts what was let through elsewhere, whether it fits or not. */
  charge(checks: readonly CounterCheck[]): void;
  /** Counters that are held. */
  readonly size: number;
}

export interface MemoryCountersSettings {
  readonly clock: Clock;
  /** Counters that are held at the most: beyond, the one that was made first is forgotten. */
  readonly maxCounters?: number;
}

/** What was taken, by slice. A slice is in the window until SLICES others have come after it. */
interface Counter {
  readonly sliceMs: number;
  /** Numbers of slices since 1970 in which something was taken, oldest first: SLICES + 1 at the most. */
  readonly slices: number[];
  readonly counts: number[];
  total: number;
}

const MAX_COUNTERS = 200_000;
/** For each counter that is made, so many are looked at, and go when nothing in them counts any more. */
const LOOKED_AT = 4;

/** Counters of this process. */
export function createMemoryCounters({ clock, maxCounters = MAX_COUNTERS }: MemoryCountersSettings): MemoryCounters {
  const counters = new Map<string, Counter>();
  let sweep = counters.entries();

  /** What was made for a request stays for it, even with nothing in it yet: this comes after. */
  function tidyUp(made: number, now: number): void {
    for (let left = counters.size - maxCounters; left > 0; left--) {
      for (const oldest of counters.keys()) if (counters.delete(oldest)) break;
    }
    for (let i = 0; i < made * LOOKED_AT; i++) {
      const next = sweep.next();
      if (next.done === true) {
        sweep = counters.entries();
        return;
      }
      const [key, counter] = next.value;
      forgetOld(counter, now);
      if (counter.total === 0) counters.delete(key);
    }
  }

  function counterOf({ key, windowMs }: CounterCheck, now: number): Counter {
    const known = counters.get(key);
    if (known !== undefined) {
      forgetOld(known, now);
      return known;
    }
    const counter: Counter = { sliceMs: windowMs / SLICES, slices: [], counts: [], total: 0 };
    counters.set(key, counter);
    return counter;
  }

  return {
    consume(checks) {
      const now = clock.now();
      const sizeBefore = counters.size;
      const found = checks.map((check) => counterOf(check, now));
      const allowed = found.every(({ total }, index) => {
        const check = checks[index] as CounterCheck;
        return total + check.cost <= check.limit;
      });
      const standings = found.map((counter, index) => {
        const check = checks[index] as CounterCheck;
        if (allowed) take(counter, check.cost, now);
        return standingOf(counter, check, allowed, now);
      });
      if (counters.size > sizeBefore) tidyUp(counters.size - sizeBefore, now);
      return { allowed, standings };
    },
    charge(checks) {
      const now = clock.now();
      const sizeBefore = counters.size;
      for (const check of checks) take(counterOf(check, now), check.cost, now);
      if (counters.size > sizeBefore) tidyUp(counters.size - sizeBefore, now);
    },
    get size() {
      return counters.size;
    },
    async dispose() {
      counters.clear();
    },
  };
}

function forgetOld(counter: Counter, now: number): void {
  const { slices, counts, sliceMs } = counter;
  const oldest = Math.floor(now / sliceMs) - SLICES;
  while (slices.length > 0 && (slices[0] as number) < oldest) {
    slices.shift();
    counter.total -= counts.shift() as number;
  }
}

function take(counter: Counter, cost: number, now: number): void {
  const { slices, counts } = counter;
  const last = slices.length - 1;
  const slice = Math.floor(now / counter.sliceMs);
  counter.total += cost;
  // A clock that is set back does not make a second past.
  if (last >= 0 && slice <= (slices[last] as number)) {
    counts[last] = (counts[last] as number) + cost;
    return;
  }
  slices.push(slice);
  counts.push(cost);
}

function standingOf(counter: Counter, check: CounterCheck, allowed: boolean, now: number): CounterStanding {
  const { slices, total } = counter;
  const last = slices.at(-1);
  return {
    remaining: Math.max(0, check.limit - total),
    resetMs: last === undefined ? 0 : freeInMs(counter, last, now),
    retryAfterMs: allowed ? 0 : retryAfterMs(counter, check, now),
  };
}

function retryAfterMs(counter: Counter, { limit, cost }: CounterCheck, now: number): number {
  let left = counter.total;
  if (left + cost <= limit) return 0;
  for (const [index, slice] of counter.slices.entries()) {
    left -= counter.counts[index] as number;
    if (left + cost <= limit) return freeInMs(counter, slice, now);
  }
  return Number.POSITIVE_INFINITY;
}

/** Until a slice leaves the window. */
function freeInMs({ sliceMs }: Counter, slice: number, now: number): number {
  return Math.ceil((slice + SLICES + 1) * sliceMs - now);
}
