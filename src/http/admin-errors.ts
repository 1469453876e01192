import { GraphQLError } from 'graphql';
import { UserErrors } from '../../admin/errors.ts';
import { isUnavailable } from '../../admin/store/unavailable.ts';
import { SkeinError } from '../../kernel/errors.ts';
import type { StoreHealth } from '../control/sync.ts';

const RETRY_AFTER_MS = 5_000;
/** How long a request waits for a store that is known not to answer. Servers that hang keep connections open for long. */
const PATIENCE_MS = 5_000;
const LOOK_EVERY_MS = 250;

/** As headers of the answer have it: in seconds. */
export const RETRY_AFTER = String(RETRY_AFTER_MS / 1_000);

/** What administrators are told where there is no payload to put mistakes in. */
export function toAdminError(error: unknown): unknown {
  const cause = causeOf(error);
  if (isUnavailable(cause)) return storeUnavailable(cause);
  if (!(cause instanceof UserErrors)) return error;
  const isForbidden = cause.errors.some(({ code }) => code === 'FORBIDDEN');
  return new SkeinError(isForbidden ? 'FORBIDDEN' : 'BAD_REQUEST', cause.message);
}

export function storeUnavailable(cause?: unknown): SkeinError {
  return new SkeinError('STORE_UNAVAILABLE', undefined, { details: { retryAfterMs: RETRY_AFTER_MS }, cause });
}

export function isStoreUnavailable(error: unknown): error is SkeinError {
  return error instanceof SkeinError && error.code === 'STORE_UNAVAILABLE';
}

/**
 * What comes of the work, unless the store falls silent meanwhile. What is left behind may end as it likes.
 * @throws SkeinError STORE_UNAVAILABLE
 */
export async function unlessSilent<T>(health: () => StoreHealth, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_resolve, reject) => {
    let waitedMs = 0;
    timer = setInterval(() => {
      waitedMs += LOOK_EVERY_MS;
      if (waitedMs >= PATIENCE_MS && !health().reachable) reject(storeUnavailable());
    }, LOOK_EVERY_MS);
  });
  try {
    return await Promise.race([work, silence]);
  } finally {
    clearInterval(timer);
    work.catch(() => {});
  }
}

function causeOf(error: unknown): unknown {
  let current = error;
  while (current instanceof GraphQLError && current.originalError !== undefined) current = current.originalError;
  return current;
}
