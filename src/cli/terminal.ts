/** Where a command writes. */
export interface Terminal {
  /** What was asked for. */
  out(text: string): void;
  /**
   * Resolves when more can be taken, with whether anybody reads on: for what may be more than memory holds. Default: at once.
   */
  drained?(): Promise<boolean>;
  /** What is wrong, and what else there is to know. */
  err(text: string): void;
  /** Whether `err` shows colours. */
  readonly color: boolean;
}

/** Exit codes of every command. */
export const EXIT = { ok: 0, mistakes: 1, usage: 2 } as const;
