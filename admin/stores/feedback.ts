import { scopeOf } from '../actor.ts';
import { userError } from '../errors.ts';
import { momentId, newId } from '../ids.ts';
import { type Feedback, SCORE_UNIT } from '../models/feedback.ts';
import type { FeedbackCounter, UsageRecord } from '../models/usage.ts';
import { demand } from '../permissions.ts';
import { TakenError } from '../store/collection.ts';
import { type Page, readCursor, type Sort } from '../store/page.ts';
import type { Store } from '../store/store.ts';
import { type FeedbackChange, USAGE_PREFIX } from '../store/usage-log.ts';
import { HOUR_MS, hourOf, placeOf } from '../store/usage-sums.ts';
import { type AdminContext, tenantFor } from './context.ts';

/** What a caller says of a call of its own tenant. */
export interface Judgement {
  readonly record: UsageRecord & { readonly prompt: string };
  /** Who says it, in one text. */
  readonly by: string;
  readonly app: string | null;
  readonly user: string | null;
  /** From 0 to 1. */
  readonly score: number;
  readonly comment: string;
}

export interface Judged {
  readonly feedback: Feedback;
  /** What that changes in the sums of the call's hour; undefined: nothing. */
  readonly change: FeedbackChange | undefined;
}

const MOST_TRIES = 5;
const DEFAULT_PAGE = 50;
const MOST_PAGE = 500;

/**
 * Keeps what a caller says of a call, in the place of what the same one has said before. Each change of a sum is handed to
 * one writer alone, also where the same is said twice at a time.
 */
export async function judge(
  store: Pick<Store, 'feedback'>,
  { record, by, app, user, score, comment }: Judgement,
): Promise<Judged> {
  const { tenant, _id: call } = record;
  const scope = { all: false, tenant } as const;
  const place = placeOf(record);
  const said = { score: Math.round(score * SCORE_UNIT), comment };
  const changeBy = (before: number | undefined): FeedbackChange => ({
    _id: newId('fch'),
    hourId: place._id,
    key: place.key,
    counters: {
      feedbacks: before === undefined ? 1 : 0,
      score: said.score - (before ?? 0),
      scoreSquares: said.score ** 2 - (before ?? 0) ** 2,
    },
  });
  const { prompt, promptVersion, model, at } = record;
  const of = { call, callAt: at, hourId: place._id, prompt, promptVersion: promptVersion ?? '', model };
  for (let tries = 1; ; tries += 1) {
    const known = await store.feedback.find(scope, { call, by });
    if (known !== undefined) {
      const feedback = await store.feedback.update(scope, known._id, known.version, said);
      if (feedback !== undefined)
        return { feedback, change: known.score === said.score ? undefined : changeBy(known.score) };
    } else {
      try {
        const feedback = await store.feedback.insert(scope, { tenant, by, app, user, ...of, ...said });
        return { feedback, change: changeBy(undefined) };
      } catch (error) {
        // It was said at the same moment.
        if (!(error instanceof TakenError)) throw error;
      }
    }
    if (tries === MOST_TRIES) throw new Error('The same feedback is given too often at a time.');
  }
}

/**
 * Sets what was said of the calls of hours to what is kept of it. Hours of which something was said after `settledAt` are
 * left out: that may be on its way to their sums. Resolves with how many sums were wrong.
 */
export async function recountFeedback(
  store: Pick<Store, 'feedback' | 'usage'>,
  from: Date,
  until: Date,
  settledAt: Date,
): Promise<number> {
  let changed = 0;
  for (let hour = hourOf(from).getTime(); hour < hourOf(until).getTime(); hour += HOUR_MS) {
    const sums = new Map<string, Record<FeedbackCounter, number>>();
    const unsettled = new Set<string>();
    for await (const { hourId, score, updatedAt } of saidOf(store, new Date(hour))) {
      if (updatedAt > settledAt) unsettled.add(hourId);
      const sum = sums.get(hourId) ?? { feedbacks: 0, score: 0, scoreSquares: 0 };
      sums.set(hourId, sum);
      sum.feedbacks += 1;
      sum.score += score;
      sum.scoreSquares += score ** 2;
    }
    for (const [hourId, sum] of sums)
      if (!unsettled.has(hourId) && (await store.usage.setFeedback(hourId, sum))) changed += 1;
  }
  return changed;
}

async function* saidOf({ feedback }: Pick<Store, 'feedback'>, hour: Date): AsyncIterable<Feedback> {
  const end = new Date(hour.getTime() + HOUR_MS);
  const call = { $gte: momentId(USAGE_PREFIX, hour), $lt: momentId(USAGE_PREFIX, end) };
  const sort = { field: '_id', descending: false };
  for (let after: { readonly value: string } | undefined; ; ) {
    const page = await feedback.page({ all: true }, { call }, { first: MOST_PAGE, sort, after });
    yield* page.records;
    const last = page.records.at(-1);
    if (!page.hasMore || last === undefined) return;
    after = { value: last._id };
  }
}

export interface FeedbackListRequest {
  readonly tenant?: string | null | undefined;
  readonly where?: Readonly<Record<string, string | null | undefined>> | null | undefined;
  readonly sort: Sort;
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
}

export const feedback = {
  /** @throws UserErrors */
  async list(
    context: AdminContext,
    { tenant, where, sort, first, after }: FeedbackListRequest,
  ): Promise<Page<Feedback>> {
    demand(context.actor, 'read');
    if (typeof first === 'number' && (first < 1 || first > MOST_PAGE))
      throw userError('INVALID', ['first'], `must be from 1 to ${MOST_PAGE}`);
    const scope = scopeOf(context.actor);
    const given = Object.entries(where ?? {}).filter(([, value]) => value !== undefined && value !== null);
    const isAll = scope.all && (tenant === undefined || tenant === null);
    if (isAll && given.length > 0)
      throw userError('INVALID', ['tenant'], 'Name the tenant, to find feedback by what it is of.');
    const of = isAll ? {} : { tenant: (await tenantFor(context, tenant))._id };
    return context.store.feedback.page(
      scope,
      { ...of, ...Object.fromEntries(given) },
      {
        first: first ?? DEFAULT_PAGE,
        sort,
        after: after === undefined || after === null ? undefined : readCursor(after, sort),
      },
    );
  },
};
