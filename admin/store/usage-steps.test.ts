import { expect, it } from 'vitest';
import { endOf, quantile, STEP_NAMES, stepOf } from './usage-steps.ts';

it('puts a time in the step that ends with it or after it', () => {
  for (const ms of [0, 1, 10, 10.1, 14, 15, 20, 21, 40, 999, 1_000, 60_000, 500_000]) {
    const step = stepOf(ms);
    expect(endOf(step), String(ms)).toBeGreaterThanOrEqual(ms - 1e-6);
    if (step > 0) expect(endOf(step - 1), String(ms)).toBeLessThan(ms);
  }
  for (const [step] of STEP_NAMES.entries()) expect(stepOf(endOf(step))).toBe(step);
  expect(stepOf(Number.MAX_SAFE_INTEGER)).toBe(STEP_NAMES.length - 1);
});

it('tells what a share of calls took at the most, to within the step', () => {
  const steps = STEP_NAMES.map(() => 0);
  expect(quantile(steps, 0.5)).toBeNull();
  const times = Array.from({ length: 1_000 }, (_, index) => 20 + index);
  for (const ms of times) steps[stepOf(ms)] = (steps[stepOf(ms)] ?? 0) + 1;
  for (const share of [0.1, 0.5, 0.95]) {
    const exact = times[Math.ceil(share * times.length) - 1] ?? 0;
    const told = quantile(steps, share) ?? 0;
    expect(told / exact).toBeGreaterThan(1 / Math.SQRT2);
    expect(told / exact).toBeLessThan(Math.SQRT2);
  }
  expect(quantile([4, 0, 0], 0.5)).toBe(5);
  expect(quantile([1, 0, 1], 1)).toBe(20);
});
