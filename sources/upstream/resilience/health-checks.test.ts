import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SkeinError } from '../../../kernel/errors.ts';
import type { Endpoint } from './contracts.ts';
import { createEndpointPool, type EndpointPlan } from './endpoint-pool.ts';
import { startHealthChecks } from './health-checks.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  // The middle of the jitter: exactly everyMs.
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const OPTIONS = { everyMs: 10_000, timeoutMs: 2_000, downAfter: 3, upAfter: 2 };
const plan = (address: string): EndpointPlan<string> => ({ address, weight: 1, open: () => address });

/** Checks are answered by `answers`; one that is missing never ends by itself. */
function start(...addresses: string[]) {
  const pool = createEndpointPool({
    endpoints: addresses.map(plan),
    options: { balance: 'round-robin' },
    createBreaker: () => ({
      allows: () => true,
      enter: () => false,
      record() {},
      state: () => 'closed',
      retryAt: () => undefined,
    }),
    close: async () => {},
  });
  const answers = new Map<string, Error | 'well'>();
  const checked: string[] = [];
  const aborted: string[] = [];
  const changes: string[] = [];
  const check = ({ address }: Endpoint<string>, signal: AbortSignal) => {
    checked.push(address);
    return new Promise<void>((resolve, reject) => {
      const answer = answers.get(address);
      if (answer === 'well') resolve();
      else if (answer !== undefined) reject(answer);
      signal.addEventListener('abort', () => {
        aborted.push(address);
        reject(new Error('aborted'));
      });
    });
  };
  const stop = startHealthChecks(pool, {
    options: OPTIONS,
    check,
    onChange: ({ address, health }, reason) => changes.push(`${address} ${health} ${reason}`),
    clock: { now: () => Date.now() },
  });
  const health = (address: string) => pool.endpoints.find((one) => one.address === address)?.health;
  return { pool, answers, checked, aborted, changes, stop, health };
}

const flush = () => vi.advanceTimersByTimeAsync(0);

describe('what is held of an endpoint', () => {
  it('is nothing at first, and changes with as many equal answers in a row as it takes', async () => {
    const { answers, changes, health } = start('a');
    answers.set('a', new Error('status 503'));
    // The check that began at once has no answer: it ends by its timeout, and is the first that failed.
    await vi.advanceTimersByTimeAsync(2_000);
    expect(health('a')).toBe('unknown');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(health('a')).toBe('unknown');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(health('a')).toBe('down');
    answers.set('a', 'well');
    await vi.advanceTimersByTimeAsync(10_000);
    answers.set('a', new Error('status 500'));
    await vi.advanceTimersByTimeAsync(10_000);
    answers.set('a', 'well');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(health('a')).toBe('down');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(health('a')).toBe('up');
    expect(changes).toEqual(['a down status 503', 'a up undefined']);
  });

  it('is told once, however often it is confirmed, and a good answer between bad ones counts them anew', async () => {
    const { answers, changes } = start('a');
    answers.set('a', 'well');
    await vi.advanceTimersByTimeAsync(2_000 + 50_000);
    expect(changes).toEqual(['a up undefined']);
    for (const answer of [new Error('x'), new Error('x'), 'well', new Error('x'), new Error('x')] as const) {
      answers.set('a', answer);
      await vi.advanceTimersByTimeAsync(10_000);
    }
    expect(changes).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(50_000);
    expect(changes).toEqual(['a up undefined', 'a down x']);
  });

  it('says for operators why a check failed, from below the public error', async () => {
    const { pool, answers } = start('a');
    await vi.advanceTimersByTimeAsync(2_000);
    expect(pool.endpoints[0]).toMatchObject({
      lastFailure: 'Health check: no answer within 2000 ms',
      lastFailureAt: 1_002_000,
    });
    answers.set('a', new SkeinError('UPSTREAM_UNREACHABLE', undefined, { cause: new Error('connect ECONNREFUSED') }));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(pool.endpoints[0]).toMatchObject({
      lastFailure: 'Health check: connect ECONNREFUSED',
      lastFailureAt: 1_012_000,
    });
    expect(pool.endpoints[0]?.failures).toBe(0);
  });
});

describe('the checks', () => {
  it('are aborted when they take too long, and never overlap', async () => {
    const { checked, aborted } = start('a');
    await vi.advanceTimersByTimeAsync(1_999);
    expect([checked, aborted]).toEqual([['a'], []]);
    await vi.advanceTimersByTimeAsync(1);
    expect(aborted).toEqual(['a']);
    await vi.advanceTimersByTimeAsync(9_999);
    expect(checked).toEqual(['a']);
    await vi.advanceTimersByTimeAsync(1);
    expect(checked).toEqual(['a', 'a']);
  });

  it('come up to a tenth earlier or later', async () => {
    const { checked, answers } = start('a');
    answers.set('a', 'well');
    vi.mocked(Math.random).mockReturnValue(0);
    await vi.advanceTimersByTimeAsync(2_000 + 8_999);
    expect(checked).toHaveLength(1);
    vi.mocked(Math.random).mockReturnValue(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(checked).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(10_999);
    expect(checked).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(checked).toHaveLength(3);
  });

  it('follow the pool: endpoints that join are checked at once, those that left no more', async () => {
    const { pool, checked, aborted, changes } = start('a', 'b');
    await flush();
    pool.update([plan('b'), plan('c')]);
    expect(checked).toEqual(['a', 'b', 'c']);
    expect(aborted).toEqual(['a']);
    await vi.advanceTimersByTimeAsync(12_000);
    expect(checked).toEqual(['a', 'b', 'c', 'b', 'c']);
    expect(changes).toEqual([]);
  });

  it('end: those under way are aborted and not counted, no timer is left, and joining endpoints are left alone', async () => {
    const { pool, checked, aborted, stop } = start('a', 'b');
    await flush();
    stop();
    pool.update([plan('a'), plan('c')]);
    await flush();
    expect(aborted).toEqual(['a', 'b']);
    expect(checked).toEqual(['a', 'b']);
    expect(pool.endpoints[0]?.lastFailure).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('end between two rounds', async () => {
    const { answers, checked, stop } = start('a');
    answers.set('a', 'well');
    await vi.advanceTimersByTimeAsync(2_000);
    stop();
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(checked).toEqual(['a']);
  });

  it('keep no process alive', async () => {
    vi.useRealTimers();
    const timeouts = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timeouts();
    const { answers, pool, checked, stop } = start('hangs');
    answers.set('well', 'well');
    pool.update([plan('hangs'), plan('well')]);
    // Until the one that is well waits for its next check.
    await new Promise(setImmediate);
    expect(checked).toEqual(['hangs', 'well']);
    expect(timeouts()).toBe(before);
    stop();
  });
});
