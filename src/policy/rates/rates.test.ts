import { buildSchema, getOperationAST, parse } from 'graphql';
import { expect, it } from 'vitest';
import type { Plan } from '../../../schema/plan/plan.ts';
import type { Generation } from '../../../schema/registry.ts';
import { createMemoryLog } from '../../../test/utils/call-context.ts';
import type { Caller, RateLimit } from '../../identity/caller.ts';
import { configuredCaller } from '../../identity/key-callers.ts';
import { createMemoryCounters } from '../counters/memory-store.ts';
import type { CounterStore } from '../counters/store.ts';
import { OWN_GRAPH } from '../graph-access.ts';
import { createRates, type RatedOperation, type RatesDeps, type RateVerdict } from './rates.ts';

const schema = buildSchema('type Query { search(text: String): [Hit!]! hello: String } type Hit { text: String }');
const MINUTE = 60_000;

function operationOf(text: string): RatedOperation {
  const document = parse(text);
  const plan = { document, operation: getOperationAST(document) } as Partial<Plan> as Plan;
  return { plan, generation: { schema } as Partial<Generation> as Generation, access: OWN_GRAPH };
}

function limitOf(limit: number, over: Partial<RateLimit> = {}): RateLimit {
  return { subject: 'key:1', name: 'key', limit, windowMs: MINUTE, ...over };
}

function callerOf(rates: readonly RateLimit[], grants: Readonly<Record<string, readonly RateLimit[]>> = {}): Caller {
  const entries = Object.entries(grants).map(([id, limits]) => [`product-${id}`, { id, rates: limits }] as const);
  return { ...configuredCaller('test', false, rates), grants: new Map(entries) };
}

function start(deps: Partial<RatesDeps> = {}) {
  const log = createMemoryLog();
  const clock = { time: 1_800_000_000_000, now: () => clock.time };
  const rates = createRates({ counters: createMemoryCounters({ clock }), log, ...deps });
  const charge = (text: string | RatedOperation, caller: Caller): RateVerdict | undefined => {
    const verdict = rates.charge(typeof text === 'string' ? operationOf(text) : text, caller);
    if (verdict instanceof Promise) throw new Error('not at once');
    return verdict;
  };
  const allowed = (times: number, text: string, caller: Caller) =>
    Array.from({ length: times }, () => charge(text, caller)).filter((verdict) => verdict?.error === undefined).length;
  return { rates, log, clock, charge, allowed };
}

const HELLO = '{ hello }';

it('asks nothing of a store for callers without limits, nor of the document', () => {
  const counters: CounterStore = {
    consume: () => {
      throw new Error('asked');
    },
    dispose: async () => {},
  };
  const { rates } = start({
    counters,
    productsUsed: () => {
      throw new Error('asked');
    },
  });
  const operation = {} as RatedOperation;
  expect(rates.charge(operation, callerOf([]))).toBeUndefined();
  expect(rates.charge(operation, callerOf([], { basic: [] }))).toBeUndefined();
  expect(rates.chargeRequest(callerOf([limitOf(1, { field: 'Query.hello' })]))).toBeUndefined();
});

it('counts each operation once, and says which limit refuses and when it would fit', () => {
  const { charge, allowed } = start();
  const caller = callerOf([limitOf(3)]);
  expect(charge(HELLO, caller)).toEqual({
    error: undefined,
    standing: { limit: 3, windowMs: MINUTE, remaining: 2, resetMs: 60_938, retryAfterMs: undefined },
  });
  expect(allowed(5, '{ hello search { text } }', caller)).toBe(2);
  const refused = charge(HELLO, caller);
  expect(refused?.standing).toMatchObject({ remaining: 0, retryAfterMs: refused?.standing.resetMs });
  expect(refused?.error).toMatchObject({
    code: 'RATE_LIMITED',
    status: 429,
    message: 'Too many requests: the limit "key" allows 3 in 60 s.',
    extensions: { limit: 'key', retryAfterMs: 60_938 },
  });
});

it('counts a field as often as it is selected, and only what selects it', () => {
  const { charge, allowed } = start();
  const caller = callerOf([limitOf(5, { field: 'Query.search' })]);
  expect(charge(HELLO, caller)).toBeUndefined();
  const twice = '{ a: search(text: "a") { text } b: search(text: "b") { text } }';
  expect(allowed(4, twice, caller)).toBe(2);
  expect(charge(twice, caller)?.error?.message).toBe(
    'Too many selections of Query.search: the limit "key" allows 5 in 60 s.',
  );
  expect(allowed(4, '{ search { text } }', caller)).toBe(1);
  expect(allowed(3, HELLO, caller)).toBe(3);
});

it('says so when an operation alone is more than a limit', () => {
  const { charge } = start();
  const { error, standing } =
    charge('{ a: search { text } b: search { text } }', callerOf([limitOf(1, { field: 'Query.search' })])) ?? {};
  expect(error?.message).toBe('The operation selects Query.search 2 times, and the limit "key" allows 1 in 60 s.');
  expect(error?.extensions).toEqual({ code: 'RATE_LIMITED', limit: 'key' });
  expect(standing).toMatchObject({ remaining: 1, retryAfterMs: undefined });
});

it('holds callers to all of their limits, and charges none of them for what one refuses', () => {
  const { charge, allowed } = start();
  const app = limitOf(10, { subject: 'app:1', name: 'app' });
  const [one, other] = [callerOf([limitOf(4), app]), callerOf([limitOf(50, { subject: 'key:2' }), app])];
  expect(allowed(20, HELLO, one)).toBe(4);
  expect(charge(HELLO, one)?.error?.extensions.limit).toBe('key');
  expect(allowed(20, HELLO, other)).toBe(6);
  expect(charge(HELLO, other)?.error?.extensions.limit).toBe('app');
});

it('tells how the limit stands of which least is left, and how the one that refuses longest', () => {
  const { charge, clock } = start();
  const caller = callerOf([limitOf(2, { name: 'short' }), limitOf(3, { name: 'day', windowMs: 86_400_000 })]);
  expect(charge(HELLO, caller)?.standing).toMatchObject({ limit: 2, remaining: 1 });
  charge(HELLO, caller);
  expect(charge(HELLO, caller)?.error?.extensions.limit).toBe('short');
  clock.time += 2 * MINUTE;
  expect(charge(HELLO, caller)?.standing).toMatchObject({ limit: 3, remaining: 0 });
  charge(HELLO, caller);
  expect(charge(HELLO, caller)?.error?.extensions.limit).toBe('day');
});

it('takes the lower one of two limits on the same count', () => {
  const { allowed } = start();
  expect(allowed(20, HELLO, callerOf([limitOf(9), limitOf(4), limitOf(6)]))).toBe(4);
});

it('counts what a grant allows for operations that use its product, and no others', () => {
  const productsUsed: RatesDeps['productsUsed'] = ({ plan }) =>
    plan.operation.selectionSet.selections.length > 1 ? ['basic', 'basic'] : [];
  const { allowed, charge } = start({ productsUsed });
  const plan = limitOf(2, { subject: 'grant:basic', name: 'plan basic' });
  const caller = callerOf([limitOf(100)], { basic: [plan], other: [limitOf(1, { subject: 'grant:other' })] });
  expect(allowed(5, '{ hello search { text } }', caller)).toBe(2);
  expect(charge('{ hello search { text } }', caller)?.error?.extensions.limit).toBe('plan basic');
  expect(allowed(5, HELLO, caller)).toBe(5);
});

it('lets another limit on the same count hold at once', () => {
  const { allowed } = start();
  expect(allowed(5, HELLO, callerOf([limitOf(3)]))).toBe(3);
  expect(allowed(5, HELLO, callerOf([limitOf(5)]))).toBe(2);
});

it('tells once of a limit on a field that there is not', () => {
  const { allowed, log } = start();
  const caller = callerOf([limitOf(1, { field: 'Query.serch' }), limitOf(9, { field: 'Query.search' })]);
  expect(allowed(5, HELLO, caller)).toBe(5);
  expect(log.lines).toMatchObject([{ level: 'warn', fields: { field: 'Query.serch' } }]);
});
