import type { Feed } from '../../admin/store/feed.ts';
import { describeError } from '../../kernel/errors.ts';
import type { Clock, Log } from '../../kernel/ports.ts';
import { type Changed, createFeedReader } from './records.ts';

/** How this instance stands to the store. */
export interface StoreHealth {
  readonly reachable: boolean;
  /** Milliseconds since it last answered. */
  readonly silentMs: number;
}

export interface Sync {
  health(): StoreHealth;
  /** Reads what has changed, now. */
  now(): Promise<void>;
  stop(): Promise<void>;
}

export interface SyncDeps {
  readonly feed: Feed;
  readonly clock: Clock;
  readonly log: Log;
  /** Told of changes, whole and in order. */
  take(changed: Changed): void;
  /** Told every time it has looked. */
  onLook(): void;
}

const LOOK_EVERY_MS = 500;
/** Everything is looked through again now and then: a writer may have died between writing and saying so. */
const LOOK_THROUGH_EVERY_MS = 30_000;

/**
 * Follows the store: a small question twice a second, and the changed records when there are any. A store that does not
 * answer changes nothing of what is served.
 */
export async function followStore({ feed, clock, log, take, onLook }: SyncDeps): Promise<Sync> {
  const reader = createFeedReader(feed);
  let seen = await feed.signals();
  take(await reader.read());
  let answeredAt = clock.now();
  let lookedThroughAt = clock.now();
  let isSilent = false;
  let stopped = false;
  let wanted = false;
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;

  const lookOnce = async () => {
    try {
      const signals = await feed.signals();
      const isDue = clock.now() - lookedThroughAt >= LOOK_THROUGH_EVERY_MS;
      if (signals !== seen || isDue) {
        const changed = await reader.read();
        seen = signals;
        lookedThroughAt = clock.now();
        take(changed);
      }
      answeredAt = clock.now();
      if (isSilent) log.info({}, 'the store answers again');
      isSilent = false;
    } catch (error) {
      if (!isSilent)
        log.error({ reason: describeError(error) }, 'the store does not answer: what is known goes on serving');
      isSilent = true;
    }
    onLook();
  };
  const look = (): Promise<void> => {
    wanted = true;
    looking ??= (async () => {
      while (wanted && !stopped) {
        wanted = false;
        await lookOnce();
      }
    })().finally(() => {
      looking = undefined;
    });
    return looking;
  };
  const schedule = () => {
    if (stopped) return;
    timer = setTimeout(() => void look().then(schedule), LOOK_EVERY_MS).unref();
  };
  const unlisten = feed.onSignal(() => void look());
  schedule();
  return {
    health: () => ({ reachable: !isSilent, silentMs: isSilent ? clock.now() - answeredAt : 0 }),
    now: look,
    async stop() {
      stopped = true;
      unlisten();
      clearTimeout(timer);
      await looking;
    },
  };
}
