import { ErrorReply } from '@redis/client';
import { describeError } from '../../kernel/errors.ts';
import type { Clock, Log } from '../../kernel/ports.ts';

export interface RedisStanding {
  /** Undefined when it failed, took too long, or is not tried now. */
  run<R>(command: () => Promise<R>): Promise<R | undefined>;
  failed(reason: string): void;
  worked(): void;
  state(): { readonly health: 'up' | 'down'; readonly errors: number };
  /** It is closed: what fails from now on is nobody's business. */
  stop(): void;
}

/** After a failure Redis is left alone for so long, and then asked once. */
const PAUSE_MS = 1_000;
const MOST_TOLD = 20;

/** Keeps a Redis that is slow or away from slowing requests down. Changes are logged, once each. */
export function createRedisStanding(settings: {
  readonly waitMs: number;
  readonly clock: Clock;
  readonly log: Log;
}): RedisStanding {
  const { waitMs, clock, log } = settings;
  let health: 'up' | 'down' = 'up';
  let errors = 0;
  let pausedUntil = 0;
  let isStopped = false;
  const told = new Set<string>();

  function failed(reason: string): void {
    if (isStopped) return;
    errors++;
    pausedUntil = clock.now() + PAUSE_MS;
    if (health === 'down') return;
    health = 'down';
    log.warn({ reason }, 'Redis does not answer: nothing that is kept can be used until it does.');
  }

  function worked(): void {
    pausedUntil = 0;
    if (health === 'up' || isStopped) return;
    health = 'up';
    log.info({}, 'Redis answers again.');
  }

  /** It answers, and does not do it: it is full, or its user may not. Told once for each kind. */
  function refused(reason: string): void {
    errors++;
    const [kind = ''] = reason.split(' ');
    if (told.has(kind) || told.size >= MOST_TOLD || isStopped) return;
    told.add(kind);
    log.warn({ reason }, 'Redis refuses a command: what it was to do for kept answers is not done.');
  }

  return {
    failed,
    worked,
    run(command) {
      const now = clock.now();
      if (isStopped || now < pausedUntil) return Promise.resolve(undefined);
      // Others wait for what becomes of this one.
      if (health === 'down') pausedUntil = now + PAUSE_MS;
      return new Promise((resolve) => {
        let isLate = false;
        const timer = setTimeout(() => {
          isLate = true;
          failed(`It took longer than ${waitMs} ms.`);
          resolve(undefined);
        }, waitMs);
        command().then(
          (answer) => {
            clearTimeout(timer);
            // One that always comes too late does not work.
            if (!isLate) worked();
            resolve(answer);
          },
          (error: unknown) => {
            clearTimeout(timer);
            if (isLate) return;
            if (error instanceof ErrorReply) refused(describeError(error));
            else failed(describeError(error));
            resolve(undefined);
          },
        );
      });
    },
    state: () => ({ health, errors }),
    stop() {
      isStopped = true;
    },
  };
}
