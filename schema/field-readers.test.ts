import { expect, it } from 'vitest';
import { createMemorySource } from '../test/utils/memory-source.ts';
import { startTestGateway } from '../test/utils/test-gateway.ts';
import { linkOptions } from './options.ts';

it('a link reads what an expression makes of its parent, on both ways', async () => {
  for (const way of ['direct', 'stitched'] as const) {
    const catalog = createMemorySource({
      name: 'catalog',
      sdl: 'type Query { product: Product } type Product { sku: ID! label: String! }',
      unary: { 'Query.product': () => ({ sku: 'lamp' }) },
      model: { values: new Map([['Product.label', (parent: unknown) => `<${(parent as { sku: string }).sku}>`]]) },
    });
    const texts = createMemorySource({
      name: 'texts',
      sdl: 'type Query { echo(text: String!): String }',
      unary: { 'Query.echo': ({ text }: { text: string }) => text },
    });
    const links = { 'Product.echo': linkOptions.parse({ call: 'texts.echo', args: { text: '$parent.label' } }) };
    const gateway = await startTestGateway([catalog, texts], links, { way });
    const { body } = await gateway.post({ query: '{ product { echo } }' });
    expect(body).toEqual({ data: { product: { echo: '<lamp>' } } });
    await gateway.close();
  }
});
