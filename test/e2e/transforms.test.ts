import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGraphContext } from '../../schema/request-context.ts';
import { loadGraph } from '../../src/graph/load-graph.ts';
import { createCallContext } from '../utils/call-context.ts';
import { type CliFolder, createCliFolder } from '../utils/run-cli.ts';

const json = (schema: object) => ({
  responses: { 200: { description: 'Fine', content: { 'application/json': { schema } } } },
});
const DOCUMENT = {
  openapi: '3.1.0',
  info: { title: 'Catalog', version: '1' },
  paths: {
    '/products/{sku}': {
      get: {
        operationId: 'getProduct',
        parameters: [
          { name: 'sku', in: 'path', required: true, schema: { type: 'string' } },
          { name: 'tenant', in: 'query', required: true, schema: { type: 'integer' } },
        ],
        ...json({ $ref: '#/components/schemas/Product' }),
      },
    },
  },
  components: {
    schemas: {
      Product: {
        type: 'object',
        required: ['sku', 'unit-price'],
        properties: {
          sku: { type: 'string' },
          'unit-price': { type: 'integer' },
          shelf: { type: 'string', enum: ['top', 'low'] },
        },
      },
    },
  },
};
const TRANSFORMS = `
      prefix: shop
      types:
        ProductShelf: { name: Shelf, values: { TOP: { name: UPPER } } }
      fields:
        Query.product:
          arguments: { sku: { name: code }, tenant: { hide: true, default: 7 } }
        Product.sku: { name: code, type: ID! }
        Product.unitPrice: { deprecated: Read label. }
        Product.label: { type: String!, response: "join(' ', [sku, to_string(\\"unit-price\\")])" }
`;

describe('transforms of skein.yaml', () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ sku: 'a/b', 'unit-price': 12, shelf: 'top' }));
  });
  let folder: CliFolder;
  let head = '';
  beforeAll(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    folder = await createCliFolder({ 'catalog.json': JSON.stringify(DOCUMENT) });
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    head = `sources:\n  catalog:\n    kind: openapi\n    document: catalog.json\n    endpoint: ${endpoint}\n    transforms:`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await folder.remove();
  });

  it('make another graph of the same service, and ask it as it wants to be asked', async () => {
    await folder.write('skein.yaml', head + TRANSFORMS);
    const { graph, problems } = await loadGraph({}, { configFile: join(folder.path, 'skein.yaml') });
    expect(problems).toEqual([]);
    const prepared = graph?.registry
      .current()
      ?.documents.prepare('{ shopProduct(code: "a/b") { __typename code unitPrice shelf label } }');
    if (prepared === undefined || prepared.errors !== undefined) throw new Error(String(prepared?.errors));
    const result = await prepared.plan(undefined).execute(createGraphContext(createCallContext().context), {});
    await graph?.dispose();
    expect(JSON.parse(JSON.stringify(result))).toEqual({
      data: { shopProduct: { __typename: 'ShopProduct', code: 'a/b', unitPrice: 12, shelf: 'UPPER', label: 'a/b 12' } },
    });
    expect(asked).toEqual(['/products/a%2Fb?tenant=7']);
  });

  it('are printed as clients see them', async () => {
    await folder.write('skein.yaml', head + TRANSFORMS);
    const { stdout } = await folder.run(['print']);
    expect(stdout).toMatchInlineSnapshot(`
      "type Query {
        shopProduct(code: ID!): ShopProduct
      }

      enum Shelf {
        """low"""
        LOW

        """top"""
        UPPER
      }

      type ShopProduct {
        code: ID!
        label: String!
        shelf: Shelf
        unitPrice: Int! @deprecated(reason: "Read label.")
      }
      "
    `);
  });

  it('are told their mistakes with lines, all at once', async () => {
    await folder.write(
      'skein.yaml',
      `${head}
      fields:
        Query.prodct: { hide: true }
        Product.sku: { type: Boolean }
        Query.product: { request: "{ sku: lenght(args.sku) }" }
`,
    );
    const { code, stderr } = await folder.run(['validate']);
    expect(code).toBe(1);
    expect(stderr).toMatchInlineSnapshot(`
      "skein.yaml:8:9  The source has no field "Query.prodct". Did you mean "Query.product"?
        A key is Type.field, in the names of the source. A new field needs a type and a response.
      skein.yaml:9:24  Product.sku is ID at the source, which cannot become Boolean.
        Add a response expression that makes the value.
      skein.yaml:10:26  The request expression of Query.product calls lenght(), which JMESPath does not have. Did you mean "length"?
      3 mistakes.
      "
    `);
  });
});
