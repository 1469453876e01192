import { SkeinError } from '../../kernel/errors.ts';
import type { CallContext } from '../source.ts';

export interface Abortable {
  abort(): void;
}

/**
 * All calls of a request share one signal, and Node warns at the eleventh listener. So each signal gets one listener,
 * for as long as calls are under way, and the calls stand in a set behind it.
 */
class Watch {
  readonly calls = new Set<Abortable>();

  handleEvent(): void {
    for (const call of [...this.calls]) call.abort();
  }
}

const watches = new WeakMap<AbortSignal, Watch>();

/** Calls `call.abort()` when the signal aborts. Each `watchAbort` needs its `unwatchAbort`. */
export function watchAbort(signal: AbortSignal, call: Abortable): void {
  let watch = watches.get(signal);
  if (watch === undefined) {
    watch = new Watch();
    watches.set(signal, watch);
  }
  if (watch.calls.size === 0) signal.addEventListener('abort', watch);
  watch.calls.add(call);
}

export function unwatchAbort(signal: AbortSignal, call: Abortable): void {
  const watch = watches.get(signal);
  if (watch?.calls.delete(call) && watch.calls.size === 0) signal.removeEventListener('abort', watch);
}

/** What a call rejects with when the context's signal has aborted. */
export function abortError(context: CallContext, details: { source: string; operation: string }): SkeinError {
  const { reason } = context.signal;
  const cause: unknown = reason;
  if (Date.now() >= context.deadlineAt) return new SkeinError('DEADLINE_EXCEEDED', undefined, { details, cause });
  if (reason instanceof SkeinError) return new SkeinError(reason.code, undefined, { details, cause });
  return new SkeinError('CLIENT_CLOSED_REQUEST', undefined, { details, cause });
}
