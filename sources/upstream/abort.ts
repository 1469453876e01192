import { SkeinError } from '../../kernel/errors.ts';
import type { CallContext } from '../source.ts';

/** What a call rejects with when its request was cancelled. */
export function abortError(context: CallContext, details: { source: string; operation: string }): SkeinError {
  const cause = context.cancellation.reason;
  if (Date.now() >= context.deadlineAt) return new SkeinError('DEADLINE_EXCEEDED', undefined, { details, cause });
  return new SkeinError(cause?.code ?? 'CLIENT_CLOSED_REQUEST', undefined, { details, cause });
}
