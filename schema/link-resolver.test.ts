import type { GraphQLResolveInfo } from 'graphql';
import { describe, expect, it } from 'vitest';
import { CancellationSource } from '../kernel/cancellation.ts';
import { SkeinError } from '../kernel/errors.ts';
import { silentLog } from '../kernel/ports.ts';
import { NO_CLIENT } from '../sources/call-context.ts';
import { createMemorySource } from '../test/utils/memory-source.ts';
import { compose } from './compose.ts';
import { createLinkResolver } from './link-resolver.ts';
import { linkOptions } from './options.ts';
import { createGraphContext } from './request-context.ts';

const SDL = {
  orders: 'type Query { order: Order } type Order { id: ID! customer: ID }',
  people:
    'type Query { person(id: ID): Person people(ids: [ID!], active: Boolean): [Person] } type Person { id: ID name: String }',
};

class CountedMap<K, V> extends Map<K, V> {
  static lookups = 0;
  override get(key: K): V | undefined {
    CountedMap.lookups += 1;
    return super.get(key);
  }
}

/** Resolves a link for several parents at once; each outcome is a value, or the code of its error. */
async function resolveAll(options: object, parents: unknown[], answer: (args: never) => unknown) {
  const calls: unknown[] = [];
  const people = createMemorySource({
    name: 'people',
    sdl: SDL.people,
    unary: { 'Query.person': answer, 'Query.people': answer },
    calls: calls as never,
  });
  const orders = createMemorySource({ name: 'orders', sdl: SDL.orders, unary: { 'Query.order': () => null } });
  const links = { 'Order.who': linkOptions.parse(options) };
  const { composition, problems } = compose({ sources: [orders, people], links, isMissing: () => false });
  expect(problems).toEqual([]);
  const [checked] = composition?.links ?? [];
  const link = checked && { ...checked, arguments: new CountedMap(checked.arguments) };
  const call = people.model.calls.get(link?.call ?? '');
  if (link === undefined || call?.type !== 'unary') throw new Error('unreachable');
  const resolve = createLinkResolver({
    link,
    call,
    owner: 'orders',
    callArguments: composition?.ownership.rootField('people', link.call)?.args ?? [],
    readParent: (parent, field) => (parent as Record<string, unknown>)[field],
    readGraph: undefined,
    readNeeds: undefined,
    select: undefined,
  });
  CountedMap.lookups = 0;
  const context = createGraphContext({
    cancellation: new CancellationSource(),
    deadlineAt: Infinity,
    ...NO_CLIENT,
    requestId: 'test',
    log: silentLog,
  });
  const outcomes = await Promise.all(
    parents.map(async (parent) => {
      try {
        const value = await resolve(parent, {}, context, {} as GraphQLResolveInfo);
        if (value instanceof Error) throw value;
        return value;
      } catch (error) {
        return error instanceof SkeinError ? [error.code, error.extensions.source] : error;
      }
    }),
  );
  return { outcomes, calls: calls.map((recorded) => (recorded as { args: unknown }).args) };
}

const ONE = { call: 'people.person', args: { id: '$parent.customer' } };
const FIRST = { call: 'people.people', args: { ids: '$parents.customer' }, match: 'id' };
const ALL = { ...FIRST, many: true };
const orders = (...customers: unknown[]) => customers.map((customer) => ({ customer }));
const ada = { id: 'a', name: 'Ada' };

describe('a link', () => {
  it.each([
    ['one call per parent', ONE, null],
    ['a batch', FIRST, null],
    ['a batch of lists', ALL, []],
  ])('asks for nothing where the key is null: %s', async (_name, link, nothing) => {
    const { outcomes, calls } = await resolveAll(link, orders(null, undefined), () => []);
    expect({ outcomes, calls }).toEqual({ outcomes: [nothing, nothing], calls: [] });
  });

  it.each([
    ['one call per parent', ONE],
    ['a batch', FIRST],
  ])('refuses a key that is no plain value, and no other: %s', async (_name, link) => {
    const { outcomes } = await resolveAll(link, orders({ $ne: 1 }, 'a'), () => (link === ONE ? ada : [ada]));
    expect(outcomes).toEqual([['UPSTREAM_BAD_RESPONSE', 'orders'], ada]);
  });

  it('looks up what an argument reads once, not for each parent', async () => {
    const parents = Array.from({ length: 1_000 }, (_, id) => ({ customer: `c${id}` }));
    const { outcomes } = await resolveAll(
      { call: 'people.person', args: { id: '$parent.customer' } },
      parents,
      ({ id }) => ({ id }),
    );
    expect(outcomes[999]).toEqual({ id: 'c999' });
    expect(CountedMap.lookups).toBe(0);
  });

  it('gives the first match, null where there is none, and each key once to the call', async () => {
    const { outcomes, calls } = await resolveAll(FIRST, orders('a', 'b', 'a'), () => [
      ada,
      { id: 'a', name: 'Other' },
      null,
    ]);
    expect({ outcomes, calls }).toEqual({ outcomes: [ada, null, ada], calls: [{ ids: ['a', 'b'] }] });
  });

  it('tells those who may lack an item that failed', async () => {
    const failed = new SkeinError('UPSTREAM_FAILED', undefined, { details: { source: 'people' } });
    const answer = () => [ada, failed];
    expect((await resolveAll(FIRST, orders('a', 'b'), answer)).outcomes).toEqual([ada, ['UPSTREAM_FAILED', 'people']]);
    const lists = await resolveAll(ALL, orders('a', 'b'), answer);
    expect(lists.outcomes).toEqual([
      ['UPSTREAM_FAILED', 'people'],
      ['UPSTREAM_FAILED', 'people'],
    ]);
  });

  it.each([
    ['text among the items', FIRST, [ada, 'text'], [ada, ['UPSTREAM_BAD_RESPONSE', 'people']]],
    [
      'no list',
      FIRST,
      'text',
      [
        ['UPSTREAM_BAD_RESPONSE', 'people'],
        ['UPSTREAM_BAD_RESPONSE', 'people'],
      ],
    ],
    ['nothing', FIRST, null, [null, null]],
    [
      'too few in order',
      { ...FIRST, match: undefined },
      [ada],
      [
        ['UPSTREAM_BAD_RESPONSE', 'people'],
        ['UPSTREAM_BAD_RESPONSE', 'people'],
      ],
    ],
    ['all in order', { ...FIRST, match: undefined }, [ada, null], [ada, null]],
  ])('judges a batch answered with %s', async (_name, link, answer, expected) => {
    expect((await resolveAll(link, orders('a', 'b'), () => answer)).outcomes).toEqual(expected);
  });

  it('splits what is more than a batch', async () => {
    const { calls } = await resolveAll(FIRST, orders(...Array.from({ length: 150 }, (_, i) => `k${i}`)), () => []);
    expect(calls.map((args) => (args as { ids: string[] }).ids.length)).toEqual([100, 50]);
  });
});
