import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { SkeinError } from '../../../kernel/errors.ts';
import { createResilienceHarness, turns } from '../../../test/utils/resilience-harness.ts';
import { mayRepeat } from './backoff.ts';
import type { Outcome, Repeatable } from './contracts.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const RETRIES = { most: 3, backoffMs: 100, maxBackoffMs: 300 };
const QUIET = { retries: RETRIES, breaker: false };

test('what may be sent again depends on what a repetition may harm', () => {
  const outcomes: Outcome[] = ['ok', 'busy', 'unsent', 'failed', 'given-up'];
  const repeated = (repeatable: Repeatable) => outcomes.filter((outcome) => mayRepeat(repeatable, outcome));
  expect(repeated('always')).toEqual(['busy', 'unsent', 'failed']);
  expect(repeated('unprocessed')).toEqual(['busy', 'unsent']);
  expect(repeated('unsent')).toEqual(['unsent']);
});

describe('a call that fails', () => {
  test('is sent again after longer and longer waits, as often as configured, and then fails as the last attempt', async () => {
    const { run, attempt, attempts, resilience, random } = createResilienceHarness(QUIET);
    random.value = 0.999;
    const call = run();
    for (const [index, waitMs] of [99.9, 199.8, 299.7].entries()) {
      attempt(index).fail(index === 0 ? 'UPSTREAM_FAILED' : 'UPSTREAM_TIMEOUT');
      await turns();
      await vi.advanceTimersByTimeAsync(Math.floor(waitMs) - 1);
      expect(attempts.length).toBe(index + 1);
      await vi.advanceTimersByTimeAsync(2);
      expect(attempts.length).toBe(index + 2);
    }
    attempt(3).fail('UPSTREAM_BAD_RESPONSE');
    await turns();
    expect([call.outcome, attempts.length]).toEqual(['UPSTREAM_BAD_RESPONSE', 4]);
    expect(resilience.state()).toMatchObject({ active: 0, retries: 3, endpoints: [{ calls: 4, failures: 4 }] });
  });

  test.each<[Repeatable, number | 'UPSTREAM_UNREACHABLE' | 'UPSTREAM_FAILED', number]>([
    ['unprocessed', 503, 2],
    ['unprocessed', 'UPSTREAM_FAILED', 1],
    ['unsent', 503, 1],
    ['unsent', 'UPSTREAM_UNREACHABLE', 2],
  ])('and is repeatable when %s, after %s, is sent that often: %i', async (repeatable, end, count) => {
    const { run, attempt, attempts } = createResilienceHarness(QUIET);
    run({ repeatable });
    if (typeof end === 'number') attempt(0).answer(end);
    else attempt(0).fail(end);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(attempts.length).toBe(count);
    if (count === 2) attempt(1).answer(200);
    await turns();
  });

  test('goes to endpoints that it has not been at', async () => {
    const { run, attempt, attempts } = createResilienceHarness(QUIET, ['one', 'two', 'three']);
    const call = run();
    for (const index of [0, 1]) {
      attempt(index).fail('UPSTREAM_FAILED');
      await vi.advanceTimersByTimeAsync(300);
    }
    attempt(2).answer(200);
    await call.promise;
    expect(new Set(attempts.map(({ address }) => address)).size).toBe(3);
  });

  test('waits as long as the service asks for, and some more', async () => {
    const { run, attempt, attempts } = createResilienceHarness(QUIET);
    run();
    attempt(0).answer(503, 300);
    await turns();
    await vi.advanceTimersByTimeAsync(349);
    expect(attempts.length).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(attempts.length).toBe(2);
    // Longer than a client should be kept.
    attempt(1).answer(503, 301);
    await turns();
    expect([vi.getTimerCount(), attempt(1).isDiscarded]).toEqual([0, false]);
  });

  test('does not wait for one service where another can answer, but for a limit of the caller', async () => {
    const { run, attempt, attempts } = createResilienceHarness(QUIET, ['one', 'two']);
    run();
    attempt(0).answer(503, 60_000);
    await vi.advanceTimersByTimeAsync(50);
    expect(attempts.length).toBe(2);
    attempt(1).answer(200);
    const limited = run();
    attempt(2).answer(429, 60_000);
    await turns();
    expect([limited.outcome, attempts.length]).toEqual([429, 3]);
  });

  test('is not sent again past its deadline', async () => {
    const { run, attempt } = createResilienceHarness(QUIET);
    const call = run({}, { deadlineMs: 50 });
    attempt(0).fail('UPSTREAM_FAILED');
    await turns();
    expect(call.outcome).toBe('UPSTREAM_FAILED');
    const late = run({}, { deadlineMs: 51 });
    attempt(1).fail('UPSTREAM_FAILED');
    await vi.advanceTimersByTimeAsync(50);
    attempt(2).answer(200);
    await turns();
    expect(late.outcome).toBe(200);
  });

  test('ends at once when its client goes away while it waits, and lets go of its answer', async () => {
    const { run, attempt, attempts, resilience } = createResilienceHarness({ ...QUIET, concurrency: { most: 1 } });
    const call = run({}, { holds: true });
    attempt(0).answer(503);
    await turns();
    expect(vi.getTimerCount()).toBe(1);
    call.cancellation.cancel(new SkeinError('SHUTTING_DOWN'));
    await turns();
    expect([call.outcome, attempts.length, attempt(0).isDiscarded]).toEqual(['SHUTTING_DOWN', 1, true]);
    expect(resilience.state()).toMatchObject({ active: 0, retries: 0, endpoints: [{ active: 0 }] });
  });

  test('keeps its failure when its endpoint is left alone meanwhile, without waiting', async () => {
    const { run, attempt, attempts } = createResilienceHarness({ retries: RETRIES, breaker: { failures: 1 } });
    const call = run();
    attempt(0).answer(503);
    await turns();
    expect([call.outcome, attempts.length, attempt(0).isDiscarded]).toEqual([503, 1, false]);
  });

  test('keeps its failure when the endpoint went down while it waited', async () => {
    const { run, attempt, attempts, pool, resilience } = createResilienceHarness(QUIET);
    const call = run();
    attempt(0).fail('UPSTREAM_FAILED');
    await turns();
    for (const endpoint of pool.endpoints) endpoint.health = 'down';
    await vi.advanceTimersByTimeAsync(300);
    expect([call.outcome, attempts.length]).toEqual(['UPSTREAM_FAILED', 1]);
    expect(resilience.state()).toMatchObject({ retries: 0, refused: 0 });
  });
});

test('retries stay a share of the calls', async () => {
  const { run, attempts, resilience } = createResilienceHarness({
    ...QUIET,
    retries: { ...RETRIES, budgetPercent: 10 },
  });
  for (let call = 0; call < 200; call += 1) run();
  // All fail, whichever attempt it is.
  for (let failed = 0; failed < attempts.length; ) {
    for (; failed < attempts.length; failed += 1) attempts[failed]?.fail('UPSTREAM_FAILED');
    await turns();
    await vi.advanceTimersByTimeAsync(300);
  }
  // 20 of the calls, 10 of the reserve.
  expect([attempts.length, resilience.state().retries]).toEqual([230, 30]);
  expect(resilience.state().retriesRefused).toBe(200);
});

test('calls that were never sent go elsewhere without using up retries, and to the same endpoint only with', async () => {
  const retries = { ...RETRIES, most: 1, budgetPercent: 0 };
  for (const [addresses, sent, counts] of [
    [['one', 'two'], 80, { retries: 40, retriesRefused: 0 }],
    [['one'], 50, { retries: 10, retriesRefused: 30 }],
  ] as const) {
    const { run, attempts, resilience } = createResilienceHarness({ ...QUIET, retries }, addresses);
    for (let call = 0; call < 40; call += 1) run();
    for (let failed = 0; failed < attempts.length; ) {
      for (; failed < attempts.length; failed += 1) attempts[failed]?.fail('UPSTREAM_UNREACHABLE');
      await turns();
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(attempts.length).toBe(sent);
    expect(resilience.state()).toMatchObject(counts);
  }
});
