import { makeExecutableSchema } from '@graphql-tools/schema';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accounts } from '../../test/fixtures/federation/shop/accounts.ts';
import { catalog } from '../../test/fixtures/federation/shop/catalog.ts';
import { reviews } from '../../test/fixtures/federation/shop/reviews.ts';
import { shipping } from '../../test/fixtures/federation/shop/shipping.ts';
import { askByHand, createOracleGraph } from '../../test/utils/oracle.ts';
import { oracleQuery } from '../../test/utils/oracle-query.ts';
import { createSubgraphSource } from '../../test/utils/oracle-sources.ts';
import { runs } from '../../test/utils/runs.ts';
import type { SubgraphOptions } from '../../test/utils/subgraph-server.ts';

type Resolve = (parent: unknown, args: unknown) => unknown;
type Fields = Readonly<Record<string, Resolve>>;
type Entity = Readonly<Record<string, unknown>>;

const of = ({ resolvers }: SubgraphOptions, typeName: string) => resolvers[typeName] as Fields;
const refer = (subgraph: SubgraphOptions, typeName: string, reference: Entity) =>
  of(subgraph, typeName).__resolveReference?.(reference, {}) as Entity | null;

/** What a field's parent is, whoever named it: the subgraph that owns the entity completes it. */
const product = (parent: Entity) => ({ ...refer(catalog, 'Product', parent), ...parent });
const user = (parent: Entity) => ({ ...refer(accounts, 'User', parent), ...parent });
const after =
  (complete: (parent: Entity) => Entity, resolve: Resolve | undefined): Resolve =>
  (parent, args) =>
    resolve?.(complete(parent as Entity), args);
const own =
  (complete: (parent: Entity) => Entity, name: string): Resolve =>
  (parent) =>
    complete(parent as Entity)[name];
const fields = (complete: (parent: Entity) => Entity, ...names: string[]) =>
  Object.fromEntries(names.map((name) => [name, own(complete, name)]));

const graph = createOracleGraph([catalog, reviews, shipping, accounts].map(createSubgraphSource));

/** The same shop as one service. */
const byHand = makeExecutableSchema({
  typeDefs: graph.publicSdl,
  resolvers: {
    Query: {
      ...of(catalog, 'Query'),
      ...of(reviews, 'ReviewQuery'),
      ...of(shipping, 'Query'),
      ...of(accounts, 'Query'),
    },
    Product: {
      ...fields(
        product,
        'id',
        'name',
        'priceCents',
        'weightGrams',
        'size',
        'condition',
        'brand',
        'popularity',
        'oldName',
      ),
      reviews: after(product, of(reviews, 'Product').reviews),
      shippingCents: after(product, of(shipping, 'Product').shippingCents),
      stock: after(product, of(shipping, 'Product').stock),
    },
    Brand: { employees: of(accounts, 'Brand').employees },
    User: {
      ...fields(user, 'email', 'name', 'nickname', 'born', 'role'),
      reviews: of(reviews, 'User').reviews,
      address: of(shipping, 'User').address,
    },
    Review: { author: of(reviews, 'Review').author, product: of(reviews, 'Review').product },
    Media: { __resolveType: ({ __typename }: { __typename: string }) => __typename },
    Book: { reviews: of(reviews, 'Media').reviews },
    Film: { reviews: of(reviews, 'Media').reviews },
    Found: of(catalog, 'Found'),
  } as never,
  resolverValidationOptions: { requireResolversToMatchSchema: 'ignore' },
});

const queries = oracleQuery({
  schema: graph.generation.schema,
  argumentChoices: {
    'Query.product': ['(sku: "lamp")', '(sku: $sku)', '(sku: "none")'],
    'Query.products': ['', '(first: 2)', '(first: $first)'],
    'Query.search': ['(text: "l")', '(text: $text)'],
    'Query.user': ['(email: "bob@example.com")', '(email: "nobody")'],
    'Query.latest': ['', '(first: 4)', '(first: $first)'],
    'Product.reviews': ['', '(minRating: 3)', '(minRating: $first)'],
    'Product.shippingCents': ['', '(express: true)', '(express: $no)'],
  },
  variables: { sku: 'ID = "tent"', first: 'Int = 3', text: 'String! = "o"' },
});

describe('any valid query to a federated graph', () => {
  it('has the answer of one service, interpreted, compiled, and compiled again', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(queries, fc.boolean(), fc.boolean(), async (text, yes, no) => {
        const reference = await askByHand(byHand, text, { yes, no });
        for (let run = 0; run < 3; run += 1) expect(await graph.ask(text, { yes, no })).toEqual(reference);
      }),
      // Shrinking a generated query takes longer than reading it.
      { numRuns: runs(80), endOnFailure: true },
    );
  });
});
