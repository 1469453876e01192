/** What kind of mistake it is, for programs. */
export const USER_ERROR_CODES = ['INVALID', 'TAKEN', 'NOT_FOUND', 'STALE', 'FORBIDDEN', 'IN_USE'] as const;
export type UserErrorCode = (typeof USER_ERROR_CODES)[number];

/** A mistake in what an administrator gave, at its place. */
export interface UserError {
  /** Where in the input, e.g. `["rates", "0", "limit"]`; empty for the input as a whole. */
  readonly path: readonly string[];
  readonly message: string;
  readonly code: UserErrorCode;
}

/** All mistakes of an input at once. Nothing was changed. */
export class UserErrors extends Error {
  override readonly name = 'UserErrors';
  readonly errors: readonly UserError[];

  constructor(errors: readonly UserError[]) {
    super(errors.map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`)).join(' '));
    this.errors = errors;
  }
}

export function userError(code: UserErrorCode, path: readonly string[], message: string): UserErrors {
  return new UserErrors([{ code, path, message }]);
}

/** An id of nothing, or of another tenant's: which of them, nobody is told. */
export function notFound(what: string, path: readonly string[] = ['id']): UserErrors {
  return userError('NOT_FOUND', path, `There is no such ${what}.`);
}
