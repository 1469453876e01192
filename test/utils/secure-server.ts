import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { KeyAndCertificate } from './certificates.ts';
import type { Mood } from './moody-server.ts';

/** A service over TLS that counts what it is asked. */
export interface SecureServer {
  readonly origin: string;
  asked: number;
  /** Connections that were taken, with or without an end to their handshake. */
  connections: number;
  /** Common names of those who asked, of those who had to show a certificate. */
  readonly clients: (string | undefined)[];
  mood: Mood;
  /** For connections from now on. Those there are stay. */
  show(pair: KeyAndCertificate): void;
  /** Closes its connections. */
  disconnect(): void;
  sockets(): number;
  close(): Promise<void>;
}

/** With `clientAuthority`, who connects must show a certificate that it has issued. */
export async function createSecureServer(
  pair: KeyAndCertificate,
  mood: Mood,
  clientAuthority?: string,
): Promise<SecureServer> {
  const sockets = new Set<Duplex>();
  const contextOf = ({ key, certificate }: KeyAndCertificate) => ({ key, cert: certificate, ca: clientAuthority });
  const asks = clientAuthority !== undefined;
  const server = createServer(
    { ...contextOf(pair), requestCert: asks, rejectUnauthorized: asks },
    (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        secure.asked += 1;
        if (asks) secure.clients.push((request.socket as TLSSocket).getPeerCertificate().subject.CN);
        secure.mood(response, request, Buffer.concat(chunks).toString());
      });
    },
  );
  server.keepAliveTimeout = 60_000;
  server.on('tlsClientError', () => {});
  server.on('connection', (socket) => {
    secure.connections += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const disconnect = () => {
    for (const socket of sockets) socket.destroy();
  };
  const secure: SecureServer = {
    origin: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: 0,
    connections: 0,
    clients: [],
    mood,
    show: (next) => server.setSecureContext(contextOf(next)),
    disconnect,
    sockets: () => sockets.size,
    async close() {
      const closed = once(server, 'close');
      server.close();
      disconnect();
      await closed;
    },
  };
  return secure;
}
