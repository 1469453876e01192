import { describe, expect, it } from 'vitest';
import type { Problem } from '../../kernel/problem.ts';
import type { Source } from '../../sources/source.ts';
import { createMemorySource, type RecordedCall } from '../../test/utils/memory-source.ts';
import { startTestGateway } from '../../test/utils/test-gateway.ts';
import { transformOptions } from './options.ts';
import { transformSource } from './transform-source.ts';

const SDL = `
  type Query {
    product(sku: ID!, colour: Colour = DARK_RED, tenant: Int): Product
    search(filter: Filter!): [Product!]!
    node(id: Int!): Node
  }
  type Mutation { rename(sku: ID!, name: String!): Product }
  type Subscription { changes: Product }
  input Filter { skuIs: ID colour: Colour = BLUE and: [Filter!] secret: String }
  enum Colour { DARK_RED BLUE GREY }
  interface Node { id: Int! }
  type Product implements Node { id: Int! sku: ID! weightKg: Float colour: Colour brand: Brand price: Int stock: Int! }
  type Brand implements Node { id: Int! name: String! }
`;
const PRODUCT = {
  __typename: 'Product',
  id: 7,
  sku: 'lamp',
  'weight-kg': 1.5,
  colour: 'dark-red',
  price: 3,
  stock: 2,
  brand: { __typename: 'Brand', id: 8, name: 'Acme' },
};

function createCatalog(calls: RecordedCall[] = []): Source {
  return createMemorySource({
    name: 'catalog',
    sdl: SDL,
    calls,
    model: {
      properties: new Map([['Product.weightKg', 'weight-kg']]),
      enumValues: new Map([['Colour', { DARK_RED: 'dark-red', BLUE: 'blue', GREY: 'grey' }]]),
      links: new Map([['Brand.products', { call: 'Query.search', args: { filter: { secret: 'x' } } }]]),
    },
    unary: {
      'Query.product': () => PRODUCT,
      'Query.search': () => [PRODUCT],
      'Query.node': ({ id }: { id: number }) => (id === 8 ? PRODUCT.brand : PRODUCT),
      'Mutation.rename': () => PRODUCT,
    },
    streams: {
      'Subscription.changes': async function* () {
        yield PRODUCT;
        yield { ...PRODUCT, sku: 1 };
      },
    },
  });
}

function transform(options: unknown, source = createCatalog()) {
  const problems: Problem[] = [];
  const transformed = transformSource(source, transformOptions.parse(options), (problem) => problems.push(problem));
  return { transformed, problems };
}

const MESSAGES = (options: unknown) =>
  transform(options).problems.map(({ path, message }) => `${path?.slice(1).join('/')}: ${message}`);

interface Answer {
  readonly data: unknown;
  readonly errors?: readonly { message: string; path: string[]; extensions: { code: string } }[];
}

const sortBy = <T extends { readonly message: string }>(list: T[]) =>
  list.sort((a, b) => (a.message < b.message ? -1 : 1));

async function ask(source: Source, query: string, headers: Record<string, string> = {}) {
  const answers = [];
  for (const way of ['direct', 'stitched'] as const) {
    const gateway = await startTestGateway([source], {}, { way });
    const { body } = await gateway.post({ query }, headers);
    await gateway.close();
    const { data, errors } = body as Answer;
    const told = errors?.map(({ message, path, extensions: { code } }) => ({ message, path, code }));
    answers.push({ data, ...(told === undefined ? {} : { errors: sortBy(told) }) });
  }
  expect(answers[1]).toEqual(answers[0]);
  return answers[0] as { data: unknown; errors?: { message: string; code: string }[] };
}

describe('a transformed source', () => {
  it('has other names for types, fields, arguments and values, and asks and reads under its own', async () => {
    const calls: RecordedCall[] = [];
    const { transformed, problems } = transform(
      {
        prefix: 'shop',
        types: { Brand: { name: 'Maker' }, Colour: { values: { DARK_RED: { name: 'RED' }, GREY: { hide: true } } } },
        fields: {
          'Query.search': { name: 'find' },
          'Product.sku': { name: 'code' },
          'Product.price': { name: 'sku' },
          'Product.weightKg': { name: 'weight' },
          'Filter.skuIs': { name: 'code' },
          'Query.product': { arguments: { sku: { name: 'code' } } },
        },
      },
      createCatalog(calls),
    );
    expect(problems).toEqual([]);
    const query = `{
      shopProduct(code: "lamp") { __typename code sku weight colour brand { __typename name } }
      find(filter: { code: "a", colour: RED, and: [{ code: "b" }] }) { code }
      shopNode(id: 8) { __typename id ... on Maker { name } }
    }`;
    const { data } = await ask(transformed, query);
    expect(data).toEqual({
      shopProduct: {
        __typename: 'ShopProduct',
        code: 'lamp',
        sku: 3,
        weight: 1.5,
        colour: 'RED',
        brand: { __typename: 'Maker', name: 'Acme' },
      },
      find: [{ code: 'lamp' }],
      shopNode: { __typename: 'Maker', id: 8, name: 'Acme' },
    });
    expect(calls.slice(0, 3)).toEqual(
      expect.arrayContaining([
        { source: 'catalog', operation: 'Query.product', args: { sku: 'lamp', colour: 'dark-red' } },
        {
          source: 'catalog',
          operation: 'Query.search',
          args: { filter: { skuIs: 'a', colour: 'dark-red', and: [{ skuIs: 'b', colour: 'blue' }] } },
        },
      ]),
    );
    expect(transformed.model.sdl).toContain(
      'shopProduct(code: ID!, colour: ShopColour = RED, tenant: Int): ShopProduct',
    );
    expect(transformed.model.sdl).toContain('colour: ShopColour = BLUE');
  });

  it('shows other types, descriptions and deprecations', async () => {
    const { transformed, problems } = transform({
      types: { Product: { description: 'What is sold.' } },
      fields: {
        '*.id': { type: 'ID!' },
        'Product.price': { type: 'Int64', deprecated: 'Read `cost`.', description: 'In cents.' },
        'Product.stock': { type: 'String', deprecated: true },
        'Query.node': { arguments: { id: { type: 'ID!', description: 'Of anything.' } } },
      },
    });
    expect(problems).toEqual([]);
    expect(transformed.model.sdl).toMatchInlineSnapshot(`
      "type Query {
        product(sku: ID!, colour: Colour = DARK_RED, tenant: Int): Product
        search(filter: Filter!): [Product!]!
        node(
          "Of anything."
          id: ID!
        ): Node
      }

      type Mutation {
        rename(sku: ID!, name: String!): Product
      }

      type Subscription {
        changes: Product
      }

      input Filter {
        skuIs: ID
        colour: Colour = BLUE
        and: [Filter!]
        secret: String
      }

      enum Colour {
        DARK_RED
        BLUE
        GREY
      }

      interface Node {
        id: ID!
      }

      "What is sold."
      type Product implements Node {
        id: ID!
        sku: ID!
        weightKg: Float
        colour: Colour
        brand: Brand
        "In cents."
        price: Int64 @deprecated(reason: "Read \`cost\`.")
        stock: String @deprecated(reason: "No longer supported")
      }

      type Brand implements Node {
        id: ID!
        name: String!
      }

      scalar Int64"
    `);
    const { data } = await ask(transformed, '{ node(id: "7") { id ... on Product { price stock } } }');
    expect(data).toEqual({ node: { id: '7', price: '3', stock: '2' } });
    const { errors } = await ask(transformed, '{ node(id: "seven") { id } }');
    expect(errors).toMatchObject([{ message: 'An argument of Query.node cannot be used.', code: 'BAD_USER_INPUT' }]);
  });

  it('leaves out what is hidden, with all that needs it', () => {
    const { transformed, problems } = transform({
      types: { Brand: { hide: true }, Subscription: { hide: true }, Colour: { hide: true } },
      fields: {
        'Mutation.*': { hide: true },
        'Filter.secret': { hide: true },
        'Query.product': { arguments: { tenant: { hide: true, default: 4 } } },
      },
    });
    expect(problems).toEqual([]);
    expect(transformed.model.sdl).toMatchInlineSnapshot(`
      "type Query {
        product(sku: ID!): Product
        search(filter: Filter!): [Product!]!
        node(id: Int!): Node
      }

      input Filter {
        skuIs: ID
        and: [Filter!]
      }

      interface Node {
        id: Int!
      }

      type Product implements Node {
        id: Int!
        sku: ID!
        weightKg: Float
        price: Int
        stock: Int!
      }"
    `);
    expect([...transformed.model.calls.keys()]).toEqual(['Query.product', 'Query.search', 'Query.node']);
    expect(transformed.model.notices).toMatchObject([
      { message: expect.stringContaining('The link Brand.products is left out') },
    ]);
  });

  it('sends hidden arguments as they are configured, and defaults where the client gives none', async () => {
    const calls: RecordedCall[] = [];
    const { transformed } = transform(
      {
        fields: {
          'Query.product': {
            arguments: {
              tenant: { hide: true, default: 4 },
              colour: { hide: true },
              sku: { type: 'ID', default: 'lamp' },
            },
          },
        },
      },
      createCatalog(calls),
    );
    await ask(transformed, '{ product { sku } }');
    expect(calls[0]?.args).toEqual({ tenant: 4, colour: 'dark-red', sku: 'lamp' });
    expect(calls[1]).toEqual(calls[0]);
  });

  it('makes arguments and values by expressions', async () => {
    const calls: RecordedCall[] = [];
    const { transformed, problems } = transform(
      {
        fields: {
          'Query.product': {
            request: '{ sku: join(\'-\', [args.sku, headers."x-shop"]), colour: args.colour, tenant: args.tenant }',
            arguments: { tenant: { type: 'String' } },
          },
          'Query.search': { type: '[String!]', response: '[*].sku' },
          'Product.brand': { type: 'String', response: 'brand.name' },
          'Product.label': {
            type: 'String!',
            description: 'For a shelf.',
            response: 'join(\' \', [sku, to_string("weight-kg")])',
          },
          'Subscription.changes': { type: 'Int', response: 'length(sku)' },
        },
      },
      createCatalog(calls),
    );
    expect(problems).toEqual([]);
    const answer = await ask(transformed, '{ product(sku: "a", tenant: "12") { brand label } search(filter: {}) }', {
      'x-shop': 'nl',
    });
    expect(answer).toEqual({ data: { product: { brand: 'Acme', label: 'lamp 1.5' }, search: ['lamp'] } });
    expect(calls[0]?.args).toEqual({ sku: 'a-nl', colour: 'dark-red', tenant: 12 });
    const { errors } = await ask(transformed, '{ product(sku: "a") { label } }');
    expect(errors).toMatchObject([
      {
        message: 'The request expression of Query.product cannot be used.',
        code: 'BAD_USER_INPUT',
      },
    ]);

    const call = transformed.model.calls.get('Subscription.changes');
    const { createCallContext } = await import('../../test/utils/call-context.ts');
    const items = call?.type === 'stream' ? call.open({}, createCallContext().context) : undefined;
    expect(await items?.next()).toEqual({ done: false, value: 4 });
    expect((await items?.next())?.value).toMatchObject({ code: 'UPSTREAM_BAD_RESPONSE' });
    expect(await items?.return?.()).toEqual({ done: true, value: undefined });
  });

  it('names the field, and no data, when an answer does not fit', async () => {
    const { transformed } = transform({
      fields: {
        'Query.search': { type: 'Int', response: 'length([0].price)' },
        'Product.brand': { type: 'Int', response: 'sum(sku)' },
      },
    });
    const { errors } = await ask(transformed, '{ search(filter: {}) product(sku: "a") { brand } }');
    expect(errors?.map(({ message, code }) => `${code} ${message}`).sort()).toEqual([
      'UPSTREAM_BAD_RESPONSE The response expression of Product.brand does not fit what the source gave.',
      'UPSTREAM_BAD_RESPONSE The response expression of Query.search does not fit the answer.',
    ]);
  });

  it('is the same source where nothing is transformed', () => {
    const source = createCatalog();
    const { transformed } = transform({}, source);
    expect(transformed.model.calls.get('Query.product')).toBe(source.model.calls.get('Query.product'));
    expect(transformed.model.properties).toEqual(source.model.properties);
    expect(transformed.model.links).toEqual(source.model.links);
  });
});

describe('mistakes in transforms', () => {
  it('are told all at once, each with its place', () => {
    expect(
      MESSAGES({
        types: {
          Prodct: { hide: true },
          Query: { name: 'Root' },
          'X*': { hide: true },
          Brand: { values: { A: {} } },
          Colour: { values: { RED: { hide: true } } },
          Filter: { name: 'Product' },
        },
        fields: {
          'Query.prodcts': { hide: true },
          'Query.product': {
            type: '[Product]',
            arguments: { skus: { hide: true }, sku: { hide: true }, tenant: { default: 'x' }, colour: { type: 'Int' } },
          },
          'Query.node': { type: 'Nod', request: '{ ids: `1` }', response: 'a[' },
          'Query.search': { type: '[Filter]', response: '@' },
          'Product.price': { type: 'Boolean', request: 'args' },
          'Product.weightKg': { name: 'price', type: '[Float' },
          'Product.id': { name: 'key' },
          'Node.id': { response: 'id' },
        },
      }),
    ).toMatchInlineSnapshot(`
      [
        "types/X*: The source has no type "X*".",
        "types/Prodct: The source has no type "Prodct". Did you mean "Product"?",
        "fields/Query.prodcts: The source has no field "Query.prodcts". Did you mean "Query.product"?",
        "fields/Query.product/type: Query.product is Product at the source: it can be a list or not only by a response.",
        "fields/Query.product/arguments/colour/type: The argument "colour" of Query.product is Colour at the source, which cannot become Int.",
        "fields/Query.node/type: There is no type "Nod". Did you mean "Node"?",
        "fields/Query.search/type: There is no type "Filter". In the graph it is "Product".",
        "fields/Product.price/type: Product.price is Int at the source, which cannot become Boolean.",
        "fields/Product.weightKg/type: "[Float" is no GraphQL type.",
        "fields/Query.product/arguments/sku: The argument "sku" of Query.product cannot be hidden: it must be given.",
        "types/Query/name: Query keeps its name: it is the same for all sources.",
        "types/Brand/values/A: Brand is no enum: it has no values.",
        "types/Colour/values/RED: The enum Colour has no value "RED". Did you mean "GREY"?",
        "types/Filter: Product and Filter would both be "Product".",
        "fields/Query.product/arguments/skus: Query.product has no argument "skus". Did you mean "sku"?",
        "fields/Product.price: Product.price and Product.weightKg would both be "price".",
        "fields/Product.id: Product is a Node: Product.id and Node.id need the same name in the graph.",
        "fields/Query.product/arguments/tenant/default: The default of the argument "tenant" of Query.product does not fit: The value must be of type Int.",
        "fields/Query.node/request: The request expression of Query.node makes "ids", which is no argument of it.",
        "fields/Query.node/response: The response expression of Query.node cannot be read: expected Star, got: EOF.",
        "fields/Product.price/request: Product.price takes no request expression: only root fields do.",
        "fields/Node.id/response: Node.id takes no response expression: only fields of object types do.",
      ]
    `);
  });

  it('tells what is needed and hidden', () => {
    expect(MESSAGES({ types: { Filter: { hide: true } } })).toMatchInlineSnapshot(`
      [
        "types/Filter: The argument "filter" of Query.search cannot be hidden: it must be given.",
      ]
    `);
    expect(
      MESSAGES({
        types: { Colour: { values: { DARK_RED: { hide: true }, BLUE: { hide: true }, GREY: { hide: true } } } },
      }),
    ).toMatchInlineSnapshot(`
      [
        "types/Colour: All values of Colour are hidden.",
      ]
    `);
  });

  it('tells what does not fit together', () => {
    expect(MESSAGES({ fields: { 'Product.id': { hide: true } } })).toMatchInlineSnapshot(`
      [
        ": What the transforms make is no valid schema: Interface field Node.id expected but Product does not provide it.",
      ]
    `);
  });

  it('gives names that collide by a prefix to nobody', () => {
    expect(MESSAGES({ prefix: { types: 'B' }, types: { Product: { name: 'BBrand' } } })).toMatchInlineSnapshot(`
      [
        "types/Product: Brand and Product would both be "BBrand".",
      ]
    `);
  });
});
