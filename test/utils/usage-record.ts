import { newId } from '../../admin/ids.ts';
import type { UsageRecord } from '../../admin/models/usage.ts';
import { USAGE_PREFIX } from '../../admin/store/usage-log.ts';

/** A record of a call that ended well. */
export function usageRecord(at: Date, given: Partial<UsageRecord> = {}): UsageRecord {
  return {
    _id: newId(USAGE_PREFIX, at.getTime()),
    at,
    ...{ tenant: 'ten_a', app: 'app_a', key: 'key_a', user: null, requestId: 'req-1', door: 'graphql', kind: 'chat' },
    ...{ owner: null, product: null, grant: null },
    ...{ prompt: null, promptVersion: null, promptHash: null },
    ...{ route: 'default', model: 'gpt', provider: 'openai', modelId: 'gpt-x', outcome: 'finished', errorCode: null },
    isFollowed: false,
    ...{ inputTokens: 10, cachedInputTokens: null, cacheWriteTokens: null, outputTokens: 5, reasoningTokens: null },
    ...{
      isEstimated: false,
      rawUsage: null,
      costNanoUsd: 1_500n,
      savedNanoUsd: null,
      price: null,
      latencyMs: 20,
      firstTokenMs: null,
    },
    ...{ attemptCount: 1, attempts: '[]' },
    ...given,
  };
}
