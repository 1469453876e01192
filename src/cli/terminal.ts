/** Where a command writes. */
export interface Terminal {
  /** What was asked for. */
  out(text: string): void;
  /** What is wrong, and what else there is to know. */
  err(text: string): void;
  /** Whether `err` shows colours. */
  readonly color: boolean;
}

/** Exit codes of every command. */
export const EXIT = { ok: 0, mistakes: 1, usage: 2 } as const;
