import { scopeOf } from '../actor.ts';
import { userError } from '../errors.ts';
import { isMoment, momentId } from '../ids.ts';
import { FEEDBACK_COUNTERS, isMoney, USAGE_COUNTERS, type UsageRecord } from '../models/usage.ts';
import { demand } from '../permissions.ts';
import { type Page, readCursor, type Sort } from '../store/page.ts';
import {
  USAGE_PREFIX,
  type UsageDimension,
  type UsageQuestion,
  type UsageRow,
  type UsageTotals,
} from '../store/usage-log.ts';
import { HOUR_MS, hourOf } from '../store/usage-sums.ts';
import { type AdminContext, tenantFor } from './context.ts';
import { DEFAULT_SORT } from './entity.ts';
import { recountFeedback } from './feedback.ts';

export interface UsageRequest {
  /** Id or name of a tenant, for platform administrators. */
  readonly tenant?: string | null | undefined;
  /** Default: 30 days before the end. */
  readonly from?: Date | null | undefined;
  /** Default: now. */
  readonly until?: Date | null | undefined;
  readonly groupBy?: readonly UsageDimension[] | null | undefined;
  readonly where?: Readonly<Record<string, string | null | undefined>> | null | undefined;
}

export interface UsageReport {
  /** Whole hours. */
  readonly from: Date;
  readonly until: Date;
  readonly totals: UsageTotals;
  /** In the order of their dimensions; none where nothing is grouped by. */
  readonly rows: readonly UsageRow[];
}

export interface UsageListRequest {
  readonly tenant?: string | null | undefined;
  readonly where?: Readonly<Record<string, unknown>> | null | undefined;
  readonly sort?: Sort | undefined;
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
}

const DAY_MS = 24 * HOUR_MS;
const DEFAULT_SPAN_MS = 30 * DAY_MS;
const MOST_ROWS = 10_000;
const DEFAULT_PAGE = 50;
const MOST_PAGE = 500;
/** Hours younger than this may still get calls that are on their way to the store. */
const SETTLED_MS = 10 * 60_000;
const MOST_RECOUNT_MS = 31 * DAY_MS;

export const usage = {
  /** Totals and rows from the sums by hour. @throws UserErrors */
  async report(context: AdminContext, request: UsageRequest): Promise<UsageReport> {
    demand(context.actor, 'read');
    const { from, until } = hoursOf(context, request);
    const by = request.groupBy ?? [];
    const where = withoutNothing(request.where) as UsageQuestion['where'];
    const tenant = await tenantOf(context, request.tenant);
    return reportOf(context, { tenant, from, until, by, where });
  },
  async list(context: AdminContext, request: UsageListRequest): Promise<Page<UsageRecord>> {
    const { first, after, sort = DEFAULT_SORT } = request;
    if (typeof first === 'number' && (first < 1 || first > MOST_PAGE))
      throw userError('INVALID', ['first'], `must be from 1 to ${MOST_PAGE}`);
    return context.store.usage.page(await filterOf(context, request), {
      first: first ?? DEFAULT_PAGE,
      sort,
      after: after === undefined || after === null ? undefined : readCursor(after, sort),
    });
  },
  async get(context: AdminContext, id: string): Promise<UsageRecord | undefined> {
    demand(context.actor, 'read');
    const scope = scopeOf(context.actor);
    const found = await context.store.usage.get(id);
    return found !== undefined && (scope.all || found.tenant === scope.tenant) ? found : undefined;
  },
  /** Raises sums to what the records say, after a crash between the two. @throws UserErrors */
  async recount(context: AdminContext, from: Date, until: Date): Promise<number> {
    demand(context.actor, 'tenants');
    if (from >= until) throw userError('INVALID', ['until'], 'must be after "from"');
    if (until.getTime() - from.getTime() > MOST_RECOUNT_MS)
      throw userError('INVALID', ['from'], 'must be 31 days before "until" at the most');
    const settledAt = new Date(context.clock.now() - SETTLED_MS);
    const settled = hourOf(settledAt);
    const end = until < settled ? until : settled;
    const raised = await context.store.usage.recount(from, end);
    return raised + (await recountFeedback(context.store, from, end, settledAt));
  },
};

/** Totals and rows of what a question is about. @throws UserErrors where there are too many rows */
export async function reportOf(
  { store }: AdminContext,
  question: Pick<UsageQuestion, 'tenant' | 'from' | 'until' | 'by' | 'where'>,
): Promise<UsageReport> {
  const { from, until } = question;
  const by = [...new Set(question.by)];
  const rows = await store.usage.sums({ ...question, by, most: MOST_ROWS });
  if (rows === undefined)
    throw userError(
      'INVALID',
      ['groupBy'],
      `gives more than ${MOST_ROWS} rows: ask for a shorter time, or group by less`,
    );
  const totals = add(rows);
  return { from, until, totals, rows: by.length === 0 ? [] : [...rows].sort((one, other) => order(by, one, other)) };
}

/** The whole hours that are asked for. @throws UserErrors where there are none */
export function hoursOf({ clock }: AdminContext, request: Pick<UsageRequest, 'from' | 'until'>) {
  const until = roundUp(request.until ?? new Date(clock.now() + 1));
  const from = hourOf(request.from ?? new Date(until.getTime() - DEFAULT_SPAN_MS));
  if (from >= until) throw userError('INVALID', ['until'], 'must be after "from"');
  return { from, until };
}

function roundUp(moment: Date): Date {
  return hourOf(new Date(moment.getTime() + HOUR_MS - 1));
}

/** Undefined: all tenants. */
async function tenantOf(context: AdminContext, named: string | null | undefined): Promise<string | undefined> {
  const scope = scopeOf(context.actor);
  if (!scope.all && (named === undefined || named === null)) return scope.tenant;
  if (named === undefined || named === null) return undefined;
  return (await tenantFor(context, named))._id;
}

async function filterOf(context: AdminContext, { tenant, where }: UsageListRequest): Promise<object> {
  demand(context.actor, 'read');
  const of = await tenantOf(context, tenant);
  const { from, until, ...fields } = where ?? {};
  const given = withoutNothing(fields);
  if (of === undefined && Object.keys(given).length > 0)
    throw userError('INVALID', ['tenant'], 'Name the tenant, to find calls by what they are.');
  const span = {
    ...(isMoment(from) ? { $gte: momentId(USAGE_PREFIX, from) } : {}),
    ...(isMoment(until) ? { $lt: momentId(USAGE_PREFIX, until) } : {}),
  };
  return {
    ...given,
    ...(Object.keys(span).length === 0 ? {} : { _id: span }),
    ...(of === undefined ? {} : { tenant: of }),
  };
}

export function withoutNothing(where: Readonly<Record<string, unknown>> | null | undefined): Record<string, unknown> {
  return Object.fromEntries(Object.entries(where ?? {}).filter(([, value]) => value !== undefined && value !== null));
}

function add(rows: readonly UsageRow[]): UsageTotals {
  const sums: Record<string, number | bigint> = {};
  for (const name of USAGE_COUNTERS) {
    if (isMoney(name)) sums[name] = rows.reduce((sum, { totals }) => sum + totals[name], 0n);
    else sums[name] = rows.reduce((sum, { totals }) => sum + totals[name], 0);
  }
  for (const name of FEEDBACK_COUNTERS) sums[name] = rows.reduce((sum, { totals }) => sum + totals[name], 0);
  return sums as unknown as UsageTotals;
}

/** Moments first, so that a series is one; then by what is in the names. */
function order(by: readonly UsageDimension[], { group: one }: UsageRow, { group: other }: UsageRow): number {
  for (const name of [...MOMENTS, ...by]) {
    const [a, b] = [sortable(one[name]), sortable(other[name])];
    if (a !== b) return a < b ? -1 : 1;
  }
  return 0;
}

const MOMENTS = ['day', 'hour'] as const;

function sortable(value: string | Date | null | undefined): string {
  return value instanceof Date ? value.toISOString() : (value ?? '');
}

/** Dollars to the last nano-dollar: `0.0000015`, `12.50`. */
export function usdText(nanoUsd: bigint): string {
  const digits = (nanoUsd < 0n ? -nanoUsd : nanoUsd).toString().padStart(10, '0');
  const fraction = digits.slice(-9).replace(/0+$/, '').padEnd(2, '0');
  return `${nanoUsd < 0n ? '-' : ''}${digits.slice(0, -9)}.${fraction}`;
}
