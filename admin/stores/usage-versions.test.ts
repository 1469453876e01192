import { expect, it } from 'vitest';
import { describeStores, PLATFORM_ADMIN, refused } from '../../test/utils/admin-suite.ts';
import { usageRecord } from '../../test/utils/usage-record.ts';
import { judge } from './feedback.ts';
import { estimate, promptVersionMetrics } from './usage-versions.ts';

const AT = Date.UTC(2029, 11, 31, 21, 10);

it('tells of few values that little is known', () => {
  expect(estimate(0, 0, 0)).toEqual({ count: 0, mean: null, low: null, high: null });
  const one = estimate(1, 1, 1);
  expect([one.mean, one.high]).toEqual([1, 1]);
  expect(one.low).toBeLessThan(0.3);
  // Of yes and no it is the interval of Agresti and Coull, here for 8 of 10.
  const eight = estimate(10, 8, 8);
  expect(eight.low).toBeCloseTo(0.479, 3);
  expect(eight.high).toBeCloseTo(0.954, 3);
});

it('is nearer the more values there are, and the less they differ', () => {
  const width = ({ low, high }: ReturnType<typeof estimate>) => (high ?? 0) - (low ?? 0);
  const half = (count: number) => estimate(count, count / 2, count / 2);
  expect(width(half(1_000))).toBeLessThan(width(half(100)));
  expect(width(estimate(1_000, 500, 250))).toBeLessThan(width(half(1_000)) / 5);
});

describeStores('versions of a prompt', (plane) => {
  it('stand side by side, with sums of all hours and nothing of other prompts', async () => {
    const { tenant, actors } = await plane().createTenant('acme');
    const of = { tenant: tenant._id, prompt: 'summary', promptVersion: 'a' };
    const hour = 3_600_000;
    const record = (hours: number, over: object) => usageRecord(new Date(AT + hours * hour), { ...of, ...over });
    const records = [
      record(0, { latencyMs: 100, firstTokenMs: 20 }),
      record(1, { latencyMs: 300, model: 'other' }),
      record(1, { outcome: 'schemaFailed', latencyMs: 200, costNanoUsd: 2_001n }),
      record(1, { outcome: 'failed', latencyMs: 9_000, costNanoUsd: null }),
      record(1, { outcome: 'cached', latencyMs: 1, costNanoUsd: 0n, savedNanoUsd: 1_500n }),
      record(1, { outcome: 'aborted', latencyMs: 50_000 }),
      record(1, { promptVersion: 'b' }),
      record(1, { prompt: 'another' }),
      record(1, { tenant: 'ten_b' }),
      record(-30, {}),
    ];
    await plane().store.usage.write({ writer: 'w', number: 1, records });
    const judged = records[0] as (typeof records)[0] & { readonly prompt: string };
    const { change } = await judge(plane().store, {
      ...{ record: judged, by: 'app_a', app: 'app_a', user: null, score: 0.4, comment: '' },
    });
    await plane().store.usage.addFeedback({ writer: 's', number: 1, records: change === undefined ? [] : [change] });

    const context = plane().as(actors.analyst);
    const asked = { prompt: 'summary', from: new Date(AT - hour) };
    const { versions } = await promptVersionMetrics(context, asked);
    expect(versions.map(({ version, model }) => [version, model])).toEqual([
      ['a', undefined],
      ['b', undefined],
    ]);
    expect(versions[0]).toMatchObject({
      share: 6 / 7,
      totals: { calls: 6, finished: 2, failed: 1, schemaFailed: 1, cached: 1, aborted: 1, costNanoUsd: 6_501n },
      failures: { count: 4, mean: 0.25 },
      schemaFailures: { count: 4, mean: 0.25 },
      // 6,501 of 5 calls.
      nanoUsdPerCall: 1_300n,
      latency: { count: 3, meanMs: 200 },
      firstToken: { count: 1, meanMs: 20, p50Ms: 17, p95Ms: 20 },
      score: { count: 1, mean: 0.4 },
    });
    const { p50Ms, p95Ms } = versions[0]?.latency ?? {};
    // 200 ms and 300 ms, each to within a step.
    expect([(p50Ms ?? 0) > 160, (p50Ms ?? 0) <= 227, (p95Ms ?? 0) > 226, (p95Ms ?? 0) <= 321]).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(versions[1]).toMatchObject({ score: { count: 0, mean: null }, firstToken: { p50Ms: null } });
    const models = await promptVersionMetrics(context, { ...asked, groupBy: ['model', 'provider'] });
    expect(models.versions.map(({ version, model, totals: { calls } }) => [version, model, calls])).toEqual([
      ['a', 'gpt', 5],
      ['a', 'other', 1],
      ['b', 'gpt', 1],
    ]);
  });

  it('are one tenant’s own: platform administrators say whose', async () => {
    const context = plane().as(PLATFORM_ADMIN);
    const wrong = await refused(promptVersionMetrics(context, { prompt: 'summary' }));
    expect(wrong.map(({ path }) => path.join())).toEqual(['tenant']);
    const { tenant } = await plane().createTenant('acme');
    expect(await promptVersionMetrics(context, { tenant: 'acme', prompt: 'summary' })).toMatchObject({
      ...{ tenant: tenant._id, versions: [] },
    });
  });
});
