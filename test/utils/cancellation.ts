import type { Abortable, Cancellation } from '../../kernel/cancellation.ts';
import { SkeinError } from '../../kernel/errors.ts';

/** A cancellation that a test's AbortController causes. It listens to the signal only while somebody watches. */
export function cancellationOf(signal: AbortSignal = new AbortController().signal): Cancellation {
  const calls = new Set<Abortable>();
  const onAbort = () => {
    for (const call of [...calls]) call.abort();
  };
  return {
    get reason() {
      if (!signal.aborted) return undefined;
      return signal.reason instanceof SkeinError ? signal.reason : new SkeinError('CLIENT_CLOSED_REQUEST');
    },
    watch(call) {
      if (calls.size === 0) signal.addEventListener('abort', onAbort);
      calls.add(call);
    },
    unwatch(call) {
      if (calls.delete(call) && calls.size === 0) signal.removeEventListener('abort', onAbort);
    },
    signal,
  };
}
