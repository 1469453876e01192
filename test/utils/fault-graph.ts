import type { Log } from '../../kernel/ports.ts';
import { linkOptions } from '../../schema/options.ts';
import type { Way } from '../../schema/plan/way.ts';
import { createAiSource } from '../../sources/ai/ai-source.ts';
import { createModels } from '../../sources/ai/model-client.ts';
import { modelOptions, providerOptions } from '../../sources/ai/options.ts';
import { createGraphqlSource } from '../../sources/graphql/graphql-source.ts';
import { graphqlOptions } from '../../sources/graphql/options.ts';
import { createGrpcSource } from '../../sources/grpc/grpc-source.ts';
import { grpcOptions } from '../../sources/grpc/options.ts';
import { createOpenapiSource } from '../../sources/openapi/openapi-source.ts';
import { openapiOptions } from '../../sources/openapi/options.ts';
import { promptOptions } from '../../sources/prompt/options.ts';
import { createPromptSource } from '../../sources/prompt/prompt-source.ts';
import type { Source, SourceDeps } from '../../sources/source.ts';
import {
  createGrpcFaultServer,
  createHttpFaultServer,
  type GrpcFaultServer,
  type HttpFaultServer,
  json,
} from './fault-server.ts';
import { fixture } from './grpc-server.ts';
import { startTestGateway, type TestGateway } from './test-gateway.ts';

/** The gateway's own secrets towards its upstreams. */
export const UPSTREAM_KEY = 'sk-the-key-of-the-gateway';

/** One backend of each kind that fails as it is told, and one that is always well. */
export interface FaultBackends {
  readonly catalog: HttpFaultServer;
  readonly reviews: HttpFaultServer;
  readonly inventory: GrpcFaultServer;
  readonly provider: HttpFaultServer;
  readonly steady: HttpFaultServer;
  /** What no answer may contain. */
  readonly ports: readonly string[];
  close(): Promise<void>;
}

export async function startFaultBackends(): Promise<FaultBackends> {
  const [catalog, reviews, provider, steady] = await Promise.all([
    createHttpFaultServer(),
    createHttpFaultServer(),
    createHttpFaultServer(),
    createHttpFaultServer(),
  ]);
  const inventory = await createGrpcFaultServer();
  steady.answer(json({ text: 'still here' }));
  const all = [catalog, reviews, provider, steady, inventory];
  return {
    catalog,
    reviews,
    provider,
    steady,
    inventory,
    ports: all.map(({ port }) => String(port)),
    async close() {
      await Promise.all(all.map((server) => server.close()));
    },
  };
}

const object = (required: readonly string[], properties: object) => ({ type: 'object', required, properties });
const string = { type: 'string' };
const answers = (schema: object) => ({
  responses: { 200: { description: 'Fine', content: { 'application/json': { schema } } } },
});
const product = { $ref: '#/components/schemas/Product' };
const skuIn = (place: string, schema: object) => [{ name: 'sku', in: place, required: place === 'path', schema }];

const CATALOG = {
  openapi: '3.1.0',
  info: { title: 'Catalog', version: '1' },
  paths: {
    '/products/{sku}': {
      get: { operationId: 'getProduct', parameters: skuIn('path', string), ...answers(product) },
      delete: { operationId: 'removeProduct', parameters: skuIn('path', string), ...answers(product) },
    },
    '/products': {
      get: {
        operationId: 'listProducts',
        parameters: skuIn('query', { type: 'array', items: string }),
        ...answers({ type: 'array', items: { anyOf: [product, { type: 'null' }] } }),
      },
    },
  },
  components: {
    schemas: {
      Product: object(['sku', 'name'], {
        sku: string,
        name: string,
        price: { type: 'integer' },
        shelf: { type: 'string', enum: ['tools', 'garden'] },
        maker: object(['city'], { city: string, street: string }),
        tags: { type: 'array', items: string },
      }),
    },
  },
};

const STEADY = {
  openapi: '3.1.0',
  info: { title: 'Steady', version: '1' },
  paths: {
    '/hello': {
      get: { operationId: 'hello', ...answers(object(['text'], { text: string })) },
      post: { operationId: 'greet', ...answers(object(['text'], { text: string })) },
    },
  },
};

const REVIEWS = `
  type Query {
    review(id: ID!): Review
    reviews: [Review]
    reviewsOf(skus: [ID!]!): [Review]
    scoresOf(skus: [ID!]!): [Int]
  }
  type Mutation { addReview(text: String!): Review }
  type Subscription { reviewAdded: Review }
  type Review { id: ID! sku: ID rating: Int! mood: Mood text: String author: Author }
  type Author { name: String! city: String }
  enum Mood { GLAD SAD }
`;

const LINKS = {
  'Product.stock': { call: 'inventory.batchGetStock', args: { skus: '$parents.sku' }, items: 'stocks', match: 'sku' },
  'Product.reviews': { call: 'reviews.reviewsOf', args: { skus: '$parents.sku' }, match: 'sku', many: true },
  'Product.score': { call: 'reviews.scoresOf', args: { skus: '$parents.sku' } },
  'Review.product': { call: 'catalog.products', args: { sku: '$parents.sku' }, match: 'sku' },
  'Review.single': { call: 'catalog.product', args: { sku: '$parent.sku' } },
};

const PROMPTS = {
  classify: {
    input: { text: 'String!' },
    output: 'Feeling!',
    types: 'type Feeling { label: FeelingLabel! score: Int! note: String } enum FeelingLabel { GOOD BAD }',
    template: 'How is this? {{ text }}',
  },
  retell: { input: { text: 'String!' }, template: 'Tell again: {{ text }}' },
};

export interface FaultGatewayOptions {
  readonly way: Way;
  readonly log: Log;
  /** Of every source. */
  readonly timeoutMs?: number;
}

/** A gateway over the sources of all kinds. */
export async function startFaultGateway(
  backends: FaultBackends,
  { way, log, timeoutMs = 10_000 }: FaultGatewayOptions,
): Promise<TestGateway> {
  const deps: SourceDeps = {
    log,
    report: ({ message }) => {
      throw new Error(message);
    },
  };
  const url = ({ port }: { port: number }) => `http://127.0.0.1:${port}`;
  // Each fault is told as it is: nothing is sent again, and nobody is left alone for it.
  const upstream = { breaker: false, retries: false };
  const common = { headers: { 'x-api-key': UPSTREAM_KEY }, timeoutMs, maxResponseBytes: 20_000, upstream };
  const openapi = (name: string, document: object, endpoint: string, operations: object) => {
    const options = openapiOptions.parse({ kind: 'openapi', document: 'x', endpoint, operations, ...common });
    return createOpenapiSource(name, options, JSON.stringify(document), '/document.json', deps);
  };
  const endpoint = `${url(backends.reviews)}/graphql`;
  const reviews = graphqlOptions.parse({ kind: 'graphql', endpoint, ...common });
  const document = fixture('shop.proto');
  const inventory = grpcOptions.parse({
    kind: 'grpc',
    document,
    endpoint: `127.0.0.1:${backends.inventory.port}`,
    ...common,
    operations: { GetEverything: { hide: true }, ListStock: { hide: true } },
  });
  const provider = providerOptions.parse({
    dialect: 'openai',
    endpoint: `${url(backends.provider)}/v1`,
    apiKey: UPSTREAM_KEY,
    timeoutMs,
    upstream,
  });
  const stub = modelOptions.parse({ provider: 'company', model: 'stub-2025' });
  const ai = { providers: { company: provider }, models: { stub }, routes: { default: ['stub'] } };
  const models = createModels(ai, deps);
  const prompts = Object.fromEntries(
    Object.entries(PROMPTS).map(([name, prompt]) => [name, promptOptions.parse(prompt)]),
  );
  const sources: Source[] = [
    openapi('catalog', CATALOG, url(backends.catalog), { getProduct: { name: 'product' } }),
    openapi('steady', STEADY, url(backends.steady), { hello: { name: 'hello' }, greet: { name: 'greet' } }),
    await createGraphqlSource('reviews', reviews, REVIEWS, deps),
    await createGrpcSource('inventory', inventory, document, deps),
    createAiSource(models, deps),
    createPromptSource(prompts, models, deps),
  ];
  const links = Object.fromEntries(Object.entries(LINKS).map(([name, link]) => [name, linkOptions.parse(link)]));
  return startTestGateway(sources, links, { way, log, limits: { drainTimeoutMs: 100 } });
}
