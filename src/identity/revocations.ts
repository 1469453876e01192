import type { Lifetimes } from '../lifetimes.ts';
import type { Caller } from './caller.ts';
import type { Keyring } from './keyring.ts';

export interface Revocations {
  /** Ends the streams of callers whose key or token does not count any more. Call it when the directory has changed. */
  check(): void;
  stop(): void;
}

export interface RevocationsOptions {
  readonly lifetimes: Pick<Lifetimes, 'stopWhere' | 'streams'>;
  readonly keyring: Pick<Keyring, 'isCurrent'>;
  /** Whether the app of a caller still has all these grants. Default: nobody takes them away. */
  readonly holdsGrants?: ((caller: Caller, grants: readonly string[]) => boolean) | undefined;
  /** How often it looks by itself, for keys and tokens that expire. Default: 1000. */
  readonly everyMs?: number | undefined;
}

const REASON = 'The API key or token that opened this is not valid any more.';
const GRANT_REASON = 'The access to a product that this needs was taken away.';

/**
 * Keys are looked at when a request comes; a stream has only one. So streams are looked at here. Queries and mutations
 * that have begun are let finish: they do not last.
 */
export function createRevocations({
  lifetimes,
  keyring,
  holdsGrants,
  everyMs = 1_000,
}: RevocationsOptions): Revocations {
  const check = () => {
    if (lifetimes.streams === 0) return;
    const current = new Map<Caller, boolean>();
    lifetimes.stopWhere(
      ({ caller, isStream }) => {
        if (caller === undefined || !isStream) return false;
        const known = current.get(caller) ?? keyring.isCurrent(caller);
        current.set(caller, known);
        return !known;
      },
      'UNAUTHENTICATED',
      REASON,
    );
    if (holdsGrants === undefined) return;
    lifetimes.stopWhere(
      ({ caller, isStream, grants }) =>
        isStream && caller !== undefined && grants.length > 0 && !holdsGrants(caller, grants),
      'FORBIDDEN',
      GRANT_REASON,
    );
  };
  const timer = setInterval(check, everyMs);
  timer.unref();
  return { check, stop: () => clearInterval(timer) };
}
