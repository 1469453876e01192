import { describe, expect, it } from 'vitest';
import type { ErrorDetails } from '../../kernel/errors.ts';
import type { ExpectedError } from '../utils/fault-answers.ts';
import { type GrpcHandler, grpcAnswer, HTTP_FAULTS, type HttpHandler, json, SECRET } from '../utils/fault-server.ts';
import { useFaultSuite, WAYS } from '../utils/fault-suite.ts';

type Failure = Pick<ExpectedError, 'code'> & ErrorDetails;

const products = ['a', 'b', 'c'].map((sku) => ({ sku, name: `Name of ${sku}` }));
const review = (sku: string | null, more: object = {}) => ({ id: '1', sku, rating: 5, ...more });

/** Messages of shop.proto by hand: a stock is a sku and a quantity, the answer to a batch a list of them. */
function stocks(...items: readonly (readonly [sku: string, quantity: number])[]): GrpcHandler {
  const messages = items.map(([sku, quantity]) => [0x0a, sku.length, ...Buffer.from(sku), 0x10, quantity]);
  return grpcAnswer([Buffer.from(messages.flatMap((bytes) => [0x0a, bytes.length, ...bytes]))]);
}

const wrong = (source: string, ...path: (string | number)[]): ExpectedError => ({
  path,
  source,
  code: 'UPSTREAM_BAD_RESPONSE',
});

/** What each parent of a list gets for its link when the batch fails as a whole. */
function forEach(list: string, link: string, indexes: readonly number[], failure: Failure): ExpectedError[] {
  return indexes.map((index) => ({ path: [list, index, link], ...failure }));
}

const batchFailed = {
  source: 'inventory',
  operation: 'BatchGetStock',
  code: 'UPSTREAM_FAILED',
  upstreamCode: 'INTERNAL',
} as const;
const unevenScores = { source: 'reviews', operation: 'scoresOf', code: 'UPSTREAM_BAD_RESPONSE' } as const;

type Stocks = [answer: GrpcHandler, quantities: (number | null)[], failure?: Failure];

const BY_KEY: Record<string, Stocks> = {
  'in another order': [stocks(['c', 3], ['a', 1], ['b', 2]), [1, 2, 3]],
  'with an item missing': [stocks(['a', 1], ['c', 3]), [1, null, 3]],
  'with an item twice': [stocks(['a', 1], ['a', 9], ['b', 2], ['c', 3]), [1, 2, 3]],
  'with items that nobody asked for': [stocks(['a', 1], ['b', 2], ['zz', 9], ['c', 3]), [1, 2, 3]],
  'without items': [stocks(), [null, null, null]],
  'with NOT_FOUND': [grpcAnswer([], 5), [null, null, null]],
  'with a failure': [grpcAnswer([], 13), [null, null, null], batchFailed],
  'while it is overloaded': [
    grpcAnswer([], 14),
    [null, null, null],
    { ...batchFailed, code: 'UPSTREAM_UNREACHABLE', upstreamCode: 'UNAVAILABLE' },
  ],
  'with bytes that are no message': [
    grpcAnswer([Buffer.from(SECRET)]),
    [null, null, null],
    { source: 'inventory', operation: 'BatchGetStock', code: 'UPSTREAM_BAD_RESPONSE' },
  ],
};

const scores = (list: unknown, errors?: unknown) => json({ data: { scoresOf: list }, errors });
const failedScores = { ...unevenScores, code: 'UPSTREAM_FAILED' } as const;

const BY_ORDER: Record<string, [answer: HttpHandler, scores: (number | null)[], errors: ExpectedError[]]> = {
  'with an item missing': [scores([1, 2]), [null, null, null], forEach('products', 'score', [0, 1, 2], unevenScores)],
  'with an item too many': [
    scores([1, 2, 3, 4]),
    [null, null, null],
    forEach('products', 'score', [0, 1, 2], unevenScores),
  ],
  'with text for the list': [scores(SECRET), [null, null, null], forEach('products', 'score', [0, 1, 2], unevenScores)],
  'with null for an item': [scores([1, null, 3]), [1, null, 3], []],
  'with null for the list': [scores(null), [null, null, null], []],
  'with text for an item': [scores([1, SECRET, 3]), [1, null, 3], [wrong('reviews', 'products', 1, 'score')]],
  'with an error for an item': [
    scores([1, null, 3], [{ message: SECRET, path: ['scoresOf', 1] }]),
    [1, null, 3],
    forEach('products', 'score', [1], failedScores),
  ],
  'with an error for the list': [
    scores(null, [{ message: SECRET, path: ['scoresOf'] }]),
    [null, null, null],
    forEach('products', 'score', [0, 1, 2], failedScores),
  ],
  'with a status of 500': [
    HTTP_FAULTS['answers 500'],
    [null, null, null],
    forEach('products', 'score', [0, 1, 2], { ...failedScores, upstreamStatus: 500 }),
  ],
};

const one = [{ id: '1', rating: 5 }];
const BY_KEY_MANY: Record<string, [answer: HttpHandler, reviews: unknown[], errors: ExpectedError[]]> = {
  'with several, one and none': [
    json({ data: { reviewsOf: [review('a'), review('b'), review('a')] } }),
    [[...one, ...one], one, []],
    [],
  ],
  'with null among the items': [json({ data: { reviewsOf: [review('a'), null, review('c')] } }), [one, [], one], []],
  'with an item that belongs to none': [json({ data: { reviewsOf: [review('a'), review(null)] } }), [one, [], []], []],
  'with a wrong value in an item': [
    json({ data: { reviewsOf: [review('a', { rating: SECRET }), review('b')] } }),
    [null, one, []],
    [wrong('reviews', 'products', 0, 'reviews', 0, 'rating')],
  ],
  'with text for the list': [
    json({ data: { reviewsOf: SECRET } }),
    [null, null, null],
    forEach('products', 'reviews', [0, 1, 2], { ...unevenScores, operation: 'reviewsOf' }),
  ],
};

const suite = useFaultSuite();

describe.each(WAYS)('on the %s way, a batched link', (way) => {
  const withProducts = (values: readonly unknown[], field: string) =>
    products.map(({ sku }, index) => ({ sku, [field]: values[index] }));

  it.each(Object.entries(BY_KEY))(
    'answered by key %s gives each parent its own',
    async (_name, [answer, values, failure]) => {
      const { catalog, inventory } = suite.backends;
      catalog.answer(json(products));
      const stock = values.map((quantity) => (quantity === null ? null : { quantity }));
      const before = inventory.requests.length;
      const errors = failure === undefined ? [] : forEach('products', 'stock', [0, 1, 2], failure);
      await suite.whileFailing(inventory, answer, stocks(), () =>
        suite.expectEverywhere(way, '{ products { sku stock { quantity } } }', {
          data: { products: withProducts(stock, 'stock') },
          errors,
        }),
      );
      // One call for all parents each time, failed or not: nothing is tried again.
      expect(inventory.requests.length - before).toBe(4);
    },
  );

  it.each(Object.entries(BY_ORDER))(
    'answered by order %s gives each parent its own',
    async (_name, [answer, values, errors]) => {
      const { catalog, reviews } = suite.backends;
      catalog.answer(json(products));
      reviews.answer(answer);
      const before = reviews.requests.length;
      const expected = { data: { products: withProducts(values, 'score') }, errors };
      await suite.expectEverywhere(way, '{ products { sku score } }', expected);
      expect(reviews.requests.length - before).toBe(4);
    },
  );

  it.each(Object.entries(BY_KEY_MANY))(
    'to lists answered %s gives each parent its own',
    async (_name, [answer, values, errors]) => {
      const { catalog, reviews } = suite.backends;
      catalog.answer(json(products));
      reviews.answer(answer);
      const expected = { data: { products: withProducts(values, 'reviews') }, errors };
      await suite.expectEverywhere(way, '{ products { sku reviews { id rating } } }', expected);
    },
  );

  it('that fails beside one that does not leaves it alone', async () => {
    const { catalog, inventory, reviews } = suite.backends;
    catalog.answer(json([...products.slice(0, 2), products[0]]));
    inventory.answer(grpcAnswer([], 13));
    reviews.answer(json({ data: { scoresOf: [7, 8] } }));
    await suite.expectEverywhere(way, '{ products { sku score stock { sku } } }', {
      data: {
        products: [
          { sku: 'a', score: 7, stock: null },
          { sku: 'b', score: 8, stock: null },
          { sku: 'a', score: 7, stock: null },
        ],
      },
      errors: forEach('products', 'stock', [0, 1, 2], batchFailed),
    });
  });

  it('asks for nothing where keys are null, and for the others as ever', async () => {
    const { catalog, reviews } = suite.backends;
    reviews.answer(json({ data: { reviews: [review('a'), review(null), review('b')] } }));
    catalog.answer(json(products));
    const before = catalog.requests.length;
    await suite.expectEverywhere(way, '{ reviews { sku product { name } } }', {
      data: {
        reviews: [
          { sku: 'a', product: { name: 'Name of a' } },
          { sku: null, product: null },
          { sku: 'b', product: { name: 'Name of b' } },
        ],
      },
    });
    expect(catalog.requests.slice(before).map(({ path }) => path)).toEqual(Array(4).fill('/products?sku=a&sku=b'));
    reviews.answer(json({ data: { reviews: [review(null)] } }));
    await suite.expectEverywhere(way, '{ reviews { id product { name } single { name } } }', {
      data: { reviews: [{ id: '1', product: null, single: null }] },
    });
    expect(catalog.requests.length - before).toBe(4);
  });

  it('that fails tells only those who have a key', async () => {
    const { catalog, reviews } = suite.backends;
    reviews.answer(json({ data: { reviews: [review('a'), review(null), review('b')] } }));
    const failure = {
      source: 'catalog',
      operation: 'listProducts',
      code: 'UPSTREAM_FAILED',
      upstreamStatus: 500,
    } as const;
    await suite.whileFailing(catalog, HTTP_FAULTS['answers 500'], json(products), () =>
      suite.expectEverywhere(way, '{ reviews { sku product { name } } }', {
        data: {
          reviews: [
            { sku: 'a', product: null },
            { sku: null, product: null },
            { sku: 'b', product: null },
          ],
        },
        errors: forEach('reviews', 'product', [0, 2], failure),
      }),
    );
  });

  it('whose key is null against the word of its document fails as that field does', async () => {
    const { catalog, inventory } = suite.backends;
    catalog.answer(
      json([
        { sku: 'a', name: 'A' },
        { sku: null, name: 'B' },
      ]),
    );
    inventory.answer(stocks(['a', 1]));
    await suite.expectEverywhere(way, '{ products { sku stock { quantity } } }', {
      data: { products: [{ sku: 'a', stock: { quantity: 1 } }, null] },
      errors: [wrong('catalog', 'products', 1, 'sku')],
    });
  });
});

describe.each(WAYS)('on the %s way, a link of single calls', (way) => {
  const QUERY = '{ reviews { sku single { name } } }';
  const reviewed = (...singles: unknown[]) => ({
    reviews: ['a', null, 'b', 'a'].map((sku, index) => ({ sku, single: singles[index] })),
  });
  const at = { source: 'catalog', operation: 'getProduct' };
  const each: HttpHandler = (response, request, seen) =>
    json({ sku: 'x', name: `Name of ${request.url?.slice(-1)}` })(response, request, seen);

  it.each<[string, HttpHandler, unknown[], ExpectedError[]]>([
    ['that are answered', each, ['Name of a', null, 'Name of b', 'Name of a'], []],
    ['that find nothing', HTTP_FAULTS['answers 404'], [null, null, null, null], []],
    [
      'of which one is refused',
      (response, request, seen) =>
        (request.url?.endsWith('/a') ? HTTP_FAULTS['answers 401'] : each)(response, request, seen),
      [null, null, 'Name of b', null],
      forEach('reviews', 'single', [0, 3], { ...at, code: 'UPSTREAM_REJECTED', upstreamStatus: 401 }),
    ],
    [
      'of which one is cut',
      (response, request, seen) =>
        (request.url?.endsWith('/b') ? HTTP_FAULTS['closes the socket in the middle of the body'] : each)(
          response,
          request,
          seen,
        ),
      ['Name of a', null, null, 'Name of a'],
      forEach('reviews', 'single', [2], { ...at, code: 'UPSTREAM_FAILED' }),
    ],
    [
      'that all have no name',
      json({ sku: 'x', name: null }),
      [null, null, null, null],
      [0, 2, 3].map((index) => wrong('catalog', 'reviews', index, 'single', 'name')),
    ],
  ])('%s fails where it fails, and asks once for each key', async (_name, answer, names, errors) => {
    const { catalog, reviews } = suite.backends;
    reviews.answer(json({ data: { reviews: [review('a'), review(null), review('b'), review('a')] } }));
    catalog.answer(answer);
    const before = catalog.requests.length;
    const singles = names.map((name) => (name === null ? null : { name }));
    await suite.expectEverywhere(way, QUERY, { data: reviewed(...singles), errors });
    expect(catalog.requests.length - before).toBe(8);
  });
});
