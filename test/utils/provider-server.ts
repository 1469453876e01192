import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
  /** Resolves when the socket of this request is closed. */
  readonly closed: Promise<void>;
}

export type ProviderHandler = (request: ReceivedRequest, response: ServerResponse) => unknown;

export interface ProviderServer {
  readonly endpoint: string;
  /** All requests so far. */
  readonly requests: readonly ReceivedRequest[];
  /** How many sockets were opened. */
  connections(): number;
  /** The next request that comes, or the one that has come. */
  nextRequest(): Promise<ReceivedRequest>;
  answer(handler: ProviderHandler): void;
  close(): Promise<void>;
}

/** A server in the place of a model provider; it answers what the test tells it to, byte by byte. */
export async function createProviderServer(handler: ProviderHandler = () => {}): Promise<ProviderServer> {
  let answer = handler;
  let connections = 0;
  const requests: ReceivedRequest[] = [];
  const waiting: ((request: ReceivedRequest) => void)[] = [];
  let taken = 0;
  const server = createServer((incoming, response) => {
    const closed = new Promise<void>((resolve) => incoming.socket.once('close', () => resolve()));
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('error', () => {});
    incoming.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, unknown>;
      const request = { path: incoming.url ?? '', headers: incoming.headers, body, closed };
      requests.push(request);
      const waiter = waiting.shift();
      if (waiter !== undefined) {
        taken += 1;
        waiter(request);
      }
      void answer(request, response);
    });
  });
  // Longer than a test takes: clients keep their sockets as long as they are told here.
  server.keepAliveTimeout = 60_000;
  server.on('connection', (socket) => {
    connections += 1;
    // Each request on it waits for its end.
    socket.setMaxListeners(0);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    connections: () => connections,
    nextRequest: () => {
      const request = requests[taken];
      if (request === undefined) return new Promise((resolve) => waiting.push(resolve));
      taken += 1;
      return Promise.resolve(request);
    },
    answer: (next) => {
      answer = next;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Events in OpenAI's form: each value as JSON, then the terminator. */
export function openaiEvents(...chunks: readonly unknown[]): string {
  return [...chunks.map((chunk) => JSON.stringify(chunk)), '[DONE]'].map((data) => `data: ${data}\n\n`).join('');
}

/** Chunks of a chat completion that says `texts` and stops. */
export function openaiChunks(...texts: readonly string[]): unknown[] {
  return [
    ...texts.map((content) => ({ id: 'c1', choices: [{ index: 0, delta: { content }, finish_reason: null }] })),
    { id: 'c1', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
    { id: 'c1', choices: [], usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 } },
  ];
}

export function openaiAnswer(content: string): Record<string, unknown> {
  return {
    id: 'c1',
    model: 'stub-2025',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
  };
}

export function sendJson(response: ServerResponse, body: unknown, status = 200, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

export function sendEvents(response: ServerResponse, ...pieces: readonly (string | Buffer)[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const piece of pieces) response.write(piece);
  response.end();
}
