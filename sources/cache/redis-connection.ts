import { createClient } from '@redis/client';
import { describeError } from '../../kernel/errors.ts';
import type { Clock, Log } from '../../kernel/ports.ts';
import { createRedisStanding, type RedisStanding, type RedisWords } from './redis-standing.ts';

export interface RedisConnectionSettings {
  /** `redis://` or `rediss://`, with user, password and database as far as there are. */
  readonly url: string;
  /** How long a command may take, in milliseconds. */
  readonly waitMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly words: RedisWords;
}

const MOST_COMMANDS = 10_000;
const CONNECT_TIMEOUT_MS = 2_000;
const MOST_RETRY_MS = 2_000;

export type RedisConnection = ReturnType<typeof openRedis>;

/**
 * One connection, which is made anew for as long as it takes. `run` answers undefined when there is none, and when Redis
 * is slow, refuses, or was left alone for a moment because it failed. Takes one server, or one behind one address: no
 * cluster.
 */
export function openRedis(settings: RedisConnectionSettings) {
  const client = createClient({
    url: settings.url,
    disableOfflineQueue: true,
    commandsQueueMaxLength: MOST_COMMANDS,
    socket: {
      connectTimeout: CONNECT_TIMEOUT_MS,
      reconnectStrategy: (retries) => Math.min(MOST_RETRY_MS, 50 * 2 ** Math.min(retries, 10)),
    },
  });
  const standing: RedisStanding = createRedisStanding(settings);
  client.on('error', (error: unknown) => standing.failed(describeError(error)));
  client.on('ready', () => standing.worked());
  const opened = client.connect().then(
    () => {},
    () => {},
  );
  return {
    client,
    standing,
    /** Resolves with the first connection, however long that takes, or when it is closed before. */
    opened,
    /** While there is no connection, and before the first, nothing is tried. */
    run<R>(command: () => Promise<R>): Promise<R | undefined> {
      return client.isReady ? standing.run(command) : Promise.resolve(undefined);
    },
    async dispose(): Promise<void> {
      standing.stop();
      client.destroy();
      await opened;
    },
  };
}
