import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CatalogService {
  readonly url: string;
  /** Options of a source of it, and its document. */
  readonly options: object;
  readonly document: { readonly name: string; readonly text: string };
  /** Paths that were asked for. */
  readonly requests: readonly { readonly path: string; readonly headers: IncomingMessage['headers'] }[];
  /** Answers all that comes with this status and body instead. */
  fail(status: number | undefined, body?: unknown): void;
  close(): Promise<void>;
}

const PRODUCT = '$ref: "#/components/schemas/Product"';

/** The OpenAPI document of the catalog, with other names of its operations and type where they are given. */
export function catalogDocument(url: string, { type = 'Product', query = 'product', list = 'products' } = {}): string {
  return `openapi: 3.0.0
info: { title: Catalog, version: "1" }
servers: [{ url: "${url}" }]
paths:
  /products:
    get:
      operationId: ${list}
      responses: { "200": { description: ok, content: { application/json: { schema: { type: array, items: { ${PRODUCT} } } } } } }
  /products/{sku}:
    get:
      operationId: ${query}
      parameters: [{ name: sku, in: path, required: true, schema: { type: string } }]
      responses: { "200": { description: ok, content: { application/json: { schema: { ${PRODUCT} } } } } }
    put:
      operationId: rename${type}
      parameters:
        - { name: sku, in: path, required: true, schema: { type: string } }
        - { name: name, in: query, required: true, schema: { type: string } }
      responses: { "200": { description: ok, content: { application/json: { schema: { ${PRODUCT} } } } } }
components:
  schemas:
    Product:
      type: object
      required: [sku, name]
      properties: { sku: { type: string }, name: { type: string }, costCents: { type: integer } }
`
    .replaceAll('#/components/schemas/Product', `#/components/schemas/${type}`)
    .replace('    Product:', `    ${type}:`);
}

/** A REST service of products. */
export async function startCatalog(): Promise<CatalogService> {
  let failure: { readonly status: number; readonly body: unknown } | undefined;
  const requests: { path: string; headers: IncomingMessage['headers'] }[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    requests.push({ path: pathname, headers: request.headers });
    const sku = /\/products\/(\w+)/.exec(pathname)?.[1];
    const product = { sku, name: searchParams.get('name') ?? `Thing ${sku}`, costCents: 7 };
    const body = failure?.body ?? (sku === undefined ? [{ sku: 'a', name: 'A', costCents: 1 }] : product);
    response.writeHead(failure?.status ?? 200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    requests,
    options: { kind: 'openapi', document: 'catalog.yaml', endpoint: url },
    document: { name: 'catalog.yaml', text: catalogDocument(url) },
    fail(status, body = { message: 'no' }) {
      failure = status === undefined ? undefined : { status, body };
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
