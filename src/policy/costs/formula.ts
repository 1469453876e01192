/** What is more counts as this: sums and products of sizes never overflow. */
export const MOST = Number.MAX_SAFE_INTEGER;

/** A whole number from 0 to `MOST`: known, or a place of the formula. */
export type Term = number | { readonly slot: number };

/** Values of an operation's variables as they came, not yet checked. */
export type Variables = Readonly<Record<string, unknown>>;

/** A number that only the request knows, from 0 to `MOST`. Never throws. */
export type Reading = (variables: Variables) => number;

/** A number, or what it takes to know it. */
export type Formula = number | Reading;

/**
 * Puts formulas together. What is known is reckoned at once, so that only what depends on variables stays, and the same of the
 * same is one step.
 */
export interface FormulaBuilder {
  plus(one: Term, other: Term): Term;
  times(one: Term, other: Term): Term;
  largest(one: Term, other: Term): Term;
  read(reading: Reading): Term;
  /** Steps are shared: each is made once per call, however often its result is used. */
  build(term: Term): Formula;
}

interface Step {
  /** Slots of earlier steps. */
  readonly uses: readonly number[];
  readonly run: (values: Float64Array, variables: Variables) => number;
}

type Reckon = (one: number, other: number) => number;

const RECKON = {
  plus: (one: number, other: number) => Math.min(MOST, one + other),
  times: (one: number, other: number) => Math.min(MOST, one * other),
  largest: (one: number, other: number) => Math.max(one, other),
} as const;

export function createFormulaBuilder(): FormulaBuilder {
  const steps: Step[] = [];
  const made = new Map<string, Term>();
  const slotOf = (step: Step): Term => ({ slot: steps.push(step) - 1 });
  const combine = (name: keyof typeof RECKON, one: Term, other: Term): Term => {
    const reckon = RECKON[name];
    if (typeof one === 'number') return typeof other === 'number' ? reckon(one, other) : combine(name, other, one);
    const { slot } = one;
    const key = `${name} ${slot} ${typeof other === 'number' ? '' : '$'}${typeof other === 'number' ? other : other.slot}`;
    const known = made.get(key);
    if (known !== undefined) return known;
    const term = slotOf(stepOf(reckon, slot, other));
    made.set(key, term);
    return term;
  };
  return {
    plus(one, other) {
      if (one === 0) return other;
      return other === 0 ? one : combine('plus', one, other);
    },
    times(one, other) {
      if (one === 0 || other === 0) return 0;
      if (one === 1) return other;
      return other === 1 ? one : combine('times', one, other);
    },
    largest(one, other) {
      if (one === 0 || one === other) return other;
      return other === 0 ? one : combine('largest', one, other);
    },
    read: (reading) => slotOf({ uses: [], run: (_, variables) => reading(variables) }),
    build: (term) => (typeof term === 'number' ? term : compile(steps, term.slot)),
  };
}

function stepOf(reckon: Reckon, slot: number, other: Term): Step {
  if (typeof other === 'number') return { uses: [slot], run: (values) => reckon(values[slot] ?? 0, other) };
  const { slot: second } = other;
  return { uses: [slot, second], run: (values) => reckon(values[slot] ?? 0, values[second] ?? 0) };
}

function compile(steps: readonly Step[], last: number): Reading {
  const needed = new Set([last]);
  for (let slot = last; slot >= 0; slot -= 1)
    if (needed.has(slot)) for (const used of steps[slot]?.uses ?? []) needed.add(used);
  const order = [...needed]
    .sort((one, other) => one - other)
    .flatMap((slot) => {
      const step = steps[slot];
      return step === undefined ? [] : [{ slot, run: step.run }];
    });
  // Nothing waits in between: one array is enough for all calls.
  const values = new Float64Array(last + 1);
  return (variables) => {
    for (const { slot, run } of order) values[slot] = run(values, variables);
    return values[last] ?? 0;
  };
}

/** A count of any size as a term. */
export function asTerm(amount: bigint): number {
  return amount >= BigInt(MOST) ? MOST : Math.max(0, Number(amount));
}
