import { makeExecutableSchema } from '@graphql-tools/schema';
import type { GraphQLSchema } from 'graphql';
import { SkeinError } from '../../kernel/errors.ts';
import type { LinkOptions } from '../../schema/options.ts';
import { linkOptions } from '../../schema/options.ts';
import type { Source } from '../../sources/source.ts';
import { createMemoryGraphqlSource, createMemorySource, type RecordedCall } from './memory-source.ts';

const PRODUCTS = [
  { sku: 'lamp-01', name: 'Lamp', 'weight-kg': 1.5, colour: 'dark-red', tags: ['light'] },
  { sku: 'rope-02', name: 'Rope', 'weight-kg': null, colour: 'blue', tags: [] },
  { sku: 'tent-03', name: 'Tent', 'weight-kg': 4, colour: 'blue', tags: ['outdoor', 'sleep'] },
];

const REVIEWS = [
  {
    id: '1',
    sku: 'lamp-01',
    rating: 5,
    text: 'Bright',
    author: { name: 'Ada', badge: ({ size }: { size: string }) => `ada-${size}` },
  },
  { id: '2', sku: 'lamp-01', rating: 2, text: 'Too bright', author: { name: 'Bob', badge: () => 'bob' } },
  { id: '3', sku: 'tent-03', rating: 4, text: 'Dry', author: { name: 'Cy', badge: () => 'cy' } },
];

/** The quickstart's graph in small, over functions: four kinds of source, joined by links of every form. */
export function createShop(): { sources: Source[]; links: Record<string, LinkOptions>; calls: RecordedCall[] } {
  const calls: RecordedCall[] = [];
  const catalog = createMemorySource({
    name: 'catalog',
    calls,
    sdl: `
      type Query { product(sku: ID!): Product products(sku: [ID!], colour: Colour, first: Int = 10): [Product!] broken: Product }
      type Mutation { createProduct(sku: ID!, name: String!): Product }
      enum Colour { DARK_RED BLUE }
      type Product { sku: ID! name: String! weightKg: Float colour: Colour! tags: [String!]! }
    `,
    model: {
      properties: new Map([['Product.weightKg', 'weight-kg']]),
      enumValues: new Map([['Colour', { DARK_RED: 'dark-red', BLUE: 'blue' }]]),
    },
    unary: {
      'Query.product': ({ sku }: { sku: string }) => PRODUCTS.find((product) => product.sku === sku) ?? null,
      'Query.products': ({ sku, colour, first }: { sku?: string[]; colour?: string; first?: number }) =>
        PRODUCTS.filter((p) => (!sku || sku.includes(p.sku)) && (!colour || p.colour === colour)).slice(0, first ?? 10),
      'Query.broken': () => {
        throw new SkeinError('UPSTREAM_FAILED', undefined, {
          details: { source: 'catalog', operation: 'broken', upstreamStatus: 500 },
        });
      },
      'Mutation.createProduct': ({ sku, name }: { sku: string; name: string }) => ({
        sku,
        name,
        colour: 'blue',
        tags: [],
        'weight-kg': null,
      }),
    },
  });
  const inventory = createMemorySource({
    name: 'inventory',
    kind: 'grpc',
    calls,
    sdl: `
      type Query { batchStock(skus: [String!], site: String): BatchStock }
      type Subscription { stockChanges(skus: [String!]): StockChange }
      type BatchStock { stocks: [Stock!]! }
      type Stock { sku: String! quantity: Int! site: String }
      type StockChange { sku: String! quantity: Int! }
    `,
    unary: {
      'Query.batchStock': ({ skus, site }: { skus: string[]; site?: string }) => ({
        stocks: skus
          .filter((sku) => sku !== 'rope-02')
          .map((sku) => ({ sku, quantity: sku.length, site: site ?? null })),
      }),
    },
    streams: {
      'Subscription.stockChanges': async function* ({ skus }: { skus?: string[] }) {
        for (const sku of skus ?? ['lamp-01', 'tent-03']) {
          if (sku === 'cut') throw new SkeinError('UPSTREAM_FAILED', undefined, { details: { source: 'inventory' } });
          yield { sku, quantity: sku.length };
        }
      },
    },
  });
  const reviews = createMemoryGraphqlSource({
    name: 'reviews',
    calls,
    sdl: `
      type Query { reviewsOf(skus: [ID!]!, minRating: Int): [Review!]! latest(first: Int = 2): [Review!] }
      type Review { id: ID! sku: ID! rating: Int! text: String! author: Author! }
      type Author { name: String! badge(size: String): String }
    `,
    root: {
      reviewsOf: ({ skus, minRating }: { skus: string[]; minRating?: number }) =>
        REVIEWS.filter((review) => skus.includes(review.sku) && review.rating >= (minRating ?? 0)),
      latest: ({ first }: { first: number }) => REVIEWS.slice(0, first),
    },
  });
  const prompts = createMemorySource({
    name: 'prompts',
    kind: 'prompt',
    calls,
    sdl: `
      type Mutation {
        digest(product: String!, reviews: [ReviewText!]!): String
        weigh(digest: String!): Verdict
        praise(verdict: VerdictText!): String
      }
      type Verdict { length: Int! words: [String!]! }
      input ReviewText { rating: Int! text: String! }
      input VerdictText { words: [String!]! }
    `,
    unary: {
      'Mutation.digest': ({ product, reviews: texts }: { product: string; reviews: { text: string }[] }) =>
        `${product}: ${texts.map(({ text }) => text).join('; ')}`,
      'Mutation.weigh': ({ digest }: { digest: string }) => weigh(digest),
      'Mutation.praise': ({ verdict }: { verdict: { words: string[] } }) => `${verdict.words.join('-')}!`,
    },
  });
  const links = {
    'Product.stock': { call: 'inventory.batchStock', args: { skus: '$parents.sku' }, items: 'stocks', match: 'sku' },
    'Product.reviews': { call: 'reviews.reviewsOf', args: { skus: '$parents.sku' }, match: 'sku', many: true },
    'Review.product': { call: 'catalog.product', args: { sku: '$parent.sku' } },
    'StockChange.product': { call: 'catalog.products', args: { sku: '$parents.sku' }, match: 'sku' },
    'Product.digest': {
      call: 'prompts.digest',
      args: { product: '$parent.name', reviews: '$parent.reviews { rating text }' },
    },
    'Product.verdict': { call: 'prompts.weigh', args: { digest: '$parent.digest' } },
    'Product.praise': { call: 'prompts.praise', args: { verdict: '$parent.verdict { words }' } },
  };
  return {
    sources: [catalog, inventory, reviews, prompts],
    links: Object.fromEntries(Object.entries(links).map(([name, link]) => [name, linkOptions.parse(link)])),
    calls,
  };
}

type Sku = { sku: string };

const weigh = (text: string) => ({ length: text.length, words: text.split(' ') });

const digestOf = ({ sku, name }: Sku & { name: string }) =>
  `${name}: ${REVIEWS.filter((review) => review.sku === sku)
    .map(({ text }) => text)
    .join('; ')}`;

/** The same graph written by hand over the same data, without sources, links or plans: what answers must equal. */
export function createShopByHand(publicSdl: string): GraphQLSchema {
  const stocksOf = (skus: readonly string[], site?: string) =>
    skus.filter((sku) => sku !== 'rope-02').map((sku) => ({ sku, quantity: sku.length, site: site ?? null }));
  return makeExecutableSchema({
    typeDefs: publicSdl,
    resolvers: {
      Colour: { DARK_RED: 'dark-red', BLUE: 'blue' },
      Query: {
        product: (_: unknown, { sku }: Sku) => PRODUCTS.find((product) => product.sku === sku) ?? null,
        products: (_: unknown, { sku, colour, first }: { sku?: string[]; colour?: string; first?: number }) =>
          PRODUCTS.filter((p) => (!sku || sku.includes(p.sku)) && (!colour || p.colour === colour)).slice(
            0,
            first ?? 10,
          ),
        batchStock: (_: unknown, { skus, site }: { skus: string[]; site?: string }) => ({
          stocks: stocksOf(skus, site),
        }),
        reviewsOf: (_: unknown, { skus, minRating }: { skus: string[]; minRating?: number }) =>
          REVIEWS.filter((review) => skus.includes(review.sku) && review.rating >= (minRating ?? 0)),
        latest: (_: unknown, { first }: { first: number }) => REVIEWS.slice(0, first),
      },
      Product: {
        weightKg: (product: Record<string, unknown>) => product['weight-kg'],
        stock: ({ sku }: Sku, { site }: { site?: string }) => {
          const [stock] = stocksOf([sku], site);
          return stock ?? null;
        },
        reviews: ({ sku }: Sku, { minRating }: { minRating?: number }) =>
          REVIEWS.filter((review) => review.sku === sku && review.rating >= (minRating ?? 0)),
        digest: digestOf,
        verdict: (product: Sku & { name: string }) => weigh(digestOf(product)),
        praise: (product: Sku & { name: string }) => `${weigh(digestOf(product)).words.join('-')}!`,
      },
      Review: { product: ({ sku }: Sku) => PRODUCTS.find((product) => product.sku === sku) ?? null },
      Author: { badge: ({ badge }: { badge: (args: object) => string }, args: object) => badge(args) },
    },
    resolverValidationOptions: { requireResolversToMatchSchema: 'ignore' },
  });
}
