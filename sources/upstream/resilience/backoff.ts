import type { Abortable } from '../../../kernel/cancellation.ts';
import type { CallContext, CallDetails } from '../../source.ts';
import { abortError } from '../abort.ts';
import type { Judgement, Outcome, Repeatable } from './contracts.ts';

/** Whether a call that ended so may be sent again. */
export function mayRepeat(repeatable: Repeatable, outcome: Outcome): boolean {
  if (outcome === 'ok' || outcome === 'given-up') return false;
  if (outcome === 'unsent') return true;
  return repeatable === 'always' || (repeatable === 'unprocessed' && outcome === 'busy');
}

export interface BackoffOptions {
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
}

/**
 * How long to wait before a call is sent again, in milliseconds: any time up to `backoffMs`, doubled for each retry
 * before (full jitter). What the service asks for comes on top, so that not everybody comes back at once. Undefined
 * when it asks for more than `maxBackoffMs`, as a client must not be kept that long, or not to be called again at all.
 * `elsewhere` tells that another endpoint is next, to which a wait that this one asks for does not apply unless it is for
 * a limit of the caller's.
 */
export function backoffFor(
  retry: number,
  judgement: Judgement,
  elsewhere: boolean,
  options: BackoffOptions,
  random: () => number,
): number | undefined {
  if (judgement.final === true) return undefined;
  const jitterMs = random() * Math.min(options.maxBackoffMs, options.backoffMs * 2 ** retry);
  const { retryAfterMs, overLimit } = judgement;
  if (retryAfterMs === undefined || (elsewhere && overLimit !== true)) return jitterMs;
  return retryAfterMs > options.maxBackoffMs ? undefined : retryAfterMs + jitterMs;
}

/** Waits, and rejects at once when the call's request is cancelled. */
export function pause(ms: number, context: CallContext, details: CallDetails): Promise<void> {
  const { cancellation } = context;
  return new Promise((resolve, reject) => {
    if (cancellation.reason !== undefined) {
      reject(abortError(context, details));
      return;
    }
    const waiting: Abortable = {
      abort() {
        clearTimeout(timer);
        cancellation.unwatch(waiting);
        reject(abortError(context, details));
      },
    };
    const timer = setTimeout(() => {
      cancellation.unwatch(waiting);
      resolve();
    }, ms);
    cancellation.watch(waiting);
  });
}
