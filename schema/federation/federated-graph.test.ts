import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../kernel/ports.ts';
import { createFederationSources } from '../../sources/federation/federation-source.ts';
import { federationOptions } from '../../sources/federation/options.ts';
import type { Source } from '../../sources/source.ts';
import { type FederatedShop, startFederatedShop } from '../../test/fixtures/federation/shop.ts';
import { startTestGateway, type TestGateway } from '../../test/utils/test-gateway.ts';

interface Case {
  readonly name: string;
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly data: unknown;
  /** Paths of errors; none where absent. */
  readonly errors?: readonly string[];
  /** Which subgraphs are asked, in any order. */
  readonly asked: readonly string[];
  /** What the stitched way does not do right. */
  readonly onlyDirect?: true;
}

const CASES: readonly Case[] = [
  {
    name: 'fields of one subgraph go in one request',
    query: '{ me { name } user(email: "bob@example.com") { name } }',
    data: { me: { name: 'Ada' }, user: { name: 'Bob' } },
    asked: ['accounts'],
  },
  {
    name: 'another subgraph is asked by key, for all objects at once',
    query: '{ products { name reviews { rating } } }',
    data: {
      products: [
        { name: 'Lamp', reviews: [{ rating: 5 }, { rating: 2 }] },
        { name: 'Rope', reviews: [] },
        { name: 'Tent', reviews: [{ rating: 4 }] },
      ],
    },
    asked: ['catalog', 'reviews'],
  },
  {
    name: '@requires brings what another subgraph has, also through nested objects',
    query: '{ latest(first: 1) { product { cost: shippingCents(express: true) shippingCents } } }',
    data: { latest: [{ product: { cost: 420, shippingCents: 210 } }] },
    asked: ['reviews', 'catalog', 'shipping'],
  },
  {
    name: '@provides saves a request',
    query: '{ latest(first: 1) { author { name } } }',
    data: { latest: [{ author: { name: 'Ada' } }] },
    asked: ['reviews'],
  },
  {
    name: '@override takes a field from the subgraph that had it',
    query: '{ latest(first: 1) { author { nickname } } }',
    data: { latest: [{ author: { nickname: 'ada' } }] },
    asked: ['reviews', 'accounts'],
  },
  {
    name: 'a field of Federation 1 by an external key',
    query: '{ me { address } }',
    data: { me: { address: 'Harbour 1' } },
    asked: ['accounts', 'shipping'],
  },
  {
    name: 'a key of several fields, one of them nested',
    query: '{ brands { slogan employees } }',
    data: { brands: [{ slogan: 'It lasts.', employees: 402 }] },
    asked: ['catalog', 'accounts'],
  },
  {
    name: 'an interface object adds a field to every type of the interface',
    query: '{ media { id reviews { rating } ... on Book { pages } } }',
    data: {
      media: [
        { id: 'b1', reviews: [{ rating: 3 }], pages: 120 },
        { id: 'f1', reviews: [] },
      ],
    },
    asked: ['catalog', 'reviews'],
    onlyDirect: true,
  },
  {
    name: 'a union whose members come from several subgraphs',
    query:
      '{ search(text: "l") { __typename ... on Product { name reviews(minRating: 3) { text } } ... on Media { title } } }',
    data: {
      search: [
        { __typename: 'Product', name: 'Lamp', reviews: [{ text: 'Bright' }] },
        { __typename: 'Film', title: 'Lamps of the world' },
      ],
    },
    asked: ['catalog', 'reviews'],
  },
  {
    name: 'a shared root field is asked where most of its selection is',
    query: '{ featured { reviews(minRating: 3) { rating } } }',
    data: { featured: { reviews: [{ rating: 5 }] } },
    asked: ['reviews'],
    onlyDirect: true,
  },
  {
    name: 'an entity that is not there is null',
    query: '{ product(sku: "none") { name reviews { rating } } }',
    data: { product: null },
    asked: ['catalog'],
  },
  {
    name: 'an error stands at its own place, and the rest is there',
    query: '{ products { sku stock { quantity } } }',
    data: {
      products: [
        { sku: 'lamp', stock: [{ quantity: 4 }] },
        { sku: 'rope', stock: null },
        { sku: 'tent', stock: null },
      ],
    },
    errors: ['products.2.stock'],
    asked: ['catalog', 'shipping'],
    onlyDirect: true,
  },
  {
    name: 'fragments, conditions and variables',
    query: `query ($min: Int = 3, $yes: Boolean = true, $no: Boolean!) {
      products(first: 1) { ...A ...B @include(if: $yes) ...C @include(if: $no) }
    }
    fragment A on Product { name reviews(minRating: $min) { id } }
    fragment B on Product { reviews(minRating: $min) { rating } all: reviews { rating } }
    fragment C on Product { shippingCents }`,
    variables: { no: false },
    data: { products: [{ name: 'Lamp', reviews: [{ id: 'r1', rating: 5 }], all: [{ rating: 5 }, { rating: 2 }] }] },
    asked: ['catalog', 'reviews'],
  },
  {
    name: 'a mutation, and what others say of its answer',
    query: 'mutation { rename(id: "u1", name: "Eva") { name address reviews { product { name } } } }',
    data: {
      rename: {
        name: 'Eva',
        address: 'Harbour 1',
        reviews: [{ product: { name: 'Lamp' } }, { product: { name: 'Tent' } }],
      },
    },
    asked: ['accounts', 'shipping', 'reviews', 'catalog'],
  },
];

let shop: FederatedShop;
let sources: Source[];

/** With another label for its progressive override. */
async function createSourcesWithLabel(label: string): Promise<Source[]> {
  return (await createSources()).map((source) => {
    const sdl = source.model.federation?.sdl.replace(/label: "[^"]*"/, `label: "${label}"`) ?? '';
    return { ...source, model: { ...source.model, federation: { sdl } } };
  });
}

async function createSources(): Promise<Source[]> {
  const made = Object.entries(shop.sources).map(([name, options]) =>
    createFederationSources(name, federationOptions.parse(options), {}, { log: silentLog, report: () => {} }),
  );
  return (await Promise.all(made)).flat();
}

beforeAll(async () => {
  shop = await startFederatedShop();
  sources = await createSources();
});
afterAll(() => shop.close());

describe.each(['direct', 'stitched'] as const)('a federated graph, %s', (way) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway(way === 'direct' ? sources : await createSources(), {}, { way });
  });
  afterAll(() => gateway.close());

  const cases = CASES.filter(({ onlyDirect }) => way === 'direct' || onlyDirect !== true);
  it.each(cases)('answers as one service would: $name', async ({ query, variables, data, errors = [], asked }) => {
    // Interpreted, compiled, and compiled again.
    for (let run = 0; run < 3; run += 1) {
      shop.requests.length = 0;
      const { body } = await gateway.post({ query, variables, extensions: { skein: { plan: true } } });
      const answer = body as { data: unknown; errors?: { path?: unknown[] }[]; extensions: { plan: { way: string } } };
      expect(answer.data).toEqual(data);
      expect((answer.errors ?? []).map(({ path }) => path?.join('.'))).toEqual(errors);
      expect(answer.extensions.plan.way).toBe(way);
      if (way === 'direct') expect(shop.requests.map(({ subgraph }) => subgraph).sort()).toEqual([...asked].sort());
    }
  });
});

describe('a progressive override', () => {
  it('is active for the same share of all requests, and for a request as a whole', async () => {
    const gateway = await startTestGateway(await createSources());
    const seen = new Set<number>();
    for (let id = 0; id < 20; id += 1) {
      const { body } = await gateway.post(
        { query: '{ products(first: 1) { popularity } }' },
        { 'x-request-id': `r${id}` },
      );
      const [product] = (body as { data: { products: { popularity: number }[] } }).data.products;
      const again = await gateway.post(
        { query: '{ products(first: 1) { popularity } }' },
        { 'x-request-id': `r${id}` },
      );
      expect((again.body as { data: { products: unknown[] } }).data.products[0]).toEqual(product);
      seen.add(product?.popularity ?? 0);
    }
    expect([...seen].sort((a, b) => a - b)).toEqual([7, 104]);
    await gateway.close();
  });
});

describe('a progressive override with a label of its own', () => {
  it('holds for clients that send the header of its rule', async () => {
    const gateway = await startTestGateway(
      await createSourcesWithLabel('beta'),
      {},
      {
        overrides: { beta: { header: 'x-beta' } },
      },
    );
    const popularity = async (headers: Record<string, string>) => {
      const { body } = await gateway.post({ query: '{ products(first: 1) { popularity } }' }, headers);
      return (body as { data: { products: { popularity: number }[] } }).data.products[0]?.popularity;
    };
    const [without, having] = [await popularity({}), await popularity({ 'x-beta': '1' })];
    expect([without, having].sort()).toEqual([104, 7]);
    expect([await popularity({}), await popularity({ 'x-beta': '1' })]).toEqual([without, having]);
    await gateway.close();
  });
});

describe('federated subscriptions', () => {
  it('join what other subgraphs say of each event', async () => {
    const gateway = await startTestGateway(await createSources());
    const response = await fetch(gateway.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...gateway.headers },
      body: JSON.stringify({
        query: 'subscription { reviewAdded(sku: "lamp") { rating product { name } author { role } } }',
      }),
    });
    const events = (await response.text()).split('\n').filter((line) => line.startsWith('data: {'));
    expect(events.map((line) => JSON.parse(line.slice('data: '.length)))).toEqual([
      { data: { reviewAdded: { rating: 5, product: { name: 'Lamp' }, author: { role: 'CUSTOMER' } } } },
      { data: { reviewAdded: { rating: 2, product: { name: 'Lamp' }, author: { role: 'CUSTOMER' } } } },
    ]);
    await gateway.close();
  });
});
