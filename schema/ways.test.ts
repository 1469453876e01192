import { printSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import { CancellationSource } from '../kernel/cancellation.ts';
import { SkeinError } from '../kernel/errors.ts';
import { silentLog } from '../kernel/ports.ts';
import { NO_CLIENT } from '../sources/call-context.ts';
import { createMemorySource } from '../test/utils/memory-source.ts';
import { createShop } from '../test/utils/shop.ts';
import { compose } from './compose.ts';
import type { ResultStream } from './events.ts';
import type { Way } from './plan/way.ts';
import { createGeneration } from './registry.ts';
import { createGraphContext } from './request-context.ts';

function createShopGeneration(way?: Way) {
  const shop = createShop();
  const { composition, problems } = compose({ ...shop, isMissing: () => false });
  expect(problems).toEqual([]);
  if (composition === undefined) throw new Error('unreachable');
  const generation = createGeneration(1, composition, {
    rules: [],
    maxTokens: 1000,
    ...(way === undefined ? {} : { way }),
  });
  return { generation, calls: shop.calls };
}

function context() {
  const call = {
    ...NO_CLIENT,
    cancellation: new CancellationSource(),
    deadlineAt: Infinity,
    requestId: 'test',
    log: silentLog,
  };
  return createGraphContext(call);
}

function planOf({ generation }: ReturnType<typeof createShopGeneration>, text: string) {
  const prepared = generation.documents.prepare(text);
  if (prepared.errors !== undefined) throw new Error(prepared.errors.map(String).join('\n'));
  return prepared.plan(undefined);
}

/** Data and errors in an order and form that both ways share. */
function normalise(result: unknown) {
  const { data, errors = [] } = JSON.parse(JSON.stringify(result)) as {
    data: unknown;
    errors?: { path?: unknown[]; extensions?: object }[];
  };
  return {
    data: data ?? null,
    errors: errors
      .map(({ path, extensions }) => JSON.stringify({ path: path ?? null, extensions: extensions ?? {} }))
      .sort(),
  };
}

const QUERIES: [name: string, text: string, variables?: Record<string, unknown>][] = [
  ['a single object', '{ product(sku: "lamp-01") { sku name weightKg colour tags __typename } }'],
  ['an object that is not there', '{ product(sku: "none") { sku stock { quantity } } }'],
  ['a list with arguments', 'query($c: Colour) { products(colour: $c, first: 2) { n: name colour } }', { c: 'BLUE' }],
  ['a batched link', '{ products { sku stock { quantity site } } }'],
  ['a link with an argument of its own', '{ products { a: stock(site: "x") { site } b: stock(site: "y") { site } } }'],
  ['a link to a GraphQL source', '{ products { name reviews { text r: rating author { name } } } }'],
  [
    'a link of a link of a link',
    '{ product(sku: "tent-03") { reviews { product { name reviews { product { colour } } } } } }',
  ],
  ['a GraphQL source as root', '{ latest { text product { name stock { quantity } } } }'],
  [
    'aliases with arguments below a GraphQL source',
    '{ latest { author { small: badge(size: "s") large: badge(size: "l") name } } }',
  ],
  [
    'a GraphQL root field with arguments before the same without',
    '{ a: latest(first: 1) { text } b: latest { text } }',
  ],
  ['an argument alias that hides a field', '{ latest { author { name: badge(size: "s") real: name } } }'],
  [
    'variables below a GraphQL source',
    'query($s: String, $with: Boolean!) { latest(first: 1) { author { badge(size: $s) name @include(if: $with) } text @skip(if: $with) } }',
    { s: 'xl', with: true },
  ],
  [
    'fragments, merged and apart',
    'query { a: product(sku: "lamp-01") { ...F } b: product(sku: "tent-03") { ...F reviews { text } } } fragment F on Product { name reviews { rating } }',
  ],
  ['an AI field', '{ products { digest } }'],
  ['AI fields of AI fields', '{ products { p: praise verdict { words length } } product(sku: "lamp-01") { praise } }'],
  ['an error beside data', '{ broken { sku } products { sku } }'],
  [
    'several roots of several sources',
    '{ products(first: 1) { sku } latest(first: 1) { id } batchStock(skus: ["a"]) { stocks { sku } } }',
  ],
  [
    'a mutation',
    'mutation { one: createProduct(sku: "x", name: "X") { sku stock { quantity } } two: digest(product: "p", reviews: []) }',
  ],
  ['an enum literal', '{ products(colour: DARK_RED) { sku colour } }'],
];

describe('the direct and the stitched way', () => {
  const stitched = createShopGeneration('stitched');
  const direct = createShopGeneration('direct');

  it.each(QUERIES.map(([name, text, variables = {}]) => ({ name, text, variables })))(
    'give the same answer to $name, interpreted and compiled',
    async ({ text, variables }) => {
      const reference = normalise(await planOf(stitched, text).execute(context(), variables));
      expect(reference.data).not.toBeNull();
      const plan = planOf(direct, text);
      expect(normalise(await plan.execute(context(), variables))).toEqual(reference);
      expect(normalise(await plan.execute(context(), variables))).toEqual(reference);
      expect(normalise(await plan.execute(context(), variables))).toEqual(reference);
    },
  );

  it.each([
    ['plain', 'subscription { stockChanges { sku quantity } }'],
    ['joined to another source', 'subscription { stockChanges { sku product { name reviews { text } } } }'],
    ['broken in the middle', 'subscription { stockChanges(skus: ["lamp-01", "cut", "tent-03"]) { sku } }'],
  ])('give the same events of a stream that is %s', async (_name, text) => {
    const collect = async (shop: ReturnType<typeof createShopGeneration>) => {
      const events: unknown[] = [];
      const stream = (await planOf(shop, text).subscribe(context(), {})) as ResultStream;
      for await (const event of stream)
        events.push(
          normalise(event).data,
          normalise(event).errors.map((e) => JSON.parse(e).extensions),
        );
      return events;
    };
    const reference = await collect(stitched);
    expect(reference.length).toBeGreaterThan(2);
    expect(await collect(direct)).toEqual(reference);
    expect(await collect(direct)).toEqual(reference);
  });
});

describe('the direct way', () => {
  it('makes one batched call per source for a page of parents', async () => {
    const shop = createShopGeneration();
    const plan = planOf(shop, '{ products { sku stock { quantity } reviews { text } } }');
    expect(plan.way).toBe('direct');
    await plan.execute(context(), {});
    expect(shop.calls.map(({ operation, args }) => [operation, args])).toEqual([
      ['Query.products', { first: 10 }],
      ['Query.batchStock', { skus: ['lamp-01', 'rope-02', 'tent-03'] }],
      ['reviewsOf', { skus: ['lamp-01', 'rope-02', 'tent-03'] }],
    ]);
  });

  it('asks a GraphQL source for what is selected, and for what its links read', async () => {
    const shop = createShopGeneration();
    await planOf(shop, '{ latest { text product { name } } }').execute(context(), {});
    expect(shop.calls[0]?.selection).toBe('{ text sku }');
  });

  it('makes equal calls of a link once', async () => {
    const shop = createShopGeneration();
    await planOf(shop, '{ latest(first: 2) { product { name } } }').execute(context(), {});
    expect(shop.calls.filter(({ operation }) => operation === 'Query.product')).toHaveLength(1);
  });

  it('runs an AI field only when it is selected, and reads the graph in the same batches', async () => {
    const shop = createShopGeneration();
    await planOf(shop, '{ products { name } }').execute(context(), {});
    expect(shop.calls.map(({ operation }) => operation)).toEqual(['Query.products']);
    await planOf(shop, '{ products { digest } }').execute(context(), {});
    expect(shop.calls.filter(({ operation }) => operation === 'reviewsOf')).toHaveLength(1);
    expect(shop.calls.filter(({ operation }) => operation === 'Mutation.digest')).toHaveLength(3);
  });
});

describe('the direct way where the stitched way is wrong', () => {
  it('keeps what an AI field reads apart from what the client asks with other arguments', async () => {
    const shop = createShopGeneration();
    const plan = planOf(shop, '{ product(sku: "lamp-01") { digest reviews(minRating: 3) { text } } }');
    const { data } = normalise(await plan.execute(context(), {}));
    expect(data).toEqual({ product: { digest: 'Lamp: Bright; Too bright', reviews: [{ text: 'Bright' }] } });
  });
});

describe('errors that a source puts in place of values', () => {
  const failure = () => new SkeinError('UPSTREAM_FAILED', undefined, { details: { source: 'half' } });
  const half = () =>
    createMemorySource({
      name: 'half',
      sdl: `type Query { item: Item list: [Item] } type Subscription { items: Item } type Item { id: ID! note: String tags: [String] inner: Item }`,
      unary: {
        'Query.item': () => ({
          id: '1',
          note: failure(),
          tags: ['a', failure()],
          inner: { id: '2', inner: failure() },
        }),
        'Query.list': () => [{ id: '1' }, failure(), { id: failure() }],
      },
      streams: {
        'Subscription.items': async function* () {
          yield { id: '1' };
          yield failure();
          yield { id: '3', note: failure() };
        },
      },
    });
  const generationOf = (way: Way) => {
    const { composition } = compose({ sources: [half()], links: {}, isMissing: () => false });
    if (composition === undefined) throw new Error('does not compose');
    return { generation: createGeneration(1, composition, { rules: [], maxTokens: 1000, way }), calls: [] };
  };

  it.each(['{ item { id note tags inner { id inner { id } } } }', '{ list { id note } }'])(
    'are raised where they stand: %s',
    async (text) => {
      const reference = normalise(await planOf(generationOf('stitched'), text).execute(context(), {}));
      expect(reference.errors.length).toBeGreaterThan(0);
      const plan = planOf(generationOf('direct'), text);
      for (let run = 0; run < 3; run += 1) expect(normalise(await plan.execute(context(), {}))).toEqual(reference);
    },
  );

  it('do not end a stream', async () => {
    const collect = async (way: Way, runs: number) => {
      const plan = planOf(generationOf(way), 'subscription { items { id note } }');
      let events: unknown[] = [];
      for (let run = 0; run < runs; run += 1) {
        events = [];
        for await (const event of (await plan.subscribe(context(), {})) as ResultStream) events.push(normalise(event));
      }
      return events;
    };
    const reference = await collect('stitched', 1);
    expect(reference).toHaveLength(3);
    expect(await collect('direct', 1)).toEqual(reference);
    expect(await collect('direct', 3)).toEqual(reference);
  });
});

describe('the graph', () => {
  it('shows clients no trace of how it was joined', () => {
    const { generation } = createShopGeneration();
    expect(printSchema(generation.schema)).not.toMatch(/_entities|_Any|join__|@key/);
    expect(generation.schema.getType('Product')).toBeDefined();
  });
});
