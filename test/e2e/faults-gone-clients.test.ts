import { once } from 'node:events';
import { type ClientRequest, request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { askJson, unseen } from '../utils/fault-answers.ts';
import type { FaultBackends } from '../utils/fault-graph.ts';
import {
  type GrpcHandler,
  grpcBytes,
  grpcFrame,
  type HttpHandler,
  SECRET_HEADERS,
  type SeenRequest,
} from '../utils/fault-server.ts';
import { useFaultSuite, WAYS } from '../utils/fault-suite.ts';
import type { TestGateway } from '../utils/test-gateway.ts';

/** Something an operation waits for, and how to see that it was given up. */
interface Waiting {
  readonly query: string;
  /** Makes the backend hang there; the next request of the backend. */
  hang(backends: FaultBackends): Promise<SeenRequest>;
  /** What the client has got before it goes. */
  readonly received?: string;
}

const STOCK = Buffer.from([0x0a, 1, 97, 0x10, 5]);
const firstEvent =
  (body: string): HttpHandler =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', ...SECRET_HEADERS }).write(body);
  };
const delta = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: 'Hel' } }] })}\n\n`;
const added = `event: next\ndata: ${JSON.stringify({ data: { reviewAdded: { id: '7' } } })}\n\n`;
const CHAT = '(input: { messages: [{ role: USER, content: "Hi" }] }) { text }';

function http(server: 'catalog' | 'reviews' | 'provider', handler: HttpHandler = () => {}): Waiting['hang'] {
  return (backends) => {
    backends[server].answer(handler);
    return backends[server].nextRequest();
  };
}

function grpc(handler: GrpcHandler = () => {}): Waiting['hang'] {
  return ({ inventory }) => {
    inventory.answer(handler);
    return inventory.nextRequest();
  };
}

const QUERIES: Record<string, Waiting> = {
  'a REST source': { query: '{ hello { text } product(sku: "a") { name } }', hang: http('catalog') },
  'a REST source in the middle of its body': {
    query: '{ product(sku: "a") { name } }',
    hang: http('catalog', (response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write('{"sku":');
    }),
  },
  'a GraphQL source': { query: '{ review(id: 1) { id } }', hang: http('reviews') },
  'a gRPC source': { query: '{ stock(sku: "a") { quantity } }', hang: grpc() },
  'a chat': { query: `mutation { chat${CHAT} }`, hang: http('provider') },
  'a prompt': { query: 'mutation { classify(text: "x") { label } }', hang: http('provider') },
};

const STREAMS: Record<string, Waiting> = {
  'the first token of a chat': { query: `subscription { chatStream${CHAT} }`, hang: http('provider') },
  'the next token of a chat': {
    query: `subscription { chatStream${CHAT} }`,
    hang: http('provider', firstEvent(delta)),
    received: 'Hel',
  },
  'the next token of a prompt': {
    query: 'subscription { retellStream(text: "x") { text } }',
    hang: http('provider', firstEvent(delta)),
    received: 'Hel',
  },
  'the first message of a gRPC stream': { query: 'subscription { watchStock { quantity } }', hang: grpc() },
  'the next message of a gRPC stream': {
    query: 'subscription { watchStock { quantity } }',
    hang: grpc(grpcBytes(grpcFrame(STOCK), () => {})),
    received: '"quantity":5',
  },
  'the first event of a GraphQL stream': { query: 'subscription { reviewAdded { id } }', hang: http('reviews') },
  'the next event of a GraphQL stream': {
    query: 'subscription { reviewAdded { id } }',
    hang: http('reviews', firstEvent(added)),
    received: '"id":"7"',
  },
};

/** A client that can go away, and what it has got so far. */
interface Client {
  received(text: string): Promise<void>;
  /** Cuts the connection. */
  leave(): void;
  /** Says politely that it wants no more, where the protocol has a word for that. */
  cancel?(): void;
}

function post(gateway: TestGateway, query: string, accept: string): Client {
  const headers = { ...gateway.headers, 'content-type': 'application/json', accept };
  const sent: ClientRequest = request(gateway.url, { method: 'POST', headers });
  const seen = createText();
  sent.on('error', () => {});
  sent.on('response', (response) => {
    response.on('error', () => {});
    response.on('data', (chunk: Buffer) => seen.add(chunk.toString()));
  });
  sent.end(JSON.stringify({ query }));
  return { received: seen.until, leave: () => sent.destroy() };
}

async function openSocket(gateway: TestGateway, query: string): Promise<Client> {
  const socket = new WebSocket(gateway.url.replace('http', 'ws'), 'graphql-transport-ws', { headers: gateway.headers });
  const seen = createText();
  socket.on('message', (bytes: Buffer) => seen.add(bytes.toString()));
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init' }));
  await seen.until('connection_ack');
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
  return {
    received: seen.until,
    leave: () => socket.terminate(),
    cancel: () => socket.send(JSON.stringify({ id: '1', type: 'complete' })),
  };
}

function createText() {
  let text = '';
  const waiting: (() => void)[] = [];
  return {
    add(more: string) {
      text += more;
      for (const check of waiting) check();
    },
    until: (wanted: string) =>
      new Promise<void>((resolve) => {
        const check = () => {
          if (text.includes(wanted)) resolve();
        };
        waiting.push(check);
        check();
      }),
  };
}

const suite = useFaultSuite();

describe.each(WAYS)('on the %s way, a client that goes away while it waits for', (way) => {
  /** Lets a client go while the backend hangs; resolves when the backend has seen its socket, or call, closed. */
  async function expectClosed(
    waiting: Waiting,
    open: (query: string) => Client | Promise<Client>,
    go: 'leave' | 'cancel',
  ) {
    const arrival = waiting.hang(suite.backends);
    const client = await open(unseen(waiting.query));
    const { closed } = await arrival;
    if (waiting.received !== undefined) await client.received(waiting.received);
    client[go]?.();
    await closed;
    client.leave();
    const { results } = await askJson(suite.gateway(way), '{ hello { text } }');
    expect(results).toEqual([{ data: { hello: { text: 'still here' } } }]);
    const complaints = suite.log.lines.filter(({ level }) => level === 'error' || level === 'warn');
    expect(complaints, 'it is no failure of the source').toEqual([]);
  }

  it.each(Object.entries(QUERIES))('%s closes its connection', async (_name, waiting) => {
    const gateway = suite.gateway(way);
    await expectClosed(waiting, (query) => post(gateway, query, 'application/json'), 'leave');
    await expectClosed(waiting, (query) => post(gateway, query, 'text/event-stream'), 'leave');
    await expectClosed(waiting, (query) => openSocket(gateway, query), 'leave');
  });

  it.each(Object.entries(STREAMS))('%s closes its connection', async (_name, waiting) => {
    const gateway = suite.gateway(way);
    await expectClosed(waiting, (query) => post(gateway, query, 'text/event-stream'), 'leave');
    await expectClosed(waiting, (query) => openSocket(gateway, query), 'leave');
    await expectClosed(waiting, (query) => openSocket(gateway, query), 'cancel');
  });

  it('what a link asks for closes its connection', async () => {
    suite.backends.catalog.answer((response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('[{"sku": "a", "name": "Axe"}]');
    });
    const waiting = { query: '{ products { name stock { quantity } } }', hang: grpc() };
    await expectClosed(waiting, (query) => post(suite.gateway(way), query, 'application/json'), 'leave');
  });

  it('what a link of an event asks for closes both connections', async () => {
    const { reviews } = suite.backends;
    const event = `event: next\ndata: ${JSON.stringify({ data: { reviewAdded: { id: '7', sku: 'a' } } })}\n\n`;
    reviews.answer(firstEvent(event));
    const stream = reviews.nextRequest();
    const waiting = { query: 'subscription { reviewAdded { product { name } } }', hang: http('catalog') };
    await expectClosed(waiting, (query) => post(suite.gateway(way), query, 'text/event-stream'), 'leave');
    await (await stream).closed;
  });
});
