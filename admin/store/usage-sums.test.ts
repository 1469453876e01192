import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { describeStores } from '../../test/utils/admin-suite.ts';
import { usageRecord } from '../../test/utils/usage-record.ts';
import type { UsageQuestion } from './usage-log.ts';
import { placeOf, sumUp } from './usage-sums.ts';

const AT = new Date('2030-05-06T07:08:09Z');
const HOUR = Date.parse('2030-05-06T07:00:00Z');
const ALL: UsageQuestion = {
  ...{ tenant: undefined, from: new Date(HOUR), until: new Date('2030-05-07T00:00:00Z') },
  ...{ by: [], where: {}, most: 100 },
};
const THROUGH = { owner: 'ten_owner', product: 'prd_1', grant: 'grt_1' };

it('keeps the id and the key of a sum of what is the caller’s own as they were before there was an origin', () => {
  const text = JSON.stringify(['ten_a', HOUR, 'app_a', 'key_a', 'say', 'v1', 'gpt', 'openai']);
  const { _id, key } = placeOf(usageRecord(AT, { prompt: 'say', promptVersion: 'v1' }));
  expect(_id).toBe(createHash('sha256').update(text).digest('base64url'));
  expect(Object.keys(key)).not.toContain('owner');
  expect(Object.values(key)).not.toContain(undefined);
});

it('adds calls through products up by themselves, by each of owner, product and grant', () => {
  const origins = [
    {},
    THROUGH,
    { ...THROUGH, owner: 'ten_other' },
    { ...THROUGH, product: 'prd_2' },
    { ...THROUGH, grant: 'grt_2' },
    { owner: 'ten_owner' },
  ];
  const sums = sumUp(origins.flatMap((origin) => [usageRecord(AT, origin), usageRecord(AT, origin)]));
  expect(sums.map(({ counters }) => counters.calls)).toEqual(origins.map(() => 2));
  expect(new Set(sums.map(({ _id }) => _id)).size).toBe(origins.length);
  expect(sums.map(({ key: { owner, product, grant } }) => ({ owner, product, grant }))).toEqual(
    origins.map((origin) => ({ owner: undefined, product: undefined, grant: undefined, ...origin })),
  );
});

describeStores('sums of calls through products', (plane) => {
  it('are the caller’s and the owner’s, told apart by product and grant, and counted again as they were', async () => {
    const log = plane().store.usage;
    const records = [
      usageRecord(AT),
      usageRecord(AT, THROUGH),
      usageRecord(AT, { ...THROUGH, product: 'prd_2', grant: 'grt_2', costNanoUsd: 7n }),
      usageRecord(AT, { ...THROUGH, tenant: 'ten_b', app: 'app_b', grant: 'grt_3' }),
    ];
    await log.write({ writer: 'w1', number: 1, records });
    const told = async (question: Partial<UsageQuestion>) =>
      ((await log.sums({ ...ALL, ...question })) ?? [])
        .map(({ group, totals }) => [...Object.values(group), totals.calls, totals.costNanoUsd].join(' '))
        .sort();
    const hold = async () => {
      expect(await told({ tenant: 'ten_a' })).toEqual(['3 3007']);
      expect(await told({ tenant: 'ten_a', by: ['product'] })).toEqual(['1 1500', 'prd_1 1 1500', 'prd_2 1 7']);
      expect(await told({ where: { owner: 'ten_owner' }, by: ['grant', 'app'] })).toEqual([
        'grt_1 app_a 1 1500',
        'grt_2 app_a 1 7',
        'grt_3 app_b 1 1500',
      ]);
      expect(await told({ where: { owner: 'ten_owner', product: 'prd_1' } })).toEqual(['2 3000']);
      expect(await told({ tenant: 'ten_b', where: { owner: 'ten_owner' } })).toEqual(['1 1500']);
      expect(await told({ where: { owner: 'ten_a' } })).toEqual([]);
    };
    await hold();
    await plane().connection.collection('usageHours').deleteMany({});
    expect(await log.recount(AT, new Date('2030-05-06T09:00:00Z'))).toBe(4);
    await hold();
  });

  it('hold records and sums from before there were origins', async () => {
    const log = plane().store.usage;
    const { owner: _owner, product: _product, grant: _grant, ...old } = usageRecord(AT);
    await plane()
      .connection.collection('usage')
      .insertOne(old as never);
    expect(await log.get(old._id)).toMatchObject({ owner: null, product: null, grant: null });
    expect(await log.recount(AT, new Date('2030-05-06T09:00:00Z'))).toBe(1);
    await log.write({ writer: 'w1', number: 1, records: [usageRecord(AT)] });
    const rows = await log.sums({ ...ALL, by: ['product'] });
    expect(rows?.map(({ group, totals }) => [group.product ?? null, totals.calls])).toEqual([[null, 2]]);
  });
});
