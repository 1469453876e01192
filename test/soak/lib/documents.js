import { KEY } from './gateway.js';

const json = (schema) => ({ 200: { description: 'ok', content: { 'application/json': { schema } } } });
const text = { type: 'string' };
const list = (properties) => ({
  type: 'array',
  items: { type: 'object', properties, required: Object.keys(properties) },
});

function openapi(paths) {
  return { openapi: '3.0.3', info: { title: 'Soak', version: '1' }, paths };
}

/** The source that changes: with each `version` another field of the graph. */
export function changingDocument(version) {
  return openapi({
    '/hello': { get: { operationId: 'hello', responses: json(text) } },
    [`/added${version}`]: { get: { operationId: `added${version}`, responses: json(text) } },
  });
}

export const SHOP = openapi({
  '/products': {
    get: {
      operationId: 'products',
      responses: json({ ...list({ sku: text, name: text }), items: { $ref: '#/components/schemas/Product' } }),
    },
  },
  '/stocks': {
    get: {
      operationId: 'stocks',
      parameters: [{ name: 'sku', in: 'query', required: true, schema: { type: 'array', items: text } }],
      responses: json(list({ sku: text, quantity: { type: 'integer' } })),
    },
  },
  '/upload': {
    post: {
      operationId: 'upload',
      requestBody: {
        required: true,
        content: {
          'multipart/form-data': {
            schema: { type: 'object', required: ['file'], properties: { file: { type: 'string', format: 'binary' } } },
          },
        },
      },
      responses: json({ type: 'object', properties: { bytes: { type: 'integer' } } }),
    },
  },
});
SHOP.components = {
  schemas: { Product: { type: 'object', required: ['sku', 'name'], properties: { sku: text, name: text } } },
};

export const SHAKY_OPERATIONS = ['slow', 'fail', 'hang', 'reset', 'half', 'lie'];
export const SHAKY = openapi(
  Object.fromEntries(
    SHAKY_OPERATIONS.map((name) => [`/${name}`, { get: { operationId: name, responses: json(text) } }]),
  ),
);

/** skein.yaml. Another `ticksVersion` makes another source of the streams. */
export function configuration({ steady, shaky, ticksVersion = 0, files = true, more = {} }) {
  return {
    keys: [{ name: 'soak', key: KEY }],
    limits: { fields: 100_000 },
    reload: { files },
    sources: {
      changing: { kind: 'openapi', document: 'changing.json', endpoint: steady },
      shop: { kind: 'openapi', document: 'shop.json', endpoint: steady },
      ticks: { kind: 'graphql', endpoint: `${steady}/graphql`, headers: { 'x-version': String(ticksVersion) } },
      ...(shaky === undefined
        ? {}
        : { shaky: { kind: 'openapi', document: 'shaky.json', endpoint: shaky, timeoutMs: 1_000 } }),
    },
    links: { 'Product.stock': { call: 'shop.stocks', args: { sku: '$parents.sku' }, match: 'sku' } },
    ...more,
  };
}
