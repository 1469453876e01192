import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DURATION_BOUNDS_MS } from '../../../kernel/durations.ts';
import { SkeinError } from '../../../kernel/errors.ts';
import { createResilienceHarness, turns } from '../../../test/utils/resilience-harness.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const RETRIES = { most: 2, backoffMs: 100, maxBackoffMs: 1_000 };
const NO_RETRIES = { retries: false };
const BREAKER = { failures: 2, openMs: 5_000 };

describe('a call', () => {
  test('is sent once, without a timer, when it is answered', async () => {
    const { run, attempt, attempts, resilience } = createResilienceHarness();
    const call = run();
    expect(vi.getTimerCount()).toBe(0);
    expect(resilience.state()).toMatchObject({ active: 1, queued: 0, maxActive: undefined });
    attempt(0).answer(200);
    await expect(call.promise).resolves.toEqual({ status: 200 });
    expect(attempts.length).toBe(1);
    expect(resilience.state()).toEqual({
      endpoints: [
        {
          address: 'one',
          health: 'unknown',
          breaker: 'closed',
          active: 0,
          calls: 1,
          failures: 0,
          lastFailure: undefined,
          lastFailureAt: undefined,
        },
      ],
      active: 0,
      queued: 0,
      maxActive: undefined,
      retries: 0,
      retriesRefused: 0,
      hedges: 0,
      refused: 0,
      attempts: { ok: 1, busy: 0, unsent: 0, failed: 0, 'given-up': 0 },
      durations: { counts: [1, ...DURATION_BOUNDS_MS.map(() => 0)], sumMs: 0 },
    });
  });

  test('attempts are counted by how they ended and how long they took', async () => {
    const { run, attempt, resilience } = createResilienceHarness(NO_RETRIES);
    const call = run();
    vi.advanceTimersByTime(30);
    attempt(0).fail('UPSTREAM_FAILED');
    await turns();
    expect(call.outcome).toBe('UPSTREAM_FAILED');
    run();
    attempt(1).answer(200);
    await turns();
    const { attempts, durations } = resilience.state();
    expect(attempts).toMatchObject({ ok: 1, failed: 1, 'given-up': 0 });
    expect(durations.counts[DURATION_BOUNDS_MS.indexOf(50)]).toBe(1);
    expect(durations.counts[0]).toBe(1);
    expect(durations.sumMs).toBe(30);
  });

  test('fails as its attempt did, and the endpoint says why', async () => {
    const { run, attempt, resilience } = createResilienceHarness(NO_RETRIES);
    const call = run();
    attempt(0).fail('UPSTREAM_FAILED');
    await turns();
    expect(call.outcome).toBe('UPSTREAM_FAILED');
    expect(resilience.state().endpoints[0]).toMatchObject({
      active: 0,
      failures: 1,
      lastFailure: 'UPSTREAM_FAILED',
      lastFailureAt: 1_000_000,
    });
    const busy = run();
    attempt(1).answer(503);
    await turns();
    expect([busy.outcome, resilience.state().endpoints[0]?.lastFailure]).toEqual([503, 'HTTP 503']);
  });

  test('that throws instead of rejecting leaves nothing behind', async () => {
    const { resilience, run, attempt } = createResilienceHarness({ ...NO_RETRIES, concurrency: { most: 1 } });
    run();
    attempt(0).answer(200);
    await turns();
    const broken = resilience.run({
      call: { operation: 'read', repeatable: 'always' },
      context: attempt(0).context,
      holds: true,
      attempt: () => {
        throw new Error('thrown');
      },
      judge: () => {
        throw new Error('judge');
      },
      discard: () => {},
    });
    await expect(broken).rejects.toThrow('judge');
    expect(resilience.state()).toMatchObject({ active: 0, endpoints: [{ active: 0, failures: 1 }] });
  });

  test('given up by its client counts as no failure and is not sent again', async () => {
    const { run, attempts, resilience } = createResilienceHarness({ retries: RETRIES });
    const call = run();
    call.cancellation.cancel(new SkeinError('CLIENT_CLOSED_REQUEST'));
    await turns();
    expect([call.outcome, attempts.length]).toEqual(['CLIENT_CLOSED_REQUEST', 1]);
    expect(resilience.state()).toMatchObject({ active: 0, endpoints: [{ active: 0, calls: 1, failures: 0 }] });
  });
});

describe('an endpoint that keeps failing', () => {
  test('is left alone, tried with one call, and taken back; the log tells each change once', async () => {
    const { run, attempt, attempts, resilience, log } = createResilienceHarness({ ...NO_RETRIES, breaker: BREAKER });
    for (const index of [0, 1]) {
      run();
      attempt(index).fail('UPSTREAM_UNREACHABLE');
      await turns();
    }
    const refused = run();
    await turns();
    expect(refused.error?.extensions).toEqual({
      code: 'UPSTREAM_UNAVAILABLE',
      source: 'shop',
      operation: 'read',
      retryAfterMs: 5_000,
    });
    expect([attempts.length, resilience.state().refused]).toEqual([2, 1]);

    vi.advanceTimersByTime(5_000);
    const trial = run();
    const other = run();
    await turns();
    expect([attempts.length, other.outcome, other.error?.extensions.retryAfterMs]).toEqual([
      3,
      'UPSTREAM_UNAVAILABLE',
      1,
    ]);
    attempt(2).fail('UPSTREAM_UNREACHABLE');
    await turns();
    expect(trial.outcome).toBe('UPSTREAM_UNREACHABLE');

    vi.advanceTimersByTime(10_000);
    run();
    attempt(3).answer(200);
    await turns();
    run();
    attempt(4).answer(200);
    await turns();
    expect(resilience.state().endpoints[0]).toMatchObject({ breaker: 'closed', calls: 5, failures: 3 });
    expect(log.lines).toEqual([
      {
        level: 'warn',
        fields: { source: 'shop', endpoint: 'one', lastFailure: 'UPSTREAM_UNREACHABLE', retryInMs: 5_000 },
        message: 'An endpoint keeps failing and is left alone for a while.',
      },
      { level: 'info', fields: { source: 'shop', endpoint: 'one' }, message: 'An endpoint answers again.' },
    ]);
  });

  test('gets another trial when the client of the first went away', async () => {
    const { run, attempt, attempts, resilience } = createResilienceHarness({ ...NO_RETRIES, breaker: BREAKER });
    for (const index of [0, 1]) {
      run();
      attempt(index).answer(500);
      await turns();
    }
    vi.advanceTimersByTime(5_000);
    run().cancellation.cancel(new SkeinError('CLIENT_CLOSED_REQUEST'));
    await turns();
    run();
    attempt(3).answer(200);
    await turns();
    expect([attempts.length, resilience.state().endpoints[0]?.breaker]).toEqual([4, 'closed']);
  });

  test('is not one whose caller is over its limits', async () => {
    const { run, attempt, resilience } = createResilienceHarness({ ...NO_RETRIES, breaker: BREAKER });
    for (let index = 0; index < 10; index += 1) {
      run();
      attempt(index).answer(429);
      await turns();
    }
    expect(resilience.state().endpoints[0]).toMatchObject({ breaker: 'closed', failures: 0 });
  });

  test('that nobody may ask because it is down is no promise of a time', async () => {
    const { run, pool } = createResilienceHarness();
    for (const endpoint of pool.endpoints) endpoint.health = 'down';
    const call = run();
    await turns();
    expect(call.error?.extensions).toEqual({ code: 'UPSTREAM_UNAVAILABLE', source: 'shop', operation: 'read' });
  });
});

describe('a stream', () => {
  test('occupies its endpoint and its place until it ends, once', async () => {
    const { run, attempt, attempts, resilience } = createResilienceHarness({ concurrency: { most: 1 } });
    const stream = run({}, { holds: true });
    const waiting = run();
    attempt(0).answer(200);
    await turns();
    expect([stream.outcome, attempts.length]).toEqual([200, 1]);
    expect(resilience.state()).toMatchObject({ active: 1, queued: 1, maxActive: 1, endpoints: [{ active: 1 }] });
    attempt(0).onEnd();
    attempt(0).onEnd();
    await turns();
    expect(resilience.state()).toMatchObject({ active: 1, queued: 0, endpoints: [{ active: 1 }] });
    attempt(1).answer(200);
    await waiting.promise;
    expect(resilience.state()).toMatchObject({ active: 0, queued: 0, endpoints: [{ active: 0 }] });
  });

  test('that ended before it was handed out, or failed to open, occupies nothing', async () => {
    const { run, attempt, resilience } = createResilienceHarness({ ...NO_RETRIES, concurrency: { most: 1 } });
    run({}, { holds: true });
    attempt(0).onEnd();
    attempt(0).answer(200);
    await turns();
    run({}, { holds: true });
    attempt(1).fail('UPSTREAM_FAILED');
    await turns();
    attempt(1).onEnd();
    expect(resilience.state()).toMatchObject({ active: 0, endpoints: [{ active: 0 }] });
  });

  test('that is tried again lets go of its first answer', async () => {
    const { run, attempt, attempts, resilience } = createResilienceHarness({
      retries: RETRIES,
      concurrency: { most: 5 },
    });
    const stream = run({}, { holds: true });
    attempt(0).answer(503);
    await turns();
    expect(attempt(0).isDiscarded).toBe(false);
    await vi.advanceTimersByTimeAsync(50);
    expect([attempt(0).isDiscarded, attempts.length]).toEqual([true, 2]);
    attempt(1).answer(200);
    await stream.promise;
    expect(resilience.state()).toMatchObject({ active: 1, retries: 1, endpoints: [{ active: 1 }] });
    attempt(1).onEnd();
    expect(resilience.state()).toMatchObject({ active: 0, endpoints: [{ active: 0 }] });
  });
});
