import { createClient } from 'graphql-sse';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../kernel/ports.ts';
import { readConfig } from '../../src/config/read-config.ts';
import { createGraph } from '../../src/graph/graph.ts';
import {
  type QuickstartBackends,
  type QuickstartGateway,
  startQuickstartBackends,
  startQuickstartGateway,
} from '../utils/quickstart.ts';
import { TEST_KEY } from '../utils/test-gateway.ts';

const JOIN = `query Join($size: Int) {
  products(pageSize: $size) { sku name category stock { quantity availability } reviews { rating text author product { name } } }
}`;

/** Queries that do not change anything, for the comparison of both ways over real servers. */
const QUERIES: { name: string; query: string; variables?: object }[] = [
  { name: 'a page joined to gRPC and GraphQL', query: JOIN, variables: { size: 5 } },
  {
    name: 'one product',
    query: '{ product(sku: "lamp-01") { sku name tags createdAt stock { quantity warehouse updatedAtMs } } }',
  },
  { name: 'a product that is not there', query: '{ product(sku: "../none?x=1") { sku } }' },
  { name: 'arguments of every kind', query: '{ products(category: KITCHEN, search: "a", page: 1) { sku category } }' },
  {
    name: 'the gRPC service itself',
    query: '{ stock(sku: "lamp-01") { quantity } batchGetStock(skus: ["lamp-01", "none"]) { stocks { sku } } }',
  },
  {
    name: 'the GraphQL service itself',
    query: '{ reviews(first: 3) { id rating product { name stock { quantity } } } }',
  },
  { name: 'an AI field', query: '{ products(pageSize: 3) { name reviewSummary } }' },
  { name: 'models', query: '{ models { name provider } }' },
];

describe('the quickstart graph', () => {
  let backends: QuickstartBackends;
  let direct: QuickstartGateway;
  let stitched: QuickstartGateway;

  beforeAll(async () => {
    backends = await startQuickstartBackends();
    direct = await startQuickstartGateway(backends.env);
    stitched = await startQuickstartGateway(backends.env, 'stitched');
  });
  afterAll(async () => {
    await direct.close();
    await stitched.close();
    await backends.close();
  });
  beforeEach(() => {
    backends.calls.length = 0;
  });

  it('joins REST, gRPC and GraphQL with one call each for a page of products', async () => {
    const result = await direct.post(JOIN, { size: 5 }, { skein: { plan: true } });
    expect(result.errors).toBeUndefined();
    expect(result.extensions).toEqual({
      plan: {
        way: 'direct',
        generation: 1,
        // Five products with a stock each, and ten reviews of each with their products.
        cost: 5 + 5 + 50 + 50,
        costUsd: 0,
        calls: expect.arrayContaining([
          { source: 'catalog', operation: 'listProducts', count: 2 },
          { source: 'inventory', operation: expect.stringContaining('BatchGetStock'), count: 1 },
          { source: 'reviews', operation: 'reviewsOfProducts', count: 1 },
        ]),
      },
    });
    const { products } = result.data as { products: { stock: unknown; reviews: unknown[] }[] };
    expect(products).toHaveLength(5);
    expect(products.every(({ stock }) => stock !== null)).toBe(true);
    expect(products.some(({ reviews }) => reviews.length > 1)).toBe(true);
    expect(backends.calls.toSorted()).toEqual(['BatchGetStock', 'listProducts', 'listProducts', 'reviewsOfProducts']);
  });

  it.each(QUERIES)('answers $name the same, direct and stitched', async ({ query, variables = {} }) => {
    const reference = await stitched.post(query, variables);
    expect(reference.errors).toBeUndefined();
    for (let run = 0; run < 3; run += 1) expect(await direct.post(query, variables)).toEqual(reference);
  });

  it('tells the calls of an operation in its plan, each that was sent, on both ways', async () => {
    const extensions = { skein: { plan: true } };
    const told = async (gateway: QuickstartGateway, query: string) => {
      backends.calls.length = 0;
      const result = await gateway.post(query, {}, extensions);
      const { calls } = (result.extensions as unknown as { plan: { calls: { source: string; count: number }[] } }).plan;
      expect(calls.reduce((sum, { count }) => sum + count, 0)).toBe(backends.calls.length);
      return Object.fromEntries(calls.map(({ source, count }) => [source, count]));
    };
    for (const gateway of [direct, stitched]) {
      expect(await told(gateway, '{ __typename }')).toEqual({});
      expect(await told(gateway, '{ models { name } stock(sku: "lamp-01") { quantity } }')).toEqual({ inventory: 1 });
      expect(await told(gateway, '{ products(pageSize: 2) { reviewSummary } }')).toMatchObject({ catalog: 1, ai: 2 });
    }
  });

  it('tells with the first event of a stream what was asked for it', async () => {
    const client = createClient({ url: direct.url, headers: { authorization: `Bearer ${TEST_KEY}` } });
    const plans: unknown[] = [];
    const query = 'subscription { stockChanges { sku product { name } } }';
    for await (const { extensions } of client.iterate({ query, extensions: { skein: { plan: true } } })) {
      plans.push(extensions);
      if (plans.length === 2) break;
    }
    client.dispose();
    const [inventory, catalog] = ['inventory', 'catalog'].map((source) =>
      expect.objectContaining({ source, count: 1 }),
    );
    expect(plans[0]).toMatchObject({ plan: { calls: [inventory, catalog] } });
    expect(plans[1]).toBeUndefined();
  });

  it('asks no model for an AI field that is not selected', async () => {
    await direct.post('{ products { name reviews { text } } }');
    expect(backends.calls).not.toContain('chat.completions');
    await direct.post('{ products(pageSize: 2) { reviewSummary } }');
    expect(backends.calls.filter((call) => call === 'chat.completions')).toHaveLength(2);
    expect(backends.calls.filter((call) => call === 'reviewsOfProducts')).toHaveLength(2);
  });

  it('creates a product through the REST API, and joins the answer', async () => {
    const mutation = `mutation($input: NewProductInput!) { createProduct(input: $input) { sku category stock { quantity } reviews { text } } }`;
    const input = { sku: 'kettle-99', name: 'Kettle', category: 'KITCHEN', priceCents: 4900 };
    expect(await direct.post(mutation, { input })).toEqual({
      data: { createProduct: { sku: 'kettle-99', category: 'KITCHEN', stock: null, reviews: [] } },
    });
    const again = await direct.post(mutation, { input });
    expect(again).toMatchObject({
      data: { createProduct: null },
      errors: [
        {
          path: ['createProduct'],
          extensions: { code: 'UPSTREAM_REJECTED', source: 'catalog', operation: 'createProduct', upstreamStatus: 409 },
        },
      ],
    });
  });

  it('streams stock changes from the gRPC service, joined, and stops it with the client', async () => {
    const client = createClient({ url: direct.url, headers: { authorization: `Bearer ${TEST_KEY}` } });
    const events: unknown[] = [];
    for await (const event of client.iterate({
      query: 'subscription { stockChanges { sku quantity product { name } } }',
    })) {
      events.push(event);
      if (events.length === 3) break;
    }
    expect(events).toHaveLength(3);
    expect(events[0]).toMatchObject({
      data: { stockChanges: { sku: expect.any(String), product: { name: expect.any(String) } } },
    });
    await expect.poll(() => backends.calls).toContain('end:WatchStock');
    client.dispose();
  });

  it('streams chat tokens one by one, with the finish reason and the usage at the end', async () => {
    const client = createClient({ url: direct.url, headers: { authorization: `Bearer ${TEST_KEY}` } });
    const query = `subscription { chatStream(input: { messages: [{ role: USER, content: "Hello" }] }) { index text finishReason usage { totalTokens } } }`;
    const events: { text: string | null; finishReason: string | null; usage: { totalTokens: number } | null }[] = [];
    for await (const { data } of client.iterate<{ chatStream: (typeof events)[number] }>({ query })) {
      if (data != null) events.push(data.chatStream);
    }
    expect(events.length).toBeGreaterThan(5);
    expect(events.map(({ text }) => text ?? '').join('')).toContain('stand-in');
    expect(events.at(-1)).toMatchObject({ finishReason: 'STOP', usage: { totalTokens: expect.any(Number) } });
    expect(events.slice(0, -1).every(({ finishReason }) => finishReason === null)).toBe(true);
    client.dispose();
  });

  it('gives prompts typed results', async () => {
    const result = await direct.post(`mutation {
      summarize(text: "Skein joins backends. It streams. It counts.")
      classifySentiment(text: "I love it, it is wonderful") { label score }
      translate(text: "Hello", to: "French")
    }`);
    expect(result.errors).toBeUndefined();
    expect(result.data).toMatchObject({
      summarize: expect.any(String),
      classifySentiment: { label: 'POSITIVE', score: expect.any(Number) },
      translate: expect.stringContaining('French'),
    });
    expect(await direct.post('mutation { translate(text: "Hello", to: 5) }')).toMatchObject({
      errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }],
    });
  });
});

describe('a quickstart with a key of a real provider', () => {
  it.each([
    [{ OPENAI_API_KEY: 'sk-x' }, 'gpt'],
    [{ ANTHROPIC_API_KEY: 'sk-y' }, 'claude'],
    [{ OPENAI_API_KEY: 'sk-x', ANTHROPIC_API_KEY: 'sk-y' }, 'gpt'],
    [{}, 'stand-in'],
  ])('takes its model by default: %j → %s', async (keys, model) => {
    const reading = await readConfig('examples/quickstart/skein.yaml', keys);
    const generation = { rules: [], maxTokens: 1_000 };
    const graph = await createGraph(reading.config, reading.problems, { log: silentLog, generation });
    expect(graph.models?.resolve().name).toBe(model);
    await graph.dispose();
  });
});

describe('a quickstart whose backends fail', () => {
  it('answers with what there is, and names what failed', async () => {
    const backends = await startQuickstartBackends();
    const env = { ...backends.env, INVENTORY_ADDRESS: '127.0.0.1:1', REVIEWS_URL: 'http://127.0.0.1:1/graphql' };
    const gateway = await startQuickstartGateway(env);
    await gateway.graph.probe();
    expect(
      gateway.graph
        .states()
        .filter(({ unreachable }) => unreachable !== undefined)
        .map(({ name }) => name),
    ).toEqual(['inventory', 'reviews']);
    const result = await gateway.post('{ products(pageSize: 1) { sku stock { quantity } reviews { text } } }');
    expect(result).toMatchObject({
      data: { products: [{ sku: 'drill-01', stock: null, reviews: null }] },
      errors: expect.arrayContaining([
        expect.objectContaining({
          path: ['products', 0, 'stock'],
          extensions: expect.objectContaining({ code: 'UPSTREAM_UNREACHABLE', source: 'inventory' }),
        }),
        expect.objectContaining({
          path: ['products', 0, 'reviews'],
          extensions: expect.objectContaining({ code: 'UPSTREAM_UNREACHABLE', source: 'reviews' }),
        }),
      ]),
    });
    expect(JSON.stringify(result)).not.toContain('127.0.0.1');
    await gateway.close();
    await backends.close();
  });
});
