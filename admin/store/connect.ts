import { join, resolve } from 'node:path';
import mongoose, { type Connection } from 'mongoose';
import { describeError } from '../../kernel/errors.ts';
import type { Log } from '../../kernel/ports.ts';
import { embeddedDriver } from '../embedded/driver.ts';

export interface ConnectOptions {
  /** `mongodb://…`, `mongodb+srv://…`, `embedded:<path>`. */
  readonly uri: string;
  readonly log: Log;
  /** Ends the wait for a server that does not answer. */
  readonly signal?: AbortSignal | undefined;
}

const FIRST_DELAY_MS = 500;
const MOST_DELAY_MS = 15_000;
const SELECTION_TIMEOUT_MS = 5_000;

/** Where the control plane is when no server is named: a file in the data folder. */
export function embeddedUri(dataFolder: string): string {
  return dataFolder === ':memory:' ? 'embedded::memory:' : `embedded:${join(resolve(dataFolder), 'skein.db')}`;
}

/**
 * A connection to the store, once there is one: a server that does not answer is tried again, ever more slowly, and the
 * log says so in a line each time.
 *
 * @throws Error for a file that cannot be opened, an address that cannot be read, or credentials that are refused
 */
export async function connectStore({ uri, log, signal }: ConnectOptions): Promise<Connection> {
  mongoose.setDriver(embeddedDriver);
  if (uri.startsWith('embedded:')) {
    return mongoose.createConnection(uri, { autoIndex: false, autoCreate: false }).asPromise();
  }
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 2, MOST_DELAY_MS)) {
    const connection = mongoose.createConnection();
    try {
      return await connection.openUri(uri, {
        autoIndex: false,
        autoCreate: false,
        appName: 'skein',
        serverSelectionTimeoutMS: SELECTION_TIMEOUT_MS,
        w: 'majority',
      });
    } catch (error) {
      await connection.destroy().catch(() => {});
      if (!isUnreachable(error)) throw error;
      log.warn({ store: redact(uri), reason: describeError(error), retryInMs: delayMs }, 'the store cannot be reached');
    }
    await waitFor(delayMs, signal);
  }
}

/** The address without what it says of who connects. */
export function redact(uri: string): string {
  return uri.replace(/\/\/[^/]*@/, '//').replace(/\?.*$/, '');
}

function isUnreachable(error: unknown): boolean {
  const name = (error as Error).name;
  return /ServerSelection|Network|Timeout/.test(name) && !/Authentication failed|bad auth/i.test(describeError(error));
}

function waitFor(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stopped = () => reject(new Error('The gateway was stopped before the store could be reached.'));
    if (signal?.aborted === true) return stopped();
    const stop = () => {
      clearTimeout(timer);
      stopped();
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, delayMs);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
