import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { SkeinError } from '../../kernel/errors.ts';
import { type OpenedSource, openSource, startSoapShop } from '../../test/utils/soap-server.ts';

type Shop = Awaited<ReturnType<typeof startSoapShop>>;

let shop: Shop;
let opened: OpenedSource;

beforeAll(async () => {
  shop = await startSoapShop();
  opened = await openSource('shop.wsdl', shop.endpoint);
});

afterAll(async () => {
  await opened.source.dispose();
  await shop.stop();
});

const ORDER = { lines: [{ sku: 'chair-1', quantity: 2 }], card: '4242' };

test('a WSDL with imports becomes one graph', () => {
  expect(opened.problems).toEqual([]);
  expect(opened.source.model.notices).toEqual([]);
  expect(opened.source.model.sdl).toMatchInlineSnapshot(`
    "type Query {
      "A product by its number."
      product(
        sku: String!
      ): Product
      products(
        skus: [String!]
        colour: Colour
      ): [Product!]
    }

    type Mutation {
      placeOrder(
        order: OrderInput!
        trace: String
      ): PlaceOrderResponse
      forget(
        sku: String!
      ): Boolean
    }

    enum Colour {
      DARK_RED
      LIGHT_BLUE
    }

    type Money {
      "A decimal number, as text so that it keeps all of its digits."
      value: String!
      currency: String!
    }

    input OrderInput {
      lines: [OrderLinesInput!]!
      note: String
      invoice: String
      card: String
    }

    input OrderLinesInput {
      sku: String!
      quantity: Int!
    }

    type PlaceOrderResponse {
      id: Int64!
      "A decimal number, as text so that it keeps all of its digits."
      total: String!
      placedAt: String!
    }

    "What the shop sells."
    type Product {
      name: String!
      price: Money!
      colour: Colour
      tags: [String!]!
      parts: [Product!]!
      stock: Int
      inSale: Boolean
      sku: String!
    }

    scalar Int64"
  `);
  expect(opened.source.model.enumValues).toEqual(
    new Map([['Colour', { DARK_RED: 'dark red', LIGHT_BLUE: 'light/blue' }]]),
  );
});

describe('against the server of the soap package', () => {
  let before: number;

  beforeEach(() => {
    before = shop.requests.length;
  });

  test('an object is read with attributes, text content, lists and null', async () => {
    expect(await opened.call('Query.product', { sku: 'chair-1' })).toEqual({
      __typename: 'Product',
      sku: 'chair-1',
      name: 'Chair <oak> & "more"',
      price: { __typename: 'Money', value: '49.990', currency: 'CHF' },
      colour: 'dark red',
      tags: ['wood', ''],
      parts: [
        {
          __typename: 'Product',
          sku: 'leg',
          name: 'Leg',
          price: { __typename: 'Money', value: '5', currency: 'EUR' },
          tags: [],
          parts: [],
          stock: 4,
        },
      ],
      stock: 7,
      inSale: true,
    });
    expect(await opened.call('Query.product', { sku: 'none' })).toBeNull();
  });

  test('lists go there and come back', async () => {
    expect(await opened.call('Query.products', { skus: ['chair-1', 'lamp-2'] })).toMatchObject([
      { sku: 'chair-1' },
      { sku: 'lamp-2' },
    ]);
    expect(await opened.call('Query.products', { colour: 'light/blue' })).toMatchObject([{ sku: 'lamp-2' }]);
    expect(await opened.call('Query.products', { skus: ['none'] })).toEqual([]);
  });

  test('an order is sent as the schema wants it, and what it says cannot become markup', async () => {
    const note = '</note><price>0</price> & <![CDATA[x]]> "quoted"';
    const placed = await opened.call('Mutation.placeOrder', { order: { ...ORDER, note }, trace: 'a<b' });
    expect(placed).toEqual({
      __typename: 'PlaceOrderResponse',
      id: '9007199254740993',
      total: '99.980',
      placedAt: '2024-05-01T10:00:00Z',
    });
    expect(shop.orders.at(-1)).toMatchObject({ lines: [{ sku: 'chair-1', quantity: 2 }], note, card: '4242' });
    const { headers, body } = shop.requests.at(-1) ?? {};
    expect(headers).toMatchObject({ 'content-type': 'text/xml; charset=utf-8', soapaction: '"urn:shop/PlaceOrder"' });
    expect(body).toMatchInlineSnapshot(`
      "<?xml version="1.0" encoding="utf-8"?>
      <soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:n4="urn:shop" xmlns:n5="urn:shop:types"><soap:Header><n4:Trace>a&lt;b</n4:Trace></soap:Header><soap:Body><n4:PlaceOrder><n4:order><n5:lines><n5:sku>chair-1</n5:sku><n5:quantity>2</n5:quantity></n5:lines><n5:note>&lt;/note&gt;&lt;price&gt;0&lt;/price&gt; &amp; &lt;![CDATA[x]]&gt; "quoted"</n5:note><n5:card>4242</n5:card></n4:order></n4:PlaceOrder></soap:Body></soap:Envelope>"
    `);
  });

  test('a one-way operation answers true', async () => {
    expect(await opened.call('Mutation.forget', { sku: 'chair-1' })).toBe(true);
  });

  test('a fault of the client is a refusal, one of the server a failure, and neither tells more', async () => {
    await expect(opened.call('Mutation.placeOrder', { order: { ...ORDER, note: 'refuse' } })).rejects.toMatchObject({
      code: 'UPSTREAM_REJECTED',
      extensions: { code: 'UPSTREAM_REJECTED', source: 'shop', operation: 'PlaceOrder', upstreamStatus: 500 },
    });
    await expect(opened.call('Mutation.placeOrder', { order: { ...ORDER, note: 'break' } })).rejects.toMatchObject({
      extensions: { code: 'UPSTREAM_FAILED', source: 'shop', operation: 'PlaceOrder', upstreamStatus: 500 },
    });
  });

  test('with `errors` clients read the message of a fault, or its detail too', async () => {
    const refused = async (errors: string) => {
      const { source, call } = await openSource('shop.wsdl', shop.endpoint, { errors });
      const error: unknown = await call('Mutation.placeOrder', { order: { ...ORDER, note: 'refuse' } }).catch(
        (reason) => reason,
      );
      await source.dispose();
      return error instanceof SkeinError ? error.extensions : error;
    };
    expect(await refused('hidden')).not.toHaveProperty('upstreamMessage');
    const message = await refused('message');
    expect(message).toMatchObject({ upstreamMessage: 'Not enough in stock' });
    expect(message).not.toHaveProperty('upstreamBody');
    expect(await refused('body')).toMatchObject({
      upstreamMessage: 'Not enough in stock',
      upstreamBody: { OrderFault: { sku: 'chair-1', available: '7' } },
    });
  });

  test('what XML cannot carry, and two branches of a choice, are refused before anything is sent', async () => {
    const place = (order: object) => opened.call('Mutation.placeOrder', { order });
    await expect(place({ ...ORDER, note: 'bell \u0007' })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: 'The argument "order.note" has a character that XML cannot carry: U+0007.',
    });
    await expect(
      place({
        ...ORDER,
        lines: [
          { sku: 'a', quantity: 1 },
          { sku: '\ud800', quantity: 1 },
        ],
      }),
    ).rejects.toThrow('The argument "order.lines[1].sku" has a character that XML cannot carry: U+D800.');
    await expect(place({ ...ORDER, invoice: 'me' })).rejects.toThrow(
      'The argument "order" may have only one of invoice, card.',
    );
    expect(shop.requests.length).toBe(before);
  });
});

test('names that read are queries, and the configuration has the last word', async () => {
  const { source, problems } = await openSource('shop.wsdl', shop.endpoint, {
    operations: {
      GetProduct: { name: 'article' },
      ListProducts: { as: 'mutation' },
      Forget: { hide: true },
      PlaceOrders: {},
    },
    exclude: { operations: ['Place*'] },
  });
  expect([...source.model.calls.keys()]).toEqual(['Query.article', 'Mutation.listProducts']);
  expect(problems).toEqual([
    {
      path: ['operations', 'PlaceOrders'],
      message: 'The document has no operation "PlaceOrders".',
      suggestion: 'Did you mean "PlaceOrder"?',
    },
  ]);
  await source.dispose();
});

test('nobody listening is a source that cannot be reached', async () => {
  const { source, call } = await openSource('shop.wsdl', 'http://127.0.0.1:1/shop');
  await expect(call('Query.product', { sku: 'a' })).rejects.toMatchObject({ code: 'UPSTREAM_UNREACHABLE' });
  await expect(source.probe(new AbortController().signal)).rejects.toMatchObject({ code: 'UPSTREAM_UNREACHABLE' });
  await source.dispose();
});
