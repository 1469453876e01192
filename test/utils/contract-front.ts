import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { FAULT_HEADER, SECRET } from './contract-library.ts';

/** A call as the backend saw it arrive. */
export interface SeenCall {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** How it ended: `cut` when the caller went away before it had its answer. */
  readonly ended: Promise<'answered' | 'cut'>;
}

/** The calls that reach a backend. */
export class SeenCalls {
  readonly #arrivals = new EventEmitter();
  readonly all: SeenCall[] = [];

  add(headers: IncomingHttpHeaders, ended: SeenCall['ended']): void {
    const call = { headers, ended };
    this.all.push(call);
    this.#arrivals.emit('call', call);
  }

  /** The next one from now on. */
  async next(): Promise<SeenCall> {
    const [call] = (await once(this.#arrivals, 'call')) as [SeenCall];
    return call;
  }
}

export interface Front {
  readonly server: Server;
  readonly port: number;
  /** Closes all connections; new ones are taken. */
  cut(): void;
  close(): Promise<void>;
}

/** What stands before the server of a protocol on HTTP: it sees the calls, and answers as no such server would. */
export async function startFront(seen: SeenCalls, listener: RequestListener): Promise<Front> {
  const server = createServer((request, response) => {
    const ended = new Promise<'answered' | 'cut'>((resolve) => {
      response.once('close', () => resolve(response.writableFinished ? 'answered' : 'cut'));
    });
    seen.add(request.headers, ended);
    const fault = request.headers[FAULT_HEADER];
    const contentType = request.headers['content-type']?.includes('xml') === true ? 'text/xml' : 'application/json';
    if (fault === 'garbage') {
      request.resume();
      response.writeHead(200, { 'content-type': contentType, 'x-internal': SECRET }).end(`{"${SECRET}": <`);
    } else if (fault === 'half') {
      request.resume();
      response.writeHead(200, { 'content-type': contentType, 'x-internal': SECRET });
      response.write(`{"data": "${SECRET}`);
    } else {
      response.setHeader('x-internal', SECRET);
      if (fault === 'returned') response.setHeader('x-returned', 'by the library');
      listener(request, response);
    }
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    server,
    port: (server.address() as AddressInfo).port,
    cut,
    async close() {
      if (!server.listening) return;
      server.close();
      cut();
      await once(server, 'close');
    },
  };
}
