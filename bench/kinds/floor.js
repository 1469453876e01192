// The floor for every kind: the same question asked by hand with the same client library, and nothing else.
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import * as grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { SaxesParser } from 'saxes';
import { Pool } from 'undici';
import { listen } from '../lib/listen.js';

const pool = new Pool(process.env.UPSTREAM_URL, { connections: 128 });
const services = grpc.loadPackageDefinition(loadSync(fileURLToPath(new URL('item.proto', import.meta.url))));
const client = new services.items.Items(process.env.UPSTREAM_GRPC, grpc.credentials.createInsecure());

function exchange(method, path, headers, body) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    pool.dispatch(
      { method, path, headers, body },
      {
        onRequestStart() {},
        onResponseStart() {},
        onResponseData: (_controller, chunk) => chunks.push(chunk),
        onResponseEnd: () => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)),
        onResponseError: (_controller, error) => reject(error),
      },
    );
  });
}

const JSON_HEADERS = ['content-type', 'application/json'];
const ask = async (path, body) => JSON.parse(await exchange('POST', path, JSON_HEADERS, JSON.stringify(body))).data;
const pick = ({ id, name, priceCents }) => ({ id, name, priceCents });

const ESCAPES = { '<': '&lt;', '>': '&gt;', '&': '&amp;' };
const XML_HEADERS = ['content-type', 'text/xml; charset=utf-8', 'soapaction', '"urn:items#GetSoapItem"'];

async function soapItem({ id }) {
  const text = id.replace(/[<>&]/g, (sign) => ESCAPES[sign]);
  const body = `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><GetSoapItem xmlns="urn:items"><id>${text}</id></GetSoapItem></soap:Body></soap:Envelope>`;
  const xml = await exchange('POST', '/soap', XML_HEADERS, body);
  const item = {};
  let field;
  const parser = new SaxesParser({ xmlns: true });
  parser.on('opentag', ({ local }) => {
    field = local;
  });
  parser.on('text', (value) => {
    if (field !== undefined && field !== 'tags') item[field] = (item[field] ?? '') + value;
  });
  parser.on('closetag', () => {
    field = undefined;
  });
  parser.write(xml.toString('utf8')).close();
  return { id: item.id, name: item.name, priceCents: Number(item.priceCents) };
}

const GRAPHQL = 'query ($id: ID!) { graphqlItem(id: $id) { id name priceCents } }';
const PRODUCTS = 'query ($limit: Int!) { products(limit: $limit) { sku name priceCents } }';
const REVIEWS =
  'query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on Product { topReview { rating text } } } }';

const floors = {
  '/rest': async ({ id }) => ({
    restItem: pick(JSON.parse(await exchange('GET', `/items/${encodeURIComponent(id)}`))),
  }),
  '/grpc': ({ id }) =>
    new Promise((resolve, reject) => {
      client.getGrpcItem({ id }, (error, item) => (error ? reject(error) : resolve({ grpcItem: pick(item) })));
    }),
  '/soap': async (variables) => ({ soapItem: await soapItem(variables) }),
  '/graphql': async ({ id }) => ({
    graphqlItem: pick((await ask('/graphql', { query: GRAPHQL, variables: { id } })).graphqlItem),
  }),
  '/federation': async ({ limit }) => {
    const { products } = await ask('/products', { query: PRODUCTS, variables: { limit } });
    const representations = products.map(({ sku }) => ({ __typename: 'Product', sku }));
    const { _entities } = await ask('/reviews', { query: REVIEWS, variables: { representations } });
    return {
      products: products.map(({ sku, name, priceCents }, index) => {
        const { rating, text } = _entities[index].topReview;
        return { sku, name, priceCents, topReview: { rating, text } };
      }),
    };
  },
};

const server = createServer((request, response) => {
  if (request.method !== 'POST') return response.writeHead(404).end();
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const { variables } = JSON.parse(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
    floors[request.url](variables).then(
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
