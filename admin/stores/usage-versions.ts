import { userError } from '../errors.ts';
import { SCORE_UNIT } from '../models/feedback.ts';
import { demand } from '../permissions.ts';
import type { UsageDimension, UsageRow, UsageTotals } from '../store/usage-log.ts';
import { quantile } from '../store/usage-steps.ts';
import { type AdminContext, tenantFor } from './context.ts';
import { hoursOf } from './usage.ts';

export interface VersionsRequest {
  readonly tenant?: string | null | undefined;
  readonly prompt: string;
  readonly from?: Date | null | undefined;
  readonly until?: Date | null | undefined;
  readonly groupBy?: readonly ('model' | 'provider')[] | null | undefined;
}

export interface VersionsReport {
  readonly tenant: string;
  readonly prompt: string;
  readonly from: Date;
  readonly until: Date;
  readonly versions: readonly VersionMetrics[];
}

/** A mean with the interval that it is in with a certainty of 95 %. Null: there is nothing that it could be of. */
export interface Estimate {
  readonly count: number;
  readonly mean: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

export interface Durations {
  readonly count: number;
  readonly meanMs: number | null;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
}

export interface VersionMetrics {
  readonly version: string;
  /** Undefined where they are not told apart. */
  readonly model: string | undefined;
  readonly provider: string | undefined;
  readonly totals: UsageTotals;
  /** Of all calls of the prompt. */
  readonly share: number;
  readonly failures: Estimate;
  readonly schemaFailures: Estimate;
  /** To the whole nano-dollar; null: no call has a cost that is known. */
  readonly nanoUsdPerCall: bigint | null;
  readonly latency: Durations;
  readonly firstToken: Durations;
  readonly score: Estimate;
}

const MOST_ROWS = 1_000;
/** Of the normal distribution, for 95 %. */
const Z = 1.959963984540054;

/** How the versions of a prompt have done, side by side, from the sums by hour. @throws UserErrors */
export async function promptVersionMetrics(context: AdminContext, request: VersionsRequest): Promise<VersionsReport> {
  demand(context.actor, 'read');
  const { from, until } = hoursOf(context, request);
  const { _id: tenant } = await tenantFor(context, request.tenant);
  const { prompt } = request;
  const by: readonly UsageDimension[] = [...new Set<UsageDimension>(['promptVersion', ...(request.groupBy ?? [])])];
  const rows = await context.store.usage.sums({
    tenant,
    from,
    until,
    by,
    where: { prompt },
    most: MOST_ROWS,
    steps: true,
  });
  if (rows === undefined) throw userError('INVALID', ['groupBy'], `gives more than ${MOST_ROWS} rows: ask for less`);
  const all = rows.reduce((sum, { totals }) => sum + totals.calls, 0);
  const versions = rows.map((row) => metricsOf(row, all)).sort(order);
  return { tenant, prompt, from, until, versions };
}

function metricsOf({ group, totals, steps }: UsageRow, all: number): VersionMetrics {
  const { calls, finished, failed, schemaFailed, unpriced, costNanoUsd, answeredMs, firstTokenMs, firstTokens } =
    totals;
  // Those that were left say nothing of the version, and for kept answers nobody was asked.
  const asked = finished + failed + schemaFailed;
  const priced = calls - unpriced;
  const { feedbacks, score, scoreSquares } = totals;
  return {
    version: String(group.promptVersion ?? ''),
    model: group.model === undefined ? undefined : String(group.model),
    provider: group.provider === undefined ? undefined : String(group.provider),
    totals,
    share: all === 0 ? 0 : calls / all,
    failures: estimate(asked, failed, failed),
    schemaFailures: estimate(asked, schemaFailed, schemaFailed),
    nanoUsdPerCall: priced === 0 ? null : (2n * costNanoUsd + BigInt(priced)) / (2n * BigInt(priced)),
    latency: durations(answeredMs, finished + schemaFailed, steps.answeredSteps),
    firstToken: durations(firstTokenMs, firstTokens, steps.firstTokenSteps),
    score: estimate(feedbacks, score / SCORE_UNIT, scoreSquares / SCORE_UNIT ** 2),
  };
}

/**
 * The mean of values from 0 to 1, and where it is with a certainty of 95 %: the interval of Agresti and Coull
 * (https://doi.org/10.1080/00031305.1998.10480550), which holds for few values as well, with the variance that the values
 * have. For yes and no it is that interval to the letter.
 */
export function estimate(count: number, sum: number, squares: number): Estimate {
  if (count === 0) return { count, mean: null, low: null, high: null };
  const more = Z ** 2 / 2;
  const center = (sum + more) / (count + 2 * more);
  const variance = Math.max(0, (squares + more) / (count + 2 * more) - center ** 2);
  const half = Z * Math.sqrt(variance / (count + 2 * more));
  return { count, mean: sum / count, low: Math.max(0, center - half), high: Math.min(1, center + half) };
}

function durations(sumMs: number, count: number, steps: readonly number[]): Durations {
  const meanMs = count === 0 ? null : sumMs / count;
  return { count, meanMs, p50Ms: quantile(steps, 0.5), p95Ms: quantile(steps, 0.95) };
}

function order(one: VersionMetrics, other: VersionMetrics): number {
  const texts = ({ version, model = '', provider = '' }: VersionMetrics) => [version, model, provider].join('\n');
  return texts(one) < texts(other) ? -1 : 1;
}
