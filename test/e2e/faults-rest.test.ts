import { describe, expect, it } from 'vitest';
import type { ErrorDetails } from '../../kernel/errors.ts';
import { askJson, type ExpectedError, plain, unseen } from '../utils/fault-answers.ts';
import { HTTP_FAULTS, HTTP_SILENCES, type HttpFault, json, SECRET } from '../utils/fault-server.ts';
import { useFaultSuite, WAYS } from '../utils/fault-suite.ts';

type Failure = Pick<ExpectedError, 'code'> & ErrorDetails;

const FAILURES: Record<HttpFault, Failure | null> = {
  'refuses connections': { code: 'UPSTREAM_UNREACHABLE' },
  'answers 500': { code: 'UPSTREAM_FAILED', upstreamStatus: 500 },
  // There is no such product, which is an answer.
  'answers 404': null,
  'answers 401': { code: 'UPSTREAM_REJECTED', upstreamStatus: 401 },
  'answers 429 with Retry-After': { code: 'UPSTREAM_REJECTED', upstreamStatus: 429, retryAfterMs: 7_000 },
  'answers 503 with Retry-After': { code: 'UPSTREAM_FAILED', upstreamStatus: 503, retryAfterMs: 7_000 },
  'redirects to another host': { code: 'UPSTREAM_BAD_RESPONSE', upstreamStatus: 302 },
  'answers HTML with 200': { code: 'UPSTREAM_BAD_RESPONSE', upstreamStatus: 200 },
  'calls HTML JSON': { code: 'UPSTREAM_BAD_RESPONSE', upstreamStatus: 200 },
  'answers half a JSON': { code: 'UPSTREAM_BAD_RESPONSE', upstreamStatus: 200 },
  'answers nothing with 200': { code: 'UPSTREAM_BAD_RESPONSE', upstreamStatus: 200 },
  'closes the socket in the middle of the body': { code: 'UPSTREAM_FAILED' },
  'closes the socket before it answers': { code: 'UPSTREAM_UNREACHABLE' },
  'answers what is no HTTP': { code: 'UPSTREAM_BAD_RESPONSE' },
  'says that its answer is too large': { code: 'UPSTREAM_RESPONSE_TOO_LARGE' },
  'does not say beforehand that its answer is too large': { code: 'UPSTREAM_RESPONSE_TOO_LARGE' },
  'sends a small answer that unpacks to a large one': { code: 'UPSTREAM_RESPONSE_TOO_LARGE' },
};

const hello = { text: 'still here' };
const AXE = { sku: 'a', name: 'Axe', price: 5, shelf: 'tools', maker: { city: 'Ulm', street: null }, tags: ['t'] };
const SHOWN = { ...AXE, shelf: 'TOOLS' };
const QUERY = '{ hello { text } product(sku: "a") { sku name price shelf maker { city street } tags } }';
const PAGE = '{ hello { text } products { sku name price } }';

const wrong = (...path: (string | number)[]): ExpectedError => ({
  path,
  source: 'catalog',
  code: 'UPSTREAM_BAD_RESPONSE',
});
/** Raised where the answer was read, which knows more than the type system does. */
const unusable = (operation: string, path: string): ExpectedError => ({
  ...wrong(path),
  source: 'catalog',
  operation,
  upstreamStatus: 200,
});

/** What is answered, what of it is shown, and what is said of the rest. */
const SHAPES: Record<string, [answer: unknown, product: unknown, errors: ExpectedError[]]> = {
  'a string for the object': [SECRET, null, [unusable('getProduct', 'product')]],
  'a list for the object': [[AXE], null, [unusable('getProduct', 'product')]],
  'null for the object': [null, null, []],
  'null for a field that is never null': [{ ...AXE, name: null }, null, [wrong('product', 'name')]],
  'nothing for a field that is never null': [{ ...AXE, name: undefined }, null, [wrong('product', 'name')]],
  'an object for a string': [{ ...AXE, name: { secret: SECRET } }, null, [wrong('product', 'name')]],
  'a string for an integer': [{ ...AXE, price: SECRET }, { ...SHOWN, price: null }, [wrong('product', 'price')]],
  'a fraction for an integer': [{ ...AXE, price: 0.5 }, { ...SHOWN, price: null }, [wrong('product', 'price')]],
  'an integer beyond 32 bits': [{ ...AXE, price: 1e12 }, { ...SHOWN, price: null }, [wrong('product', 'price')]],
  'an enum value of its own': [{ ...AXE, shelf: SECRET }, { ...SHOWN, shelf: null }, [wrong('product', 'shelf')]],
  'a string for an object further down': [
    { ...AXE, maker: SECRET },
    { ...SHOWN, maker: null },
    [wrong('product', 'maker', 'city')],
  ],
  'a string for a list': [{ ...AXE, tags: SECRET }, { ...SHOWN, tags: null }, [wrong('product', 'tags')]],
  'a list with an object among strings': [
    { ...AXE, tags: ['x', { secret: SECRET }] },
    { ...SHOWN, tags: null },
    [wrong('product', 'tags', 1)],
  ],
};

const [first, second, third] = ['a', 'b', 'c'].map((sku) => ({ sku, name: sku, price: 1 }));
const LISTS: Record<string, [answer: unknown, products: unknown, errors: ExpectedError[]]> = {
  'null for a name': [[first, { ...second, name: null }, third], [first, null, third], [wrong('products', 1, 'name')]],
  'text for a price': [
    [first, { ...second, price: SECRET }, third],
    [first, { ...second, price: null }, third],
    [wrong('products', 1, 'price')],
  ],
  'null for an item': [[first, null, third], [first, null, third], []],
  'an object for the list': [{ secret: SECRET }, null, [unusable('listProducts', 'products')]],
};

const good = json(AXE);

const suite = useFaultSuite();

describe.each(WAYS)('on the %s way, a REST source', (way) => {
  const expectGood = async () => {
    const { results } = await askJson(suite.gateway(way), QUERY);
    expect(results.map(plain)).toEqual([plain({ data: { hello, product: SHOWN } })]);
  };

  it.each(Object.entries(FAILURES))(
    'that %s is told as what it is, beside what others answer',
    async (name, failure) => {
      const { catalog } = suite.backends;
      const at = { path: ['product'], source: 'catalog', operation: 'getProduct' };
      await suite.whileFailing(catalog, HTTP_FAULTS[name as HttpFault], good, () =>
        suite.expectEverywhere(way, QUERY, {
          data: { hello, product: null },
          errors: failure === null ? [] : [{ ...at, ...failure }],
        }),
      );
      await expectGood();
    },
  );

  it.each(Object.entries(SHAPES))('that gives %s shows what is left', async (_name, [answer, product, errors]) => {
    await suite.whileFailing(suite.backends.catalog, json(answer), good, () =>
      suite.expectEverywhere(way, QUERY, { data: { hello, product }, errors }),
    );
    await expectGood();
  });

  it.each(Object.entries(LISTS))('whose list has %s keeps the others', async (_name, [answer, products, errors]) => {
    await suite.whileFailing(suite.backends.catalog, json(answer), good, () =>
      suite.expectEverywhere(way, PAGE, { data: { hello, products }, errors }),
    );
  });

  it('that has not what is to be removed is told so: a 404 is an answer to queries only', async () => {
    const details = { source: 'catalog', operation: 'removeProduct', upstreamStatus: 404 };
    await suite.whileFailing(suite.backends.catalog, HTTP_FAULTS['answers 404'], good, () =>
      suite.expectEverywhere(way, 'mutation { removeProduct(sku: "a") { sku } greet { text } }', {
        data: { removeProduct: null, greet: hello },
        errors: [{ path: ['removeProduct'], code: 'UPSTREAM_REJECTED', ...details }],
      }),
    );
  });

  it('that gives text for an item is told, of a compiled document field by field', async () => {
    suite.backends.catalog.answer(json([first, SECRET, third]));
    const text = unseen(PAGE);
    const data = { hello, products: [first, null, third] };
    const sku = wrong('products', 1, 'sku');
    // GraphQL leaves it open whether the fields beside the first that is wrong are looked at: compiled documents do.
    const compiled = way === 'direct' ? [sku, wrong('products', 1, 'name')] : [sku];
    for (const errors of [[sku], compiled, compiled]) {
      suite.expectAnswer(await askJson(suite.gateway(way), text), [{ data, errors }]);
    }
    suite.backends.catalog.answer(good);
  });
});

it.each(Object.entries(HTTP_SILENCES))(
  'a REST source that %s is given up after its time, on both ways',
  async (_name, silence) => {
    const { catalog } = suite.backends;
    catalog.answer(silence);
    const errors = [
      { path: ['product'], code: 'UPSTREAM_TIMEOUT', source: 'catalog', operation: 'getProduct' },
    ] as const;
    await suite.expectFromHasty(QUERY, { data: { hello, product: null }, errors }, () => {
      catalog.answer(good);
      return { data: { hello, product: SHOWN } };
    });
  },
);
