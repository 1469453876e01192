import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CancellationSource } from '../../../kernel/cancellation.ts';
import { SkeinError } from '../../../kernel/errors.ts';
import { systemClock } from '../../../kernel/ports.ts';
import { createCallContext } from '../../../test/utils/call-context.ts';
import { type Deferred, deferred } from '../../../test/utils/deferred.ts';
import { turns } from '../../../test/utils/resilience-harness.ts';
import type { CallContext } from '../../source.ts';
import { createReadSharing } from './share-reads.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000, toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const DETAILS = { source: 'shop', operation: 'read' };

function createReaders(most?: number) {
  const sharing = createReadSharing({ clock: systemClock, ...(most === undefined ? undefined : { most }) });
  const reads: (Deferred<object> & { readonly context: CallContext })[] = [];

  function read(key = 'key', { deadlineMs = 1_000 } = {}) {
    const cancellation = new CancellationSource();
    const watched = vi.spyOn(cancellation, 'watch');
    const unwatched = vi.spyOn(cancellation, 'unwatch');
    const headers: string[] = [];
    const ages: number[] = [];
    const { context, log } = createCallContext({
      cancellation,
      deadlineAt: Date.now() + deadlineMs,
      returnHeader: (name, value) => headers.push(`${name}: ${value}`),
      onFreshness: ({ ageSeconds }) => ages.push(ageSeconds),
    });
    const caller = {
      outcome: 'pending' as unknown,
      headers,
      ages,
      log,
      cancellation,
      isLeftAlone: () => watched.mock.calls.length === unwatched.mock.calls.length,
      goAway: () => cancellation.cancel(new SkeinError('CLIENT_CLOSED_REQUEST')),
    };
    const answer = sharing.share<object>(key, DETAILS, context, (own) => {
      const reading = { ...deferred<object>(), context: own };
      reads.push(reading);
      return reading.promise;
    });
    answer.then(
      (value) => {
        caller.outcome = value;
      },
      (error: unknown) => {
        caller.outcome = error instanceof SkeinError ? error.code : error;
      },
    );
    return caller;
  }

  function reading(index: number) {
    const found = reads[index];
    if (found === undefined) throw new Error(`There were only ${reads.length} reads.`);
    return found;
  }

  return { sharing, reads, read, reading };
}

describe('identical reads that are under way together', () => {
  test('run once, and all get the answer; nothing is kept', async () => {
    const { sharing, reads, read, reading } = createReaders();
    const callers = [read(), read(), read()];
    const other = read('other');
    expect([reads.length, sharing.size]).toEqual([2, 2]);
    const answer = { stock: 3 };
    reading(0).resolve(answer);
    await turns();
    for (const { outcome } of callers) expect(outcome).toBe(answer);
    expect([other.outcome, sharing.size]).toEqual(['pending', 1]);
    expect(callers.every((caller) => caller.isLeftAlone())).toBe(true);
    const later = read();
    expect([reads.length, later.outcome]).toEqual([3, 'pending']);
  });

  test('share an error, also one that is thrown before anything was sent', async () => {
    const { sharing, read, reading } = createReaders();
    const callers = [read(), read()];
    reading(0).reject(new SkeinError('UPSTREAM_FAILED'));
    await turns();
    expect(callers.map(({ outcome }) => outcome)).toEqual(['UPSTREAM_FAILED', 'UPSTREAM_FAILED']);
    const told = { requestId: 'request-1', ...DETAILS, code: 'UPSTREAM_FAILED', sharedWith: 'request-1' };
    expect(callers.map(({ log }) => log.lines.map(({ fields }) => fields))).toEqual([[], [told]]);
    const { context } = createCallContext();
    const thrown = sharing.share('key', DETAILS, context, () => {
      throw new SkeinError('BAD_USER_INPUT');
    });
    await expect(thrown).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(sharing.size).toBe(0);
  });

  test('go on while one caller is left, whoever it is', async () => {
    const { read, reading } = createReaders();
    const [first, second, third] = [read(), read(), read()];
    first.goAway();
    third.goAway();
    await turns();
    expect([first.outcome, second.outcome, third.outcome]).toEqual([
      'CLIENT_CLOSED_REQUEST',
      'pending',
      'CLIENT_CLOSED_REQUEST',
    ]);
    expect(reading(0).context.cancellation.reason).toBe(undefined);
    reading(0).resolve({ left: 1 });
    await turns();
    expect(second.outcome).toEqual({ left: 1 });
    expect([first, second, third].every((caller) => caller.isLeftAlone())).toBe(true);
  });

  test('are cancelled when all went away, and nobody joins them then', async () => {
    const { sharing, reads, read, reading } = createReaders();
    const callers = [read(), read()];
    for (const caller of callers) caller.goAway();
    const { cancellation } = reading(0).context;
    expect([cancellation.reason?.code, cancellation.signal.aborted, sharing.size]).toEqual([
      'CLIENT_CLOSED_REQUEST',
      true,
      0,
    ]);
    const late = read();
    expect([reads.length, sharing.size]).toEqual([2, 1]);
    // The cancelled one ends after the new one began, and does not touch it.
    reading(0).reject(new SkeinError('CLIENT_CLOSED_REQUEST'));
    await turns();
    expect([late.outcome, sharing.size]).toEqual(['pending', 1]);
    reading(1).resolve({ new: true });
    await turns();
    expect([late.outcome, sharing.size]).toEqual([{ new: true }, 0]);
  });

  test('are not begun for a caller that is gone', async () => {
    const { sharing, reads, read } = createReaders();
    const { context } = createCallContext();
    const cancellation = new CancellationSource();
    cancellation.cancel(new SkeinError('SHUTTING_DOWN'));
    const gone = sharing.share('key', DETAILS, { ...context, cancellation }, () => Promise.resolve({}));
    await expect(gone).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    expect([sharing.size, reads.length]).toEqual([0, 0]);
    read();
    expect(reads.length).toBe(1);
  });

  test('give the headers of the answer to each caller, early or late', async () => {
    const { read, reading } = createReaders();
    const first = read();
    const gone = read();
    reading(0).context.returnHeader('x-page', '1');
    gone.goAway();
    const late = read();
    reading(0).context.returnHeader('x-total', '9');
    expect([first.headers, gone.headers, late.headers]).toEqual([
      ['x-page: 1', 'x-total: 9'],
      ['x-page: 1'],
      ['x-page: 1', 'x-total: 9'],
    ]);
  });

  test('tell each caller how fresh the answer is', async () => {
    const { read, reading } = createReaders();
    const first = read();
    const second = read();
    const freshness = { cacheControl: undefined, expiresAt: undefined, vary: [], validators: undefined };
    reading(0).context.onFreshness?.({ ...freshness, ageSeconds: 7 });
    expect([first.ages, second.ages, read().ages]).toEqual([[7], [7], [7]]);
  });

  test('have the latest of the deadlines', () => {
    const { read, reading } = createReaders();
    read('key', { deadlineMs: 100 });
    expect(reading(0).context.deadlineAt).toBe(1_000_100);
    read('key', { deadlineMs: 900 });
    read('key', { deadlineMs: 500 });
    expect(reading(0).context.deadlineAt).toBe(1_000_900);
  });

  test('begin again, together, for callers with time left when the deadline of the first ended them', async () => {
    const { reads, read, reading } = createReaders();
    const first = read('key', { deadlineMs: 100 });
    const others = [read('key', { deadlineMs: 900 }), read('key', { deadlineMs: 800 })];
    vi.setSystemTime(1_000_100);
    reading(0).reject(new SkeinError('DEADLINE_EXCEEDED'));
    await turns();
    expect([first.outcome, others[0]?.outcome, reads.length]).toEqual(['DEADLINE_EXCEEDED', 'pending', 2]);
    reading(1).resolve({ second: true });
    await turns();
    expect(others.map(({ outcome }) => outcome)).toEqual([{ second: true }, { second: true }]);
  });

  test('do not begin again for a source that takes too long by its own measure', async () => {
    const { reads, read, reading } = createReaders();
    const callers = [read(), read('key', { deadlineMs: 5_000 })];
    vi.setSystemTime(1_000_500);
    reading(0).reject(new SkeinError('UPSTREAM_TIMEOUT'));
    await turns();
    expect(callers.map(({ outcome }) => outcome)).toEqual(['UPSTREAM_TIMEOUT', 'UPSTREAM_TIMEOUT']);
    expect(reads.length).toBe(1);
  });
});

test('reads that are parted from those under way are read anew, and ended by themselves', async () => {
  const { sharing, reads, read, reading } = createReaders();
  const before = read();
  sharing.part();
  const after = [read(), read()];
  expect([reads.length, sharing.size]).toEqual([2, 1]);
  reading(0).resolve({ stock: 3 });
  await turns();
  expect([before.outcome, sharing.size]).toEqual([{ stock: 3 }, 1]);
  const late = read();
  expect(reads.length).toBe(2);
  reading(1).resolve({ stock: 2 });
  await turns();
  for (const { outcome } of [...after, late]) expect(outcome).toEqual({ stock: 2 });
  expect(sharing.size).toBe(0);
});

test('reads beyond the bound run by themselves', async () => {
  const { sharing, reads, read, reading } = createReaders(1);
  read('one');
  const alone = [read('two'), read('two')];
  expect([reads.length, sharing.size]).toEqual([3, 1]);
  reading(1).resolve({ two: 1 });
  reading(2).resolve({ two: 2 });
  await turns();
  expect(alone.map(({ outcome }) => outcome)).toEqual([{ two: 1 }, { two: 2 }]);
});
