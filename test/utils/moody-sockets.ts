import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { MoodyServer } from './moody-server.ts';

/** What becomes of one upgrade; `accept` makes a WebSocket of it. */
export type SocketMood = (socket: Socket, request: IncomingMessage, accept: () => WebSocket) => unknown;

/** A service of the graphql-transport-ws protocol that fails as it is told, and counts. */
export interface MoodySockets extends Pick<MoodyServer, 'origin' | 'port' | 'stop' | 'start' | 'sockets' | 'requests'> {
  /** Upgrades that were asked for. */
  upgrades: number;
  /** Operations that arrived. */
  subscribed: number;
  /** WebSockets with a subscription, in the order of their coming. */
  readonly open: WebSocket[];
  mood: SocketMood;
}

const ACK = JSON.stringify({ type: 'connection_ack' });

export async function createMoodySockets(mood: SocketMood = obliging): Promise<MoodySockets> {
  const sockets = new Set<Socket>();
  const server = createServer((_request, response) => response.writeHead(404).end());
  const webSockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'graphql-transport-ws' });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (request, socket: Socket, head) => {
    moody.upgrades += 1;
    moody.requests.push(request);
    moody.mood(socket, request, () => {
      let accepted: WebSocket | undefined;
      webSockets.handleUpgrade(request, socket, head, (webSocket) => {
        accepted = webSocket;
      });
      if (accepted === undefined) throw new Error('The upgrade is none.');
      accepted.on('error', () => {});
      accepted.on('message', (data) => {
        if ((JSON.parse(String(data)) as { type: string }).type !== 'subscribe' || accepted === undefined) return;
        moody.subscribed += 1;
        moody.open.push(accepted);
      });
      return accepted;
    });
  });
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const moody: MoodySockets = {
    origin: `http://127.0.0.1:${port}`,
    port,
    upgrades: 0,
    subscribed: 0,
    requests: [],
    open: [],
    sockets: () => sockets.size,
    mood,
    async stop() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    start: () => listen(port),
  };
  return moody;
}

/** Acknowledges, and leaves the rest to the test. */
export function obliging(...[, , accept]: Parameters<SocketMood>): void {
  const webSocket = accept();
  webSocket.once('message', () => webSocket.send(ACK));
}

/** A name, as the subscription of `things.graphql` gives it. */
export function nameEvent(name: string): string {
  return JSON.stringify({ id: '1', type: 'next', payload: { data: { gqlAdded: { name } } } });
}

/** How a connection can fail before it is acknowledged. */
export const UNOPENED: Readonly<Record<string, [mood: SocketMood, code: string]>> = {
  'answers the upgrade with 500': [refuse(500), 'UPSTREAM_FAILED'],
  'is busy (503)': [refuse(503), 'UPSTREAM_FAILED'],
  'resets the connection': [(socket) => socket.resetAndDestroy(), 'UPSTREAM_UNREACHABLE'],
  'closes the connection in the handshake': [
    (socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\n'),
    'UPSTREAM_UNREACHABLE',
  ],
  'resets the socket before it acknowledges': [
    (socket, _, accept) => accept().once('message', () => socket.resetAndDestroy()),
    'UPSTREAM_UNREACHABLE',
  ],
  'closes the socket instead of acknowledging': [
    (_, __, accept) => {
      const webSocket = accept();
      webSocket.once('message', () => webSocket.close(1011));
    },
    'UPSTREAM_FAILED',
  ],
  'speaks nonsense': [
    (_, __, accept) => {
      const webSocket = accept();
      webSocket.once('message', () => webSocket.send('nonsense'));
    },
    'UPSTREAM_BAD_RESPONSE',
  ],
  'sends events before it acknowledges': [
    (_, __, accept) => {
      const webSocket = accept();
      webSocket.once('message', () => webSocket.send(nameEvent('early')));
    },
    'UPSTREAM_BAD_RESPONSE',
  ],
  'never answers the upgrade': [() => {}, 'UPSTREAM_TIMEOUT'],
  'never acknowledges': [(_, __, accept) => accept(), 'UPSTREAM_TIMEOUT'],
};

export function refuse(status: number, headers = ''): SocketMood {
  return (socket) => socket.end(`HTTP/1.1 ${status} X\r\nconnection: close\r\ncontent-length: 0\r\n${headers}\r\n`);
}
