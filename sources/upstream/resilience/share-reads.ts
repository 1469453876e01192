import { SkeinError } from '../../../kernel/errors.ts';
import type { Clock } from '../../../kernel/ports.ts';
import type { CallContext, CallDetails } from '../../source.ts';
import { abortError } from '../abort.ts';
import { ReadTable } from './read-table.ts';
import { SharedRead } from './shared-read.ts';

export interface ReadSharing {
  /**
   * Runs `read`, or waits for the same that is under way already. `key` must hold all that the answer depends on: the
   * operation, its inputs, the headers that go on, the scope of the caller and its validators; callers of one key see each other's
   * answers and errors, as the same objects, which nobody may change.
   *
   * `read` gets a context that is cancelled when all of its callers went away, with the latest of their deadlines.
   * Headers for clients and what is said of freshness reach each of them. A transport that looked at the deadline only when it began may end too
   * early for those that came later: they read once more, together.
   */
  share<R>(
    key: string,
    details: CallDetails,
    context: CallContext,
    read: (context: CallContext) => Promise<R>,
  ): Promise<R>;
  /** Something may have changed: what is under way is not joined any more. */
  part(): void;
  /** Reads that are under way and may be joined. */
  readonly size: number;
}

/** Reads that may be found again; others are made by each caller for itself. */
const MOST_SHARED = 10_000;

export function createReadSharing(settings: { readonly clock: Clock; readonly most?: number }): ReadSharing {
  const { clock, most = MOST_SHARED } = settings;
  // Of all types of answers: a key stands for one `read`, and so for one type.
  const underWay = new ReadTable<SharedRead<unknown>>();
  const close = (read: SharedRead<unknown>) => underWay.remove(read);

  function join<R>(
    key: string,
    details: CallDetails,
    context: CallContext,
    read: (context: CallContext) => Promise<R>,
  ): Promise<R> {
    if (context.cancellation.reason !== undefined) return Promise.reject(abortError(context, details));
    const found = underWay.get(key) as SharedRead<R> | undefined;
    if (found !== undefined) {
      return found.join(context, details).catch((error: unknown) => {
        if (!isEarly(error, found, context, clock)) throw error;
        return join(key, details, context, read);
      });
    }
    if (underWay.size >= most) return read(context);
    const shared = new SharedRead<R>(key, context, close as (read: SharedRead<R>) => void);
    underWay.add(shared as SharedRead<unknown>);
    const joined = shared.join(context, details);
    shared.start(read);
    return joined;
  }

  return {
    share: join,
    part() {
      underWay.clear();
    },
    get size() {
      return underWay.size;
    },
  };
}

/** Timers may fire a little before the clock says so. */
const TIMER_SLACK_MS = 5;

/** It ended at the deadline of the caller that began it, and this one has time left. */
function isEarly<R>(error: unknown, { startDeadlineAt }: SharedRead<R>, context: CallContext, clock: Clock): boolean {
  if (!(error instanceof SkeinError)) return false;
  if (error.code !== 'DEADLINE_EXCEEDED' && error.code !== 'UPSTREAM_TIMEOUT') return false;
  const now = clock.now();
  return (
    context.cancellation.reason === undefined && startDeadlineAt - TIMER_SLACK_MS <= now && now < context.deadlineAt
  );
}
