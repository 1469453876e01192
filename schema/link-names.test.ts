import { describe, expect, it } from 'vitest';
import { CancellationSource } from '../kernel/cancellation.ts';
import { silentLog } from '../kernel/ports.ts';
import { NO_CLIENT } from '../sources/call-context.ts';
import type { Source } from '../sources/source.ts';
import { createMemoryGraphqlSource, createMemorySource, type RecordedCall } from '../test/utils/memory-source.ts';
import { compose } from './compose.ts';
import { linkOptions } from './options.ts';
import { createGeneration } from './registry.ts';
import { createGraphContext } from './request-context.ts';

async function ask(sources: Source[], links: Record<string, object>, query: string, way: 'direct' | 'stitched') {
  const parsed = Object.fromEntries(Object.entries(links).map(([name, link]) => [name, linkOptions.parse(link)]));
  const { composition, problems } = compose({ sources, links: parsed, isMissing: () => false });
  expect(problems).toEqual([]);
  if (composition === undefined) throw new Error('unreachable');
  const { documents } = createGeneration(1, composition, { rules: [], maxTokens: 1_000, way });
  const prepared = documents.prepare(query);
  if (prepared.errors !== undefined) throw new Error(String(prepared.errors));
  const call = {
    ...NO_CLIENT,
    cancellation: new CancellationSource(),
    deadlineAt: Infinity,
    requestId: 'test',
    log: silentLog,
  };
  return JSON.parse(JSON.stringify(await prepared.plan(undefined).execute(createGraphContext(call), {}))) as unknown;
}

const catalog = () =>
  createMemorySource({
    name: 'catalog',
    sdl: 'type Query { products: [Product!] } type Product { sku: ID! }',
    unary: { 'Query.products': () => [{ sku: 'a' }, { sku: 'b' }] },
  });

describe.each(['direct', 'stitched'] as const)('on the %s way, a link', (way) => {
  it('reads an answer under the names the source itself has', async () => {
    const calls: RecordedCall[] = [];
    const stock = createMemorySource({
      name: 'stock',
      calls,
      sdl: `type Query { stock(skus: [ID!], colour: Colour): Stocks } enum Colour { DARK_RED }
        type Stocks { stockList: [Stock!] } type Stock { productSku: ID onHand: Int }`,
      model: {
        properties: new Map([
          ['Stocks.stockList', 'stock-list'],
          ['Stock.productSku', 'product-sku'],
          ['Stock.onHand', 'on-hand'],
        ]),
        enumValues: new Map([['Colour', { DARK_RED: 'dark-red' }]]),
      },
      unary: { 'Query.stock': () => ({ 'stock-list': [{ 'product-sku': 'b', 'on-hand': 7 }] }) },
    });
    const link = {
      call: 'stock.stock',
      args: { skus: '$parents.sku', colour: 'DARK_RED' },
      items: 'stockList',
      match: 'productSku',
    };
    const links = { 'Product.stock': link, 'Product.onHand': { ...link, pick: 'onHand' } };
    expect(await ask([catalog(), stock], links, '{ products { stock { onHand } onHand } }', way)).toEqual({
      data: {
        products: [
          { stock: null, onHand: null },
          { stock: { onHand: 7 }, onHand: 7 },
        ],
      },
    });
    expect(calls[0]?.args).toMatchObject({ colour: 'dark-red' });
  });

  it('takes a key of a scalar that only its parent’s source knows', async () => {
    const users = createMemoryGraphqlSource({
      name: 'users',
      sdl: 'scalar uuid type Query { users: [User!] } type User { id: uuid! }',
      root: { users: [{ id: 'u-1' }] },
    });
    const orders = createMemorySource({
      name: 'orders',
      sdl: 'type Query { orders(user: ID): [String!] }',
      unary: { 'Query.orders': ({ user }: { user: string }) => [`order of ${user}`] },
    });
    const links = { 'User.orders': { call: 'orders.orders', args: { user: '$parent.id' } } };
    expect(await ask([users, orders], links, '{ users { id orders } }', way)).toEqual({
      data: { users: [{ id: 'u-1', orders: ['order of u-1'] }] },
    });
  });
});

describe('names that every object has for itself', () => {
  it.each(['toString', 'constructor', 'hasOwnProperty'])('are refused for types, and touch nothing: %s', (name) => {
    const source = createMemorySource({
      name: 'odd',
      sdl: `type Query { a: ${name} } type ${name} { call(x: Int): Int }`,
    });
    const { problems } = compose({ sources: [source], links: {}, isMissing: () => false });
    expect(problems.map(({ message }) => message)).toEqual([expect.stringContaining(`a type "${name}"`)]);
    expect(Object.prototype.toString.call([])).toBe('[object Array]');
  });
});
