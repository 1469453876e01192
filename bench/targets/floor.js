// The floor: what the gateways do, written by hand for these two questions and nothing else. No GraphQL, no keys, no
// limits, no checks; undici's dispatcher, which is its quickest door.
import { createServer } from 'node:http';
import { createParser } from 'eventsource-parser';
import { Pool } from 'undici';
import { listen } from '../lib/listen.js';

const pool = new Pool(process.env.UPSTREAM_URL, { connections: 128 });

function get(path) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    pool.dispatch(
      { method: 'GET', path },
      {
        onRequestStart() {},
        onResponseStart() {},
        onResponseData(_controller, chunk) {
          chunks.push(chunk);
        },
        onResponseEnd() {
          resolve(JSON.parse(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)));
        },
        onResponseError: (_controller, error) => reject(error),
      },
    );
  });
}

async function oneField({ sku }) {
  const product = await get(`/products/${encodeURIComponent(sku)}`);
  return { product: { sku: product.sku, name: product.name, priceCents: product.priceCents } };
}

const many = (name, values) => [...new Set(values)].map((value) => `${name}=${encodeURIComponent(value)}`).join('&');
const by = (name, items) => new Map(items.map((item) => [item[name], item]));

async function join({ limit }) {
  const page = await get(`/products?limit=${limit}`);
  const skus = many(
    'sku',
    page.map(({ sku }) => sku),
  );
  const [stocks, reviews] = await Promise.all([stocksOf(skus), topReviewsOf(skus)]);
  return {
    products: page.map(({ sku, name, priceCents }) => ({
      sku,
      name,
      priceCents,
      stock: stocks.get(sku) ?? null,
      topReview: reviews.get(sku) ?? null,
    })),
  };
}

async function stocksOf(skus) {
  const stocks = await get(`/stocks?${skus}`);
  const ids = many(
    'id',
    stocks.map(({ warehouseId }) => warehouseId),
  );
  const warehouses = by('id', await get(`/warehouses?${ids}`));
  return new Map(
    stocks.map(({ sku, quantity, warehouseId }) => {
      const { name, city } = warehouses.get(warehouseId);
      return [sku, { quantity, warehouse: { name, city } }];
    }),
  );
}

async function topReviewsOf(skus) {
  const reviews = await get(`/top-reviews?${skus}`);
  const ids = many(
    'id',
    reviews.map(({ authorId }) => authorId),
  );
  const authors = by('id', await get(`/authors?${ids}`));
  return new Map(
    reviews.map(({ sku, rating, text, authorId }) => [
      sku,
      { rating, text, author: { name: authors.get(authorId).name } },
    ]),
  );
}

/** The model's events read, and written again as the events a GraphQL client gets. */
function stream(response) {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  const text = new TextDecoder();
  let index = 0;
  const send = (token) => {
    const data = { data: { chatStream: { index, text: token } } };
    index += 1;
    response.write(`event: next\ndata: ${JSON.stringify(data)}\n\n`);
  };
  const parser = createParser({
    onEvent({ data }) {
      if (data === '[DONE]') return;
      const choice = JSON.parse(data).choices[0];
      if (choice?.delta.content) send(choice.delta.content);
      else if (choice?.finish_reason) send('');
    },
  });
  pool.dispatch(
    {
      method: 'POST',
      path: '/v1/chat/completions',
      headers: ['content-type', 'application/json'],
      body: JSON.stringify({ model: 'fast', stream: true }),
    },
    {
      onRequestStart() {},
      onResponseStart() {},
      onResponseData: (_controller, chunk) => parser.feed(text.decode(chunk, { stream: true })),
      onResponseEnd: () => response.end('event: complete\ndata: \n\n'),
      onResponseError: (_controller, error) => response.destroy(error),
    },
  );
}

const answer = { '/one-field': oneField, '/join': join };

const server = createServer((request, response) => {
  if (request.method !== 'POST') return response.writeHead(404).end();
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const { variables } = JSON.parse(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
    if (request.url === '/stream') return stream(response);
    answer[request.url](variables).then(
      (data) => {
        const body = Buffer.from(JSON.stringify({ data }));
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
        response.end(body);
      },
      () => response.writeHead(502).end(),
    );
  });
});

listen(server);
