import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { ERROR_TABLE, SkeinError } from '../../kernel/errors.ts';
import type { IdGenerator, Log } from '../../kernel/ports.ts';
import { doorOf } from '../metering/metrics/door-name.ts';
import type { HttpMetrics } from '../metering/metrics/http-metrics.ts';
import { type ErrorScope, toPublicError } from '../public-errors.ts';
import type { Cors } from './cors.ts';
import type { Graphiql } from './graphiql.ts';
import type { Door } from './graphql-door.ts';
import type { GraphqlWs } from './graphql-ws.ts';
import { negotiate } from './media-types.ts';
import type { Readiness } from './readiness.ts';
import { readTarget } from './request-target.ts';
import { sendErrors, sendJson } from './respond.ts';
import type { Status } from './status.ts';
import { giveUpUntaken, sendBeforeClosing } from './unsent-answers.ts';

/** How long a client may take to send a request, headers and body. */
const REQUEST_TIMEOUT_MS = 30_000;
/** For how long it may take nothing of an answer that has ended. */
const UNTAKEN_TIMEOUT_MS = 60_000;
const CHECK_CONNECTIONS_EVERY_MS = 5_000;

export interface AdminDoors {
  readonly door: Door;
  readonly graphiql: Graphiql;
  readonly auditDoor: Door;
}

export interface HttpServerDeps {
  readonly graphql: Door;
  readonly graphqlWs: GraphqlWs;
  readonly graphiql: Graphiql;
  readonly cors: Cors;
  readonly status: Status;
  /** `/metrics`, and what counts requests. Default: there is none. */
  readonly metrics?: { readonly page: Door; readonly http: HttpMetrics } | undefined;
  /** What is under `/v1/`: the models as OpenAI and Anthropic have them. */
  readonly surfaces?: ((request: IncomingMessage, response: ServerResponse, path: string) => Promise<void>) | undefined;
  /** What is under `/rest/`: prompts. */
  readonly rest?: ((request: IncomingMessage, response: ServerResponse, path: string) => Promise<void>) | undefined;
  /** `/admin/graphql` with its GraphiQL, and `/admin/audit-log`. */
  readonly admin?: AdminDoors | undefined;
  /** Whether the graph serves, with what an operator wants to know. */
  readonly readiness: () => Readiness;
  readonly isDraining: () => boolean;
  readonly ids: IdGenerator;
  readonly log: Log;
}

/** The Node server and its routes. */
export function createHttpServer(deps: HttpServerDeps): Server {
  const {
    graphql,
    graphqlWs,
    graphiql,
    surfaces,
    rest,
    cors,
    status,
    metrics,
    admin,
    readiness,
    isDraining,
    ids,
    log,
  } = deps;

  const route = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (!readTarget(request)) throw new SkeinError('BAD_REQUEST', 'The header "host" is no host.');
    const path = pathOf(request);
    if (path === '/healthz') return sendJson(response, 200, { status: 'ok' });
    if (path === '/readyz') {
      const state = isDraining() ? { ready: false, draining: true } : readiness();
      return sendJson(response, state.ready ? 200 : 503, state);
    }
    if (path === '/status') return sendJson(response, 200, await status(request));
    if (path === '/metrics' && metrics !== undefined) return metrics.page(request, response);
    if (path === '/admin/graphql' && admin !== undefined) {
      if (wantsPage(request)) return admin.graphiql(request, response);
      if (isDraining()) throw new SkeinError('SHUTTING_DOWN');
      return admin.door(request, response);
    }
    if (path === '/admin/audit-log' && admin !== undefined) {
      if (isDraining()) throw new SkeinError('SHUTTING_DOWN');
      return admin.auditDoor(request, response);
    }
    if (surfaces !== undefined && path.startsWith('/v1/')) {
      if (cors(request, response)) return;
      return surfaces(request, response, path);
    }
    if (rest !== undefined && path.startsWith('/rest/')) {
      if (cors(request, response)) return;
      return rest(request, response, path);
    }
    if (path !== '/graphql') {
      const error = new SkeinError('NOT_FOUND', 'There is nothing at this address. The graph is at /graphql.');
      return sendErrors(response, [error], { requestId: ids.next(), log });
    }
    // The page may hold a key: it is for those who open it, not for scripts of other origins to read.
    const isPage = wantsPage(request);
    if (!isPage && cors(request, response)) return;
    if (isDraining()) {
      response.setHeader('connection', 'close');
      return sendErrors(response, [new SkeinError('SHUTTING_DOWN')], { requestId: ids.next(), log });
    }
    if (isPage) return graphiql(request, response);
    return graphql(request, response);
  };

  const limits = {
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: CHECK_CONNECTIONS_EVERY_MS,
    keepAliveTimeout: 65_000,
  };
  const server = createServer(limits, (request, response) => {
    const beganAt = performance.now();
    // A client that resets its socket is not news.
    response.on('error', () => {});
    giveUpUntaken(response, UNTAKEN_TIMEOUT_MS);
    response.on('close', () => {
      const status = response.headersSent ? response.statusCode : ERROR_TABLE.CLIENT_CLOSED_REQUEST.status;
      metrics?.http.observe(doorOf(pathOf(request), request.headers), status, performance.now() - beganAt);
    });
    route(request, response).catch((error: unknown) => {
      sendErrors(response, [error], { requestId: ids.next(), log });
    });
  });
  sendBeforeClosing(server);
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => {});
    if (!/\bwebsocket\b/i.test(request.headers.upgrade ?? '')) return declineUpgrade(server, request, socket, head);
    const hasHost = readTarget(request);
    const isHere = hasHost && pathOf(request) === '/graphql';
    if (!isHere || isDraining()) {
      const status = isDraining() ? 503 : hasHost ? 404 : 400;
      metrics?.http.observe(isHere ? 'graphql-ws' : 'none', status);
      socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    const isOpen = graphqlWs.upgrade(request, socket, head, isDraining);
    metrics?.http.observe('graphql-ws', isOpen ? 101 : 400);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (!socket.writable || error.code === 'ECONNRESET' || isAnswering(socket)) socket.destroy();
    else {
      const status = refuseConnection(socket, error.code, { requestId: ids.next(), log });
      metrics?.http.observe('none', status);
    }
  });
  return server;
}

/** Whether an answer has begun on it, which nothing else can be written into. Only Node knows: its own handler asks so. */
function isAnswering(socket: Duplex & { readonly _httpMessage?: ServerResponse | null }): boolean {
  return socket._httpMessage?.headersSent === true;
}

/**
 * Clients may offer other protocols, as Java's HTTP client and curl do with h2c, and must be answered without when the
 * server does not take them (RFC 9110, section 7.8). Node has given the socket up by then: it reads the request again.
 */
function declineUpgrade(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const { method, url, httpVersion, rawHeaders } = request;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    let value = rawHeaders[i + 1] ?? '';
    if (/^(upgrade|http2-settings)$/i.test(name)) continue;
    if (/^connection$/i.test(name)) value = value.replace(/\b(upgrade|http2-settings)\b\s*,?/gi, '');
    lines.push(`${name}: ${value}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.emit('connection', socket);
}

/** What cannot be read as a request, or does not come to its end, is answered as everything else is: with a code. */
function refuseConnection(socket: Duplex, reason: string | undefined, scope: ErrorScope): number {
  const error =
    reason === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? new SkeinError('REQUEST_TIMEOUT')
      : new SkeinError(
          'BAD_REQUEST',
          reason === 'HPE_HEADER_OVERFLOW' ? 'The headers are too large.' : 'The request is not valid HTTP.',
        );
  const body = JSON.stringify({ errors: [toPublicError(error, scope)] });
  const head = [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}`,
    'connection: close',
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${scope.requestId}`,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  return error.status;
}

function pathOf(request: IncomingMessage): string {
  const url = request.url ?? '/';
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}

/** A browser that opens the address, not a client that asks for JSON. */
function wantsPage(request: IncomingMessage): boolean {
  if (request.method !== 'GET') return false;
  return (
    negotiate(request.headers.accept, [
      'application/json',
      'application/graphql-response+json',
      'text/event-stream',
      'text/html',
    ]) === 'text/html'
  );
}
