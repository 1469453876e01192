import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Node takes a connection for idle as soon as the end of its answer is written, and closes it with what the client has not
 * taken yet: a server that closes would cut the answers of slow readers. Here it sends what it has, and is closed then.
 */
export function sendBeforeClosing(server: Server): void {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const closeIdleConnections = server.closeIdleConnections.bind(server);
  // Closing a server calls it, too.
  server.closeIdleConnections = () => {
    const sending = [...sockets].filter(({ writableLength }) => writableLength > 0);
    // Only Node knows which of them it takes for idle.
    for (const socket of sending) {
      socket.destroy = () => {
        Reflect.deleteProperty(socket, 'destroy');
        socket.destroySoon();
        return socket;
      };
    }
    closeIdleConnections();
    for (const socket of sending) Reflect.deleteProperty(socket, 'destroy');
  };
}

/** Closes the connection of an answer that has ended and of which the client takes nothing for so long: it is kept in memory. */
export function giveUpUntaken(response: ServerResponse, afterMs: number): void {
  response.once('prefinish', () => {
    const { socket } = response;
    // Node sets another time once the answer is sent.
    if (socket !== null && socket.writableLength > 0) socket.setTimeout(afterMs);
  });
}
