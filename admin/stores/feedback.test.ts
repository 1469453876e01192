import { expect, it } from 'vitest';
import { type ControlPlane, describeStores, PLATFORM_ADMIN, refused } from '../../test/utils/admin-suite.ts';
import { usageRecord } from '../../test/utils/usage-record.ts';
import type { UsageRecord } from '../models/usage.ts';
import type { FeedbackChange } from '../store/usage-log.ts';
import { feedback, judge } from './feedback.ts';
import { usage } from './usage.ts';

const AT = new Date('2029-12-31T21:10:00Z');
const SPAN = { from: new Date('2029-12-31T00:00:00Z'), until: new Date('2030-01-02T00:00:00Z') };
const NEWEST = { field: '_id', descending: true };

type PromptRecord = UsageRecord & { readonly prompt: string };

async function called(plane: ControlPlane, tenant: string, over: Partial<UsageRecord> = {}): Promise<PromptRecord> {
  const record = usageRecord(AT, { tenant, prompt: 'summary', promptVersion: 'v1', ...over });
  await plane.store.usage.write({ writer: 'calls', number: calls++, records: [record] });
  return record as PromptRecord;
}
let calls = 1;

const says = (record: PromptRecord, score: number, by = 'app_a', comment = '') => ({
  ...{ record, by, app: by, user: null, score, comment },
});

describeStores('feedback', (plane) => {
  const totals = async () => (await usage.report(plane().as(PLATFORM_ADMIN), SPAN)).totals;
  let batch = 1;
  const add = (...records: readonly (FeedbackChange | undefined)[]) =>
    plane().store.usage.addFeedback({
      ...{ writer: 'scores', number: batch++ },
      records: records.filter((change) => change !== undefined),
    });

  it('is one for each call and caller: what is said again replaces what was said', async () => {
    const { tenant } = await plane().createTenant('acme');
    const record = await called(plane(), tenant._id);
    const first = await judge(plane().store, says(record, 0.25, 'app_a', 'poor'));
    expect(first.feedback).toMatchObject({ call: record._id, callAt: AT, score: 250, comment: 'poor', version: 1 });
    const again = await judge(plane().store, says(record, 0.75));
    expect(again.feedback).toMatchObject({ _id: first.feedback._id, score: 750, comment: '' });
    const same = await judge(plane().store, says(record, 0.75, 'app_a', 'fair'));
    expect(same.change).toBeUndefined();
    const other = await judge(plane().store, says(record, 1, 'app_b'));
    await add(first.change, again.change, same.change);
    await add(other.change);
    expect(await totals()).toMatchObject({ calls: 1, feedbacks: 2, score: 1_750, scoreSquares: 750 ** 2 + 1_000 ** 2 });
  });

  it('is in the sums once and as it was said last, however many say it at once', async () => {
    const { tenant } = await plane().createTenant('acme');
    const record = await called(plane(), tenant._id);
    const scores = [0, 0.5, 1, 0.125];
    const judged = await Promise.all(scores.map((score) => judge(plane().store, says(record, score))));
    await add(...judged.map(({ change }) => change));
    const { records } = await feedback.list(plane().as(PLATFORM_ADMIN), { sort: NEWEST });
    expect(records).toHaveLength(1);
    expect(await totals()).toMatchObject({ feedbacks: 1, score: records[0]?.score });
  });

  it('adds a batch to the sums once, also when it is given again, and where the call is in no sum yet', async () => {
    const { tenant } = await plane().createTenant('acme');
    const record = usageRecord(AT, { tenant: tenant._id, prompt: 'summary' }) as PromptRecord;
    const { change } = await judge(plane().store, says(record, 1));
    const once = { writer: 'again', number: 1, records: change === undefined ? [] : [change] };
    await plane().store.usage.addFeedback(once);
    await plane().store.usage.addFeedback(once);
    expect(await totals()).toMatchObject({ calls: 0, feedbacks: 1, score: 1_000 });
    await plane().store.usage.write({ writer: 'calls', number: calls++, records: [record] });
    expect(await totals()).toMatchObject({ calls: 1, feedbacks: 1, score: 1_000, costNanoUsd: 1_500n });
  });

  it('is counted again from what is kept, unless something was said a moment ago', async () => {
    const { tenant } = await plane().createTenant('acme');
    const record = await called(plane(), tenant._id);
    // A crash before the sums.
    await judge(plane().store, says(record, 0.5));
    await judge(plane().store, says(record, 1, 'app_b'));
    const recount = () => usage.recount(plane().as(PLATFORM_ADMIN), SPAN.from, SPAN.until);
    expect([await recount(), (await totals()).feedbacks]).toEqual([0, 0]);
    plane().advance(15 * 60_000);
    expect([await recount(), await recount()]).toEqual([1, 0]);
    expect(await totals()).toMatchObject({ calls: 1, feedbacks: 2, score: 1_500, scoreSquares: 1_250_000 });
  });

  it('is listed for its tenant alone, by what it is of', async () => {
    const [acme, evil] = [await plane().createTenant('acme'), await plane().createTenant('evil')];
    const one = await called(plane(), acme.tenant._id);
    const two = await called(plane(), acme.tenant._id, { promptVersion: 'v2' });
    for (const record of [one, two]) {
      await judge(plane().store, says(record, 1));
      plane().advance(1);
    }
    const owner = plane().as(acme.actors.analyst);
    const calls = async (where: Record<string, string>, context = owner) =>
      (await feedback.list(context, { where, sort: NEWEST })).records.map(({ call }) => call);
    expect(await calls({})).toEqual([two._id, one._id]);
    expect(await calls({ promptVersion: 'v2' })).toEqual([two._id]);
    expect(await calls({ call: one._id }, plane().as(evil.actors.owner))).toEqual([]);
    const named = { tenant: 'acme', where: { prompt: 'summary' }, sort: NEWEST, first: 1 };
    const page = await feedback.list(plane().as(PLATFORM_ADMIN), named);
    expect([page.records.length, page.hasMore]).toEqual([1, true]);
    const wrong = async (request: object) =>
      (await refused(feedback.list(plane().as(PLATFORM_ADMIN), { sort: NEWEST, ...request }))).map(({ path }) =>
        path.join(),
      );
    expect(await wrong({ where: { prompt: 'summary' } })).toEqual(['tenant']);
    expect(await wrong({ first: 0 })).toEqual(['first']);
  });

  it('goes with the record of its call', async () => {
    const { tenant } = await plane().createTenant('acme');
    const old = await called(plane(), tenant._id);
    const late = usageRecord(new Date('2030-01-01T00:00:00Z'), {
      tenant: tenant._id,
      prompt: 'summary',
    }) as PromptRecord;
    await plane().store.usage.write({ writer: 'calls', number: calls++, records: [late] });
    for (const record of [old, late]) await judge(plane().store, says(record, 1));
    expect(await plane().store.usage.deleteRecords(new Date('2029-12-31T22:00:00Z'))).toBe(1);
    const { records } = await feedback.list(plane().as(PLATFORM_ADMIN), { sort: NEWEST });
    expect(records.map(({ call }) => call)).toEqual([late._id]);
  });
});
