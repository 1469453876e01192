import { describe, expect, it } from 'vitest';
import type { Source } from '../sources/source.ts';
import { createMemoryGraphqlSource, createMemorySource, type RecordedCall } from '../test/utils/memory-source.ts';
import { startTestGateway } from '../test/utils/test-gateway.ts';
import { compose } from './compose.ts';
import { linkOptions, mergeOptions } from './options.ts';

const PRODUCTS = [
  { sku: 'lamp', name: 'Lamp', price: 49 },
  { sku: 'rope', name: 'Rope', price: 9 },
];

function createSources() {
  const calls: RecordedCall[] = [];
  const catalog = createMemorySource({
    name: 'catalog',
    calls,
    sdl: 'type Query { products(skus: [ID!]): [Product!] } type Product { sku: ID! name: String }',
    unary: {
      'Query.products': ({ skus }: { skus?: string[] }) => PRODUCTS.filter(({ sku }) => skus?.includes(sku) ?? true),
    },
  });
  const stock = createMemorySource({
    name: 'stock',
    kind: 'grpc',
    calls,
    sdl: `type Query { getStocks(keys: [String!]!): Stocks shelf(id: Int): [Product!] }
      type Stocks { entries: [Product!] } type Product { sku: ID! inStock: Int shelf: String }`,
    model: { properties: new Map([['Product.inStock', 'in_stock']]) },
    unary: {
      'Query.getStocks': ({ keys }: { keys: string[] }) => ({
        entries: keys.filter((sku) => sku !== 'rope').map((sku) => ({ sku, in_stock: sku.length, shelf: 'A' })),
      }),
      'Query.shelf': () => [{ sku: 'lamp', in_stock: 4, shelf: 'A' }],
    },
  });
  const prices = createMemoryGraphqlSource({
    name: 'prices',
    calls,
    sdl: 'type Query { priced(sku: ID!): Product dear: [Product!] } type Product { sku: ID! price(currency: String): String }',
    root: {
      priced: ({ sku }: { sku: string }) => {
        const found = PRODUCTS.find((product) => product.sku === sku);
        return found === undefined
          ? null
          : { sku, price: ({ currency }: { currency?: string }) => `${found.price} ${currency ?? 'EUR'}` };
      },
      dear: () => [{ sku: 'lamp', price: () => '49 EUR' }],
    },
  });
  return { sources: [catalog, stock, prices], calls };
}

const TYPES = {
  Product: mergeOptions.parse({
    key: 'sku',
    sources: {
      catalog: { call: 'products', args: { skus: '$parents.sku' }, match: 'sku' },
      stock: { call: 'getStocks', args: { keys: '$parents.sku' }, items: 'entries', match: 'sku' },
      prices: { call: 'priced', args: { sku: '$parent.sku' } },
    },
  }),
};

describe.each(['direct', 'stitched'] as const)('a type of several sources, %s', (way) => {
  it('has the fields of all of them, wherever an object comes from', async () => {
    const { sources, calls } = createSources();
    const gateway = await startTestGateway(sources, {}, { way, types: TYPES });
    for (let run = 0; run < 3; run += 1) {
      calls.length = 0;
      const { body } = await gateway.post({
        query: `query ($currency: String) {
          products { sku name inStock shelf price(currency: $currency) }
          shelf { name inStock }
          dear { name price }
        }`,
        variables: { currency: 'CHF' },
      });
      expect(body).toEqual({
        data: {
          products: [
            { sku: 'lamp', name: 'Lamp', inStock: 4, shelf: 'A', price: '49 CHF' },
            { sku: 'rope', name: 'Rope', inStock: null, shelf: null, price: '9 CHF' },
          ],
          shelf: [{ name: 'Lamp', inStock: 4 }],
          dear: [{ name: 'Lamp', price: '49 EUR' }],
        },
      });
      if (way === 'direct') {
        const count = (operation: string) =>
          calls.filter((call) => call.operation.replace('Query.', '') === operation).length;
        expect(count('getStocks')).toBe(1);
        expect(count('priced')).toBe(2);
      }
    }
    await gateway.close();
  });
});

describe.each(['direct', 'stitched'] as const)('links of a type of several sources, %s', (way) => {
  it('read its fields wherever an object comes from, and under whichever name it has them there', async () => {
    const { sources, calls } = createSources();
    const [catalog, , prices] = sources as [Source, Source, Source];
    const stock = createMemorySource({
      name: 'stock',
      calls,
      sdl: 'type Query { stocks(keys: [String!]!): [Product!] } type Product { sku: ID! row: Int label: String }',
      model: {
        properties: new Map([
          ['Product.sku', 'product_id'],
          ['Product.row', 'row_number'],
        ]),
        values: new Map([['Product.label', (product) => `L${(product as { row_number: number }).row_number}`]]),
      },
      unary: {
        'Query.stocks': ({ keys }: { keys: string[] }) =>
          keys.map((key) => ({ product_id: key, row_number: key === 'lamp' ? 1 : 2 })),
      },
    });
    const notes = createMemorySource({
      name: 'notes',
      calls,
      sdl: 'type Query { note(about: String, row: Int): String }',
      unary: { 'Query.note': ({ about, row }: { about?: string; row?: number }) => `on ${about ?? row}` },
    });
    const types = {
      Product: mergeOptions.parse({
        key: 'sku',
        sources: {
          catalog: { call: 'products', args: { skus: '$parents.sku' }, match: 'sku' },
          stock: { call: 'stocks', args: { keys: '$parents.sku' } },
          prices: { call: 'priced', args: { sku: '$parent.sku' } },
        },
      }),
    };
    const about = (field: string) => linkOptions.parse({ call: 'notes.note', args: { about: `$parent.${field}` } });
    const links = {
      'Product.noteOnSku': about('sku'),
      'Product.noteOnName': about('name'),
      'Product.noteOnLabel': about('label'),
      'Product.noteOnRow': linkOptions.parse({ call: 'notes.note', args: { row: '$parent.row' } }),
    };
    const gateway = await startTestGateway([catalog, stock, prices, notes], links, { way, types });
    const lamp = { noteOnSku: 'on lamp', noteOnName: 'on Lamp', noteOnLabel: 'on L1', noteOnRow: 'on 1' };
    for (let run = 0; run < 3; run += 1) {
      const { body } = await gateway.post({
        query: `{ products(skus: "lamp") { ...notes } stocks(keys: ["lamp"]) { ...notes label row sku } dear { ...notes label } }
          fragment notes on Product { noteOnSku noteOnName noteOnLabel noteOnRow }`,
      });
      expect(body).toEqual({
        data: {
          products: [lamp],
          stocks: [{ ...lamp, label: 'L1', row: 1, sku: 'lamp' }],
          dear: [{ ...lamp, label: 'L1' }],
        },
      });
    }
    await gateway.close();
  });
});

describe('a merged type', () => {
  const problemsOf = (types: Record<string, unknown>) => {
    const { problems } = compose({
      sources: createSources().sources,
      links: {},
      types: Object.fromEntries(Object.entries(types).map(([name, options]) => [name, mergeOptions.parse(options)])),
      isMissing: () => false,
    });
    return problems.map(({ path, message }) => `${path?.join('.')}: ${message}`);
  };

  it('tells every mistake at its place', () => {
    expect(
      problemsOf({
        Product: {
          key: 'sku',
          sources: {
            catalog: { call: 'product', args: { sku: '$parent.sku' } },
            stock: { call: 'getStocks', args: { keys: '$parent.sku', size: 1 } },
            prices: { call: 'dear', args: { sku: '$parent.sku' } },
          },
        },
        Review: { key: 'id', sources: { catalog: {}, stock: {} } },
      }),
    ).toMatchInlineSnapshot(`
      [
        "types.Product.sources.catalog.call: Type "Product" of source "catalog" calls "product", which source "catalog" does not have as a query. Did you mean "products"?",
        "types.Product.sources.stock.args.size: Type "Product" of source "stock" sets argument "size", which "getStocks" does not have.",
        "types.Product.sources.prices.args.sku: Type "Product" of source "prices" sets argument "sku", which "dear" does not have.",
        "types.Review.sources.catalog: Type "Review" is to come from source "catalog", which has no such type.",
        "types.Review.sources.stock: Type "Review" is to come from source "stock", which has no such type.",
      ]
    `);
  });

  it('must have its key in every source', () => {
    expect(
      problemsOf({ Product: { key: 'name', sources: { catalog: {}, stock: {}, prices: {} } } }),
    ).toMatchInlineSnapshot(`
      [
        "types.Product.sources.stock: Type "Product" of source "stock" has no field "name", its key.",
        "types.Product.sources.prices: Type "Product" of source "prices" has no field "name", its key.",
      ]
    `);
  });

  it('must have fields of one type, and tells each source’s and the way out', () => {
    const source = (name: string, fields: string) =>
      createMemorySource({
        name,
        sdl: `type Query { ${name}: Product } type Product { ${fields} }`,
        unary: { [`Query.${name}`]: () => null },
      });
    const level = createMemorySource({
      name: 'level',
      sdl: 'type Query { level(sku: ID!): Level } type Level { sku: ID! }',
      unary: { 'Query.level': () => null },
    });
    const { problems } = compose({
      sources: [
        level,
        source('catalog', 'sku: ID! name: String! size: Int'),
        source('shop', 'sku: String! name: String size: Float'),
      ],
      links: { 'Product.level': linkOptions.parse({ call: 'level.level', args: { sku: '$parent.sku' } }) },
      types: { Product: mergeOptions.parse({ key: 'sku', sources: { catalog: {}, shop: {} } }) },
      isMissing: () => false,
    });
    expect(problems).toEqual([
      {
        path: ['types', 'Product', 'key'],
        message:
          'Field "sku" of type "Product" is of different types: ID! in source "catalog" and String! in source "shop".',
        suggestion: 'Make it one type: sources.shop.transforms: { fields: { Product.sku: { type: ID! } } }.',
      },
      {
        path: ['types', 'Product'],
        message:
          'Field "size" of type "Product" is of different types: Int in source "catalog" and Float in source "shop".',
        suggestion:
          'Give one of them another name, or, by `type`, another type: sources.shop.transforms: { fields: { Product.size: { name: shopSize } } }.',
      },
    ]);
  });

  it('has its fields from the sources that have them, which links are told', () => {
    const { problems } = compose({
      sources: createSources().sources,
      links: { 'Product.name': linkOptions.parse({ call: 'stock.shelf', args: { id: '$parent.sku' } }) },
      types: TYPES,
      isMissing: () => false,
    });
    expect(problems.map(({ message }) => message)).toContain(
      'Link "Product.name" adds a field that source "catalog" already has.',
    );
  });

  it('keeps a source that is there in part, as versions of which one is away, and is silent on what it lacks', () => {
    const composed = (call: string, link: string) =>
      compose({
        sources: createSources().sources,
        links: {
          'Product.twin': linkOptions.parse({
            call: `stock.${link}`,
            args: { keys: '$parents.sku' },
            items: 'entries',
          }),
        },
        types: {
          Product: mergeOptions.parse({
            key: 'sku',
            sources: {
              catalog: { call: 'products', args: { skus: '$parents.sku' }, match: 'sku' },
              stock: { call, args: { keys: '$parents.sku' }, items: 'entries', match: 'sku' },
              prices: { call: 'priced', args: { sku: '$parent.sku' } },
            },
          }),
        },
        isMissing: (name) => name === undefined || name === 'stock',
      });
    const whole = composed('getStocks', 'getStocks');
    expect(whole.problems).toEqual([]);
    expect(whole.composition?.merges.get('Product')?.sources.get('stock')?.call).toBe('Query.getStocks');
    expect(whole.composition?.links.map(({ fieldName }) => fieldName)).toEqual(['twin']);
    const part = composed('getLater', 'getLater');
    expect(part.problems.filter(({ message }) => /getLater|INVALID_FIELD_SHARING/.test(message))).toEqual([]);
  });
});
