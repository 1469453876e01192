import { isId, momentId } from '../../admin/ids.ts';
import { SCORE_UNIT } from '../../admin/models/feedback.ts';
import type { UsageRecord } from '../../admin/models/usage.ts';
import type { Store } from '../../admin/store/store.ts';
import { type FeedbackChange, USAGE_PREFIX } from '../../admin/store/usage-log.ts';
import { type Judgement, judge } from '../../admin/stores/feedback.ts';
import { describeError, SkeinError } from '../../kernel/errors.ts';
import type { Clock, Log } from '../../kernel/ports.ts';
import type { FeedbackKeeper } from '../../sources/prompt/feedback.ts';
import type { CallContext } from '../../sources/source.ts';
import { DEFAULT_TENANT } from '../identity/caller.ts';
import type { Sink, UsageSink } from './usage-sink.ts';

export interface FeedbackDeps {
  readonly store: Pick<Store, 'feedback' | 'usage'>;
  /** Records that are not in the store yet. */
  readonly usage: Pick<UsageSink, 'flush'>;
  /** What feedback changes in sums. */
  readonly changes: Pick<Sink<FeedbackChange>, 'add'>;
  readonly clock: Clock;
  readonly log: Log;
  /** How long is waited between looks for a call that another instance has answered a moment ago. */
  readonly pauseMs?: number | undefined;
}

const MOST_NAME = 256;
/** Records of younger calls may be on their way to the store. */
const YOUNG_MS = 5_000;
const LOOKS = 3;
const PAUSE_MS = 300;

/**
 * Keeps feedback in the store, and waits for that: who says something is told whether it is kept. A call is the caller's
 * to judge if it is of a prompt and of the caller's own tenant; with a key that is held to certain products, if it was made
 * with the same key.
 */
export function createFeedback({
  store,
  usage,
  changes,
  clock,
  log,
  pauseMs = PAUSE_MS,
}: FeedbackDeps): FeedbackKeeper {
  const find = async (id: string): Promise<UsageRecord | undefined> => {
    if (!isId(USAGE_PREFIX, id)) return undefined;
    for (let look = 1; ; look += 1) {
      const record = await store.usage.get(id);
      const isYoung = id > momentId(USAGE_PREFIX, new Date(Math.max(0, clock.now() - YOUNG_MS)));
      if (record !== undefined || look === LOOKS || !isYoung) return record;
      if (look === 1) await usage.flush();
      else await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  };
  return {
    async keep({ call, score, comment }, context) {
      try {
        const record = await find(call);
        if (!isOwn(record, context))
          throw new SkeinError('NOT_FOUND', 'There is no answer of a prompt with this id that you could judge.');
        const { feedback, change } = await judge(store, { record, ...whoOf(context), score, comment: comment ?? '' });
        if (change !== undefined) changes.add(change);
        return {
          ...{ call, prompt: feedback.prompt, version: feedback.promptVersion },
          ...{ score: feedback.score / SCORE_UNIT, comment: feedback.comment || null },
        };
      } catch (error) {
        if (error instanceof SkeinError) throw error;
        log.warn({ requestId: context.requestId, reason: describeError(error) }, 'feedback could not be kept');
        const message = 'Feedback cannot be kept at the moment: send it again.';
        throw new SkeinError('STORE_UNAVAILABLE', message, { cause: error });
      }
    },
  };
}

function isOwn(record: UsageRecord | undefined, { account }: CallContext): record is Judgement['record'] {
  if (record === undefined || record.prompt === null) return false;
  if (record.tenant !== (account?.tenant ?? DEFAULT_TENANT)) return false;
  return account?.products === undefined || (account.key !== undefined && record.key === account.key);
}

/** A user is one of an app's; keys of one app are one. */
function whoOf({ account }: CallContext): Pick<Judgement, 'by' | 'app' | 'user'> {
  const { app = null, key = '' } = account ?? {};
  const user = account?.user?.slice(0, MOST_NAME) ?? null;
  const by = app === null && user === null ? `key ${key.slice(0, MOST_NAME)}` : JSON.stringify([app, user]);
  return { by, app, user };
}
