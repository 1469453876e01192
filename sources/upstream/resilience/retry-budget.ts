/** Retries that quiet times may save up, at most. */
const MOST_SAVED = 100;

/** Retries that are allowed whatever the calls earn: so many at once, and then one more in each second. */
const RESERVE = 10;
const RESERVE_REFILL_MS = 1_000;

/** Keeps retries and hedges a share of the calls: many retries at once would keep a service down that fails under load. */
export interface RetryBudget {
  /** A call was made: it earns its share of a retry. */
  deposit(): void;
  /** Takes one retry, if there is one. `now` in milliseconds of a clock that only goes forward. */
  withdraw(now: number): boolean;
}

export function createRetryBudget(budgetPercent: number): RetryBudget {
  // In hundredths of a retry: sums of fractions would lose some.
  let saved = 0;
  let reserve = RESERVE;
  let refilledAt = Number.NEGATIVE_INFINITY;
  return {
    deposit() {
      saved = Math.min(MOST_SAVED * 100, saved + budgetPercent);
    },
    withdraw(now) {
      reserve = Math.min(RESERVE, reserve + (now - refilledAt) / RESERVE_REFILL_MS);
      refilledAt = now;
      if (saved >= 100) {
        saved -= 100;
        return true;
      }
      if (reserve < 1) return false;
      reserve -= 1;
      return true;
    },
  };
}
