import { newId } from '../../admin/ids.ts';
import type { UsageAttempt, UsageOutcome, UsageRecord } from '../../admin/models/usage.ts';
import { USAGE_PREFIX } from '../../admin/store/usage-log.ts';
import type { Clock } from '../../kernel/ports.ts';
import type { Price } from '../../sources/ai/cost.ts';
import type { Meter, ModelCallRecord } from '../../sources/ai/meter.ts';
import type { Attempt } from '../../sources/ai/model.ts';
import type { CallContext } from '../../sources/source.ts';
import { DEFAULT_TENANT } from '../identity/caller.ts';
import type { UsageSink } from './usage-sink.ts';

export interface UsageMeterDeps {
  readonly sink: Pick<UsageSink, 'add'>;
  readonly clock: Clock;
}

const OUTCOMES: Readonly<Record<ModelCallRecord['outcome'], UsageOutcome>> = {
  ok: 'finished',
  failed: 'failed',
  schemaFailed: 'schemaFailed',
  aborted: 'aborted',
  cached: 'cached',
};
const MOST_NAME = 256;
const MOST_RAW = 4_096;
const MOST_ATTEMPTS = 20;

/** Makes a usage record of every call of a model, and hands it on. */
export function createUsageMeter({ sink, clock }: UsageMeterDeps): Meter {
  return {
    record(call, context) {
      const record = usageRecordOf(call, context, clock.now());
      sink.add(record);
      if (!record.isFollowed) context.prompt?.onRecorded?.(record._id);
    },
  };
}

function usageRecordOf(
  call: ModelCallRecord,
  { account, origin, requestId, prompt }: CallContext,
  now: number,
): UsageRecord {
  const { usage, attempts } = call;
  return {
    _id: newId(USAGE_PREFIX, now),
    at: new Date(now),
    tenant: account?.tenant ?? DEFAULT_TENANT,
    app: account?.app ?? null,
    key: textOf(account?.key),
    user: textOf(account?.user),
    owner: origin?.owner ?? null,
    product: origin?.product ?? null,
    grant: origin?.grant ?? null,
    requestId,
    door: account?.door ?? 'graphql',
    kind: call.kind,
    prompt: textOf(prompt?.name),
    promptVersion: textOf(prompt?.version),
    promptHash: prompt?.hash ?? null,
    route: call.asked,
    model: call.model,
    provider: call.provider,
    modelId: call.modelId,
    outcome: OUTCOMES[call.outcome],
    isFollowed: call.isFollowed === true,
    errorCode: call.outcome === 'ok' || call.outcome === 'cached' ? null : (call.errorCode ?? null),
    inputTokens: countOf(usage?.inputTokens),
    cachedInputTokens: countOf(usage?.cachedInputTokens),
    cacheWriteTokens: countOf(usage?.cacheWriteTokens),
    outputTokens: countOf(usage?.outputTokens),
    reasoningTokens: countOf(usage?.reasoningTokens),
    isEstimated: call.isEstimated,
    rawUsage: jsonOf(usage?.raw),
    costNanoUsd: call.costNanoUsd ?? null,
    savedNanoUsd: call.savedNanoUsd ?? null,
    price: priceOf(call.price),
    latencyMs: Math.round(call.latencyMs),
    firstTokenMs: call.firstTokenMs === undefined ? null : Math.round(call.firstTokenMs),
    attemptCount: attempts.length,
    attempts: JSON.stringify(attempts.slice(-MOST_ATTEMPTS).map(toAttempt)),
  };
}

/** Names that others gave are bounded. */
function textOf(text: string | undefined): string | null {
  return text === undefined ? null : text.slice(0, MOST_NAME);
}

/** What a provider tells is counted if it can be. */
function countOf(tokens: number | undefined): number | null {
  return tokens !== undefined && Number.isSafeInteger(tokens) && tokens >= 0 ? tokens : null;
}

function jsonOf(value: unknown): string | null {
  const text = value === undefined || value === null ? undefined : JSON.stringify(value);
  return text === undefined || text.length > MOST_RAW ? null : text;
}

function priceOf(price: Price | undefined): string | null {
  if (price === undefined) return null;
  const told = Object.entries(price).filter(([, nanoUsd]) => nanoUsd !== undefined);
  return JSON.stringify(Object.fromEntries(told.map(([name, nanoUsd]) => [name, String(nanoUsd)])));
}

function toAttempt({ model, provider, outcome, upstreamStatus, latencyMs }: Attempt): UsageAttempt {
  return { model, provider, outcome, upstreamStatus: upstreamStatus ?? null, latencyMs: Math.round(latencyMs) };
}
