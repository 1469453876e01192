import { createServer, type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { type Backend, type BackendOptions, createHttpBackend } from '../backend.ts';
import { RequestError, readJson, sendJson } from '../http.ts';
import { CATEGORIES, PRODUCTS, type Product } from './products.ts';

const MAX_PRODUCTS = 10_000;

/** The parameters of listProducts and the body of createProduct, as openapi.yaml has them. */
const listParameters = z.object({
  category: z.enum(CATEGORIES).optional(),
  search: z.string().max(200).optional(),
  page: z.coerce.number().int().min(1).default(1),
  pageSize: z.coerce.number().int().min(1).max(100).default(20),
});
const newProduct = z.strictObject({
  sku: z
    .string()
    .max(40)
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/),
  name: z.string().min(1).max(120),
  description: z.string().max(2000).default(''),
  category: z.enum(CATEGORIES),
  priceCents: z.int().min(0).max(100_000_000),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .default('EUR'),
});

/** The catalog: a REST API over products in memory. openapi.yaml describes it. */
export function createCatalogServer(options: BackendOptions = {}): Backend {
  const products = new Map(PRODUCTS.map((product) => [product.sku, product]));

  function listProducts(query: URLSearchParams, response: ServerResponse): void {
    const skus = query.getAll('sku');
    query.delete('sku');
    const { category, search, page, pageSize } = valid(listParameters, Object.fromEntries(query));
    const named = skus.length > 0 ? new Set(skus) : undefined;
    const text = search?.toLowerCase();
    const found = [...products.values()]
      .filter((product) => !named || named.has(product.sku))
      .filter((product) => !category || product.category === category)
      .filter((product) => !text || contains(product, text))
      .sort((a, b) => (a.sku < b.sku ? -1 : 1));
    const answer = named ? found : found.slice((page - 1) * pageSize, page * pageSize);
    sendJson(response, 200, answer, { 'x-total-count': String(found.length) });
  }

  function getProduct(sku: string, response: ServerResponse): void {
    const product = products.get(sku);
    if (!product) throw new RequestError(404, 'There is no product with this sku.');
    sendJson(response, 200, product);
  }

  async function createProduct(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = valid(newProduct, await readJson(request));
    if (products.has(body.sku)) throw new RequestError(409, 'There is a product with this sku already.');
    if (products.size >= MAX_PRODUCTS) throw new RequestError(507, `The catalog holds ${MAX_PRODUCTS} products.`);
    const product: Product = { ...body, tags: [], createdAt: new Date().toISOString() };
    products.set(product.sku, product);
    sendJson(response, 201, product, { location: `/products/${product.sku}` });
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = '', query] = (request.url ?? '/').split('?', 2);
    const [, collection, sku, ...rest] = path.split('/').map(decodeSegment);
    if (collection !== 'products' || rest.length > 0) throw new RequestError(404, 'There is nothing at this path.');
    if (sku !== undefined) {
      allow(request, response, 'GET');
      options.onCall?.('getProduct');
      return getProduct(sku, response);
    }
    allow(request, response, 'GET', 'POST');
    options.onCall?.(request.method === 'POST' ? 'createProduct' : 'listProducts');
    if (request.method === 'POST') return createProduct(request, response);
    return listProducts(new URLSearchParams(query), response);
  }

  return createHttpBackend(
    createServer((request, response) => {
      answer(request, response).catch((error: unknown) => sendProblem(response, error));
    }),
  );
}

function contains(product: Product, text: string): boolean {
  return [product.name, product.description, ...product.tags].some((part) => part.toLowerCase().includes(text));
}

function valid<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const details = result.error.issues.map((issue) => [issue.path.join('.'), issue.message].filter(Boolean).join(': '));
  throw new RequestError(400, details.join('; '));
}

function allow(request: IncomingMessage, response: ServerResponse, ...methods: readonly string[]): void {
  if (methods.includes(request.method ?? '')) return;
  response.setHeader('allow', methods.join(', '));
  throw new RequestError(405, 'This path does not take this method.');
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new RequestError(400, 'The path is not well encoded.');
  }
}

function sendProblem(response: ServerResponse, error: unknown): void {
  if (response.headersSent) return void response.destroy();
  const { status, message } =
    error instanceof RequestError ? error : new RequestError(500, 'The catalog could not answer.');
  const problem = { title: STATUS_CODES[status], status, detail: message };
  sendJson(response, status, problem, { 'content-type': 'application/problem+json' });
}
