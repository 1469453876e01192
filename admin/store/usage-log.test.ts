import type { Connection } from 'mongoose';
import { expect, it } from 'vitest';
import { describeStores } from '../../test/utils/admin-suite.ts';
import { usageRecord } from '../../test/utils/usage-record.ts';
import type { UsageLog, UsageQuestion } from './usage-log.ts';

const AT = new Date('2030-05-06T07:08:09Z');
const LATER = new Date('2030-05-06T08:00:00Z');
const ALL: UsageQuestion = {
  ...{ tenant: undefined, from: new Date('2030-05-06T07:00:00Z'), until: new Date('2030-05-07T00:00:00Z') },
  ...{ by: [], where: {}, most: 100 },
};

async function total(log: UsageLog, question: Partial<UsageQuestion> = {}) {
  const [row] = (await log.sums({ ...ALL, ...question })) ?? [];
  return row?.totals;
}

/** The driver, whose answer to the next write of the collection is lost on the way, or whose write is. */
function breakOnce(connection: Connection, collection: string, method: 'insertMany' | 'bulkWrite', isDone: boolean) {
  const target = connection.model(collection).collection as unknown as Record<string, (...given: unknown[]) => unknown>;
  const own = target[method]?.bind(target);
  target[method] = async (...given) => {
    delete target[method];
    if (isDone) await own?.(...given);
    throw new Error('the connection broke');
  };
}

describeStores('the log of usage', (plane) => {
  it('adds records up by hour, key and model, to the token and the nano-dollar', async () => {
    const log = plane().store.usage;
    const large = 9_007_199_254_740_993n;
    await log.write({
      writer: 'w1',
      number: 1,
      records: [
        usageRecord(AT, { reasoningTokens: 2, firstTokenMs: 7, cachedInputTokens: 4, costNanoUsd: large }),
        usageRecord(AT, {
          model: 'claude',
          provider: 'anthropic',
          outcome: 'failed',
          costNanoUsd: null,
          attemptCount: 3,
        }),
        usageRecord(LATER, { outcome: 'aborted', inputTokens: null, outputTokens: null, isEstimated: true }),
        usageRecord(AT, { costNanoUsd: 1n, inputTokens: 3_000_000_000, cacheWriteTokens: 1 }),
      ],
    });
    await log.write({
      writer: 'w1',
      number: 2,
      records: [usageRecord(AT, { costNanoUsd: 1n, inputTokens: 2_000_000_000 })],
    });
    expect(await total(log)).toEqual({
      ...{ calls: 5, finished: 3, failed: 1, schemaFailed: 0, aborted: 1, cached: 0, furtherAttempts: 2 },
      ...{
        inputTokens: 5_000_000_020,
        cachedInputTokens: 4,
        cacheWriteTokens: 1,
        outputTokens: 20,
        reasoningTokens: 2,
      },
      ...{ uncounted: 1, unpriced: 1, estimated: 1, costNanoUsd: large + 1_502n, savedNanoUsd: 0n },
      ...{ latencyMs: 100, answeredMs: 60, firstTokenMs: 7, firstTokens: 1 },
      ...{ feedbacks: 0, score: 0, scoreSquares: 0 },
    });
    const rows = (await log.sums({ ...ALL, by: ['model', 'hour', 'day'] })) ?? [];
    const told = rows.map(({ group, totals }) => [group.model, (group.hour as Date).getUTCHours(), totals.calls]);
    expect(told.sort()).toEqual([
      ['claude', 7, 1],
      ['gpt', 7, 3],
      ['gpt', 8, 1],
    ]);
    expect(rows.map(({ group }) => (group.day as Date).toISOString())).toEqual(
      Array(3).fill('2030-05-06T00:00:00.000Z'),
    );
    expect((await total(log, { where: { model: 'claude' } }))?.calls).toBe(1);
    expect((await total(log, { until: LATER }))?.calls).toBe(4);
    expect(await total(log, { tenant: 'ten_b' })).toBeUndefined();
    expect(await log.sums({ ...ALL, by: ['model'], most: 1 })).toBeUndefined();
    const sort = { field: '_id', descending: true };
    const { records, hasMore } = await log.page({ tenant: 'ten_a' }, { first: 2, sort });
    expect(records.map(({ at }) => at)).toEqual([LATER, AT]);
    expect(hasMore).toBe(true);
    const { records: costs } = await log.page({ tenant: 'ten_a' }, { first: 9, sort });
    expect(costs.map(({ costNanoUsd }) => costNanoUsd)).toContain(large);
  });

  it.each([
    ['usage', 'insertMany', false],
    ['usage', 'insertMany', true],
    ['usageHours', 'bulkWrite', false],
    ['usageHours', 'bulkWrite', true],
  ] as const)('counts a batch once whose write of %s broke (%s, done: %s)', async (collection, method, isDone) => {
    const log = plane().store.usage;
    await log.write({ writer: 'w1', number: 1, records: [usageRecord(AT)] });
    const batch = {
      writer: 'w1',
      number: 2,
      records: [usageRecord(AT), usageRecord(AT, { model: 'new' }), usageRecord(LATER)],
    };
    breakOnce(plane().connection, collection, method, isDone);
    await expect(log.write(batch)).rejects.toThrow('the connection broke');
    await log.write(batch);
    await log.write(batch);
    expect(await total(log)).toMatchObject({ calls: 4, costNanoUsd: 6_000n });
    expect(await log.count({})).toBe(4);
  });

  it('counts what many write at once, each time they make the same sum first', async () => {
    const log = plane().store.usage;
    const records = Array.from({ length: 20 }, () => [usageRecord(AT)]);
    await Promise.all(records.map((batch, index) => log.write({ writer: `w${index}`, number: 1, records: batch })));
    expect(await total(log)).toMatchObject({ calls: 20, costNanoUsd: 30_000n });
    expect((await log.sums({ ...ALL, by: ['hour', 'model'] }))?.length).toBe(1);
  });

  it('puts sums right that a crash has left short, and none that are whole', async () => {
    const log = plane().store.usage;
    await log.write({ writer: 'w1', number: 1, records: [usageRecord(AT), usageRecord(LATER)] });
    breakOnce(plane().connection, 'usageHours', 'bulkWrite', false);
    const lost = { writer: 'w2', number: 1, records: [usageRecord(AT), usageRecord(AT, { model: 'other' })] };
    await expect(log.write(lost)).rejects.toThrow('broke');
    expect(await total(log)).toMatchObject({ calls: 2 });
    expect(await log.recount(AT, new Date('2030-05-06T09:00:00Z'))).toBe(2);
    expect(await total(log)).toMatchObject({ calls: 4, costNanoUsd: 6_000n });
    expect(await log.recount(AT, new Date('2030-05-06T09:00:00Z'))).toBe(0);
    // Records that are gone take nothing away.
    expect(await log.deleteRecords(LATER)).toBe(3);
    expect(await log.recount(AT, new Date('2030-05-06T09:00:00Z'))).toBe(0);
    expect(await total(log)).toMatchObject({ calls: 4 });
  });

  it('adds what was paid for an attempt that another one followed to tokens and money, and to no number of calls', async () => {
    const log = plane().store.usage;
    const paid = { isFollowed: true, outcome: 'failed', errorCode: 'MODEL_OUTPUT_INVALID', firstTokenMs: 3 } as const;
    const records = [usageRecord(AT, { ...paid, model: 'first' }), usageRecord(AT, { attemptCount: 2 })];
    await log.write({ writer: 'w1', number: 1, records });
    const whole = await total(log);
    expect(whole).toMatchObject({
      ...{ calls: 1, finished: 1, failed: 0, furtherAttempts: 1, uncounted: 0, unpriced: 0, latencyMs: 20 },
      ...{ inputTokens: 20, outputTokens: 10, costNanoUsd: 3_000n, firstTokens: 0 },
    });
    expect(await total(log, { where: { model: 'first' } })).toMatchObject({ calls: 0, costNanoUsd: 1_500n });
    breakOnce(plane().connection, 'usageHours', 'bulkWrite', false);
    const lost = { writer: 'w2', number: 1, records: [usageRecord(AT, { ...paid, model: 'first' })] };
    await expect(log.write(lost)).rejects.toThrow('broke');
    expect(await total(log)).toEqual(whole);
    expect(await log.recount(AT, LATER)).toBe(1);
    expect(await total(log)).toMatchObject({ calls: 1, inputTokens: 30, costNanoUsd: 4_500n });
    expect(await log.recount(AT, LATER)).toBe(0);
  });

  it('deletes what is old, and nothing else', async () => {
    const log = plane().store.usage;
    const old = Array.from({ length: 1_200 }, (_, index) => usageRecord(AT, { model: `m${index % 600}` }));
    await log.write({ writer: 'w1', number: 1, records: [...old, usageRecord(LATER)] });
    expect(await log.deleteRecords(LATER)).toBe(1_200);
    expect(await log.count({})).toBe(1);
    expect(await log.deleteHours(LATER)).toBe(600);
    expect(await total(log)).toMatchObject({ calls: 1 });
  });
});
