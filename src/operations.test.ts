import { OperationTypeNode } from 'graphql';
import { expect, it } from 'vitest';
import type { ResultStream } from '../schema/events.ts';
import type { Plan } from '../schema/plan/plan.ts';
import type { Generation } from '../schema/registry.ts';
import { createMemoryLog } from '../test/utils/call-context.ts';
import { deferred } from '../test/utils/deferred.ts';
import { configuredCaller } from './identity/key-callers.ts';
import { createLifetimes } from './lifetimes.ts';
import { createOperations, isRefused, oneGraph, type ReadyOperation } from './operations.ts';
import { OWN_GRAPH } from './policy/graph-access.ts';

const operations = createOperations({ graphOf: oneGraph({ current: () => undefined }) });
const log = createMemoryLog();
const open = () =>
  createLifetimes({ clock: { now: () => 0 }, ids: { next: () => 'r1' }, log }).open({ timeoutMs: 60_000 });

function operationOf(plan: Partial<Plan>): ReadyOperation {
  return {
    type: OperationTypeNode.QUERY,
    plan: { way: 'direct', ...plan } as Plan,
    variables: {},
    generation: {
      number: 7,
      hold: () => () => {},
      sources: [] as readonly never[],
    } as Partial<Generation> as Generation,
    access: OWN_GRAPH,
    caller: configuredCaller('test', false),
    wantsPlan: true,
  };
}

/** A stream that counts what is done to it; `next` answers what the test resolves. */
function createStream() {
  const counts = { next: 0, return: 0 };
  const event = deferred<IteratorResult<{ data: { a: number } }>>();
  const stream: ResultStream = {
    next: () => {
      counts.next += 1;
      return event.promise;
    },
    return: async () => {
      counts.return += 1;
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
  return { stream, counts, event };
}

it('says that there is no graph yet', async () => {
  const refused = await operations.prepare({ query: '{ a }' }, configuredCaller('test', false));
  expect(isRefused(refused) && refused.errors).toMatchObject([{ code: 'GRAPH_NOT_READY' }]);
});

it('does not begin what was stopped before', async () => {
  const lifetime = open();
  lifetime.stop('SHUTTING_DOWN');
  const begun: string[] = [];
  const operation = operationOf({
    execute: () => {
      begun.push('execute');
      return {};
    },
    subscribe: async () => {
      begun.push('subscribe');
      return {};
    },
  });
  for (const run of ['execute', 'subscribe'] as const)
    expect(await operations[run](operation, lifetime)).toMatchObject({
      errors: [{ extensions: { code: 'SHUTTING_DOWN' } }],
    });
  expect(begun).toEqual([]);
  lifetime.close();
});

it('answers when it is stopped, whether the plan does or not', async () => {
  const lifetime = open();
  const answer = operations.execute(operationOf({ execute: () => new Promise(() => {}) }), lifetime);
  lifetime.stop('DEADLINE_EXCEEDED');
  expect(await answer).toMatchObject({ errors: [{ extensions: { code: 'DEADLINE_EXCEEDED', requestId: 'r1' } }] });
  lifetime.close();
});

it('closes a stream that opens after it was stopped', async () => {
  const lifetime = open();
  const opening = deferred<ResultStream>();
  const answer = operations.subscribe(operationOf({ subscribe: () => opening.promise }), lifetime);
  lifetime.stop('CLIENT_CLOSED_REQUEST');
  expect(await answer).toHaveProperty('errors');
  const { stream, counts } = createStream();
  opening.resolve(stream);
  await new Promise((resolve) => setImmediate(resolve));
  expect(counts).toEqual({ next: 0, return: 1 });
  lifetime.close();
});

it('closes a stream once and at once, even while an event is awaited that never comes', async () => {
  const lifetime = open();
  const { stream, counts } = createStream();
  const results = await operations.subscribe(operationOf({ subscribe: async () => stream }), lifetime);
  if (!(Symbol.asyncIterator in results)) throw new Error('no stream');
  const pending = results.next();
  await results.return?.();
  await results.return?.();
  expect(await pending).toEqual({ done: true, value: undefined });
  expect(await results.next()).toEqual({ done: true, value: undefined });
  expect(counts).toEqual({ next: 1, return: 1 });
  expect(lifetime.cancellation.signal.aborted).toBe(true);
  lifetime.close();
});

it('does not close a stream that has ended, nor stop what ended by itself', async () => {
  const lifetime = open();
  const { stream, counts, event } = createStream();
  const results = await operations.subscribe(operationOf({ subscribe: async () => stream }), lifetime);
  if (!(Symbol.asyncIterator in results)) throw new Error('no stream');
  event.resolve({ done: true, value: undefined });
  expect((await results.next()).done).toBe(true);
  await results.return?.();
  expect([counts.return, lifetime.stopped]).toEqual([0, undefined]);
  lifetime.close();
});

it('tells the plan with the first event only', async () => {
  const lifetime = open();
  const { stream, event } = createStream();
  event.resolve({ done: false, value: { data: { a: 1 } } });
  const results = await operations.subscribe(operationOf({ subscribe: async () => stream }), lifetime);
  if (!(Symbol.asyncIterator in results)) throw new Error('no stream');
  const extensions = { plan: { way: 'direct', generation: 7, calls: [] } };
  expect((await results.next()).value).toEqual({ data: { a: 1 }, extensions });
  expect((await results.next()).value).toEqual({ data: { a: 1 } });
  lifetime.close();
});
