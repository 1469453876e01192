import { expect, it } from 'vitest';
import { compose } from '../schema/compose.ts';
import { createGeneration } from '../schema/registry.ts';
import { createMemorySource } from '../test/utils/memory-source.ts';
import type { Caller } from './identity/caller.ts';
import { configuredCaller } from './identity/key-callers.ts';
import { createOperations, isRefused } from './operations.ts';
import type { GraphAccess } from './policy/graph-access.ts';

const PRODUCT = [{ id: 'p1', name: 'goods' }];
const PAY = new Set(['Mutation.pay', 'Order.id', 'Order._empty']);

function generationOf(name: string, query = '') {
  const sdl = `${query} type Mutation { pay: Order root: Query } type Order { id: ID! _empty: Boolean }`;
  const unary = { 'Mutation.pay': () => ({ id: 'p' }), 'Query._empty': () => true };
  const { composition, problems } = compose({
    sources: [createMemorySource({ name, sdl: query === '' ? sdl.replace('root: Query', '') : sdl, unary })],
    ...{ links: {}, types: {}, isMissing: () => false },
  });
  if (composition === undefined) throw new Error(JSON.stringify(problems));
  return createGeneration(1, composition, { rules: [], maxTokens: 1_000 });
}

const given: GraphAccess = { granted: new Map([...PAY].map((field) => [field, PRODUCT])), ownProduct: () => undefined };
const own: GraphAccess = { granted: new Map(), ownProduct: (id) => (id === 'p1' ? PAY : undefined) };

function callerWith(more: Partial<Caller>): Caller {
  return { ...configuredCaller('test', false), ...more };
}
const GRANTS: Caller['grants'] = new Map([['p1', { id: 'grant', rates: [] }]]);

async function ask(query: string, caller: Caller, access: GraphAccess, generation: ReturnType<typeof generationOf>) {
  const operations = createOperations({ graphOf: () => ({ registry: { current: () => generation }, access }) });
  const prepared = await operations.prepare({ query }, caller);
  return isRefused(prepared) ? prepared.errors.map((error) => (error as Error).message) : prepared.type;
}

const NOTHING = ['There is nothing to query.'];

it.each([
  ['may use everything of it by a grant', callerWith({ grants: GRANTS }), given, 'tenant/acme'],
  [
    'is held to a product by which they do',
    callerWith({ grants: GRANTS, products: new Set(['p1']) }),
    given,
    'tenant/acme',
  ],
  ['is held to a product of their own', callerWith({ products: new Set(['p1']) }), own, 'own'],
] as const)('tells who %s that there is nothing to query', async (_who, caller, access, name) => {
  const generation = generationOf(name);
  for (const query of ['{ _empty }', '{ __typename ...a } fragment a on Query { it: _empty }', '{ ... { _empty } }'])
    expect(await ask(query, caller, access, generation)).toEqual(NOTHING);
  expect(await ask('{ __typename }', caller, access, generation)).toBe('query');
  // Others may call a field so.
  expect(await ask('mutation { pay { _empty } }', caller, access, generation)).toBe('mutation');
});

it('says nothing of fields of the name that sources have, nor to who may use nothing', async () => {
  const generation = generationOf('own', 'type Query { _empty: Boolean }');
  const held = callerWith({ products: new Set(['p1']) });
  const all: GraphAccess = { ...own, ownProduct: () => new Set(['Query._empty']) };
  expect(await ask('{ _empty }', held, all, generation)).toBe('query');
  const none = await ask('{ _empty }', callerWith({}), given, generationOf('tenant/acme'));
  expect(none).toEqual(['Of the graph there is nothing that the caller may use.']);
});
