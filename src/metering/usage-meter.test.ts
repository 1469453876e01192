import { expect, it } from 'vitest';
import type { UsageRecord } from '../../admin/models/usage.ts';
import type { UsageLog } from '../../admin/store/usage-log.ts';
import { silentLog } from '../../kernel/ports.ts';
import type { ModelCallRecord } from '../../sources/ai/meter.ts';
import type { CallContext } from '../../sources/source.ts';
import { createRetention } from './retention.ts';
import { createUsageMeter } from './usage-meter.ts';

const NOW = Date.parse('2030-05-06T07:08:09Z');
const clock = { now: () => NOW };

const CALL: ModelCallRecord = {
  ...{ kind: 'chat', asked: 'fast', model: 'gpt', provider: 'openai', modelId: 'gpt-x', usage: undefined },
  ...{ isEstimated: false, costNanoUsd: undefined, price: undefined, latencyMs: 10.6, firstTokenMs: undefined },
  ...{ outcome: 'failed', errorCode: 'UPSTREAM_FAILED', attempts: [] },
};

function recordOf(call: Partial<ModelCallRecord>, context: Partial<CallContext> = {}): UsageRecord {
  const records: UsageRecord[] = [];
  const meter = createUsageMeter({ sink: { add: (record) => void records.push(record) }, clock });
  meter.record({ ...CALL, ...call }, { requestId: 'r1', ...context } as CallContext);
  expect(records).toHaveLength(1);
  return records[0] as UsageRecord;
}

it('keeps what is not known as null, and calls without an account for the default tenant', () => {
  const { _id, ...record } = recordOf({});
  expect(_id).toMatch(/^use_[0-9a-z]{26}$/);
  expect(record).toEqual({
    ...{ at: new Date(NOW), tenant: 'default', app: null, key: null, user: null, requestId: 'r1', door: 'graphql' },
    ...{ owner: null, product: null, grant: null },
    ...{ kind: 'chat', prompt: null, promptVersion: null, promptHash: null, route: 'fast', model: 'gpt' },
    ...{ provider: 'openai', modelId: 'gpt-x', outcome: 'failed', errorCode: 'UPSTREAM_FAILED' },
    isFollowed: false,
    ...{
      inputTokens: null,
      cachedInputTokens: null,
      cacheWriteTokens: null,
      outputTokens: null,
      reasoningTokens: null,
    },
    ...{
      isEstimated: false,
      rawUsage: null,
      costNanoUsd: null,
      savedNanoUsd: null,
      price: null,
      latencyMs: 11,
      firstTokenMs: null,
    },
    ...{ attemptCount: 0, attempts: '[]' },
  });
});

it('keeps whose call it was, by which prompt, with the price and all attempts', () => {
  const usage = {
    ...{ inputTokens: 10, outputTokens: 5, totalTokens: 15, cachedInputTokens: 4, reasoningTokens: undefined },
    raw: { 'a.b': 1 },
  };
  const attempt = { model: 'gpt', provider: 'openai', outcome: 'ok', latencyMs: 7.2 };
  const record = recordOf(
    { outcome: 'ok', usage, costNanoUsd: 7n, price: { input: 2n, output: 3n }, attempts: [attempt] },
    {
      account: { tenant: 'ten_a', app: 'app_a', key: undefined, user: 'u'.repeat(300), door: 'openai' },
      prompt: { name: 'summary', version: 'v2', hash: 'abc' },
    },
  );
  expect(record).toMatchObject({
    ...{ tenant: 'ten_a', app: 'app_a', key: null, user: 'u'.repeat(256), door: 'openai', outcome: 'finished' },
    ...{ errorCode: null, prompt: 'summary', promptVersion: 'v2', promptHash: 'abc', rawUsage: '{"a.b":1}' },
    ...{ inputTokens: 10, cachedInputTokens: 4, reasoningTokens: null, costNanoUsd: 7n, attemptCount: 1 },
  });
  expect(record.price).toBe('{"input":"2","output":"3"}');
  expect(JSON.parse(record.attempts)).toEqual([{ ...attempt, latencyMs: 7, upstreamStatus: null }]);
});

it('keeps through whose product a call came, also where nobody can tell through which', () => {
  const account = { tenant: 'ten_a', app: 'app_a', door: 'graphql' };
  expect(recordOf({}, { account, origin: { owner: 'ten_b', product: 'prd_b', grant: 'grt_b' } })).toMatchObject({
    ...{ tenant: 'ten_a', app: 'app_a', owner: 'ten_b', product: 'prd_b', grant: 'grt_b' },
  });
  expect(recordOf({}, { account, origin: { owner: 'ten_b' } })).toMatchObject({
    ...{ tenant: 'ten_a', owner: 'ten_b', product: null, grant: null },
  });
});

it('tells prompts the ids of their records, and keeps what kept answers have saved', () => {
  const ids: string[] = [];
  const prompt = { name: 'summary', version: 'v2', hash: 'abc', onRecorded: (id: string) => void ids.push(id) };
  const unfit = recordOf({ outcome: 'schemaFailed', errorCode: 'MODEL_OUTPUT_INVALID' }, { prompt });
  const kept = recordOf({ outcome: 'cached', savedNanoUsd: 9n, costNanoUsd: 0n }, { prompt });
  expect(unfit).toMatchObject({ outcome: 'schemaFailed', errorCode: 'MODEL_OUTPUT_INVALID', savedNanoUsd: null });
  expect(kept).toMatchObject({ outcome: 'cached', errorCode: null, savedNanoUsd: 9n, costNanoUsd: 0n });
  expect(recordOf({ isFollowed: true }, { prompt })).toMatchObject({ isFollowed: true, outcome: 'failed' });
  expect(ids).toEqual([unfit._id, kept._id]);
});

it('takes no counts that are none, and no raw usage without end', () => {
  const usage = { inputTokens: -1, outputTokens: 1.5, totalTokens: 0, cachedInputTokens: Number.NaN };
  const record = recordOf({ usage: { ...usage, reasoningTokens: 0, raw: 'x'.repeat(10_000) } });
  expect(record).toMatchObject({ inputTokens: null, outputTokens: null, cachedInputTokens: null, rawUsage: null });
  expect(record.reasoningTokens).toBe(0);
});

it('deletes what is older than the options say now, and tries again after a failure', async () => {
  const asked: string[] = [];
  let fails = true;
  const store: Pick<UsageLog, 'deleteRecords' | 'deleteHours'> = {
    async deleteRecords(before) {
      asked.push(`records ${before.toISOString()}`);
      if (fails) throw new Error('the store is away');
      return 1;
    },
    async deleteHours(before) {
      asked.push(`hours ${before.toISOString()}`);
      return 1;
    },
  };
  let recordDays = 30;
  const options = () => ({ recordDays, hourDays: 400 });
  const retention = createRetention({ store, options, clock, log: silentLog });
  await retention.run();
  fails = false;
  recordDays = 1;
  await retention.run();
  await retention.stop();
  expect(asked).toEqual([
    'records 2030-04-06T07:08:09.000Z',
    'records 2030-05-05T07:08:09.000Z',
    'hours 2029-04-01T07:08:09.000Z',
  ]);
});
