import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { parse, print } from 'graphql';

const compressGzip = promisify(gzip);
const compressBrotli = promisify(brotliCompress);

/** Addresses that only this machine can have: the development key is shown to nobody else. */
const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;
const LOOPBACK_ADDRESS = /^(::1$|127\.|::ffff:127\.)/;
/** What proxies add: with one in between, the peer is the proxy and says nothing of the caller. */
const FORWARDING_HEADERS = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'];

const LOGO =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" width="32" height="32" fill="none" stroke="#7048e8"' +
  ' stroke-width="2.5" stroke-linecap="round"><circle cx="16" cy="16" r="12.5"/>' +
  '<path d="M6 9c8-1 15 4 18 16M4 16c7-1 12 4 13 12M13 4c7 1 13 7 15 15"/></svg>';

export interface GraphiqlOptions {
  /** The key GraphiQL comes up with, for callers on this machine. */
  readonly developmentKey: string | undefined;
  /** The query of the first tab, as a valid document; empty for none. */
  readonly defaultQuery: string;
  /** Default: `/graphql`. */
  readonly endpoint?: string | undefined;
  /** Default: `Skein GraphiQL`. */
  readonly title?: string | undefined;
  /** What stands for the key until one is written there. Default: `<your API key>`. */
  readonly keyPlaceholder?: string | undefined;
}

/** Serves GraphiQL: one page with everything in it, which asks no other host for anything. */
export type Graphiql = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

type Encoding = 'br' | 'gzip' | 'identity';

interface Page {
  readonly etag: string;
  readonly contentSecurityPolicy: string;
  /** Compressed once, off the event loop, when an encoding is first asked for. */
  body(encoding: Encoding): Promise<Buffer>;
}

export function createGraphiql(options: GraphiqlOptions): Graphiql {
  // The page is nine megabytes: loaded, rendered and compressed when it is first asked for, then kept.
  const pages = new Map<string | undefined, Promise<Page>>();
  return async (request, response) => {
    const key = isLocal(request) ? options.developmentKey : undefined;
    let page = pages.get(key);
    if (page === undefined) {
      page = renderPage(key, options);
      pages.set(key, page);
    }
    await sendPage(await page, request, response);
  };
}

/** Both the peer and the name it used must be local: a page of another site that points its name at us gets no key. */
function isLocal({ headers, socket }: IncomingMessage): boolean {
  return (
    LOOPBACK_HOST.test(headers.host ?? '') &&
    LOOPBACK_ADDRESS.test(socket.remoteAddress ?? '') &&
    FORWARDING_HEADERS.every((name) => headers[name] === undefined)
  );
}

async function renderPage(key: string | undefined, given: GraphiqlOptions): Promise<Page> {
  const { defaultQuery, endpoint = '/graphql', title = 'Skein GraphiQL', keyPlaceholder = '<your API key>' } = given;
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  const options = {
    title,
    logo: LOGO,
    favicon: `data:image/svg+xml,${encodeURIComponent(LOGO)}`,
    // Laid out as its button for that would.
    defaultQuery: defaultQuery === '' ? '' : print(parse(defaultQuery)),
    headers: JSON.stringify({ Authorization: `Bearer ${key ?? keyPlaceholder}` }, null, 2),
    defaultEditorToolsVisibility: 'headers',
    subscriptionsProtocol: 'SSE',
    endpoint,
    // Keys stay out of the browser's storage unless its user chooses otherwise; a kept one outlives a generated key.
    shouldPersistHeaders: null,
    // Queries stay out of the address, and so out of histories and access logs.
    onEditQuery: null,
  };
  const script = JSON.stringify(options);
  const html = renderGraphiQL(options as unknown as Parameters<typeof renderGraphiQL>[0])
    // A value that contains `</script>` is text, too.
    .replace(script, () => script.replaceAll('<', '\\u003c'));
  return createPage(html);
}

function createPage(html: string): Page {
  const inlineScript = html.slice(html.indexOf('<script>') + '<script>'.length, html.lastIndexOf('</script>'));
  const plain = Buffer.from(html);
  const bodies = new Map<Encoding, Promise<Buffer>>([['identity', Promise.resolve(plain)]]);
  return {
    etag: `W/"${sha256(plain).slice(0, 22)}"`,
    contentSecurityPolicy: [
      "default-src 'none'",
      `script-src 'sha256-${sha256(inlineScript)}'`,
      // The editor writes style elements as it goes.
      "style-src 'unsafe-inline'",
      'img-src data:',
      'font-src data:',
      'worker-src blob:',
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    body(encoding) {
      let body = bodies.get(encoding);
      if (body === undefined) {
        body = compress(plain, encoding);
        bodies.set(encoding, body);
      }
      return body;
    },
  };
}

function compress(plain: Buffer, encoding: Encoding): Promise<Buffer> {
  if (encoding === 'gzip') return compressGzip(plain, { level: 6 });
  return compressBrotli(plain, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length },
  });
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('base64');
}

async function sendPage(page: Page, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.setHeader('content-security-policy', page.contentSecurityPolicy);
  response.setHeader('cross-origin-opener-policy', 'same-origin');
  response.setHeader('cross-origin-resource-policy', 'same-origin');
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('referrer-policy', 'no-referrer');
  response.appendHeader('vary', 'accept, accept-encoding');
  // It may hold a key: it is not for shared caches, and asked for again each time.
  response.setHeader('cache-control', 'private, no-cache');
  response.setHeader('etag', page.etag);
  if (request.headers['if-none-match'] === page.etag) {
    response.writeHead(304).end();
    return;
  }
  const encoding = encodingFor(String(request.headers['accept-encoding'] ?? ''));
  const body = await page.body(encoding);
  if (encoding !== 'identity') response.setHeader('content-encoding', encoding);
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-length': body.length }).end(body);
}

function encodingFor(accepted: string): Encoding {
  const names = accepted
    .split(',')
    .filter((range) => !/;\s*q=0(\.0*)?\s*$/.test(range))
    .map((range) => range.split(';')[0]?.trim());
  return (['br', 'gzip'] as const).find((encoding) => names.includes(encoding)) ?? 'identity';
}
