import { expect, test } from 'vitest';
import type { Problem } from '../../kernel/problem.ts';
import { transformOptions } from '../../schema/transforms/options.ts';
import { createMemorySource } from '../../test/utils/memory-source.ts';
import { transformSources } from './transform-sources.ts';

const products = createMemorySource({
  name: 'shop.products',
  sdl: 'type Query { products: [Product!] }\ntype Product { sku: ID! name: String internalId: ID }',
});
const stocks = createMemorySource({
  name: 'shop.stocks',
  sdl: 'type Query { stocks: [Stock!] }\ntype Stock { sku: ID! amount: Int internalId: ID }',
});

async function transform(given: object, sources = [products, stocks]) {
  const problems: Problem[] = [];
  const options = transformOptions.parse(given);
  return { problems, sources: await transformSources(sources, options, (problem) => problems.push(problem)) };
}

test('each subgraph is transformed by the keys that mean something of it', async () => {
  const { problems, sources } = await transform({
    types: { Stock: { description: 'What is there.' } },
    fields: { 'Product.name': { deprecated: 'Use title.' }, '*.internalId': { hide: true } },
  });
  expect(problems).toEqual([]);
  const [first, second] = sources.map(({ model }) => model.sdl);
  expect(first).toContain('name: String @deprecated(reason: "Use title.")');
  expect(second).toContain('What is there.');
  expect(`${first}${second}`).not.toContain('internalId');
});

test('a key that means nothing of any subgraph is told once, with a guess', async () => {
  const { problems } = await transform({
    types: { Stok: { hide: true } },
    fields: { 'Product.nme': { hide: true }, 'X*': { hide: true } },
  });
  expect(problems).toEqual([
    {
      path: ['transforms', 'types', 'Stok'],
      message: 'None of the subgraphs has a type "Stok". Did you mean "Stock"?',
    },
    {
      path: ['transforms', 'fields', 'Product.nme'],
      message: 'None of the subgraphs has a field "Product.nme". Did you mean "Product.name"?',
    },
    expect.objectContaining({ path: ['transforms', 'fields', 'X*'] }),
  ]);
});

test('a mistake that every subgraph has is told once', async () => {
  const { problems } = await transform({ fields: { '*.internalId': { type: '[ID' } } });
  expect(new Set(problems.map((problem) => JSON.stringify(problem))).size).toBe(problems.length);
  expect(problems.length).toBeGreaterThan(0);
});
