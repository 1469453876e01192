import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import {
  createServer as createHttp2Server,
  type Http2Server,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';

/** Planted in every body, header and error message of a failing backend: no client may ever see it. */
export const SECRET = 'hunter2-of-the-upstream';

export const SECRET_HEADERS: Readonly<Record<string, string>> = {
  'x-internal-host': SECRET,
  'set-cookie': `session=${SECRET}`,
  server: SECRET,
};

/** A request as the backend saw it. */
export interface SeenRequest {
  readonly path: string;
  /** The body, as JSON where it is JSON. */
  readonly body: never;
  /** Resolves when the socket, or with gRPC the call, is closed. */
  readonly closed: Promise<void>;
}

export interface FaultyServer<Handler> {
  readonly port: number;
  /** What is done with the requests from now on. */
  answer(handler: Handler): void;
  readonly requests: readonly SeenRequest[];
  /** The next request from now on. */
  nextRequest(): Promise<SeenRequest>;
  /** Closes the port and all connections: who connects is refused. */
  refuse(): Promise<void>;
  /** Takes connections again, on the same port. */
  accept(): Promise<void>;
  close(): Promise<void>;
}

export type HttpHandler = (response: ServerResponse, request: IncomingMessage, seen: SeenRequest) => unknown;
export type HttpFaultServer = FaultyServer<HttpHandler>;

/** A backend on a real socket that fails as it is told. */
export async function createHttpFaultServer(): Promise<HttpFaultServer> {
  let handler: HttpHandler = (response) => response.writeHead(500).end();
  const seen = createSeen();
  const server = createServer(async (request, response) => {
    const closed = closedOf(request.socket);
    const entry = { path: request.url ?? '', body: jsonOf(await bytesOf(request)), closed };
    seen.add(entry);
    await handler(response, request, entry);
  });
  return createFaultyServer(
    server,
    seen,
    () => server.closeAllConnections(),
    (next) => {
      handler = next;
    },
  );
}

export type GrpcHandler = (stream: ServerHttp2Stream, path: string) => unknown;
export type GrpcFaultServer = FaultyServer<GrpcHandler>;

/** The same for gRPC: HTTP/2 by hand, so that it can do what no gRPC server does. */
export async function createGrpcFaultServer(): Promise<GrpcFaultServer> {
  let handler: GrpcHandler = (stream) => stream.close();
  const seen = createSeen();
  const sessions = new Set<ServerHttp2Session>();
  const server = createHttp2Server();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => {});
    session.once('close', () => sessions.delete(session));
  });
  server.on('stream', async (stream, headers) => {
    stream.on('error', () => {});
    const closed = closedOf(stream);
    const path = String(headers[':path']);
    seen.add({ path, body: (await bytesOf(stream)) as never, closed });
    await handler(stream, path);
  });
  const disconnect = () => {
    for (const session of sessions) session.destroy();
  };
  return createFaultyServer(server, seen, disconnect, (next) => {
    handler = next;
  });
}

async function createFaultyServer<Handler>(
  server: Server | Http2Server,
  seen: ReturnType<typeof createSeen>,
  disconnect: () => void,
  answer: (handler: Handler) => void,
): Promise<FaultyServer<Handler>> {
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  const stop = async () => {
    if (!server.listening) return;
    server.close();
    disconnect();
    await once(server, 'close');
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    answer,
    requests: seen.requests,
    nextRequest: seen.next,
    refuse: stop,
    accept: () => listen(port),
    close: stop,
  };
}

function createSeen() {
  const requests: SeenRequest[] = [];
  let waiting: ((request: SeenRequest) => void)[] = [];
  return {
    requests,
    add(request: SeenRequest) {
      requests.push(request);
      const waiters = waiting;
      waiting = [];
      for (const resolve of waiters) resolve(request);
    },
    next: () => new Promise<SeenRequest>((resolve) => waiting.push(resolve)),
  };
}

const closings = new WeakMap<object, Promise<void>>();

/** Sockets serve many requests and get one listener. */
function closedOf(stream: Duplex): Promise<void> {
  let closed = closings.get(stream);
  if (closed === undefined) {
    closed = new Promise((resolve) => stream.once('close', () => resolve()));
    closings.set(stream, closed);
  }
  return closed;
}

/** What comes until the client has said all, or has gone. */
async function bytesOf(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of stream) chunks.push(chunk as Buffer);
  } catch {}
  return Buffer.concat(chunks);
}

function jsonOf(bytes: Buffer): never {
  try {
    return JSON.parse(bytes.toString('utf8')) as never;
  } catch {
    return bytes.toString('utf8') as never;
  }
}

/** Answers JSON, with secrets in its headers. */
export function json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): HttpHandler {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...SECRET_HEADERS, ...headers });
    response.end(JSON.stringify(value));
  };
}

/** An error as services word them: in the forms of REST, GraphQL and model providers at once. */
const ERROR_BODY = {
  message: SECRET,
  detail: `at connect (http://${SECRET}:5432)`,
  error: { message: SECRET, type: 'server_error', stack: SECRET },
};

/** What a service on HTTP can do wrong before anything of its answer can be used. */
export const HTTP_FAULTS = {
  'refuses connections': 'refused',
  'answers 500': json(ERROR_BODY, 500),
  'answers 404': json(ERROR_BODY, 404),
  'answers 401': json(ERROR_BODY, 401, { 'www-authenticate': `Bearer realm="${SECRET}"` }),
  'answers 429 with Retry-After': json(ERROR_BODY, 429, { 'retry-after': '7' }),
  'answers 503 with Retry-After': json(ERROR_BODY, 503, { 'retry-after': '7' }),
  'redirects to another host': json({}, 302, { location: `http://${SECRET}/` }),
  'answers HTML with 200': (response) => {
    response.writeHead(200, { 'content-type': 'text/html', ...SECRET_HEADERS }).end(`<html>${SECRET}</html>`);
  },
  'calls HTML JSON': (response) => {
    response.writeHead(200, { 'content-type': 'application/json', ...SECRET_HEADERS }).end(`<html>${SECRET}</html>`);
  },
  'answers half a JSON': (response) => {
    response.writeHead(200, { 'content-type': 'application/json', ...SECRET_HEADERS });
    response.end(`{"name": "${SECRET}", "data": {"review": {"text": "${SECRET}`);
  },
  'answers nothing with 200': (response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '0', ...SECRET_HEADERS }).end();
  },
  'closes the socket in the middle of the body': (response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '9000', ...SECRET_HEADERS });
    response.write(`{"name": "${SECRET}`, () => response.destroy());
  },
  'closes the socket before it answers': (response) => response.destroy(),
  'answers what is no HTTP': (response) => response.socket?.end(`${SECRET}\r\n\r\n`),
  'says that its answer is too large': (response) => {
    const size = 64 * 1024 * 1024;
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': String(size), ...SECRET_HEADERS });
    response.write(`"${SECRET}`);
  },
  'does not say beforehand that its answer is too large': (response) => {
    response.writeHead(200, { 'content-type': 'application/json', ...SECRET_HEADERS });
    response.write(`"${SECRET.repeat(500)}`);
    response.end(`${SECRET.repeat(500)}"`);
  },
  'sends a small answer that unpacks to a large one': (response) => {
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip', ...SECRET_HEADERS };
    response.writeHead(200, headers).end(gzipSync(Buffer.alloc(1_000_000, SECRET)));
  },
} satisfies Record<string, HttpHandler | 'refused'>;

export type HttpFault = keyof typeof HTTP_FAULTS;

/** What a service can do wrong that only a clock ends. */
export const HTTP_SILENCES: Readonly<Record<string, HttpHandler>> = {
  'never answers': () => {},
  'falls silent in the middle of the body': (response) => {
    response.writeHead(200, { 'content-type': 'application/json', ...SECRET_HEADERS });
    response.write(`{"name": "${SECRET}`);
  },
};

/** A message with its prefix: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md */
export function grpcFrame(message: Buffer, announcedLength = message.length): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(announcedLength, 1);
  return Buffer.concat([prefix, message]);
}

const GRPC_HEAD = { ':status': 200, 'content-type': 'application/grpc+proto', ...SECRET_HEADERS };

/** Answers messages, then a status: secrets are in headers and trailers. */
export function grpcAnswer(messages: readonly Buffer[], status = 0, statusMessage: string = SECRET): GrpcHandler {
  return (stream) => {
    stream.respond(GRPC_HEAD as OutgoingHttpHeaders, { waitForTrailers: true });
    stream.once('wantTrailers', () => {
      stream.sendTrailers({ 'grpc-status': String(status), 'grpc-message': statusMessage, 'x-debug': SECRET });
    });
    for (const message of messages) stream.write(grpcFrame(message));
    stream.end();
  };
}

/** Sends what it is given as the body of a gRPC answer, then does as told with the call. */
export function grpcBytes(body: Buffer, end: (stream: ServerHttp2Stream) => void): GrpcHandler {
  return (stream) => {
    stream.respond(GRPC_HEAD as OutgoingHttpHeaders);
    stream.write(body, () => end(stream));
  };
}

/** What a proxy in front of a gRPC service answers, or a service that speaks no gRPC. */
export function grpcHttpStatus(status: number, contentType = 'text/html'): GrpcHandler {
  return (stream) => {
    stream.respond({ ':status': status, 'content-type': contentType, ...SECRET_HEADERS } as OutgoingHttpHeaders);
    stream.end(`<html>${SECRET}</html>`);
  };
}

/** Cuts the connection without an answer. */
export const grpcCut: GrpcHandler = (stream) => stream.session?.destroy();
