import { expect, it } from 'vitest';
import { SkeinError } from '../../../kernel/errors.ts';
import { readPrometheus } from '../../../test/utils/prometheus.ts';
import type { Lifetime } from '../../lifetimes.ts';
import type { Operations, ReadyOperation } from '../../operations.ts';
import type { PublicResult } from '../../public-errors.ts';
import { meterOperations } from './metered-operations.ts';
import { createMetrics } from './metrics.ts';

const error = (code: string) => ({ message: code, extensions: { code } });
const OPERATION = { type: 'subscription' } as ReadyOperation;
const QUERY = { type: 'query' } as ReadyOperation;
const lifetime = (stopped?: SkeinError) => ({ stopped }) as Lifetime;

function setUp(results: readonly PublicResult[]) {
  const metrics = createMetrics();
  let returned = 0;
  async function* open() {
    try {
      yield* results;
    } finally {
      returned += 1;
    }
  }
  const inner: Operations = {
    prepare: () => Promise.resolve({ errors: [new SkeinError('FORBIDDEN')] }),
    execute: async () => results[0] as PublicResult,
    subscribe: async () => open(),
  };
  const operations = meterOperations(inner, metrics.operations.through('graphql'));
  const counts = async () => {
    const scrape = readPrometheus(await metrics.text());
    const of = (name: string, label: string) =>
      Object.fromEntries(scrape.all(name).map(({ labels, value }) => [labels[label], value]));
    return {
      outcomes: of('skein_operation_duration_seconds_count', 'outcome'),
      errors: of('skein_operation_errors_total', 'code'),
      refused: of('skein_operations_refused_total', 'code'),
      events: scrape.value('skein_subscription_events_total'),
    };
  };
  const subscribe = async (life = lifetime()) =>
    (await operations.subscribe(OPERATION, life)) as AsyncIterableIterator<PublicResult>;
  return { operations, subscribe, counts, returned: () => returned };
}

const drain = async (stream: AsyncIterable<unknown>) => {
  for await (const _ of stream);
};

it('a subscription that ends by itself is ok, also where an event had errors', async () => {
  const { subscribe, counts } = setUp([{ data: { a: 1 } }, { data: { a: null }, errors: [error('UPSTREAM_FAILED')] }]);
  await drain(await subscribe());
  expect(await counts()).toMatchObject({ outcomes: { ok: 1 }, errors: { UPSTREAM_FAILED: 1 }, events: 2 });
});

it('one that is ended by an error has failed', async () => {
  const { subscribe, counts } = setUp([{ data: { a: 1 } }, { errors: [error('SHUTTING_DOWN')] }]);
  await drain(await subscribe());
  expect((await counts()).outcomes).toEqual({ failed: 1 });
});

it('one that its client leaves is canceled, once, and its stream is closed', async () => {
  const { subscribe, counts, returned } = setUp([{ data: { a: 1 } }, { data: { a: 2 } }]);
  const stream = await subscribe();
  await stream.next();
  await stream.return?.();
  await stream.return?.();
  expect([(await counts()).outcomes, returned()]).toEqual([{ canceled: 1 }, 1]);
  const thrown = await subscribe();
  await thrown.next();
  await expect(thrown.throw?.(new Error('gone'))).rejects.toThrow('gone');
  await drain(await subscribe(lifetime(new SkeinError('CLIENT_CLOSED_REQUEST'))));
  expect((await counts()).outcomes).toEqual({ canceled: 3 });
});

it.each([
  ['ok', { data: { a: 1 } }],
  [
    'partial',
    { data: { a: null }, errors: [error('UPSTREAM_FAILED'), error('UPSTREAM_FAILED'), error('UPSTREAM_BUSY')] },
  ],
  ['failed', { data: null, errors: [error('UPSTREAM_FAILED')] }],
  ['canceled', { errors: [error('CLIENT_CLOSED_REQUEST')] }],
])('a query is %s by what its answer has, and each code counts once', async (outcome, result: PublicResult) => {
  const { operations, counts } = setUp([result]);
  expect(await operations.execute(QUERY, lifetime())).toBe(result);
  const { outcomes, errors } = await counts();
  expect(outcomes).toEqual({ [outcome]: 1 });
  const codes = new Set(result.errors?.map(({ extensions }) => extensions?.code as string));
  expect(errors).toEqual(Object.fromEntries([...codes].map((code) => [code, 1])));
});

it('what does not run is refused, also where that is known later', async () => {
  const { operations, counts } = setUp([]);
  await operations.prepare({}, {} as never);
  expect(await counts()).toMatchObject({ refused: { FORBIDDEN: 1 }, outcomes: {} });
});
