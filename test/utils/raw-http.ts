import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A socket of the test's own, for what no well-behaved client sends. */
export interface RawConnection {
  readonly socket: Socket;
  send(text: string | Buffer): void;
  /** What was received so far, as text. */
  received(): string;
  /** How much was received. Only the first 16 MB are kept as text. */
  length(): number;
  /** Resolves when what was received contains `text`, or matches it; rejects when the socket closes before. */
  until(text: string | RegExp): Promise<string>;
  /** Resolves when the other side has closed. */
  readonly closed: Promise<void>;
}

export async function connectRaw(url: string): Promise<RawConnection> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = '';
  let length = 0;
  let check = () => {};
  socket.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (text.length < 16_000_000) text += chunk.toString('latin1');
    check();
  });
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await once(socket, 'connect');
  return {
    socket,
    send: (bytes) => socket.write(bytes),
    received: () => text,
    length: () => length,
    until: (wanted) =>
      new Promise((resolve, reject) => {
        check = () => {
          if (!(typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text))) return;
          // To search a text that grows, the engine copies it whole each time.
          check = () => {};
          resolve(text);
        };
        void closed.then(() => reject(new Error(`closed after: ${text}`)));
        check();
      }),
    closed,
  };
}

/** The text of a request with headers. */
export function requestText(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body = '',
): string {
  const lines = Object.entries({ host: 'localhost', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}
