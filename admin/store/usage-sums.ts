import { createHash } from 'node:crypto';
import {
  isMoney,
  type MoneyCounter,
  STEP_COUNTERS,
  type StepCounter,
  USAGE_COUNTERS,
  type UsageCounter,
  type UsageHour,
  type UsageKey,
  type UsageOrigin,
  type UsageRecord,
} from '../models/usage.ts';
import { stepOf } from './usage-steps.ts';

export const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What the calls of one hour and one key add up to. */
export interface UsageSum {
  readonly _id: string;
  readonly key: UsageHourKey;
  readonly counters: Record<Exclude<UsageCounter, MoneyCounter>, number> & Record<MoneyCounter, bigint>;
  /** Counter → number of the step → how many calls. */
  readonly steps: Readonly<Record<StepCounter, Map<number, number>>>;
}

export type UsageHourKey = Pick<UsageHour, keyof UsageKey | 'hour' | 'day'>;

export function hourOf(at: Date): Date {
  return new Date(Math.floor(at.getTime() / HOUR_MS) * HOUR_MS);
}

/** Adds records up by hour and key. */
export function sumUp(records: Iterable<UsageRecord>): readonly UsageSum[] {
  const sums = new Map<string, UsageSum>();
  for (const record of records) {
    const text = textOf(record);
    let sum = sums.get(text);
    if (sum === undefined) {
      sum = {
        ...placeOf(record),
        counters: noCounters(),
        steps: { answeredSteps: new Map(), firstTokenSteps: new Map() },
      };
      sums.set(text, sum);
    }
    add(sum, record);
  }
  return [...sums.values()];
}

/** The sum that a call is in. */
export function placeOf(call: UsageKey & { readonly at: Date }): Pick<UsageSum, '_id' | 'key'> {
  const { tenant, app, key, prompt, promptVersion, model, provider } = call;
  const hour = hourOf(call.at);
  const day = new Date(Math.floor(hour.getTime() / DAY_MS) * DAY_MS);
  return {
    _id: createHash('sha256').update(textOf(call)).digest('base64url'),
    key: { tenant, app, key, prompt, promptVersion, model, provider, ...givenOf(call), hour, day },
  };
}

/** What is not there is left out, so that sums from before there was an origin are the same as those without one. */
function givenOf({ owner, product, grant }: UsageOrigin): Partial<Record<keyof UsageOrigin, string>> {
  return {
    ...(owner === null ? {} : { owner }),
    ...(product === null ? {} : { product }),
    ...(grant === null ? {} : { grant }),
  };
}

function textOf(call: UsageKey & { readonly at: Date }): string {
  const { tenant, app, key, prompt, promptVersion, model, provider, owner, product, grant } = call;
  const own = [tenant, hourOf(call.at).getTime(), app, key, prompt, promptVersion, model, provider];
  return JSON.stringify(owner === null ? own : [...own, owner, product, grant]);
}

/** As the store adds it up: steps by the paths of their counts. */
export function incrementsOf({
  counters,
  steps,
}: Pick<UsageSum, 'counters' | 'steps'>): Record<string, number | bigint> {
  const paths = STEP_COUNTERS.flatMap((name) =>
    [...steps[name]].map(([step, count]) => [`${name}.s${step}`, count] as const),
  );
  return { ...counters, ...Object.fromEntries(paths) };
}

function noCounters(): UsageSum['counters'] {
  const nothing = USAGE_COUNTERS.map((name) => [name, isMoney(name) ? 0n : 0]);
  return Object.fromEntries(nothing) as UsageSum['counters'];
}

/** Adds what another sum of the same place has. */
export function addSum(sum: UsageSum, other: UsageSum): void {
  for (const name of USAGE_COUNTERS)
    if (isMoney(name)) sum.counters[name] += other.counters[name];
    else sum.counters[name] += other.counters[name];
  for (const name of STEP_COUNTERS)
    for (const [step, count] of other.steps[name]) countStep(sum.steps[name], step, count);
}

function countStep(steps: Map<number, number>, step: number, count: number): void {
  steps.set(step, (steps.get(step) ?? 0) + count);
}

function add({ counters, steps }: UsageSum, record: UsageRecord): void {
  counters.inputTokens += record.inputTokens ?? 0;
  counters.cachedInputTokens += record.cachedInputTokens ?? 0;
  counters.cacheWriteTokens += record.cacheWriteTokens ?? 0;
  counters.outputTokens += record.outputTokens ?? 0;
  counters.reasoningTokens += record.reasoningTokens ?? 0;
  counters.costNanoUsd += record.costNanoUsd ?? 0n;
  if (record.isFollowed === true) return;
  counters.calls += 1;
  counters[record.outcome] += 1;
  counters.furtherAttempts += Math.max(0, record.attemptCount - 1);
  if (record.inputTokens === null && record.outputTokens === null) counters.uncounted += 1;
  if (record.costNanoUsd === null) counters.unpriced += 1;
  if (record.isEstimated) counters.estimated += 1;
  counters.savedNanoUsd += record.savedNanoUsd ?? 0n;
  counters.latencyMs += record.latencyMs;
  if (record.outcome === 'finished' || record.outcome === 'schemaFailed') {
    counters.answeredMs += record.latencyMs;
    countStep(steps.answeredSteps, stepOf(record.latencyMs), 1);
  }
  if (record.firstTokenMs === null) return;
  countStep(steps.firstTokenSteps, stepOf(record.firstTokenMs), 1);
  counters.firstTokenMs += record.firstTokenMs;
  counters.firstTokens += 1;
}
