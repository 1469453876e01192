import { createClient } from 'graphql-sse';
import { fetch } from 'undici';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Backend } from '../backend.ts';
import { createReviewsServer } from './server.ts';

let calls: string[];
let reviews: Backend;
let url: string;
let streamEnded: () => void;

beforeEach(async () => {
  calls = [];
  reviews = createReviewsServer({ onCall: (operation) => calls.push(operation), onStreamEnd: () => streamEnded() });
  url = `http://127.0.0.1:${await reviews.listen()}/graphql`;
});
afterEach(() => reviews.close());

async function run(query: string, variables: object = {}): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  return response.json();
}

const add = 'mutation ($input: AddReviewInput!) { addReview(input: $input) { id sku rating } }';
const rope = { sku: 'rope-01', author: 'Ada', rating: 5, text: 'It holds.' };

test('the reviews of several products come in one call, newest first', async () => {
  const query = '{ reviewsOfProducts(skus: ["lamp-01", "stove-01", "pan-01"]) { sku author rating createdAt } }';
  const { data } = (await run(query)) as { data: { reviewsOfProducts: { sku: string; createdAt: string }[] } };
  const days = data.reviewsOfProducts.map((review) => review.createdAt);
  expect(days).toEqual(days.toSorted().reverse());
  expect(data.reviewsOfProducts.map((review) => review.sku)).toEqual([
    'lamp-01',
    'pan-01',
    'lamp-01',
    'lamp-01',
    'pan-01',
    'lamp-01',
    'pan-01',
  ]);
  expect(calls).toEqual(['reviewsOfProducts']);
});

test('the newest reviews are ten unless told', async () => {
  const { data } = (await run('{ ten: reviews { id } two: reviews(first: 2) { id } }')) as {
    data: Record<string, object[]>;
  };
  expect(data.ten).toHaveLength(10);
  expect(data.two).toEqual([{ id: 'r26' }, { id: 'r25' }]);
});

test('a review that is added is the newest', async () => {
  expect(await run(add, { input: rope })).toEqual({ data: { addReview: { id: 'r27', sku: 'rope-01', rating: 5 } } });
  expect(await run('{ reviews(first: 1) { id author text } }')).toEqual({
    data: { reviews: [{ id: 'r27', author: 'Ada', text: 'It holds.' }] },
  });
});

test('a review with a rating off the scale is refused', async () => {
  expect(await run(add, { input: { ...rope, rating: 6 } })).toMatchObject({
    data: null,
    errors: [{ message: 'rating goes from 1 to 5.', extensions: { code: 'BAD_USER_INPUT' } }],
  });
});

test('who subscribes to a product hears of its reviews, until they leave', async () => {
  const ended = new Promise<void>((resolve) => {
    streamEnded = resolve;
  });
  const client = createClient({ url, fetchFn: fetch });
  const events = client.iterate({ query: 'subscription { reviewAdded(sku: "rope-01") { sku author } }' });
  const first = events.next();
  await expect.poll(() => calls).toEqual(['reviewAdded']);
  await run(add, { input: { ...rope, sku: 'lamp-01' } });
  await run(add, { input: rope });
  expect((await first).value).toEqual({ data: { reviewAdded: { sku: 'rope-01', author: 'Ada' } } });
  await events.return?.();
  await ended;
});
