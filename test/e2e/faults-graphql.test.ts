import { describe, expect, it } from 'vitest';
import type { ErrorDetails } from '../../kernel/errors.ts';
import { askJson, type ExpectedError, plain } from '../utils/fault-answers.ts';
import { HTTP_FAULTS, HTTP_SILENCES, type HttpFault, type HttpHandler, json, SECRET } from '../utils/fault-server.ts';
import { useFaultSuite, WAYS } from '../utils/fault-suite.ts';

type Failure = Pick<ExpectedError, 'code'> & ErrorDetails;

const FAILURES: Record<HttpFault, Failure> = {
  'refuses connections': { code: 'UPSTREAM_UNREACHABLE' },
  'answers 500': { code: 'UPSTREAM_FAILED', upstreamStatus: 500 },
  // Here it is the service that is not there, not the review.
  'answers 404': { code: 'UPSTREAM_REJECTED', upstreamStatus: 404 },
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
const REVIEW = { id: '1', rating: 5, mood: 'GLAD', text: 'Fine', author: { name: 'Ada', city: 'Ulm' } };
const QUERY = '{ hello { text } review(id: 1) { id rating mood text author { name city } } }';
const PAGE = '{ hello { text } reviews { id rating mood } }';
const answer = (review: unknown, errors?: unknown): HttpHandler => json({ data: { review }, errors });

const wrong = (...path: (string | number)[]): ExpectedError => ({
  path,
  source: 'reviews',
  code: 'UPSTREAM_BAD_RESPONSE',
});
const at = { source: 'reviews', operation: 'review' };
const unusable: ExpectedError = { ...wrong('review'), ...at };
const failed: ExpectedError = { path: ['review'], code: 'UPSTREAM_FAILED', ...at };
/** As services write them, with more in them than is anybody's business. */
const error = (path?: unknown, code: unknown = SECRET) => ({
  message: `connect http://${SECRET}:5432`,
  path,
  extensions: { code, stacktrace: [SECRET], exception: { host: SECRET } },
});

/** What is answered, what of it is shown, and what is said of the rest. */
const ANSWERS: Record<string, [answer: HttpHandler, review: unknown, errors: ExpectedError[]]> = {
  'text for its data': [json({ data: SECRET }), null, [{ ...unusable, upstreamStatus: 200 }]],
  'null for its data': [json({ data: null }), null, [{ ...unusable, upstreamStatus: 200 }]],
  'data without the field': [json({ data: {} }), null, [unusable]],
  'null for the field': [answer(null), null, []],
  'null for a field that is never null': [answer({ ...REVIEW, rating: null }), null, [wrong('review', 'rating')]],
  'text for an integer that is never null': [answer({ ...REVIEW, rating: SECRET }), null, [wrong('review', 'rating')]],
  'an enum value of its own': [
    answer({ ...REVIEW, mood: SECRET }),
    { ...REVIEW, mood: null },
    [wrong('review', 'mood')],
  ],
  'an object for text': [
    answer({ ...REVIEW, text: { secret: SECRET } }),
    { ...REVIEW, text: null },
    [wrong('review', 'text')],
  ],
  'text for an object': [
    answer({ ...REVIEW, author: SECRET }),
    { ...REVIEW, author: null },
    [wrong('review', 'author', 'name')],
  ],
  'nothing but an error': [json({ errors: [error()] }), null, [failed]],
  'nothing but an error that blames the request': [
    json({ errors: [error(undefined, 'BAD_USER_INPUT')] }),
    null,
    [{ ...failed, code: 'UPSTREAM_REJECTED' }],
  ],
  'errors that are no errors': [json({ errors: [SECRET] }), null, [{ ...unusable, upstreamStatus: 200 }]],
  'an error at a field': [
    answer({ ...REVIEW, text: null }, [error(['review', 'text'], 'FORBIDDEN')]),
    { ...REVIEW, text: null },
    [{ ...failed, path: ['review', 'text'], code: 'UPSTREAM_REJECTED' }],
  ],
  'an error whose null stands further up': [
    answer({ ...REVIEW, author: null }, [error(['review', 'author', 'name'])]),
    { ...REVIEW, author: null },
    [{ ...failed, path: ['review', 'author'] }],
  ],
  'an error that does not say where, beside a null': [
    answer({ ...REVIEW, text: null }, [error()]),
    { ...REVIEW, text: null },
    [{ ...failed, path: ['review', 'text'] }],
  ],
  'an error somewhere else, beside a null': [
    answer({ ...REVIEW, author: { ...REVIEW.author, city: null } }, [error(['author', 'city'])]),
    { ...REVIEW, author: { ...REVIEW.author, city: null } },
    [{ ...failed, path: ['review', 'author', 'city'] }],
  ],
  'an error somewhere else': [answer(REVIEW, [error(['other'])]), REVIEW, []],
  'an error at a field that is there, beside a null that needs none': [
    answer({ ...REVIEW, mood: null }, [error(['review', 'author'])]),
    { ...REVIEW, mood: null },
    [],
  ],
  'an error of a wrong form beside data': [answer(REVIEW, [{ path: { a: SECRET }, message: 7 }, SECRET]), REVIEW, []],
  'data with a status of 500': [json({ data: { review: REVIEW } }, 500), REVIEW, []],
  'an error with a status of 400': [
    json({ errors: [error()] }, 400),
    null,
    [{ ...failed, code: 'UPSTREAM_REJECTED', upstreamStatus: 400 }],
  ],
  'an error with a status of 429': [
    json({ errors: [error()] }, 429, { 'retry-after': '7' }),
    null,
    [{ ...failed, code: 'UPSTREAM_REJECTED', upstreamStatus: 429, retryAfterMs: 7_000 }],
  ],
};

const [first, second, third] = ['1', '2', '3'].map((id) => ({ id, rating: 5, mood: 'SAD' }));
const LISTS: Record<string, [items: unknown, errors: unknown, reviews: unknown, expected: ExpectedError[]]> = {
  'null for a rating': [
    [first, { ...second, rating: null }, third],
    undefined,
    [first, null, third],
    [wrong('reviews', 1, 'rating')],
  ],
  'an enum value of its own': [
    [first, { ...second, mood: SECRET }, third],
    undefined,
    [first, { ...second, mood: null }, third],
    [wrong('reviews', 1, 'mood')],
  ],
  'null for an item': [[first, null, third], undefined, [first, null, third], []],
  'an error for an item': [
    [first, null, third],
    [error(['reviews', 1, 'rating'])],
    [first, null, third],
    [{ path: ['reviews', 1], code: 'UPSTREAM_FAILED', source: 'reviews', operation: 'reviews' }],
  ],
  'an error for all items, as gateways tell it': [
    [first, { ...second, mood: null }, { ...third, mood: null }],
    [error(['reviews', '@', 'mood'])],
    [first, { ...second, mood: null }, { ...third, mood: null }],
    [1, 2].map((item) => ({ ...failed, path: ['reviews', item, 'mood'], operation: 'reviews' })),
  ],
  'text for the list': [SECRET, undefined, null, [wrong('reviews')]],
};

const good = answer(REVIEW);

const suite = useFaultSuite();

describe.each(WAYS)('on the %s way, a GraphQL source', (way) => {
  const expectGood = async () => {
    const { results } = await askJson(suite.gateway(way), QUERY);
    expect(results.map(plain)).toEqual([plain({ data: { hello, review: REVIEW } })]);
  };

  it.each(Object.entries(FAILURES))(
    'that %s is told as what it is, beside what others answer',
    async (name, failure) => {
      const errors = [{ path: ['review'], ...at, ...failure }];
      await suite.whileFailing(suite.backends.reviews, HTTP_FAULTS[name as HttpFault], good, () =>
        suite.expectEverywhere(way, QUERY, { data: { hello, review: null }, errors }),
      );
      await expectGood();
    },
  );

  it.each(Object.entries(ANSWERS))('that gives %s shows what is left', async (_name, [handler, review, errors]) => {
    await suite.whileFailing(suite.backends.reviews, handler, good, () =>
      suite.expectEverywhere(way, QUERY, { data: { hello, review }, errors }),
    );
    await expectGood();
  });

  it.each(Object.entries(LISTS))(
    'whose list has %s keeps the others',
    async (_name, [items, errors, shown, expected]) => {
      await suite.whileFailing(suite.backends.reviews, json({ data: { reviews: items }, errors }), good, () =>
        suite.expectEverywhere(way, PAGE, { data: { hello, reviews: shown }, errors: expected }),
      );
    },
  );
});

it.each(Object.entries(HTTP_SILENCES))(
  'a GraphQL source that %s is given up after its time, on both ways',
  async (_name, silence) => {
    const { reviews } = suite.backends;
    reviews.answer(silence);
    const errors: ExpectedError[] = [{ path: ['review'], code: 'UPSTREAM_TIMEOUT', ...at }];
    await suite.expectFromHasty(QUERY, { data: { hello, review: null }, errors }, () => {
      reviews.answer(good);
      return { data: { hello, review: REVIEW } };
    });
  },
);
