import type { Feed } from '../../admin/store/feed.ts';
import { describeError } from '../../kernel/errors.ts';
import type { Clock, Log } from '../../kernel/ports.ts';
import { type Changed, createFeedReader } from './records.ts';

/** How this instance stands to the store. */
export interface StoreHealth {
  readonly reachable: boolean;
  /** Milliseconds since it last answered; 0 while it does. */
  readonly silentMs: number;
}

export interface Sync {
  health(): StoreHealth;
  /** Milliseconds since the epoch, when the store last answered. */
  answeredAt(): number;
  /** How old the newest change was when it was taken, by the clock of who wrote it; undefined until there was one. */
  lagMs(): number | undefined;
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
/** A look that takes longer counts as none: connections to a server that hangs stay open for long. */
const SLOW_MS = 3_000;
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
  let lagMs: number | undefined;
  let isSilent = false;
  let stopped = false;
  let wanted = false;
  let lookingSince: number | undefined;
  let looking: Promise<void> | undefined;

  const tellSilence = (reason: string) => {
    if (!isSilent && !stopped) log.error({ reason }, 'the store does not answer: what is known goes on serving');
    isSilent = true;
  };
  const lookOnce = async () => {
    lookingSince = clock.now();
    try {
      const signals = await feed.signals();
      const isDue = clock.now() - lookedThroughAt >= LOOK_THROUGH_EVERY_MS;
      if (signals !== seen || isDue) {
        const changed = await reader.read();
        seen = signals;
        lookedThroughAt = clock.now();
        const writtenAt = newestOf(changed);
        if (writtenAt !== undefined) lagMs = Math.max(0, clock.now() - writtenAt);
        if (!stopped) take(changed);
      }
      answeredAt = clock.now();
      if (isSilent) log.info({}, 'the store answers again');
      isSilent = false;
    } catch (error) {
      tellSilence(describeError(error));
    } finally {
      lookingSince = undefined;
    }
  };
  const look = (): Promise<void> => {
    wanted = true;
    looking ??= (async () => {
      while (wanted && !stopped) {
        wanted = false;
        await lookOnce();
      }
      // At once: whoever asks from now on begins another look.
      looking = undefined;
    })();
    return looking;
  };
  const timer = setInterval(() => {
    // Time passes without the store, too.
    onLook();
    if (looking === undefined) void look();
    else if (lookingSince !== undefined && clock.now() - lookingSince > SLOW_MS)
      tellSilence(`It was asked ${Math.round((clock.now() - lookingSince) / 1_000)} s ago.`);
  }, LOOK_EVERY_MS).unref();
  const unlisten = feed.onSignal(() => void look());
  return {
    health: () => ({ reachable: !isSilent, silentMs: isSilent ? clock.now() - answeredAt : 0 }),
    answeredAt: () => answeredAt,
    lagMs: () => lagMs,
    now: look,
    async stop() {
      stopped = true;
      unlisten();
      clearInterval(timer);
      await looking;
    },
  };
}

function newestOf(changed: Changed): number | undefined {
  let newest: number | undefined;
  for (const records of Object.values(changed))
    for (const { updatedAt } of records) newest = Math.max(newest ?? 0, updatedAt.getTime());
  return newest;
}
