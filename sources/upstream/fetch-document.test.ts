import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { SkeinError } from '../../kernel/errors.ts';
import { ProblemsError } from '../../kernel/problem.ts';
import { documentName, fetchDocument } from './fetch-document.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('a document', () => {
  test('is asked for as YAML or JSON, may come packed, and takes headers', async () => {
    let seen: IncomingMessage | undefined;
    const host = await serve((request, response) => {
      seen = request;
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('openapi: 3.1.0'));
    });
    expect(await fetchDocument('catalog', `http://${host}/api.yaml?v=1`, { headers: { 'X-Key': 'k' } })).toBe(
      'openapi: 3.1.0',
    );
    expect(seen?.url).toBe('/api.yaml?v=1');
    expect(seen?.headers).toMatchObject({
      accept: expect.stringMatching(/^application\/yaml, application\/json/),
      'accept-encoding': 'gzip',
      'x-key': 'k',
    });
  });

  test('behind a name and password gets them as Basic authorization', async () => {
    const host = await serve((request, response) => response.end(request.headers.authorization));
    const basic = await fetchDocument('catalog', `http://ada:p%40ss%2F@${host}/api.yaml`);
    expect(basic).toBe(`Basic ${Buffer.from('ada:p@ss/').toString('base64')}`);
    const own = await fetchDocument('catalog', `http://ada:pw@${host}/api.yaml`, {
      headers: { Authorization: 'Bearer t' },
    });
    expect(own).toBe('Bearer t');
  });

  test('of a public source is not asked for at a private address, by its number or its name', async () => {
    let asked = 0;
    const host = await serve((_request, response) => {
      asked += 1;
      response.end('openapi: 3.1.0');
    });
    const byNumber = fetchDocument('catalog', `http://${host}/api.yaml`, { network: 'public' });
    await expect(byNumber).rejects.toBeInstanceOf(ProblemsError);
    const byName = fetchDocument('catalog', `http://${host.replace('127.0.0.1', 'localhost')}/`, { network: 'public' });
    await expect(byName).rejects.toMatchObject({ code: 'UPSTREAM_UNREACHABLE' });
    expect(asked).toBe(0);
  });

  test.each([
    [301, 'to https://elsewhere.example'],
    [302, 'redirects'],
    [401, '401'],
    [403, '403'],
    [404, '404'],
    [418, '418'],
  ])('whose address answers %i is a mistake that is told without what is secret in it', async (status, words) => {
    const location = 'https://u:s3cret@elsewhere.example/s3cret?key=s3cret';
    const host = await serve((_request, response) => {
      response.writeHead(status, status === 301 ? { location } : {}).end('s3cret');
    });
    const call = fetchDocument('catalog', `http://ada:s3cret@${host}/api.yaml?key=s3cret`);
    const error = await call.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (!(error instanceof ProblemsError)) throw error;
    expect(error.problems).toEqual([
      {
        path: ['document'],
        file: `http://${host}/api.yaml?…`,
        message: expect.stringContaining(words),
        suggestion: expect.stringContaining('`document`') as string,
      },
    ]);
    expect(JSON.stringify(error.problems)).not.toContain('s3cret');
  });

  test.each([429, 500, 503])('whose address answers %i may be had later', async (status) => {
    const host = await serve((_request, response) => response.writeHead(status).end());
    const call = fetchDocument('catalog', `http://ada:s3cret@${host}/`);
    await expect(call).rejects.toBeInstanceOf(SkeinError);
    await expect(call).rejects.toMatchObject({ code: 'UPSTREAM_FAILED', extensions: { upstreamStatus: status } });
  });

  test('that nobody serves may be had later', async () => {
    await expect(fetchDocument('catalog', 'http://ada:pw@127.0.0.1:1/')).rejects.toMatchObject({
      code: 'UPSTREAM_UNREACHABLE',
    });
  });

  test.each([
    ['https://ada:pw@host:8443/a.yaml?token=x', 'https://host:8443/a.yaml?…'],
    ['HTTPS://ada:pw@host/a.yaml?token=x', 'https://host/a.yaml?…'],
    ['http://host/a.yaml', 'http://host/a.yaml'],
    ['./a.yaml', './a.yaml'],
    ['http://[', 'http://['],
  ])('at %s is called %s', (document, name) => {
    expect(documentName(document)).toBe(name);
  });
});

test('a document is called by its address without what may be a secret of it', () => {
  expect(documentName('https://ann:hush@a.example/bot12:hush/v1/petstore-expanded.yaml?key=hush#hush')).toBe(
    'https://a.example/***/v1/petstore-expanded.yaml?…',
  );
  expect(documentName('docs/bot12:name.yaml')).toBe('docs/bot12:name.yaml');
});
