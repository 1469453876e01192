import { isDeepStrictEqual } from 'node:util';
import { authors, products, stocks, TOKENS_PER_STREAM, topReviews, warehouses } from './data.js';

// Every target gets the same operation and must give the same data with the same number of upstream calls. The floor
// reads the variables alone.

const [first] = products;
const JSON_ANSWER = 'application/json';

const oneField = {
  id: 'one-field',
  title: 'One field',
  unit: 'request',
  accept: JSON_ANSWER,
  upstreamCalls: 1,
  connections: 32,
  operation: {
    query: 'query Product($sku: ID!) { product(sku: $sku) { sku name priceCents } }',
    variables: { sku: first.sku },
  },
  proxied: { method: 'GET', path: `/products/${first.sku}` },
  isRight(text, isProxy) {
    if (isProxy) return isDeepStrictEqual(JSON.parse(text), first);
    const { sku, name, priceCents } = first;
    return isDeepStrictEqual(JSON.parse(text), { data: { product: { sku, name, priceCents } } });
  },
};

const join = {
  id: 'join',
  title: 'Join',
  unit: 'request',
  accept: JSON_ANSWER,
  upstreamCalls: 5,
  connections: 32,
  operation: {
    query: `query Page($limit: Int!) {
  products(limit: $limit) {
    sku name priceCents
    stock { quantity warehouse { name city } }
    topReview { rating text author { name } }
  }
}`,
    variables: { limit: products.length },
  },
  isRight: (text) => isDeepStrictEqual(JSON.parse(text), { data: joined() }),
};

const stream = {
  id: 'stream',
  title: 'Stream',
  unit: 'stream',
  accept: 'text/event-stream',
  upstreamCalls: 1,
  connections: 8,
  needsModel: true,
  operation: {
    query: 'subscription Chat($input: ChatInput!) { chatStream(input: $input) { index text } }',
    variables: { input: { messages: [{ role: 'USER', content: 'Count to two hundred.' }] } },
  },
  proxied: { method: 'POST', path: '/v1/chat/completions', body: JSON.stringify({ model: 'fast', stream: true }) },
  isRight(text, isProxy) {
    const events = text.split('\n\n').filter((event) => event.includes('"token') || event.includes('" token'));
    return events.length === TOKENS_PER_STREAM && text.includes(isProxy ? 'data: [DONE]' : 'event: complete');
  },
};

export const workloads = [oneField, join, stream];

function joined() {
  const byId = (items, wanted) => items.find(({ id }) => id === wanted);
  return {
    products: products.map(({ sku, name, priceCents }) => {
      const { quantity, warehouseId } = stocks.find((stock) => stock.sku === sku);
      const { rating, text, authorId } = topReviews.find((review) => review.sku === sku);
      const warehouse = byId(warehouses, warehouseId);
      return {
        sku,
        name,
        priceCents,
        stock: { quantity, warehouse: { name: warehouse.name, city: warehouse.city } },
        topReview: { rating, text, author: { name: byId(authors, authorId).name } },
      };
    }),
  };
}
