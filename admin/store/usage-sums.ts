import { createHash } from 'node:crypto';
import type { UsageCounter, UsageKey, UsageRecord } from '../models/usage.ts';

export const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What the calls of one hour and one key add up to. */
export interface UsageSum {
  readonly _id: string;
  readonly key: UsageKey & { readonly hour: Date; readonly day: Date };
  readonly counters: Record<Exclude<UsageCounter, 'costNanoUsd'>, number> & { costNanoUsd: bigint };
}

export function hourOf(at: Date): Date {
  return new Date(Math.floor(at.getTime() / HOUR_MS) * HOUR_MS);
}

/** Adds records up by hour and key. */
export function sumUp(records: Iterable<UsageRecord>): readonly UsageSum[] {
  const sums = new Map<string, UsageSum>();
  for (const record of records) {
    const { tenant, app, key, prompt, promptVersion, model, provider } = record;
    const hour = hourOf(record.at);
    const text = JSON.stringify([tenant, hour.getTime(), app, key, prompt, promptVersion, model, provider]);
    let sum = sums.get(text);
    if (sum === undefined) {
      const day = new Date(Math.floor(hour.getTime() / DAY_MS) * DAY_MS);
      sum = {
        _id: createHash('sha256').update(text).digest('base64url'),
        key: { tenant, app, key, prompt, promptVersion, model, provider, hour, day },
        counters: noCounters(),
      };
      sums.set(text, sum);
    }
    add(sum.counters, record);
  }
  return [...sums.values()];
}

function noCounters(): UsageSum['counters'] {
  return {
    ...{ calls: 0, finished: 0, failed: 0, aborted: 0, cached: 0, furtherAttempts: 0 },
    ...{ inputTokens: 0, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 0, reasoningTokens: 0 },
    ...{ uncounted: 0, unpriced: 0, estimated: 0, costNanoUsd: 0n },
    ...{ latencyMs: 0, firstTokenMs: 0, firstTokens: 0 },
  };
}

function add(counters: UsageSum['counters'], record: UsageRecord): void {
  counters.calls += 1;
  counters[record.outcome] += 1;
  counters.furtherAttempts += Math.max(0, record.attemptCount - 1);
  counters.inputTokens += record.inputTokens ?? 0;
  counters.cachedInputTokens += record.cachedInputTokens ?? 0;
  counters.cacheWriteTokens += record.cacheWriteTokens ?? 0;
  counters.outputTokens += record.outputTokens ?? 0;
  counters.reasoningTokens += record.reasoningTokens ?? 0;
  if (record.inputTokens === null && record.outputTokens === null) counters.uncounted += 1;
  if (record.costNanoUsd === null) counters.unpriced += 1;
  else counters.costNanoUsd += record.costNanoUsd;
  if (record.isEstimated) counters.estimated += 1;
  counters.latencyMs += record.latencyMs;
  if (record.firstTokenMs === null) return;
  counters.firstTokenMs += record.firstTokenMs;
  counters.firstTokens += 1;
}
