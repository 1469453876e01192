import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompress, brotliDecompressSync, gunzipSync, gzip } from 'node:zlib';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createGraphiql } from './graphiql.ts';

vi.mock('node:zlib', async (original) => {
  const zlib = await original<typeof import('node:zlib')>();
  return { ...zlib, gzip: vi.fn(zlib.gzip), brotliCompress: vi.fn(zlib.brotliCompress) };
});

const closers: (() => Promise<void>)[] = [];
beforeEach(() => vi.clearAllMocks());
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Serves the page alone; what comes back asks for it. */
async function serve(options: Partial<Parameters<typeof createGraphiql>[0]> = {}) {
  const graphiql = createGraphiql({ developmentKey: 'skein_key', defaultQuery: '{ a { b } }', ...options });
  const server = createServer((incoming, response) => void graphiql(incoming, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  const { port } = server.address() as AddressInfo;
  return async (headers: Record<string, string> = {}): Promise<Answer> => {
    const outgoing = request({ port, host: '127.0.0.1', headers }).end();
    const [response] = await once(outgoing, 'response');
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk);
    return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) };
  };
}

test('the page is compressed once, however many ask for it at first', async () => {
  const ask = await serve();
  const answers = await Promise.all(
    ['br', 'gzip, br', 'br', 'gzip', 'gzip;q=0.8', 'gzip, br;q=0'].map((encoding) =>
      ask({ 'accept-encoding': encoding }),
    ),
  );
  expect(answers.map(({ headers }) => headers['content-encoding'])).toEqual(['br', 'br', 'br', 'gzip', 'gzip', 'gzip']);
  expect(brotliCompress).toHaveBeenCalledTimes(1);
  expect(gzip).toHaveBeenCalledTimes(1);
});

test('the page is the same in every encoding, and not compressed for who asks for none', async () => {
  const ask = await serve();
  const plain = await ask();
  expect(plain.headers).not.toHaveProperty('content-encoding');
  expect(gzip).not.toHaveBeenCalled();
  expect(brotliCompress).not.toHaveBeenCalled();
  const zipped = await ask({ 'accept-encoding': 'gzip' });
  const brotli = await ask({ 'accept-encoding': 'br' });
  expect(gunzipSync(zipped.body).equals(plain.body)).toBe(true);
  expect(brotliDecompressSync(brotli.body).equals(plain.body)).toBe(true);
});

test('who has the page already is not sent it again', async () => {
  const ask = await serve();
  const { headers } = await ask();
  const again = await ask({ 'if-none-match': headers.etag ?? '' });
  expect([again.status, again.body.length]).toEqual([304, 0]);
  expect((await ask({ 'if-none-match': '"another"' })).status).toBe(200);
});

test('the page may run its own script and nothing else', async () => {
  const ask = await serve();
  const { headers, body } = await ask();
  const [, script = ''] = /<script>([\s\S]*)<\/script>/.exec(body.toString()) ?? [];
  const hash = createHash('sha256').update(script).digest('base64');
  expect(script.length).toBeGreaterThan(1_000_000);
  expect(String(headers['content-security-policy']).split('; ')).toEqual([
    "default-src 'none'",
    `script-src 'sha256-${hash}'`,
    "style-src 'unsafe-inline'",
    'img-src data:',
    'font-src data:',
    'worker-src blob:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ]);
});

test('a key that looks like markup is text', async () => {
  const ask = await serve({ developmentKey: '</script><script>alert(1)</script>$&', defaultQuery: '' });
  const html = (await ask()).body.toString();
  expect(html).toContain('Bearer \\u003c/script>\\u003cscript>alert(1)\\u003c/script>$&');
  expect(html.match(/<\/script/g)).toHaveLength(1);
});

test('the page of one caller is never that of another: the key depends on who asks', async () => {
  const ask = await serve();
  const [local, remote] = await Promise.all([ask(), ask({ host: 'gateway.example' })]);
  expect(local.body.toString()).toContain('Bearer skein_key');
  expect(remote.body.toString()).not.toContain('skein_key');
  expect(remote.headers.etag).not.toBe(local.headers.etag);
  expect(local.headers['cache-control']).toBe('private, no-cache');
});
