/** The ports through which the gateway touches the world; tests give their own. */

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

export interface IdGenerator {
  /** A new unguessable id, safe in URLs and headers. */
  next(): string;
}

/** Structured log, fields first as in pino. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export const systemClock: Clock = { now: () => Date.now() };

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
