import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SkeinError } from '../../../kernel/errors.ts';
import { createResilienceHarness, type TestRun, turns } from '../../../test/utils/resilience-harness.ts';
import type { Repeatable } from './contracts.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

type Step =
  | { readonly do: 'run'; readonly repeatable: Repeatable; readonly holds: boolean; readonly deadlineMs: number }
  | { readonly do: 'settle'; readonly which: number; readonly end: number }
  | { readonly do: 'close' | 'cancel'; readonly which: number }
  | { readonly do: 'wait'; readonly ms: number };

const which = fc.nat(1_000);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('run' as const),
        repeatable: fc.constantFrom<Repeatable>('always', 'always', 'unprocessed', 'unsent'),
        holds: fc.boolean(),
        deadlineMs: fc.constantFrom(5, 60, 10_000),
      }),
    },
    { weight: 5, arbitrary: fc.record({ do: fc.constant('settle' as const), which, end: fc.nat(5) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('close' as const, 'cancel' as const), which }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(120) }) },
  ),
  { maxLength: 60 },
);

test('places and counts are zero again after any order of answers, failures and departures, and never above the bound', async () => {
  const property = fc.asyncProperty(
    steps,
    fc.record({
      most: fc.integer({ min: 1, max: 3 }),
      queue: fc.nat(3),
      hedge: fc.option(fc.constant({ afterMs: 30 }), { nil: undefined }),
      retries: fc.constantFrom(false, { most: 2, backoffMs: 20 }),
      breaker: fc.constantFrom(false, { failures: 2, openMs: 40 }),
    }),
    async (sequence, { most, queue, hedge, ...options }) => {
      const harness = createResilienceHarness(
        {
          ...options,
          concurrency: { most, queue, queueTimeoutMs: 50 },
          ...(hedge === undefined ? undefined : { hedge }),
        },
        ['one', 'two'],
      );
      const { resilience, attempts } = harness;
      const runs: TestRun[] = [];
      const isCancelled = (index: number) => runs[index]?.cancellation.reason !== undefined;

      function settle(index: number, end: number): void {
        const attempt = attempts[index];
        if (end < 2) attempt?.answer(200);
        else if (end === 2) attempt?.answer(503, 10);
        else if (end === 3) attempt?.answer(429);
        else attempt?.fail(end === 4 ? 'UPSTREAM_UNREACHABLE' : 'UPSTREAM_TIMEOUT');
      }

      function check(): void {
        const state = resilience.state();
        expect(state.active).toBeLessThanOrEqual(most);
        expect(state.queued).toBeLessThanOrEqual(queue);
        let onEndpoints = 0;
        for (const { active } of state.endpoints) {
          expect(active).toBeGreaterThanOrEqual(0);
          onEndpoints += active;
        }
        // Calls that wait to be sent again have a place, too.
        expect(onEndpoints).toBeLessThanOrEqual(most);
        // A queue does not stall while there is a place.
        if (state.queued > 0) expect(state.active).toBe(most);
      }

      for (const step of sequence) {
        if (step.do === 'run') {
          const run = harness.run({ repeatable: step.repeatable }, { holds: step.holds, deadlineMs: step.deadlineMs });
          runs.push(run);
          setTimeout(() => run.cancellation.cancel(new SkeinError('DEADLINE_EXCEEDED')), step.deadlineMs);
        } else if (step.do === 'settle' && attempts.length > 0) settle(step.which % attempts.length, step.end);
        else if (step.do === 'close' && attempts.length > 0) attempts[step.which % attempts.length]?.onEnd();
        else if (step.do === 'cancel' && runs.length > 0) {
          const index = step.which % runs.length;
          if (!isCancelled(index)) runs[index]?.cancellation.cancel(new SkeinError('CLIENT_CLOSED_REQUEST'));
        } else if (step.do === 'wait') await vi.advanceTimersByTimeAsync(step.ms);
        await turns();
        check();
      }
      // All that is under way comes to an end, and what that begins as well.
      for (let ended = 0; ended < attempts.length || resilience.state().queued > 0; ) {
        for (; ended < attempts.length; ended += 1) {
          settle(ended, 0);
          await turns();
          attempts[ended]?.onEnd();
        }
        await vi.advanceTimersByTimeAsync(200);
        check();
      }
      await vi.advanceTimersByTimeAsync(20_000);
      expect(resilience.state()).toMatchObject({ active: 0, queued: 0, endpoints: [{ active: 0 }, { active: 0 }] });
      expect(vi.getTimerCount()).toBe(0);
      expect(runs.filter(({ outcome }) => outcome === 'pending')).toEqual([]);
      expect(runs.filter(({ cancellation }) => cancellation.watchers.size > 0)).toEqual([]);
      // And an endpoint that is well can be reached.
      const last = harness.run();
      await turns();
      attempts.at(-1)?.answer(200);
      expect((await last.promise).status).toBe(200);
      await vi.advanceTimersByTimeAsync(100_000);
    },
  );
  await fc.assert(property, { numRuns: 150 });
});
