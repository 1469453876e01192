import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { SkeinError } from '../../../kernel/errors.ts';
import { createResilienceHarness, turns } from '../../../test/utils/resilience-harness.ts';
import type { CallContext } from '../../source.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const HEDGED = { hedge: { afterMs: 20 }, retries: { most: 1, backoffMs: 50 }, breaker: { failures: 2 } };
const TWO = ['one', 'two'];
const IDLE = {
  active: 0,
  endpoints: [
    { active: 0, failures: 0 },
    { active: 0, failures: 0 },
  ],
};

describe('a read whose answer takes long', () => {
  test('is sent to another endpoint, and the first answer counts; the other attempt is cancelled', async () => {
    const { run, attempt, attempts, resilience } = createResilienceHarness(HEDGED, TWO);
    const call = run();
    await vi.advanceTimersByTimeAsync(19);
    expect(attempts.length).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(attempts.map(({ address }) => address).sort()).toEqual(TWO);
    expect(resilience.state()).toMatchObject({ active: 2, hedges: 1, retries: 0 });
    attempt(1).answer(201);
    await turns();
    expect([call.outcome, attempt(0).context.cancellation.reason?.code]).toEqual([201, 'CLIENT_CLOSED_REQUEST']);
    expect([attempt(0).context.cancellation.signal.aborted, attempt(1).context.cancellation.reason]).toEqual([
      true,
      undefined,
    ]);
    expect(resilience.state()).toMatchObject(IDLE);
  });

  test('is asked once more of the only endpoint', async () => {
    const { run, attempt, attempts } = createResilienceHarness(HEDGED);
    const call = run();
    await vi.advanceTimersByTimeAsync(20);
    attempt(0).answer(200);
    await call.promise;
    expect([attempts.length, attempt(1).context.cancellation.reason?.code]).toEqual([2, 'CLIENT_CLOSED_REQUEST']);
  });

  test('lets go of an answer that came second all the same', async () => {
    const { run, attempt, resilience } = createResilienceHarness(HEDGED, TWO);
    const call = run();
    await vi.advanceTimersByTimeAsync(20);
    attempt(0).answer(200);
    attempt(1).answer(201);
    await turns();
    expect([call.outcome, attempt(0).isDiscarded, attempt(1).isDiscarded]).toEqual([200, false, true]);
    expect(resilience.state()).toMatchObject(IDLE);
  });

  test('waits for the other attempt when one fails', async () => {
    const { run, attempt, attempts, resilience } = createResilienceHarness(HEDGED, TWO);
    const call = run();
    await vi.advanceTimersByTimeAsync(20);
    attempt(0).answer(503);
    await turns();
    expect([call.outcome, attempt(0).isDiscarded, vi.getTimerCount()]).toEqual(['pending', true, 0]);
    attempt(1).answer(201);
    await turns();
    expect([call.outcome, attempts.length, resilience.state().retries]).toEqual([201, 2, 0]);
  });

  test('is retried when both attempts fail, and hedged again', async () => {
    const { run, attempt, attempts, resilience } = createResilienceHarness(HEDGED, TWO);
    const call = run();
    await vi.advanceTimersByTimeAsync(20);
    attempt(1).fail('UPSTREAM_FAILED');
    attempt(0).fail('UPSTREAM_FAILED');
    await turns();
    await vi.advanceTimersByTimeAsync(50);
    await vi.advanceTimersByTimeAsync(20);
    expect(attempts.length).toBe(4);
    attempt(3).answer(203);
    await turns();
    expect(call.outcome).toBe(203);
    expect(resilience.state()).toMatchObject({ active: 0, retries: 1, hedges: 2 });
  });

  test('ends with both attempts when its client goes away', async () => {
    const { run, attempts, resilience } = createResilienceHarness(HEDGED, TWO);
    const call = run();
    await vi.advanceTimersByTimeAsync(20);
    call.cancellation.cancel(new SkeinError('CLIENT_CLOSED_REQUEST'));
    await turns();
    expect([call.outcome, attempts.length]).toEqual(['CLIENT_CLOSED_REQUEST', 2]);
    expect(resilience.state()).toMatchObject(IDLE);
  });
});

describe('no second attempt is made', () => {
  test('when the first was answered or failed before', async () => {
    const { run, attempt, attempts } = createResilienceHarness({ ...HEDGED, retries: false }, TWO);
    run();
    attempt(0).answer(200);
    const failing = run();
    attempt(1).fail('UPSTREAM_FAILED');
    await vi.advanceTimersByTimeAsync(100);
    expect([failing.outcome, attempts.length]).toEqual(['UPSTREAM_FAILED', 2]);
  });

  test('of calls that may not be repeated, and of streams', async () => {
    const { run, attempt, attempts } = createResilienceHarness(HEDGED, TWO);
    run({ repeatable: 'unprocessed' });
    run({}, { holds: true });
    expect(vi.getTimerCount()).toBe(0);
    for (const index of [0, 1]) attempt(index).answer(200);
    await turns();
    expect(attempts.length).toBe(2);
  });

  test('of a request that is over already', async () => {
    const { run, attempts, resilience } = createResilienceHarness(HEDGED, TWO);
    const call = run({}, { isOver: true });
    await turns();
    expect([call.outcome, attempts.length]).toEqual(['SHUTTING_DOWN', 1]);
    expect(resilience.state()).toMatchObject(IDLE);
  });

  test('when it would begin after the deadline', async () => {
    const { run, attempt, attempts } = createResilienceHarness(HEDGED, TWO);
    run({}, { deadlineMs: 20 });
    expect(vi.getTimerCount()).toBe(0);
    attempt(0).answer(200);
    await turns();
    expect(attempts.length).toBe(1);
  });

  test('without a budget or a place for it', async () => {
    const { run, attempts, resilience, attempt } = createResilienceHarness({
      ...HEDGED,
      retries: { most: 1, budgetPercent: 0 },
      concurrency: { most: 21 },
    });
    for (let call = 0; call < 12; call += 1) run();
    await vi.advanceTimersByTimeAsync(20);
    // Nine places are left, and the budget is ten.
    expect([attempts.length, resilience.state().active, resilience.state().hedges]).toEqual([21, 21, 9]);
    for (const { answer } of [...attempts]) answer(200);
    await turns();
    expect(resilience.state().active).toBe(0);
    for (let call = 0; call < 3; call += 1) run();
    await vi.advanceTimersByTimeAsync(20);
    expect([attempts.length, resilience.state().hedges]).toEqual([25, 10]);
    for (let index = 21; index < 25; index += 1) attempt(index).answer(200);
    await turns();
    expect(resilience.state()).toMatchObject({ active: 0, endpoints: [{ active: 0 }] });
  });
});

test('headers for the client and freshness come from the attempt that counts alone', async () => {
  const { resilience, run, attempts } = createResilienceHarness(HEDGED, TWO);
  const probe = run();
  await turns();
  const { context } = attempts[0] ?? {};
  if (context === undefined) throw new Error('There was no attempt.');
  const returned: string[] = [];
  const answers: (() => void)[] = [];
  const contexts: CallContext[] = [];
  const call = resilience.run<string>({
    call: { operation: 'read', repeatable: 'always' },
    context: {
      ...context,
      returnHeader: (name, value) => returned.push(`${name}: ${value}`),
      onFreshness: ({ cacheControl }) => returned.push(`fresh: ${cacheControl}`),
    },
    holds: false,
    attempt: ({ address }, own) => {
      contexts.push(own);
      own.returnHeader('x-first', address);
      own.onFreshness?.({
        cacheControl: address,
        ageSeconds: 0,
        expiresAt: undefined,
        vary: [],
        validators: undefined,
      });
      return new Promise((resolve) => {
        answers.push(() => {
          resolve(address);
          own.returnHeader('x-last', address);
        });
      });
    },
    judge: () => ({ outcome: 'ok' }),
    discard: () => {},
  });
  await vi.advanceTimersByTimeAsync(20);
  expect([answers.length, returned]).toEqual([2, []]);
  answers[1]?.();
  const winner = await call;
  answers[0]?.();
  await turns();
  for (const own of contexts) own.returnHeader('x-late', String(contexts.indexOf(own)));
  expect(returned).toEqual([`x-first: ${winner}`, `fresh: ${winner}`, `x-last: ${winner}`, 'x-late: 1']);
  for (const attempt of attempts) attempt.answer(200);
  await probe.promise;
});
