import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../kernel/ports.ts';
import { createOpenapiSource } from '../../sources/openapi/openapi-source.ts';
import { openapiOptions } from '../../sources/openapi/options.ts';
import { startTestGateway } from '../utils/test-gateway.ts';

const DOCUMENT = JSON.stringify({
  openapi: '3.1.0',
  paths: {
    '/lamp': {
      get: {
        operationId: 'getLamp',
        responses: { 200: { content: { 'application/json': { schema: { type: 'string' } } } } },
      },
    },
  },
});

let upstream: Server;
beforeAll(async () => {
  upstream = createServer((_request, response) => {
    response.writeHead(409, { 'content-type': 'application/problem+json' }).end('{"detail":"Sold out.","left":0}');
  });
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
});
afterAll(() => upstream.close());

describe.each(['direct', 'stitched'] as const)('what an upstream says of an error, the %s way', (way) => {
  it.each([
    ['hidden', {}],
    ['message', { upstreamMessage: 'Sold out.' }],
    ['body', { upstreamMessage: 'Sold out.', upstreamBody: { detail: 'Sold out.', left: 0 } }],
  ])('reaches clients as far as errors: %s lets it', async (errors, told) => {
    const endpoint = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
    const options = openapiOptions.parse({ kind: 'openapi', document: 'api.json', endpoint, errors });
    const source = createOpenapiSource('lamps', options, DOCUMENT, 'api.json', { log: silentLog, report() {} });
    const gateway = await startTestGateway([source], {}, { way });
    const { body } = await gateway.post({ query: '{ lamp }' });
    await gateway.close();
    const extensions = {
      code: 'UPSTREAM_REJECTED',
      source: 'lamps',
      operation: 'getLamp',
      upstreamStatus: 409,
      requestId: expect.any(String),
      ...told,
    };
    expect(body).toMatchObject({ data: { lamp: null }, errors: [{ message: 'The source refused the call.' }] });
    expect((body as { errors: { extensions: unknown }[] }).errors[0]?.extensions).toEqual(extensions);
  });
});
