import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GraphQLError } from 'graphql';
import { createSchema, createYoga } from 'graphql-yoga';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { silentLog } from '../kernel/ports.ts';
import { createGraphqlSource } from '../sources/graphql/graphql-source.ts';
import { graphqlOptions } from '../sources/graphql/options.ts';
import { createMemorySource } from '../test/utils/memory-source.ts';
import { startTestGateway } from '../test/utils/test-gateway.ts';
import { linkOptions } from './options.ts';

const SDL =
  'type Query { price(sku: ID!, currency: String): Price } type Price { text: String amount(in: String): String }';

const asked: string[] = [];
const yoga = createYoga({
  logging: false,
  maskedErrors: false,
  plugins: [{ onParams: ({ params }) => void asked.push(params.query ?? '') }],
  schema: createSchema({
    typeDefs: SDL,
    resolvers: {
      Query: {
        price: (_: unknown, { sku, currency }: { sku: string; currency?: string }) => {
          if (sku === 'p7') throw new GraphQLError('No price.');
          return sku === 'p8' ? null : { text: `${sku} in ${currency ?? 'EUR'}`, sku };
        },
      },
      Price: { amount: ({ sku }: { sku: string }, args: { in?: string }) => `${sku}/${args.in}` },
    },
  }),
});
const server = createServer((request, response) => void yoga(request, response));
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => server.close());
beforeEach(() => {
  asked.length = 0;
});

async function startShop(count: number) {
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
  const options = graphqlOptions.parse({ kind: 'graphql', endpoint });
  const prices = await createGraphqlSource('prices', options, SDL, { log: silentLog, report: () => {} });
  const catalog = createMemorySource({
    name: 'catalog',
    sdl: 'type Query { products: [Product!] } type Product { sku: ID! }',
    unary: { 'Query.products': () => Array.from({ length: count }, (_, index) => ({ sku: `p${index}` })) },
  });
  const links = { 'Product.price': linkOptions.parse({ call: 'prices.price', args: { sku: '$parent.sku' } }) };
  return startTestGateway([catalog, prices], links);
}

it('a link to a GraphQL service makes one request for many parents, even if the field takes one key', async () => {
  const gateway = await startShop(6);
  const query = 'query ($in: String) { products { price(currency: "CHF") { text amount(in: $in) } } }';
  const { body } = await gateway.post({ query, variables: { in: 'gold' } });
  expect(body).toEqual({
    data: {
      products: Array.from({ length: 6 }, (_, index) => ({
        price: { text: `p${index} in CHF`, amount: `p${index}/gold` },
      })),
    },
  });
  expect(asked).toHaveLength(1);
  await gateway.close();
});

it('each parent has its own error, and its own null', async () => {
  const gateway = await startShop(10);
  const { body } = await gateway.post({ query: '{ products { price { text } } }' });
  const { data, errors } = body as { data: { products: { price: unknown }[] }; errors: { path: unknown[] }[] };
  expect(data.products.map(({ price }) => price === null)).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 1, 0].map(Boolean));
  expect(errors.map(({ path }) => path.join('.'))).toEqual(['products.7.price']);
  await gateway.close();
});

it('many parents make a request for every fifty', async () => {
  const gateway = await startShop(120);
  await gateway.post({ query: '{ products { price { text } } }' });
  expect(asked).toHaveLength(3);
  await gateway.close();
});
