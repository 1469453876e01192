import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { renderGraphiQL } from '@graphql-yoga/render-graphiql';

const compressGzip = promisify(gzip);
const compressBrotli = promisify(brotliCompress);

/** Addresses that only this machine can have: the development key is shown to nobody else. */
const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;
const LOOPBACK_ADDRESS = /^(::1|127\.|::ffff:127\.)/;

export interface GraphiqlOptions {
  /** The key GraphiQL comes up with, for callers on this machine. */
  readonly developmentKey: string | undefined;
  /** The query of the first tab. */
  readonly defaultQuery: string;
}

/** Serves GraphiQL: one page with everything in it, which asks no other host for anything. */
export type Graphiql = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

interface Page {
  readonly etag: string;
  readonly contentSecurityPolicy: string;
  readonly plain: Buffer;
  readonly gzip: Promise<Buffer>;
  readonly brotli: Promise<Buffer>;
}

export function createGraphiql({ developmentKey, defaultQuery }: GraphiqlOptions): Graphiql {
  // The page is nine megabytes: rendered and compressed when it is first asked for, then kept.
  const pages = new Map<string | undefined, Page>();
  return async (request, response) => {
    const key = isLocal(request) ? developmentKey : undefined;
    let page = pages.get(key);
    if (page === undefined) {
      page = renderPage(key, defaultQuery);
      pages.set(key, page);
    }
    await sendPage(page, request, response);
  };
}

/** Both the peer and the name it used must be local: a page of another site that points its name at us gets no key. */
function isLocal(request: IncomingMessage): boolean {
  return LOOPBACK_HOST.test(request.headers.host ?? '') && LOOPBACK_ADDRESS.test(request.socket.remoteAddress ?? '');
}

function renderPage(key: string | undefined, defaultQuery: string): Page {
  const html = renderGraphiQL({
    title: 'Skein GraphiQL',
    defaultQuery,
    headers: JSON.stringify({ Authorization: `Bearer ${key ?? '<your API key>'}` }, null, 2),
    defaultEditorToolsVisibility: 'headers',
    subscriptionsProtocol: 'SSE',
    endpoint: '/graphql',
  } as Parameters<typeof renderGraphiQL>[0]);
  const plain = Buffer.from(html);
  return {
    etag: `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`,
    contentSecurityPolicy: [
      "default-src 'none'",
      "script-src 'unsafe-inline' 'unsafe-eval' blob:",
      "style-src 'unsafe-inline'",
      'img-src data: blob:',
      'font-src data:',
      'worker-src blob:',
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    plain,
    gzip: compressGzip(plain, { level: 6 }),
    brotli: compressBrotli(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
  };
}

async function sendPage(page: Page, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.setHeader('content-security-policy', page.contentSecurityPolicy);
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('referrer-policy', 'no-referrer');
  response.setHeader('vary', 'accept, accept-encoding');
  // It may hold a key: it is not for shared caches, and asked for again each time.
  response.setHeader('cache-control', 'private, no-cache');
  response.setHeader('etag', page.etag);
  if (request.headers['if-none-match'] === page.etag) {
    response.writeHead(304).end();
    return;
  }
  const accepted = String(request.headers['accept-encoding'] ?? '');
  const encoding = /\bbr\b/.test(accepted) ? 'br' : /\bgzip\b/.test(accepted) ? 'gzip' : undefined;
  const body = encoding === 'br' ? await page.brotli : encoding === 'gzip' ? await page.gzip : page.plain;
  if (encoding !== undefined) response.setHeader('content-encoding', encoding);
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-length': body.length }).end(body);
}
