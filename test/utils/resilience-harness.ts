import { type Abortable, CancellationSource } from '../../kernel/cancellation.ts';
import { type ErrorCode, SkeinError } from '../../kernel/errors.ts';
import { systemClock } from '../../kernel/ports.ts';
import type { CallContext } from '../../sources/source.ts';
import { abortError } from '../../sources/upstream/abort.ts';
import { createBreaker } from '../../sources/upstream/resilience/breaker.ts';
import type { Judgement, PlannedCall } from '../../sources/upstream/resilience/contracts.ts';
import { createEndpointPool } from '../../sources/upstream/resilience/endpoint-pool.ts';
import { upstreamOptions } from '../../sources/upstream/resilience/options.ts';
import { createResilience } from '../../sources/upstream/resilience/resilience.ts';
import { createCallContext, createMemoryLog } from './call-context.ts';
import { deferred } from './deferred.ts';

export interface TestAnswer {
  readonly status: number;
  readonly retryAfterMs?: number;
}

/** An attempt that the test ends. */
export interface TestAttempt {
  readonly address: string;
  readonly context: CallContext;
  readonly onEnd: () => void;
  /** Whether its answer was let go of. */
  isDiscarded: boolean;
  answer(status: number, retryAfterMs?: number): void;
  fail(code: ErrorCode): void;
}

export interface TestRun {
  readonly promise: Promise<TestAnswer>;
  /** `pending`, the status of the answer or the code of the error. */
  outcome: string | number;
  error: SkeinError | undefined;
  readonly cancellation: CountingCancellation;
}

/** Knows how many still listen to it. */
export class CountingCancellation extends CancellationSource {
  readonly watchers = new Set<Abortable>();

  override watch(call: Abortable): void {
    this.watchers.add(call);
    super.watch(call);
  }

  override unwatch(call: Abortable): void {
    this.watchers.delete(call);
    super.unwatch(call);
  }
}

/** Waits until promises that are settled have told everybody. */
export async function turns(): Promise<void> {
  for (let turn = 0; turn < 30; turn += 1) await Promise.resolve();
}

export function judgeTestAnswer(settled: { readonly answer: TestAnswer } | { readonly error: unknown }): Judgement {
  if ('error' in settled) {
    const code = settled.error instanceof SkeinError ? settled.error.code : undefined;
    return { outcome: code === 'UPSTREAM_UNREACHABLE' ? 'unsent' : 'failed' };
  }
  const { status, retryAfterMs } = settled.answer;
  if (status === 503) return { outcome: 'busy', retryAfterMs, reason: 'HTTP 503' };
  if (status === 429) return { outcome: 'busy', retryAfterMs, overLimit: true };
  return { outcome: status >= 500 ? 'failed' : 'ok' };
}

/** One source's resilience over made-up endpoints, for fake timers. */
export function createResilienceHarness(input: object = {}, addresses: readonly string[] = ['one']) {
  const options = upstreamOptions.parse(input);
  const attempts: TestAttempt[] = [];
  const log = createMemoryLog();
  const pool = createEndpointPool<string>({
    endpoints: addresses.map((address) => ({ address, weight: 1, open: () => address })),
    options,
    createBreaker: () => createBreaker(options.breaker),
    close: async () => {},
  });
  const random = { value: 0.5 };
  const resilience = createResilience({
    source: 'shop',
    pool,
    options,
    clock: systemClock,
    monotonic: () => Date.now(),
    random: () => random.value,
    log,
  });

  function run(
    call: Partial<PlannedCall> = {},
    over: { holds?: boolean; deadlineMs?: number; isOver?: boolean } = {},
  ): TestRun {
    const cancellation = new CountingCancellation();
    if (over.isOver === true) cancellation.cancel(new SkeinError('SHUTTING_DOWN'));
    const deadlineAt = Date.now() + (over.deadlineMs ?? 60_000);
    const { context } = createCallContext({ cancellation, deadlineAt });
    const byAnswer = new Map<TestAnswer, TestAttempt>();
    const promise = resilience.run<TestAnswer>({
      call: { operation: 'read', repeatable: 'always', ...call },
      context,
      holds: over.holds ?? false,
      attempt: ({ address }, own, onEnd) => {
        const settled = deferred<TestAnswer>();
        const attempt: TestAttempt = {
          address,
          context: own,
          onEnd,
          isDiscarded: false,
          answer(status, retryAfterMs) {
            const answer = retryAfterMs === undefined ? { status } : { status, retryAfterMs };
            byAnswer.set(answer, attempt);
            settled.resolve(answer);
          },
          fail: (code) => settled.reject(new SkeinError(code)),
        };
        attempts.push(attempt);
        const fail = () => settled.reject(abortError(own, { source: 'shop', operation: 'read' }));
        if (own.cancellation.reason !== undefined) fail();
        const watching = { abort: fail };
        own.cancellation.watch(watching);
        return settled.promise.finally(() => own.cancellation.unwatch(watching));
      },
      judge: judgeTestAnswer,
      discard: (answer) => {
        const attempt = byAnswer.get(answer);
        if (attempt === undefined || attempt.isDiscarded) throw new Error('This answer must not be discarded.');
        attempt.isDiscarded = true;
      },
    });
    const result: TestRun = { promise, outcome: 'pending', error: undefined, cancellation };
    promise.then(
      ({ status }) => {
        result.outcome = status;
      },
      (error: unknown) => {
        result.outcome = error instanceof SkeinError ? error.code : String(error);
        result.error = error instanceof SkeinError ? error : undefined;
      },
    );
    return result;
  }

  /** The attempt of that number, from 0. */
  function attempt(index: number): TestAttempt {
    const found = attempts[index];
    if (found === undefined) throw new Error(`There were only ${attempts.length} attempts.`);
    return found;
  }

  return { resilience, pool, log, random, attempts, attempt, run };
}
