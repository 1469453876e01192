import { expect, test } from 'vitest';
import { createRetryBudget } from './retry-budget.ts';

function withdrawals(budget: ReturnType<typeof createRetryBudget>, now: number): number {
  let count = 0;
  while (count < 10_000 && budget.withdraw(now)) count += 1;
  return count;
}

test('calls earn their share of retries beside the reserve', () => {
  const budget = createRetryBudget(20);
  for (let call = 0; call < 100; call += 1) budget.deposit();
  expect(withdrawals(budget, 0)).toBe(20 + 10);
});

test('a quiet time saves up no more than a bounded number', () => {
  const budget = createRetryBudget(1_000);
  for (let call = 0; call < 100_000; call += 1) budget.deposit();
  expect(withdrawals(budget, 0)).toBe(110);
});

test('rare calls may be retried whatever they earn', () => {
  const budget = createRetryBudget(0);
  budget.deposit();
  expect(withdrawals(budget, 0)).toBe(10);
  expect(withdrawals(budget, 999)).toBe(0);
  expect(withdrawals(budget, 3_000)).toBe(3);
  expect(withdrawals(budget, 3_600_000)).toBe(10);
});
