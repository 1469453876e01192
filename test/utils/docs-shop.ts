import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import { createSchema, createYoga } from 'graphql-yoga';
import { startServer } from './grpc-server.ts';

const PRODUCTS = [
  { sku: 'lamp', name: 'Lamp', brandId: 'b1' },
  { sku: 'rope', name: 'Rope', brandId: 'b1' },
  { sku: 'tent', name: 'Tent' },
];
const BRANDS = [{ id: 'b1', name: 'Acme' }];
const REVIEWS = [
  { sku: 'lamp', author: 'Ada', rating: 5, text: 'Bright' },
  { sku: 'tent', author: 'Bob', rating: 2, text: 'Wet' },
  { sku: 'lamp', author: 'Cy', rating: 4, text: 'Warm' },
];
const STOCKS = [
  { sku: 'tent', quantity: 7, warehouse: 'Rotterdam' },
  { sku: 'lamp', quantity: 3, warehouse: 'Gdansk' },
];

type StockCall = ServerUnaryCall<{ skus?: readonly string[]; warehouse?: string }, unknown>;

/** The services behind test/fixtures/docs/shop.yaml, on sockets of their own. */
export async function startDocsShop(calls: string[]) {
  const schema = createSchema({
    typeDefs: `
      type Query { reviewsOfProducts(skus: [ID!]!, minRating: Int): [Review!]! ratings(skus: [ID!]!): [Rating]! }
      type Review { sku: ID! author: String! rating: Int! text: String! }
      type Rating { average: Float! }
    `,
    resolvers: {
      Query: {
        reviewsOfProducts: (_: unknown, { skus, minRating = 0 }: { skus: string[]; minRating?: number }) => {
          calls.push(`reviewsOfProducts ${skus}`);
          return REVIEWS.filter(({ sku, rating }) => skus.includes(sku) && rating >= minRating);
        },
        ratings: (_: unknown, { skus }: { skus: string[] }) => {
          calls.push(`ratings ${skus}`);
          return skus.map((sku) => averageOf(REVIEWS.filter((review) => review.sku === sku)));
        },
      },
    },
  });
  const yoga = createYoga({ schema, logging: false });
  const http = createServer(async (request, response) => {
    const path = request.url ?? '/';
    if (path.startsWith('/graphql')) return yoga(request, response);
    const answer = path.startsWith('/v1/') ? await modelAnswer(request) : catalogAnswer(path);
    if (path !== '/products') calls.push(path);
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? {}));
  }).listen(0, '127.0.0.1');
  await once(http, 'listening');
  const grpc = await startServer(resolve('test/fixtures/docs/inventory.proto'), 'docs.inventory.Inventory', {
    BatchGetStock: ({ request: { skus = [], warehouse = '' } }: StockCall, done: sendUnaryData<unknown>) => {
      calls.push(`BatchGetStock ${skus} ${warehouse}`.trim());
      const fits = (stock: (typeof STOCKS)[number]) => warehouse === '' || stock.warehouse === warehouse;
      done(null, { stocks: STOCKS.filter((stock) => skus.includes(stock.sku) && fits(stock)) });
    },
  });
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  return {
    env: { CATALOG: url, REVIEWS: `${url}/graphql`, MODEL: `${url}/v1`, INVENTORY: grpc.endpoint },
    close() {
      grpc.stop();
      http.closeAllConnections();
      http.close();
    },
  };
}

function averageOf(reviews: readonly { rating: number }[]) {
  if (reviews.length === 0) return null;
  return { average: reviews.reduce((sum, { rating }) => sum + rating, 0) / reviews.length };
}

function catalogAnswer(path: string): unknown {
  if (path === '/products') return PRODUCTS;
  return BRANDS.find(({ id }) => path === `/brands/${id}`);
}

/** Says again what it was asked. */
async function modelAnswer(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) text += chunk;
  const { messages } = JSON.parse(text) as { messages: readonly { content: string }[] };
  const message = { role: 'assistant', content: messages.at(-1)?.content };
  return { id: '1', model: 'small', choices: [{ index: 0, message, finish_reason: 'stop' }] };
}
