import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../kernel/ports.ts';
import { ProblemsError } from '../../kernel/problem.ts';
import { type Caching, createCaching } from '../../sources/cache/caching.ts';
import { cacheOptions, sourceCacheOptions } from '../../sources/cache/options.ts';
import { createFederationSources } from '../../sources/federation/federation-source.ts';
import { federationOptions } from '../../sources/federation/options.ts';
import { createOpenapiSource } from '../../sources/openapi/openapi-source.ts';
import { openapiOptions } from '../../sources/openapi/options.ts';
import type { Source } from '../../sources/source.ts';
import { createHttpFaultServer, type HttpFaultServer } from '../utils/fault-server.ts';
import { startRedis } from '../utils/redis-server.ts';
import { type SubgraphRequest, type SubgraphServer, startSubgraph } from '../utils/subgraph-server.ts';
import { startTestGateway, type TestGateway } from '../utils/test-gateway.ts';

const product = { $ref: '#/components/schemas/Product' };
const sku = { name: 'sku', in: 'path', required: true, schema: { type: 'string' } };
const answers = (schema: object) => ({
  responses: { 200: { description: 'Fine', content: { 'application/json': { schema } } } },
});
const CATALOG = {
  openapi: '3.1.0',
  info: { title: 'Catalog', version: '1' },
  paths: {
    '/products/{sku}': {
      get: { operationId: 'product', parameters: [sku], ...answers(product) },
      put: { operationId: 'renameProduct', parameters: [sku], ...answers(product) },
    },
    '/products': { get: { operationId: 'products', ...answers({ type: 'array', items: product }) } },
  },
  components: {
    schemas: {
      Product: {
        type: 'object',
        required: ['sku'],
        properties: { sku: { type: 'string' }, name: { type: 'string' }, 'shelf-no': { type: 'integer' } },
      },
    },
  },
};
const CATALOG_CACHE = {
  fields: { product: { ttlMs: 1_000, staleIfErrorMs: 5_000 } },
  upstream: true,
  invalidate: { renameProduct: { ids: { 'Product.sku': '$args.sku' } } },
};
const REVIEWS_CACHE = {
  fields: { latest: 1_000 },
  entities: { Item: 1_000 },
  invalidate: { addReview: { types: ['Review'] } },
};

const redis = await startRedis();
const stores: [string, object][] = [['memory', { store: 'memory' }]];
if (redis !== undefined) stores.push(['redis', { store: redis.url, waitMs: 5_000 }]);

let catalog: HttpFaultServer;
let stock: SubgraphServer;
let reviews: SubgraphServer;
const requests: SubgraphRequest[] = [];
let texts: string[] = [];
beforeAll(async () => {
  catalog = await createHttpFaultServer();
  stock = await startSubgraph({
    name: 'stock',
    requests,
    sdl: 'type Query { items: [Item!]! } type Item @key(fields: "id") { id: ID! count: Int }',
    resolvers: { Query: { items: () => ['a', 'b'].map((id) => ({ id, count: 1 })) } },
  });
  reviews = await startSubgraph({
    name: 'reviews',
    requests,
    sdl: `type Query { latest: Review } type Mutation { addReview(text: String!): Review }
      type Item @key(fields: "id") { id: ID! reviews: [Review!]! } type Review { text: String }`,
    resolvers: {
      Query: { latest: () => ({ text: texts.at(-1) }) },
      Mutation: {
        addReview: (_: unknown, { text }: { text: string }) => {
          texts.push(text);
          return { text };
        },
      },
      Item: { reviews: () => texts.map((text) => ({ text })) },
    },
  });
});
afterAll(async () => {
  await Promise.all([catalog.close(), stock.close(), reviews.close(), redis?.stop()]);
});

const deps = {
  log: silentLog,
  report: (problem: { readonly message: string }) => {
    throw new ProblemsError([problem]);
  },
};

async function federated(name: string, endpoint: string): Promise<readonly Source[]> {
  const options = federationOptions.parse({ kind: 'federation', endpoint });
  return createFederationSources(name, options, { document: undefined, supergraph: undefined }, deps);
}

describe.each(
  stores.flatMap(([name, store]) => (['direct', 'stitched'] as const).map((way) => [name, way, store] as const)),
)('answers kept in %s, the %s way', (_name, way, store) => {
  let gateway: TestGateway;
  let caching: Caching;
  let now = Date.now();

  beforeEach(async () => {
    texts = ['first'];
    requests.length = 0;
    caching = createCaching(cacheOptions.parse({ ...store, prefix: `test-${way}-${now}` }), {
      log: silentLog,
      clock: { now: () => now },
    });
    const endpoint = `http://127.0.0.1:${catalog.port}`;
    const options = openapiOptions.parse({ kind: 'openapi', document: 'c.json', endpoint });
    const rest = createOpenapiSource('catalog', options, JSON.stringify(CATALOG), 'c.json', deps);
    const wrap = (sources: readonly Source[], cache: object, own: object = {}) =>
      caching.wrap(sources, { ...own, cache: sourceCacheOptions.parse(cache) }, deps.report);
    const sources = await Promise.all([
      wrap([rest], CATALOG_CACHE, options),
      federated('stock', stock.url),
      federated('reviews', reviews.url).then((own) => wrap(own, REVIEWS_CACHE)),
    ]);
    gateway = await startTestGateway(sources.flat(), {}, { way });
    // A store that is not there yet keeps nothing.
    await expect.poll(() => caching.state()?.store.health).toBe('up');
    return async () => {
      now += 10_000_000;
      await gateway.close();
      await Promise.all(sources.flat().map((source) => source.dispose()));
    };
  });

  async function ask(query: string): Promise<{ readonly data?: never; readonly errors?: never }> {
    return (await gateway.post({ query })).body;
  }
  /** How many requests arrive at the catalog meanwhile. */
  async function count(queries: readonly string[]): Promise<number> {
    const before = catalog.requests.length;
    for (const query of queries) expect((await ask(query)).errors).toBeUndefined();
    return catalog.requests.length - before;
  }
  const answerWith = (headers: Record<string, string> = {}) =>
    catalog.answer((response, request) => {
      const path = request.url ?? '';
      const one = { sku: path.split('/').at(-1), name: `at ${now}`, 'shelf-no': 7 };
      response.writeHead(200, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify(path === '/products' ? [one] : one));
    });
  /** Until a connection to the store stands, nothing is kept. */
  const warm = (query: string) => expect.poll(() => count([query, query]), { timeout: 5_000 }).toBeLessThan(2);

  it('are given again until their time is over', async () => {
    answerWith();
    const query = '{ product(sku: "a") { sku shelfNo } }';
    await warm(query);
    expect(await ask(query)).toEqual({ data: { product: { sku: 'a', shelfNo: 7 } } });
    now += 1_001;
    expect(await count([query, query, '{ product(sku: "a") { name } }'])).toBe(1);
  });

  it('are those of the service where only it says how long they hold, and renewed without a body', async () => {
    const etags: unknown[] = [];
    catalog.answer((response, request) => {
      etags.push(request.headers['if-none-match']);
      const headers = { 'content-type': 'application/json', 'cache-control': 'max-age=60', etag: '"1"' };
      if (request.headers['if-none-match'] === '"1"') response.writeHead(304, headers).end();
      else response.writeHead(200, headers).end('[{ "sku": "a", "name": "first" }]');
    });
    const query = '{ products { name } }';
    await warm(query);
    etags.length = 0;
    now += 60_001;
    expect(await ask(query)).toEqual({ data: { products: [{ name: 'first' }] } });
    now += 59_000;
    expect(await count([query])).toBe(0);
    expect(etags).toEqual(['"1"']);
    expect(caching.state()?.sources.find(({ source }) => source === 'catalog')).toMatchObject({ renewed: 1 });
  });

  it('are none where the service says nothing of it', async () => {
    answerWith();
    expect(await count(['{ products { sku } }', '{ products { sku } }'])).toBe(2);
    answerWith({ 'cache-control': 'no-store' });
    expect(await count(['{ products { sku } }', '{ products { sku } }'])).toBe(2);
  });

  it('are given when the service is away', async () => {
    answerWith();
    const query = '{ product(sku: "a") { sku } }';
    await warm(query);
    now += 3_000;
    await catalog.refuse();
    expect(await ask(query)).toEqual({ data: { product: { sku: 'a' } } });
    expect(caching.state()?.sources.find(({ source }) => source === 'catalog')).toMatchObject({ staleOnError: 1 });
    now += 4_000;
    const { errors } = (await ask(query)) as { readonly errors?: { readonly extensions: { readonly code: string } }[] };
    expect(errors?.[0]?.extensions.code).toMatch(/^UPSTREAM_UN(REACHABLE|AVAILABLE)$/);
    await catalog.accept();
  });

  it('go when a mutation says so, those with its object and no others', async () => {
    answerWith({ 'cache-control': 'max-age=60' });
    const [a, b, list] = ['{ product(sku: "a") { name } }', '{ product(sku: "b") { name } }', '{ products { sku } }'];
    await warm(a);
    expect(await count([b, list])).toBe(2);
    expect(await count([a, b, list])).toBe(0);
    await ask('mutation { renameProduct(sku: "a") { sku } }');
    expect(await count([a, b])).toBe(1);
  });

  it('are those of a subgraph, its entities too, until a mutation changed them', async () => {
    const query = '{ items { id count reviews { text } } latest { text } }';
    const first = await ask(query);
    expect(first).toMatchObject({ data: { latest: { text: 'first' }, items: [{ reviews: [{ text: 'first' }] }, {}] } });
    const asked = () => [...new Set(requests.splice(0).map(({ subgraph }) => subgraph))].sort();
    expect(asked()).toEqual(['reviews', 'stock']);
    texts.push('second');
    const again = async () => {
      await ask(query);
      return asked();
    };
    await expect.poll(again).toEqual(['stock']);
    const kept = await ask(query);
    asked();
    const added = await ask('mutation { addReview(text: "third") { text } }');
    expect(added).toEqual({ data: { addReview: { text: 'third' } } });
    expect(asked()).toEqual(['reviews']);
    const after = await ask(query);
    expect(after).not.toEqual(kept);
    expect(after).toMatchObject({ data: { latest: { text: 'third' } } });
  });
});
