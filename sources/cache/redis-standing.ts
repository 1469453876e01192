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

/** What the log says, for those who read it: what becomes of what Redis was to do. */
export interface RedisWords {
  readonly away: string;
  readonly back: string;
  readonly refused: string;
}

/** After a failure Redis is left alone for so long, and then asked once. */
const PAUSE_MS = 1_000;
const MOST_TOLD = 20;

/** Keeps a Redis that is slow or away from slowing requests down. Changes are logged, once each. */
export function createRedisStanding(settings: {
  readonly waitMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly words: RedisWords;
}): RedisStanding {
  const { waitMs, clock, log, words } = settings;
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
    log.warn({ reason }, words.away);
  }

  function worked(): void {
    pausedUntil = 0;
    if (health === 'up' || isStopped) return;
    health = 'up';
    log.info({}, words.back);
  }

  /** It answers, and does not do it: it is full, or its user may not. Told once for each kind. */
  function refused(reason: string): void {
    errors++;
    const [kind = ''] = reason.split(' ');
    if (told.has(kind) || told.size >= MOST_TOLD || isStopped) return;
    told.add(kind);
    log.warn({ reason }, words.refused);
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
        let isSettled = false;
        const giveUp = () => {
          if (isSettled) return;
          isLate = true;
          failed(`It took longer than ${waitMs} ms.`);
          resolve(undefined);
        };
        // After a pause of this process its answer may be there, and only not read yet.
        const timer = setTimeout(() => setImmediate(giveUp), waitMs);
        command().then(
          (answer) => {
            isSettled = true;
            clearTimeout(timer);
            // One that always comes too late does not work.
            if (!isLate) worked();
            resolve(answer);
          },
          (error: unknown) => {
            isSettled = true;
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
