import { buildSchema, parse } from 'graphql';
import { expect, it } from 'vitest';
import type { Product } from '../../admin/models/product.ts';
import type { Account } from '../../sources/source.ts';
import { createOrigins } from './origins.ts';
import type { OwnerOperation } from './product-source.ts';

const schema = buildSchema('type Query { item: Item } type Item { name: String, summary: String }');
const PRODUCTS: Readonly<Record<string, readonly [owner: string, ...fields: string[]]>> = {
  prd_1: ['ten_owner', 'Query.item', 'Item.name'],
  prd_2: ['ten_owner', 'Query.item', 'Item.name', 'Item.summary'],
  prd_3: ['ten_owner', 'Query.item', 'Item.name', 'Item.summary'],
  prd_other: ['ten_other', 'Query.item', 'Item.name', 'Item.summary'],
};

const originOf = createOrigins({
  owner: 'ten_owner',
  productOf(id) {
    const [tenant, ...fields] = PRODUCTS[id] ?? [];
    return tenant === undefined ? undefined : ({ _id: id, tenant, fields } as unknown as Product);
  },
  coordinatesOf: ({ fields }) => new Set(fields),
});

function operation(text: string): OwnerOperation {
  const document = parse(text);
  return {
    plan: { document, operation: document.definitions[0] },
    generation: { schema },
  } as unknown as OwnerOperation;
}

/** Granted in this order, each by a grant of its own. */
function account(granted: readonly string[], held?: readonly string[]): Account {
  const grants = new Map(granted.map((id) => [id, { id: `grant of ${id}` }]));
  return { tenant: 'ten_a', door: 'graphql', grants, products: held === undefined ? undefined : new Set(held) };
}

const through = (product: string) => ({ owner: 'ten_owner', product, grant: `grant of ${product}` });
const name = operation('{ item { name } }');
const summary = operation('{ item { name summary } }');

it('is the only product of the owner that the caller was granted', () => {
  expect(originOf(summary, account(['prd_other', 'prd_1']))).toEqual(through('prd_1'));
  expect(originOf(summary, account(['prd_1', 'prd_2'], ['prd_2', 'prd_other']))).toEqual(through('prd_2'));
});

it('is of several the first that has most of what is asked for', () => {
  const all = account(['prd_3', 'prd_2', 'prd_other', 'prd_1']);
  expect(originOf(name, all)).toEqual(through('prd_1'));
  expect(originOf(summary, all)).toEqual(through('prd_2'));
  expect(originOf(operation('{ item { ...on Item { summary } } }'), all)).toEqual(through('prd_2'));
});

it('is the owner alone where nobody can tell by which product', () => {
  for (const caller of [undefined, account([]), account(['prd_gone', 'prd_other']), account(['prd_1'], [])])
    expect(originOf(name, caller)).toEqual({ owner: 'ten_owner' });
});
