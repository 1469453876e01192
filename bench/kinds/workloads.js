import { isDeepStrictEqual } from 'node:util';
import { item, products, reviews } from './data.js';

const { id, name, priceCents } = item;
const shown = { id, name, priceCents };

function oneItem(kind, field, type) {
  return workload(kind, 1, {
    query: `query Item($id: ${type}!) { ${field}(id: $id) { id name priceCents } }`,
    variables: { id },
    data: { [field]: shown },
  });
}

function workload(kind, upstreamCalls, { query, variables, data }) {
  return {
    id: kind,
    title: kind,
    unit: 'request',
    accept: 'application/json',
    connections: 32,
    upstreamCalls,
    operation: { query, variables },
    isRight: (text) => isDeepStrictEqual(JSON.parse(text), { data }),
  };
}

/** One object of three fields from each kind; from federation ten products of one subgraph with reviews of another. */
export const workloads = [
  oneItem('rest', 'restItem', 'ID'),
  oneItem('grpc', 'grpcItem', 'String'),
  oneItem('soap', 'soapItem', 'String'),
  oneItem('graphql', 'graphqlItem', 'ID'),
  workload('federation', 2, {
    query: 'query Page($limit: Int!) { products(limit: $limit) { sku name priceCents topReview { rating text } } }',
    variables: { limit: products.length },
    data: { products: products.map((product, index) => ({ ...product, ...reviews[index] })) },
  }),
];
