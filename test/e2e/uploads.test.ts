import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FormData, fetch, Response } from 'undici';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../kernel/ports.ts';
import type { Way } from '../../schema/plan/way.ts';
import { createOpenapiSource } from '../../sources/openapi/openapi-source.ts';
import { openapiOptions } from '../../sources/openapi/options.ts';
import { startTestGateway, type TestGateway } from '../utils/test-gateway.ts';

const file = { type: 'string', format: 'binary' };
const DOCUMENT = JSON.stringify({
  openapi: '3.0.3',
  paths: {
    '/photos': {
      post: {
        operationId: 'addPhotos',
        requestBody: {
          required: true,
          content: {
            'multipart/form-data': {
              schema: {
                type: 'object',
                required: ['photos'],
                properties: {
                  title: { type: 'string' },
                  photos: { type: 'array', items: file },
                  cover: file,
                },
              },
              encoding: { cover: { contentType: 'image/*' } },
            },
          },
        },
        responses: { 200: { content: { 'application/json': { schema: { type: 'integer' } } } } },
      },
    },
    '/status': { get: { operationId: 'getStatus', responses: { 204: {} } } },
    '/raw': {
      put: {
        operationId: 'putRaw',
        requestBody: { required: true, content: { 'application/octet-stream': { schema: file } } },
        responses: { 204: {} },
      },
    },
  },
});

interface Seen {
  readonly url: string | undefined;
  readonly contentType: string;
  readonly body: Buffer;
}

let upstream: Server;
let seen: Seen | undefined;
const gateways = new Map<Way, TestGateway>();

beforeAll(async () => {
  upstream = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    seen = { url: request.url, contentType: request.headers['content-type'] ?? '', body: Buffer.concat(chunks) };
    response.writeHead(request.method === 'PUT' ? 204 : 200, { 'content-type': 'application/json' });
    response.end(request.method === 'PUT' ? undefined : '2');
  });
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const endpoint = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  for (const way of ['direct', 'stitched'] as const) {
    const options = openapiOptions.parse({ kind: 'openapi', document: 'api.json', endpoint });
    const source = createOpenapiSource('photos', options, DOCUMENT, 'api.json', { log: silentLog, report() {} });
    gateways.set(way, await startTestGateway([source], {}, { way, limits: { bodyBytes: 100_000 } }));
  }
});
beforeEach(() => {
  seen = undefined;
});
afterAll(async () => {
  for (const gateway of gateways.values()) await gateway.close();
  upstream.closeAllConnections();
  upstream.close();
});

interface Sent {
  readonly operations: unknown;
  readonly map?: unknown;
  readonly files?: Readonly<Record<string, File | string>>;
}

async function send({ operations, map, files = {} }: Sent, headers?: Record<string, string>, way: Way = 'direct') {
  const gateway = gateways.get(way) as TestGateway;
  const body = new FormData();
  body.set('operations', typeof operations === 'string' ? operations : JSON.stringify(operations));
  if (map !== undefined) body.set('map', typeof map === 'string' ? map : JSON.stringify(map));
  for (const [name, content] of Object.entries(files)) {
    if (typeof content === 'string') body.set(name, content);
    else body.set(name, content, content.name);
  }
  const response = await fetch(gateway.url, { method: 'POST', headers: headers ?? gateway.headers, body });
  return {
    status: response.status,
    body: (await response.json()) as { data?: unknown; errors?: [{ message: string }] },
  };
}

const ADD = 'mutation ($input: AddPhotosInput!) { addPhotos(input: $input) }';
const RAW = 'mutation ($file: Upload!) { putRaw(input: $file) }';
const bytes = Buffer.from([0, 255, 13, 10, 45, 45, 13, 10]);
const photo = (name: string, type = 'image/png') => new File([bytes], name, { type });

describe.each(['direct', 'stitched'] as const)('files, the %s way', (way) => {
  it('arrive as parts of a form, with their names, types and bytes', async () => {
    const operations = { query: ADD, variables: { input: { title: 'Ü "1"', photos: [null, null], cover: null } } };
    const map = { a: ['variables.input.photos.0'], b: ['variables.input.photos.1'], c: ['variables.input.cover'] };
    const files = { a: photo('a"\r\nx: y.png'), b: photo('ü.bin', ''), c: photo('c', 'image/svg+xml') };
    const answer = await send({ operations, map, files }, undefined, way);
    expect(answer).toEqual({ status: 200, body: { data: { addPhotos: 2 } } });

    expect(seen?.contentType).toMatch(/^multipart\/form-data; boundary=/);
    const headers = { 'content-type': seen?.contentType ?? '' };
    const form = await new Response(seen?.body, { headers }).formData();
    expect(form.get('title')).toBe('Ü "1"');
    const received = [...form.getAll('photos'), form.get('cover')].map((entry) => entry as unknown as File);
    expect(received.map(({ name, type }) => [name, type])).toEqual([
      ['a"\r\nx: y.png', 'image/png'],
      ['ü.bin', 'application/octet-stream'],
      ['c', 'image/svg+xml'],
    ]);
    for (const each of received) expect(Buffer.from(await each.arrayBuffer())).toEqual(bytes);
  });

  it('arrive as a whole body', async () => {
    const operations = { query: RAW, variables: { file: null } };
    const answer = await send({ operations, map: { 0: ['variables.file'] }, files: { 0: photo('x') } }, undefined, way);
    expect(answer).toEqual({ status: 200, body: { data: { putRaw: true } } });
    expect(seen).toEqual({ url: '/raw', contentType: 'application/octet-stream', body: bytes });
  });
});

describe('a multipart request', () => {
  const operations = { query: RAW, variables: { file: null, list: [], text: 'x' } };

  it('without a key is not looked at, so that no form of another site can send one', async () => {
    const answer = await send({ operations, map: { 0: ['variables.file'] }, files: { 0: photo('x') } }, {});
    expect(answer.status).toBe(401);
    expect(seen).toBeUndefined();
  });

  it.each([
    ['a path beside the variables', { map: { 0: ['query'] } }],
    ['a path to what is no null', { map: { 0: ['variables.text'] } }],
    ['a path to what is absent', { map: { 0: ['variables.other'] } }],
    ['a path that would make a long list', { map: { 0: ['variables.list.4000000000'] } }],
    ['a path to what objects inherit', { map: { 0: ['variables.__proto__.x'] } }],
    ['a path that is none', { map: { 0: [7] } }],
    ['two files for one place', { map: { 0: ['variables.file', 'variables.file'] } }],
    ['a file that is missing', { map: { 1: ['variables.file'] } }],
    ['a text for a file', { map: { 0: ['variables.file'] }, files: { 0: 'text' } }],
    ['too many places', { map: { 0: Array(101).fill('variables.file') } }],
    ['a map that is a list', { map: [] }],
    ['a map of a path', { map: { 0: 'variables.file' } }],
  ])('is refused with %s', async (_what, sent) => {
    const answer = await send({ operations, files: { 0: photo('x') }, ...sent });
    expect([answer.status, answer.body.errors?.[0]]).toMatchObject([400, { extensions: { code: 'BAD_REQUEST' } }]);
    expect(seen).toBeUndefined();
  });

  it('is refused beyond the limit for bodies', async () => {
    const large = new File([Buffer.alloc(100_000)], 'large');
    const answer = await send({ operations, map: { 0: ['variables.file'] }, files: { 0: large } });
    expect([answer.status, answer.body.errors?.[0]]).toMatchObject([
      413,
      { extensions: { code: 'PAYLOAD_TOO_LARGE' } },
    ]);
  });

  it('does not have one file copied many times', async () => {
    const input = { query: ADD, variables: { input: { photos: [null, null] } } };
    const map = { 0: ['variables.input.photos.0', 'variables.input.photos.1'] };
    const answer = await send({ operations: input, map, files: { 0: photo('x') } });
    expect(answer.body.errors?.[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
    expect(seen).toBeUndefined();
  });

  it('is the only way for a file', async () => {
    const gateway = gateways.get('direct') as TestGateway;
    for (const value of ['text', {}, { name: 'x', size: 1 }]) {
      const { body } = await gateway.post({ query: RAW, variables: { file: value } });
      expect(body).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
    }
    expect(seen).toBeUndefined();
  });
});
