import { expect, it } from 'vitest';
import { compose } from '../../schema/compose.ts';
import { createGeneration } from '../../schema/registry.ts';
import { createGraphContext } from '../../schema/request-context.ts';
import { createCallContext } from '../../test/utils/call-context.ts';
import { createMemorySource } from '../../test/utils/memory-source.ts';
import type { Caller } from '../identity/caller.ts';
import { configuredCaller } from '../identity/key-callers.ts';
import { createAccessPolicy } from './access.ts';
import type { GraphAccess, GraphPlace } from './graph-access.ts';

const generationOf = (sources: ReturnType<typeof createMemorySource>[]) => {
  const { composition, problems } = compose({ sources, links: {}, types: {}, isMissing: () => false });
  if (composition === undefined) throw new Error(JSON.stringify(problems));
  return createGeneration(1, composition, { rules: [], maxTokens: 1_000 });
};
const own = createMemorySource({
  name: 'own',
  sdl: `
    type Query { order(id: ID!): Order salaries: [Salary!] }
    type Mutation { pay: Order }
    type Order { id: ID! total: Int margin: Int }
    type Salary { amount: Int }
  `,
  unary: {
    'Query.order': ({ id }: { id: string }) => ({ id, total: 5, margin: 1 }),
    'Query.salaries': () => [{ amount: 7 }],
    'Mutation.pay': () => ({ id: 'p' }),
  },
});
const given = createMemorySource({
  name: 'tenant/acme',
  sdl: 'type Query { product: Product hidden: String } type Product { name: String }',
  unary: { 'Query.product': () => ({ name: 'Lamp' }), 'Query.hidden': () => 'x' },
});
const generation = generationOf([own, given]);
const circular = generationOf([
  createMemorySource({
    name: 'own',
    sdl: 'type Query { order(id: ID!): Order self: Query secret: Salary } type Order { id: ID! } type Salary { amount: Int }',
    unary: { 'Query.order': ({ id }: { id: string }) => ({ id }), 'Query.self': () => ({}) },
  }),
]);
const ORDERS = new Set(['Query.order', 'Order.id', 'Order.total', 'Query.self']);
const PAYMENTS = new Set(['Mutation.pay', 'Order.id']);

function accessWith(asked: string[] = []): GraphAccess {
  const product = [{ id: 'p1', name: 'goods' }];
  return {
    granted: new Map([
      ['Query.product', product],
      ['Product.name', product],
    ]),
    ownProduct(id) {
      asked.push(id);
      return { orders: ORDERS, payments: PAYMENTS }[id];
    },
  };
}

function callerWith(products: readonly string[] | undefined, grants: readonly string[] = []): Caller {
  return {
    ...configuredCaller('test', false),
    products: products === undefined ? undefined : new Set(products),
    grants: new Map(grants.map((id) => [id, { id: `grant of ${id}`, rates: [] }])),
  };
}

const policy = createAccessPolicy();
const access = accessWith();
const place: GraphPlace = { generation, access };
const held = callerWith(['orders']);

async function run(text: string, caller: Caller, variables = {}, at = place) {
  const prepared = (await policy.documentsFor(at, caller))?.prepare(text);
  if (prepared === undefined) throw new Error('They may use nothing.');
  if (prepared.errors !== undefined) return { errors: prepared.errors.map(({ message }) => message) };
  const plan = prepared.plan(undefined);
  expect(policy.refusal({ ...at, plan }, caller)).toBeUndefined();
  return JSON.parse(JSON.stringify(await plan.execute(createGraphContext(createCallContext().context), variables)));
}

it('shows a key that is held to a product that product alone', async () => {
  const types = '{ __schema { queryType { fields { name } } mutationType { name } types { name fields { name } } } }';
  const text = JSON.stringify(await run(types, held));
  expect(text).toContain('"order"');
  for (const hidden of ['margin', 'Salary', 'salaries', 'pay', 'Product', 'Mutation'])
    expect(text).not.toContain(hidden);
});

it('tells of what is hidden as of what is not there', async () => {
  for (const [query, message] of [
    ['{ salaries { amount } }', 'Cannot query field "salaries" on type "Query".'],
    ['{ salarie { amount } }', 'Cannot query field "salarie" on type "Query".'],
    ['{ order(id: 1) { margi } }', 'Cannot query field "margi" on type "Order".'],
    ['{ order(id: 1) { ... on Salary { amount } } }', 'Unknown type "Salary".'],
    ['mutation { pay { id } }', 'Schema is not configured to execute mutation operation.'],
    ['{ product { name } }', 'Cannot query field "product" on type "Query".'],
  ] as const) {
    const { errors } = await run(query, held);
    expect(errors?.[0]).toContain(message);
    expect(errors?.join()).not.toMatch(/Did you mean/);
  }
  const { errors } = await run('{ orde(id: 1) { id } }', held);
  expect(errors?.[0]).toBe('Cannot query field "orde" on type "Query". Did you mean "order"?');
});

it('answers what is asked of the schema beside fields, wherever that stands in a document', async () => {
  const query = `
    query A($name: String!, $no: Boolean = false) {
      order(id: "1") { total }
      mine: __type(name: $name) { ...names }
      hidden: __type(name: "Salary") { name }
      ... on Query { ...more }
    }
    fragment more on Query { __schema { queryType { name } } out: __schema @include(if: $no) { queryType { name } } }
    fragment names on __Type { fields { name } }
  `;
  const answer = await run(query, held, { name: 'Order' });
  expect(answer).toEqual({
    data: {
      order: { total: 5 },
      mine: { fields: [{ name: 'id' }, { name: 'total' }] },
      hidden: null,
      __schema: { queryType: { name: 'Query' } },
    },
  });
  expect(Object.keys(answer.data)).toEqual(['order', 'mine', 'hidden', '__schema']);
  expect(await run('{ __typename t: __type(name: "Salary") { name } }', held)).toEqual({
    data: { __typename: 'Query', t: null },
  });
  expect(await run('query($n: String!) { order(id: 1) { id } t: __type(name: $n) { name } }', held)).toMatchObject({
    errors: [{ message: expect.stringContaining('$n') }],
  });
});

it('is not asked for the schema through a field that gives the root again', async () => {
  const at = { generation: circular, access };
  for (const query of [
    '{ self { __schema { types { name } } } }',
    '{ self { ...a } } fragment a on Query { ...b } fragment b on Query { __type(name: "Salary") { name } }',
    '{ ...b self { ...b } } fragment b on Query { __type(name: "Salary") { name } }',
  ])
    expect((await run(query, held, {}, at)).errors).toEqual([
      expect.stringMatching(/is asked for at the root of a query/),
    ]);
  expect(await run('{ self { order(id: 2) { id } } }', held, {}, at)).toEqual({
    data: { self: { order: { id: '2' } } },
  });
});

it('shows another tenant’s fields from the grant on until it is gone', async () => {
  const before = callerWith(undefined);
  const after = callerWith(undefined, ['p1']);
  expect(await run('{ product { name } }', before)).toMatchObject({ errors: [/Cannot query field "product"/] });
  expect(await run('{ product { name } }', after)).toEqual({ data: { product: { name: 'Lamp' } } });
  expect(await run('{ __type(name: "Product") { name } }', callerWith(undefined))).toEqual({ data: { __type: null } });
  // Nobody was granted it.
  expect(await run('{ hidden }', after)).toMatchObject({ errors: [/Cannot query field "hidden"/] });
  expect(await run('{ salaries { amount } }', before)).toEqual({ data: { salaries: [{ amount: 7 }] } });
});

it('takes the whole graph for callers that may use all of it, at once', async () => {
  const whole = { generation: generationOf([own]), access };
  expect(policy.documentsFor(whole, callerWith(undefined, ['p1']))).toBe(whole.generation.documents);
  expect(await policy.documentsFor(whole, callerWith(undefined))).not.toBe(whole.generation.documents);
});

it('has a query, of which there is nothing, for who may only change', async () => {
  const payer = callerWith(['payments']);
  expect(await run('mutation { pay { id } }', payer)).toEqual({ data: { pay: { id: 'p' } } });
  expect(await run('{ __schema { queryType { fields { name } } } }', payer)).toEqual({
    data: { __schema: { queryType: { fields: [{ name: '_empty' }] } } },
  });
  expect(await run('{ _empty }', payer)).toEqual({ errors: ['There is nothing to query.'] });
});

it('has nothing for who may use nothing', async () => {
  for (const products of [[], ['none'], ['p1']])
    expect(await policy.documentsFor(place, callerWith(products))).toBeUndefined();
});

it('is made once for all callers that may use the same, and once for each document', async () => {
  const asked: string[] = [];
  const counted: GraphPlace = { generation, access: accessWith(asked) };
  const one = createAccessPolicy();
  const text = '{ order(id: 1) { id } }';
  const documents = await one.documentsFor(counted, callerWith(['orders']));
  const first = documents?.prepare(text);
  // What it is held to is read once for each caller, the graph not again; and then there is nothing to wait for.
  const other = callerWith(['orders'], ['p2']);
  for (let round = 0; round < 3; round += 1) expect(one.documentsFor(counted, other)).toBe(documents);
  expect(documents?.prepare(text)).toBe(first);
  expect(asked).toEqual(['orders', 'orders']);
});

it('keeps a bounded number of views, of which the least used goes first', async () => {
  const products = new Map<string, ReadonlySet<string>>();
  const counted: GraphPlace = {
    generation,
    access: {
      granted: new Map(),
      ownProduct(id) {
        products.set(id, products.get(id) ?? new Set(ORDERS));
        return products.get(id);
      },
    },
  };
  const one = createAccessPolicy();
  const [used, unused] = [callerWith(['used']), callerWith(['unused'])];
  const [kept, lost] = [await one.documentsFor(counted, used), await one.documentsFor(counted, unused)];
  for (let i = 0; i < 999; i += 1) {
    await one.documentsFor(counted, callerWith([`other-${i}`]));
    expect(one.documentsFor(counted, used)).toBe(kept);
  }
  expect(await one.documentsFor(counted, unused)).not.toBe(lost);
});
