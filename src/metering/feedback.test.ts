import { expect, it } from 'vitest';
import type { UsageRecord } from '../../admin/models/usage.ts';
import type { FeedbackChange } from '../../admin/store/usage-log.ts';
import type { Account } from '../../sources/source.ts';
import { type ControlPlane, describeEmbedded } from '../../test/utils/admin-suite.ts';
import { createCallContext } from '../../test/utils/call-context.ts';
import { usageRecord } from '../../test/utils/usage-record.ts';
import { createFeedback } from './feedback.ts';

const NOW = Date.parse('2030-01-01T10:00:00Z');
const ACCOUNT: Account = { tenant: 'ten_a', app: 'app_a', key: 'key_a', door: 'graphql' };

function setUp(plane: ControlPlane, over: { readonly get?: () => Promise<UsageRecord | undefined> } = {}) {
  const changes: FeedbackChange[] = [];
  const flushed: string[] = [];
  const record = usageRecord(new Date(NOW), { prompt: 'say', promptVersion: 'v1' });
  const waiting: UsageRecord[] = [];
  const { context, log } = createCallContext({ account: ACCOUNT });
  const write = (one: UsageRecord) =>
    plane.store.usage.write({ writer: 'w', number: flushed.push(one._id), records: [one] });
  const keeper = createFeedback({
    store: { ...plane.store, usage: { ...plane.store.usage, ...over } },
    usage: {
      async flush() {
        for (const one of waiting.splice(0)) await write(one);
      },
    },
    changes: { add: (change) => void changes.push(change) },
    clock: { now: () => NOW + 1_000 },
    log,
    pauseMs: 1,
  });
  const say = (account: Partial<Account>, call = record._id) =>
    keeper
      .keep({ call, score: 0.3334, comment: 'so' }, { ...context, account: { ...ACCOUNT, ...account } })
      .catch((error: Error & { code: string }) => error.code);
  return { record, waiting, write, say, changes, keeper, context, log };
}

describeEmbedded('feedback', (plane) => {
  it('is taken of a call whose record is on its way to the store', async () => {
    const { record, waiting, say, changes } = setUp(plane());
    waiting.push(record);
    expect(await say({})).toEqual({ call: record._id, prompt: 'say', version: 'v1', score: 0.333, comment: 'so' });
    expect(changes).toMatchObject([{ counters: { feedbacks: 1, score: 333, scoreSquares: 333 ** 2 } }]);
  });

  it('is of the caller’s own tenant alone, and of prompts', async () => {
    const { record, write, say, changes } = setUp(plane());
    await write(record);
    const chat = usageRecord(new Date(NOW));
    await write(chat);
    expect(await say({ tenant: 'ten_b' })).toBe('NOT_FOUND');
    expect(await say({}, chat._id)).toBe('NOT_FOUND');
    expect(await say({}, `${record._id.slice(0, -4)}zzzz`)).toBe('NOT_FOUND');
    expect(await say({}, 'use_x')).toBe('NOT_FOUND');
    expect(await say({ key: 'key_b', products: new Set<string>() })).toBe('NOT_FOUND');
    expect(changes).toEqual([]);
    expect(await say({ products: new Set<string>() })).toMatchObject({ call: record._id });
    expect(await say({ app: 'app_b', key: 'key_b' })).toMatchObject({ call: record._id });
  });

  it('is one of each app, and of each user of an app', async () => {
    const { record, write, say, changes } = setUp(plane());
    await write(record);
    await say({});
    await say({ key: 'key_b' });
    await say({ key: undefined, user: 'ada' });
    await say({ key: undefined, user: 'bob' });
    await say({ app: undefined, key: 'config:till' });
    await say({ app: undefined, key: 'config:till' });
    expect(changes.map(({ counters }) => counters.feedbacks)).toEqual([1, 1, 1, 1]);
  });

  it('is refused when the store does not answer, and says so', async () => {
    const { say, log, changes } = setUp(plane(), { get: () => Promise.reject(new Error('10.0.0.1 is away')) });
    expect(await say({})).toBe('STORE_UNAVAILABLE');
    expect(log.lines).toMatchObject([{ level: 'warn', fields: { reason: '10.0.0.1 is away' } }]);
    expect(changes).toEqual([]);
  });
});
