import { describe, expect, it } from 'vitest';
import { describeStores, PLATFORM_ADMIN, refused } from '../../test/utils/admin-suite.ts';
import { usageRecord } from '../../test/utils/usage-record.ts';
import type { Actor } from '../actor.ts';
import { usage, usdText } from './usage.ts';

const HOUR_MS = 3_600_000;
const START = new Date('2029-12-31T21:30:00Z');

const ASK = `query($tenant: ID, $from: DateTime, $until: DateTime, $groupBy: [UsageDimension!], $where: UsageFilter) {
  usage(tenant: $tenant, from: $from, until: $until, groupBy: $groupBy, where: $where) {
    from until
    totals { calls finished failed inputTokens outputTokens costUsd costNanoUsd unpricedCalls averageLatencyMs averageFirstTokenMs }
    groups { app key prompt promptVersion model at totals { calls costUsd } }
  }
}`;

describe('dollars', () => {
  it.each([
    [0n, '0.00'],
    [1n, '0.000000001'],
    [1_500_000_000n, '1.50'],
    [12_345_678_901n, '12.345678901'],
    [123_000_000_000_000n, '123000.00'],
    [-20n, '-0.00000002'],
  ])('of %s nano-dollars are %s', (nanoUsd, text) => expect(usdText(nanoUsd)).toBe(text));
});

describeStores('usage', (plane) => {
  const fill = async (tenant: string, count = 4) => {
    const records = Array.from({ length: count }, (_, index) =>
      usageRecord(new Date(START.getTime() + index * HOUR_MS), {
        tenant,
        prompt: index % 2 === 0 ? 'summary' : null,
        promptVersion: index % 2 === 0 ? `v${index}` : null,
        outcome: index === 3 ? 'failed' : 'finished',
        costNanoUsd: index === 3 ? null : 1_500n,
        firstTokenMs: index === 0 ? 8 : null,
      }),
    );
    await plane().store.usage.write({ writer: tenant, number: 1, records });
    return records;
  };

  it('is told in totals, tables and series, to the nano-dollar', async () => {
    const { tenant, actors } = await plane().createTenant('acme');
    await fill(tenant._id);
    const span = { from: START.toISOString(), until: '2030-01-01T00:30:00Z' };
    const { usage: all } = await plane().data<{ usage: unknown }>(actors.analyst, ASK, span);
    expect(all).toEqual({
      from: '2029-12-31T21:00:00.000Z',
      until: '2030-01-01T01:00:00.000Z',
      totals: {
        ...{ calls: 4, finished: 3, failed: 1, inputTokens: 40, outputTokens: 20, unpricedCalls: 1 },
        ...{ costUsd: '0.0000045', costNanoUsd: '4500', averageLatencyMs: 20, averageFirstTokenMs: 8 },
      },
      groups: [],
    });
    const groups = async (groupBy: string[], where?: object) => {
      const given = { ...span, groupBy, ...(where === undefined ? {} : { where }) };
      const data = await plane().data<{ usage: { groups: Record<string, unknown>[] } }>(actors.analyst, ASK, given);
      return data.usage.groups.map(({ totals, ...group }) => ({
        ...Object.fromEntries(Object.entries(group).filter(([, value]) => value !== null)),
        ...(totals as object),
      }));
    };
    expect(await groups(['DAY'])).toEqual([
      { at: '2029-12-31T00:00:00.000Z', calls: 3, costUsd: '0.0000045' },
      { at: '2030-01-01T00:00:00.000Z', calls: 1, costUsd: '0.00' },
    ]);
    expect(await groups(['PROMPT', 'PROMPT_VERSION'])).toEqual([
      { calls: 2, costUsd: '0.0000015' },
      { prompt: 'summary', promptVersion: 'v0', calls: 1, costUsd: '0.0000015' },
      { prompt: 'summary', promptVersion: 'v2', calls: 1, costUsd: '0.0000015' },
    ]);
    const hours = await groups(['MODEL', 'HOUR', 'MODEL'], { app: 'app_a' });
    expect(hours.map(({ at }) => String(at).slice(11, 13))).toEqual(['21', '22', '23', '00']);
    expect(await groups(['KEY'], { prompt: 'summary' })).toEqual([{ key: 'key_a', calls: 2, costUsd: '0.000003' }]);
    expect(await groups(['APP'], { key: 'key_other' })).toEqual([]);
  });

  it('is one tenant’s own, and of all for platform administrators', async () => {
    const [acme, evil] = [await plane().createTenant('acme'), await plane().createTenant('evil')];
    await fill(acme.tenant._id, 3);
    await fill(evil.tenant._id, 1);
    const calls = async (actor: Actor, given: Record<string, unknown>) =>
      (await plane().data<{ usage: { totals: { calls: number } } }>(actor, ASK, given)).usage.totals.calls;
    expect(await calls(acme.actors.owner, {})).toBe(3);
    expect(await calls(PLATFORM_ADMIN, {})).toBe(4);
    expect(await calls(PLATFORM_ADMIN, { tenant: 'evil' })).toBe(1);
    await expect(calls(acme.actors.owner, { tenant: 'evil' })).rejects.toThrow('no such tenant');
  });

  it('is listed call by call, in pages', async () => {
    const { tenant, actors } = await plane().createTenant('acme');
    const records = await fill(tenant._id);
    const list = `query($after: String, $where: UsageRecordFilter) {
      usageRecords(first: 3, after: $after, where: $where) {
        nodes { id outcome costUsd costNanoUsd inputTokens reasoningTokens attempts { model } }
        pageInfo { hasNextPage endCursor }
      }
    }`;
    type Page = { usageRecords: { nodes: { id: string }[]; pageInfo: { hasNextPage: boolean; endCursor: string } } };
    const { usageRecords: first } = await plane().data<Page>(actors.owner, list);
    expect(first.nodes[0]).toEqual({
      ...{ id: records[3]?._id, outcome: 'FAILED', costUsd: null, costNanoUsd: null },
      ...{ inputTokens: 10, reasoningTokens: null, attempts: [] },
    });
    expect(first.pageInfo.hasNextPage).toBe(true);
    const { usageRecords: rest } = await plane().data<Page>(actors.owner, list, { after: first.pageInfo.endCursor });
    expect(rest.nodes).toMatchObject([{ id: records[0]?._id, costUsd: '0.0000015', costNanoUsd: '1500' }]);
    expect(rest.pageInfo.hasNextPage).toBe(false);
    const found = await plane().data<Page>(actors.owner, list, {
      where: { outcome: 'FAILED', until: '2030-01-02T00:00:00Z' },
    });
    expect(found.usageRecords.nodes).toHaveLength(1);
    const none = await plane().data<Page>(actors.owner, list, { where: { until: START.toISOString() } });
    expect(none.usageRecords.nodes).toEqual([]);
    const one = `query($id: ID!) { usageRecord(id: $id) { id at } }`;
    const id = records[0]?._id;
    expect(await plane().data(actors.owner, one, { id })).toEqual({ usageRecord: { id, at: START.toISOString() } });
    const other = await plane().createTenant('other');
    expect(await plane().data(other.actors.owner, one, { id })).toEqual({ usageRecord: null });
  });

  it('tells mistakes in what is asked', async () => {
    const context = plane().as(PLATFORM_ADMIN);
    const at = (hours: number) => new Date(START.getTime() + hours * HOUR_MS);
    const wrong = async (work: Promise<unknown>) => (await refused(work)).map(({ path }) => path.join());
    expect(await wrong(usage.report(context, { from: at(2), until: at(1) }))).toEqual(['until']);
    expect(await wrong(usage.list(context, { first: 501 }))).toEqual(['first']);
    expect(await wrong(usage.list(context, { where: { app: 'app_a' } }))).toEqual(['tenant']);
    expect(await wrong(usage.recount(context, at(2), at(1)))).toEqual(['until']);
    expect(await wrong(usage.recount(context, at(0), at(24 * 32)))).toEqual(['from']);
  });

  it('is counted again from the records, for hours that are settled', async () => {
    const { tenant } = await plane().createTenant('acme');
    const old = usageRecord(START, { tenant: tenant._id });
    const now = usageRecord(new Date('2030-01-01T00:00:00Z'), { tenant: tenant._id });
    // Records without sums, as a crash leaves them.
    for (const record of [old, now])
      await plane()
        .connection.model('usage')
        .collection.insertOne(record as never);
    const again =
      'mutation { recountUsage(from: "2029-12-31T00:00:00Z", until: "2030-01-01T12:00:00Z") { raised errors { code } } }';
    const done = { recountUsage: { raised: 1, errors: [] } };
    expect(await plane().data(PLATFORM_ADMIN, again)).toEqual(done);
    expect(await plane().data(PLATFORM_ADMIN, again)).toEqual({ recountUsage: { ...done.recountUsage, raised: 0 } });
    const report = await usage.report(plane().as(PLATFORM_ADMIN), { from: new Date('2029-12-31T00:00:00Z') });
    expect(report.totals).toMatchObject({ calls: 1, costNanoUsd: 1_500n });
  });
});
