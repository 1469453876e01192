import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CancellationSource } from '../../../kernel/cancellation.ts';
import { SkeinError } from '../../../kernel/errors.ts';
import { createResilienceHarness, turns } from '../../../test/utils/resilience-harness.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const ONE = { retries: false, concurrency: { most: 1, queue: 3, queueTimeoutMs: 100 } };

describe('calls to a source that takes only so many', () => {
  test('get their turn in the order in which they came', async () => {
    const { run, attempt, attempts, resilience } = createResilienceHarness(ONE);
    const calls = [run(), run(), run(), run()];
    expect(resilience.state()).toMatchObject({ active: 1, queued: 3, maxActive: 1 });
    for (const [index, call] of calls.entries()) {
      expect(attempts.length).toBe(index + 1);
      attempt(index).answer(200 + index);
      await turns();
      expect(call.outcome).toBe(200 + index);
    }
    expect(resilience.state()).toMatchObject({ active: 0, queued: 0, refused: 0 });
  });

  test('are refused at once when too many wait', async () => {
    const { run, attempt, attempts, resilience } = createResilienceHarness(ONE);
    const calls = [run(), run(), run(), run()];
    const refused = run();
    await turns();
    expect(refused.error?.extensions).toEqual({ code: 'UPSTREAM_BUSY', source: 'shop', operation: 'read' });
    expect(resilience.state()).toMatchObject({ active: 1, queued: 3, refused: 1 });
    for (const index of calls.keys()) {
      attempt(index).answer(200);
      await turns();
    }
    expect(attempts.length).toBe(4);
  });

  test('are refused when their turn does not come in time, and the others go on', async () => {
    const { run, attempt, attempts, resilience } = createResilienceHarness(ONE);
    run();
    const late = run();
    await vi.advanceTimersByTimeAsync(60);
    const patient = run();
    await vi.advanceTimersByTimeAsync(40);
    expect([late.outcome, patient.outcome]).toEqual(['UPSTREAM_BUSY', 'pending']);
    expect(resilience.state()).toMatchObject({ active: 1, queued: 1, refused: 1 });
    attempt(0).answer(200);
    await turns();
    attempt(1).answer(201);
    await turns();
    expect([patient.outcome, attempts.length]).toEqual([201, 2]);
  });

  test('leave the queue when their client goes away or their deadline passes', async () => {
    const { run, attempt, attempts, resilience } = createResilienceHarness(ONE);
    run();
    const gone = run();
    const hurried = run({}, { deadlineMs: 10 });
    const last = run();
    gone.cancellation.cancel(new SkeinError('CLIENT_CLOSED_REQUEST'));
    await vi.advanceTimersByTimeAsync(10);
    expect([gone.outcome, hurried.outcome]).toEqual(['CLIENT_CLOSED_REQUEST', 'DEADLINE_EXCEEDED']);
    expect(resilience.state()).toMatchObject({ queued: 1, refused: 0 });
    attempt(0).fail('UPSTREAM_FAILED');
    await turns();
    attempt(1).answer(200);
    await turns();
    expect([last.outcome, attempts.length]).toEqual([200, 2]);
  });

  test('do not wait when their request is over already', async () => {
    const { run, attempt, resilience } = createResilienceHarness(ONE);
    run();
    const { context } = attempt(0);
    const cancellation = new CancellationSource();
    cancellation.cancel(new SkeinError('SHUTTING_DOWN'));
    const over = resilience.run({
      call: { operation: 'read', repeatable: 'always' },
      context: { ...context, cancellation },
      holds: false,
      attempt: () => Promise.reject(new Error('It must not be sent.')),
      judge: () => ({ outcome: 'failed' }),
      discard: () => {},
    });
    await expect(over).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    expect(resilience.state()).toMatchObject({ active: 1, queued: 0 });
    attempt(0).answer(200);
    await turns();
  });

  test('keep their place while they wait to be sent again', async () => {
    const { run, attempt, attempts, resilience } = createResilienceHarness({
      ...ONE,
      retries: { most: 1, backoffMs: 50 },
    });
    const first = run();
    const second = run();
    attempt(0).fail('UPSTREAM_FAILED');
    await turns();
    expect([attempts.length, resilience.state().active]).toEqual([1, 1]);
    await vi.advanceTimersByTimeAsync(50);
    attempt(1).answer(200);
    await turns();
    attempt(2).answer(201);
    await turns();
    expect([first.outcome, second.outcome]).toEqual([200, 201]);
  });

  test('of one request that ends together free each place once', async () => {
    const { run, attempt, attempts, resilience } = createResilienceHarness(ONE);
    const calls = [run(), run(), run()];
    for (const { cancellation } of calls) cancellation.cancel(new SkeinError('CLIENT_CLOSED_REQUEST'));
    await turns();
    expect(attempts.length).toBe(1);
    expect(resilience.state()).toMatchObject({ active: 0, queued: 0 });
    const next = run();
    attempt(1).answer(200);
    await next.promise;
  });
});
