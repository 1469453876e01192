import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** What becomes of one request. */
export type Mood = (response: ServerResponse, request: IncomingMessage, body: string) => unknown;

/** A service on a real socket that fails as it is told, and counts. */
export interface MoodyServer {
  readonly origin: string;
  readonly port: number;
  /** Requests that arrived whole. */
  asked: number;
  /** Connections that were taken, ever. */
  connections: number;
  /** Their headers. */
  readonly requests: IncomingMessage[];
  /** Sockets that are open. */
  sockets(): number;
  /** What becomes of requests from now on. */
  mood: Mood;
  /** Ends each connection before anything of it is read. */
  resetsConnections: boolean;
  /** Answers all requests that `holds` has kept, and those that come, in the mood of now. */
  release(mood: Mood): void;
  /** A mood: requests wait for `release`. */
  readonly holds: Mood;
  /** Requests that wait. */
  held(): number;
  /** Closes its port and its sockets: who connects is refused. */
  stop(): Promise<void>;
  /** Takes connections again, on the same port. */
  start(): Promise<void>;
  close(): Promise<void>;
}

export async function createMoodyServer(mood: Mood, host = '127.0.0.1', port = 0): Promise<MoodyServer> {
  const sockets = new Set<Socket>();
  let waiting: { response: ServerResponse; request: IncomingMessage; body: string }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => {});
    request.on('end', () => {
      moody.asked += 1;
      moody.requests.push(request);
      moody.mood(response, request, Buffer.concat(chunks).toString('utf8'));
    });
  });
  server.keepAliveTimeout = 60_000;
  server.on('connection', (socket) => {
    moody.connections += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
    if (moody.resetsConnections) socket.resetAndDestroy();
  });
  const listen = async (at: number) => {
    server.listen(at, host);
    await once(server, 'listening');
  };
  const stop = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  await listen(port);
  const at = (server.address() as AddressInfo).port;
  const moody: MoodyServer = {
    origin: `http://${host}:${at}`,
    port: at,
    asked: 0,
    connections: 0,
    requests: [],
    sockets: () => sockets.size,
    mood,
    resetsConnections: false,
    holds(response, request, body) {
      const entry = { response, request, body };
      waiting.push(entry);
      response.once('close', () => {
        waiting = waiting.filter((each) => each !== entry);
      });
    },
    held: () => waiting.length,
    release(next) {
      moody.mood = next;
      const released = waiting;
      waiting = [];
      for (const { response, request, body } of released) next(response, request, body);
    },
    stop,
    start: () => listen(at),
    close: stop,
  };
  return moody;
}

/** Answers with this status and JSON that is no answer. */
export function status(code: number, headers: Readonly<Record<string, string>> = {}): Mood {
  return (response) => {
    response.writeHead(code, { 'content-type': 'application/json', ...headers }).end('{"message":"not now"}');
  };
}

/** Writes these bytes to the socket itself. */
export function raw(text: string, then: (socket: Socket) => unknown = (socket) => socket.end()): Mood {
  return ({ socket }) => {
    socket?.write(text, () => then(socket));
  };
}

const reset = (socket: Socket) => socket.resetAndDestroy();

/** Where a connection can break once the request was read. */
export const BREAKS: Readonly<Record<string, Mood>> = {
  'closed after the request': ({ socket }) => socket?.end(),
  'closed in the headers': raw('HTTP/1.1 200 OK\r\ncontent-type: appli'),
  'closed in the middle of a chunk': raw(
    'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{"name": "half',
  ),
  'reset after the request': ({ socket }) => socket?.resetAndDestroy(),
  'reset in the status line': raw('HTTP/1.1 2', reset),
  'reset in the headers': raw('HTTP/1.1 200 OK\r\ncontent-type: appli', reset),
  'reset in the middle of the body': raw(
    'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9000\r\n\r\n{"name": "half',
    reset,
  ),
  'reset in the middle of a chunk': raw(
    'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{"name": "half',
    reset,
  ),
};
