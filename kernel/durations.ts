/** Upper bounds in milliseconds, from a hit in memory to a model that thinks for long; one set for all, so that they compare. */
export const DURATION_BOUNDS_MS: readonly number[] = [
  1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 120_000,
];

/** How often something took how long. */
export interface DurationCounts {
  /** One for each of `DURATION_BOUNDS_MS`, of what was not longer than it and longer than the one before; then one for the rest. */
  readonly counts: readonly number[];
  readonly sumMs: number;
}

export class Durations implements DurationCounts {
  readonly counts: number[] = new Array<number>(DURATION_BOUNDS_MS.length + 1).fill(0);
  sumMs = 0;

  observe(ms: number): void {
    let at = 0;
    while (at < DURATION_BOUNDS_MS.length && ms > (DURATION_BOUNDS_MS[at] as number)) at += 1;
    this.counts[at] = (this.counts[at] as number) + 1;
    this.sumMs += ms;
  }
}

/** Those of two things together. */
export function joinDurations(one: DurationCounts, other: DurationCounts): DurationCounts {
  return {
    counts: one.counts.map((count, at) => count + (other.counts[at] ?? 0)),
    sumMs: one.sumMs + other.sumMs,
  };
}
