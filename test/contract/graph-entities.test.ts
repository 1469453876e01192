import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { linkOptions } from '../../schema/options.ts';
import { createFederationSources } from '../../sources/federation/federation-source.ts';
import { federationOptions } from '../../sources/federation/options.ts';
import { STRICT_DEPS } from '../utils/contract-harness.ts';
import { type SubgraphServer, startSubgraph } from '../utils/subgraph-server.ts';
import { startTestGateway, type TestGateway } from '../utils/test-gateway.ts';

const HEAD = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])';
const PRODUCTS = [
  { id: '1', sku: 'a', name: 'Chair' },
  { id: '2', sku: 'b', name: 'Table' },
];
/** It reads what is no key, and leads to the subgraph that the parent itself is asked of. */
const LINKS = {
  'Product.twin': linkOptions.parse({ call: 'products.bySku', args: { skus: '$parents.sku' }, match: 'sku' }),
};

function startProducts(): Promise<SubgraphServer> {
  const sdl = `${HEAD}
    type Query { bySku(skus: [String!]!): [Product] }
    type Product @key(fields: "id") { id: ID! sku: String! name(upper: Boolean): String }
  `;
  return startSubgraph({
    name: 'products',
    sdl,
    resolvers: {
      Query: { bySku: (_: unknown, { skus }: { skus: string[] }) => PRODUCTS.filter(({ sku }) => skus.includes(sku)) },
      Product: {
        __resolveReference: ({ id }: { id: string }) => PRODUCTS.find((product) => product.id === id),
        name: ({ name }: { name: string }, { upper }: { upper?: boolean }) => (upper ? name.toUpperCase() : name),
      },
    },
  });
}

function startReviews(): Promise<SubgraphServer> {
  const sdl = `${HEAD}
    type Query { reviews: [Review] }
    type Review { product: Product }
    type Product @key(fields: "id", resolvable: false) { id: ID! }
  `;
  const reviews = PRODUCTS.map(({ id }) => ({ product: { id } }));
  return startSubgraph({ name: 'reviews', sdl, resolvers: { Query: { reviews: () => reviews } } });
}

async function open(name: string, { url }: SubgraphServer) {
  const options = federationOptions.parse({ kind: 'federation', endpoint: url });
  return await createFederationSources(name, options, {}, STRICT_DEPS);
}

describe.each(['direct', 'stitched'] as const)(
  'links to a subgraph, below entities of several subgraphs, %s',
  (way) => {
    let servers: SubgraphServer[];
    let gateway: TestGateway;
    beforeAll(async () => {
      const products = await startProducts();
      const reviews = await startReviews();
      servers = [products, reviews];
      const sources = [...(await open('products', products)), ...(await open('reviews', reviews))];
      gateway = await startTestGateway(sources, LINKS, { way });
    });
    afterAll(async () => {
      await gateway.close();
      await Promise.all(servers.map((server) => server.close()));
    });

    it.each([
      [
        '{ reviews { product { id name twin { name sku } } } }',
        PRODUCTS.map(({ id, name, sku }) => ({ product: { id, name, twin: { name, sku } } })),
      ],
      [
        'query ($u: Boolean) { reviews { product { twin { n: name(upper: $u) twin { sku } } u: name(upper: $u) } } }',
        PRODUCTS.map(({ name, sku }) => {
          const upper = name.toUpperCase();
          return { product: { twin: { n: upper, twin: { sku } }, u: upper } };
        }),
      ],
      ['{ reviews { product { twin { id } } } }', PRODUCTS.map(({ id }) => ({ product: { twin: { id } } }))],
      ['{ reviews { product { name } } }', PRODUCTS.map(({ name }) => ({ product: { name } }))],
    ])('answer %s', async (query, reviews) => {
      for (const _sighting of ['first', 'second']) {
        expect((await gateway.post({ query, variables: { u: true } })).body).toEqual({ data: { reviews } });
      }
    });
  },
);
