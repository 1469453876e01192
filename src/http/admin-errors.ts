import { UserErrors } from '../../admin/errors.ts';
import { SkeinError } from '../../kernel/errors.ts';

/** What administrators are told where there is no payload to put mistakes in. */
export function toAdminError(error: unknown): unknown {
  if (!(error instanceof UserErrors)) return error;
  const isForbidden = error.errors.some(({ code }) => code === 'FORBIDDEN');
  return new SkeinError(isForbidden ? 'FORBIDDEN' : 'BAD_REQUEST', error.message);
}
