/** Times from 10 ms on, each step √2 times as long as the one before; the last one is all beyond 10 minutes. */
const FIRST_MS = 10;
const STEPS = 34;

/** Names of the steps in a stored map. */
export const STEP_NAMES: readonly string[] = Array.from({ length: STEPS }, (_, index) => `s${index}`);

/** Where a step ends, in milliseconds: what takes as long as that is in it. */
export function endOf(step: number): number {
  return FIRST_MS * 2 ** (step / 2);
}

export function stepOf(ms: number): number {
  if (ms <= FIRST_MS) return 0;
  return Math.min(Math.ceil(2 * Math.log2(ms / FIRST_MS) - 1e-9), STEPS - 1);
}

/**
 * The time that a share of all calls took at the most, by how many are in each step: within the step it is reckoned evenly.
 * Null: there are none.
 */
export function quantile(steps: readonly number[], share: number): number | null {
  const all = steps.reduce((sum, count) => sum + count, 0);
  if (all === 0) return null;
  const wanted = share * all;
  let before = 0;
  for (const [step, count] of steps.entries()) {
    if (count > 0 && before + count >= wanted) {
      const begin = step === 0 ? 0 : endOf(step - 1);
      return Math.round(begin + ((wanted - before) / count) * (endOf(step) - begin));
    }
    before += count;
  }
  return null;
}
