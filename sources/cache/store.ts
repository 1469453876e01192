import type { Validators } from '../source.ts';

/** An answer and how long it counts; times are milliseconds since the epoch. */
export interface KeptAnswer {
  /** Frozen, or nobody else's. */
  readonly value: unknown;
  readonly keptAt: number;
  readonly freshUntil: number;
  /** Until then it is given while it is asked for anew. */
  readonly staleUntil: number;
  /** Until then it is given when asking fails. */
  readonly errorUntil: number;
  readonly validators: Validators | undefined;
  /** Names under which it can be dropped. */
  readonly tags: readonly string[];
  /** What the value takes, about. */
  readonly bytes: number;
  /** Nothing of it is lost in JSON. */
  readonly isJson: boolean;
}

export interface Lookup {
  readonly answer: KeptAnswer | undefined;
  /** Of this moment: whatever is asked for now, and was dropped by the time it is to be kept, is not kept. */
  readonly stamp: number;
}

export interface KeepRequest {
  /** Name of the source, for the count. */
  readonly owner: string;
  /** Milliseconds after which nobody wants it any more. */
  readonly ttlMs: number;
  readonly stamp: number;
}

/**
 * Where answers are kept. No method rejects or throws: a store that does not work is one that holds nothing, and says
 * so in its state.
 */
export interface CacheStore {
  /** At once where it is possible. */
  get(key: string): Lookup | Promise<Lookup>;
  /** Whether it is kept. */
  set(key: string, answer: KeptAnswer, request: KeepRequest): boolean | Promise<boolean>;
  /** Drops every answer with one of the tags, and what was asked for before and comes later. */
  invalidate(tags: readonly string[]): void | Promise<void>;
  state(): CacheStoreState;
  dispose(): Promise<void>;
}

export interface CacheStoreState {
  readonly kind: 'memory' | 'redis';
  readonly health: 'up' | 'down';
  /** Undefined where the store does not know. */
  readonly entries: number | undefined;
  readonly bytes: number | undefined;
  readonly maxBytes: number | undefined;
  readonly evictions: number | undefined;
  /** Calls of the store that failed or took too long. */
  readonly errors: number;
  /** By source, where the store knows. */
  readonly owners: ReadonlyMap<string, OwnerState>;
}

export interface OwnerState {
  readonly entries: number;
  readonly bytes: number;
  readonly evictions: number;
}

/** A stamp with which nothing is kept: the store could not tell one. */
export const NO_STAMP = -1;
