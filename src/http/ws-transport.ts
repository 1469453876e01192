import type { IncomingMessage } from 'node:http';
import { CloseCode, type Server } from 'graphql-ws';
import type { WebSocket } from 'ws';
import type { Log } from '../../kernel/ports.ts';

/** What the protocol is told of a socket. */
export interface Peer {
  readonly socket: WebSocket;
  readonly request: IncomingMessage;
}

/** How often a client must give a sign of life: a pong. */
const PING_EVERY_MS = 12_000;
/** Of answers that a client has not taken yet: with more of them it is not read on. */
const MAX_UNREAD_BYTES = 1_048_576;
/** Reasons a socket is closed with: 123 bytes at the most (RFC 6455, section 5.5). */
const MAX_REASON_BYTES = 123;

/** Carries the messages of the protocol. A client that goes, in whatever state, is not news. */
export function carryProtocol(protocol: Server<Peer>, peer: Peer, log: Log): void {
  const { socket } = peer;
  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      send: (message) => new Promise((resolve) => socket.send(message, () => resolve())),
      close: (code, reason = '') => socket.close(code, closeReason(reason)),
      onMessage: (take) =>
        socket.on('message', (data) => {
          // Each may be answered, a ping before any key was shown: who does not read the answers is not read on.
          if (socket.bufferedAmount > MAX_UNREAD_BYTES) socket.pause();
          take(String(data)).catch((error: unknown) => {
            log.error({ err: error }, 'a message of a WebSocket could not be answered');
            socket.close(CloseCode.InternalServerError, 'Internal server error');
          });
        }),
    },
    peer,
  );
  let isAlive = true;
  socket.on('pong', () => {
    isAlive = true;
  });
  const pings = setInterval(() => {
    if (!isAlive) return socket.terminate();
    isAlive = false;
    socket.ping();
  }, PING_EVERY_MS);
  socket.once('close', (code, reason) => {
    clearInterval(pings);
    void closed(code, String(reason));
  });
}

/** As much of a text as a reason may have. */
export function closeReason(text: string): string {
  return Buffer.from(text)
    .subarray(0, MAX_REASON_BYTES)
    .toString('utf8')
    .replace(/\uFFFD+$/, '');
}
