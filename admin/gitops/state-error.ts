import type { UserError } from '../errors.ts';
import { UserErrors } from '../errors.ts';

/** A mistake in a file of state, at its place. */
export interface StateError extends UserError {
  /** From 1; undefined: it is none of the text. */
  readonly line?: number | undefined;
}

/** All mistakes of a file of state at once. Nothing was changed. */
export class StateErrors extends UserErrors {
  override readonly errors: readonly StateError[];
  constructor(errors: readonly StateError[]) {
    super(errors);
    this.errors = errors;
  }
}

/** Collects mistakes; `line` tells where a path is in the text. */
export interface Findings {
  readonly errors: StateError[];
  invalid(path: readonly string[], message: string): void;
  add(path: readonly string[], error: UserError): void;
}

export function createFindings(line: (path: readonly string[]) => number | undefined): Findings {
  const errors: StateError[] = [];
  const add = (path: readonly string[], { code, message }: UserError) => {
    if (!errors.some((known) => known.message === message && known.path.join('\0') === path.join('\0')))
      errors.push({ code, path, message, line: line(path) });
  };
  return { errors, add, invalid: (path, message) => add(path, { code: 'INVALID', path, message }) };
}
