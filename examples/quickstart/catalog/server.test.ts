import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { fetch } from 'undici';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type Backend, quickstartFile } from '../backend.ts';
import type { Product } from './products.ts';
import { createCatalogServer } from './server.ts';

let calls: string[];
let catalog: Backend;
let url: string;

beforeEach(async () => {
  calls = [];
  catalog = createCatalogServer({ onCall: (operation) => calls.push(operation) });
  url = `http://127.0.0.1:${await catalog.listen()}`;
});
afterEach(() => catalog.close());

async function skusOf(query: string): Promise<string[]> {
  const response = await fetch(`${url}/products${query}`);
  expect(response.status).toBe(200);
  return ((await response.json()) as Product[]).map((product) => product.sku);
}

function post(body: unknown) {
  return fetch(`${url}/products`, { method: 'POST', body: JSON.stringify(body) });
}

test('what is answered is what the document says', async () => {
  const document = parse(readFileSync(quickstartFile('catalog/openapi.yaml'), 'utf8'));
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const matches = (name: string, value: unknown) =>
    ajv.validate({ $ref: `#/components/schemas/${name}`, components: document.components }, value);
  for (const product of (await (await fetch(`${url}/products`)).json()) as unknown[]) {
    expect(matches('Product', product)).toBe(true);
  }
  expect(matches('Problem', await (await fetch(`${url}/products/nothing`)).json())).toBe(true);
  const added = { sku: 'rope-01', name: 'Rope', category: 'outdoor', priceCents: 900 };
  expect(matches('NewProduct', added)).toBe(true);
  expect(matches('Product', await (await post(added)).json())).toBe(true);
});

test('products are listed in pages, with how many there are of them', async () => {
  const response = await fetch(`${url}/products?pageSize=5&page=3`);
  expect(response.headers.get('x-total-count')).toBe('12');
  expect(((await response.json()) as Product[]).map((product) => product.sku)).toEqual(['stove-01', 'tent-01']);
  expect(calls).toEqual(['listProducts']);
});

test('products are found by category and by text', async () => {
  expect(await skusOf('?category=lighting')).toEqual(['lamp-01', 'lamp-02']);
  expect(await skusOf('?category=lighting&search=LANTERN')).toEqual(['lamp-02']);
  expect(await skusOf('?search=campfire')).toEqual(['pan-01']);
});

test('products that are named come together, without the unknown ones', async () => {
  expect(await skusOf('?sku=tent-01&sku=lamp-01&sku=nothing&pageSize=1')).toEqual(['lamp-01', 'tent-01']);
});

test.each(['?page=0', '?pageSize=101', '?page=x', '?category=toys'])('a list with %s is refused', async (query) => {
  const response = await fetch(`${url}/products${query}`);
  expect(response.status).toBe(400);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
});

test('one product is answered by its sku', async () => {
  const response = await fetch(`${url}/products/lamp-01`);
  expect(await response.json()).toMatchObject({ sku: 'lamp-01', name: 'Copper Desk Lamp', priceCents: 6900 });
  expect(calls).toEqual(['getProduct']);
});

test.each(['nothing', '..%2Fproducts', 'lamp-01/more', ''])('there is no product at /products/%s', async (path) => {
  expect((await fetch(`${url}/products/${path}`)).status).toBe(404);
});

test('a product is added once', async () => {
  const rope = { sku: 'rope-01', name: 'Climbing Rope', category: 'outdoor', priceCents: 11900 };
  const first = await post(rope);
  expect(first.status).toBe(201);
  expect(await first.json()).toMatchObject({ ...rope, currency: 'EUR', description: '', tags: [] });
  expect((await post(rope)).status).toBe(409);
  expect(await skusOf('?sku=rope-01')).toEqual(['rope-01']);
});

test('a body that is not a product is refused with the reason', async () => {
  const response = await post({ sku: 'Bad Sku', name: 'x', category: 'outdoor', priceCents: 1.5 });
  expect(response.status).toBe(400);
  const { detail } = (await response.json()) as { detail: string };
  expect(detail).toContain('sku:');
  expect(detail).toContain('priceCents:');
  expect((await fetch(`${url}/products`, { method: 'POST', body: '{' })).status).toBe(400);
});

test('other methods are not taken', async () => {
  const response = await fetch(`${url}/products`, { method: 'DELETE' });
  expect(response.status).toBe(405);
  expect(response.headers.get('allow')).toBe('GET, POST');
  expect(calls).toEqual([]);
});
