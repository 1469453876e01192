import { once } from 'node:events';
import { createServer } from 'node:http';
import { buildSchema, introspectionFromSchema } from 'graphql';

const SCHEMA = buildSchema('type Query { ticked: Int } type Subscription { ticks(name: String!): Int }');
const INTROSPECTION = JSON.stringify({ data: introspectionFromSchema(SCHEMA) });
export const PRODUCTS = Array.from({ length: 10 }, (_, i) => ({ sku: `p${i}`, name: `Product ${i}` }));
/** How many turns it takes until every stream has had an event. */
const TURNS = 20;

/**
 * A service over HTTP: `/hello`, `/products`, `/stocks` and `/upload` are quick and right, `/graphql` has subscriptions with an
 * event for everybody every second; the others have their names.
 */
export async function createUpstream() {
  const sockets = new Set();
  /** Streams by their names, with how many events they were sent. */
  const streams = new Map();
  const hanging = new Set();
  const count = { requests: 0, opened: 0, closed: 0 };
  const send = (response, value, status = 200) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));

  const answers = {
    '/hello': (response) => send(response, 'world'),
    '/products': (response) => send(response, PRODUCTS),
    '/stocks': (response, { searchParams }) =>
      send(
        response,
        searchParams.getAll('sku').map((sku) => ({ sku, quantity: Number(sku.slice(1)) })),
      ),
    '/upload': (response, _url, body) => send(response, { bytes: body.length }),
    '/slow': (response) => setTimeout(() => send(response, 'late'), 200 + Math.random() * 300),
    '/fail': (response) => send(response, { message: 'broken' }, 500),
    '/hang': (response) => {
      hanging.add(response);
      response.once('close', () => hanging.delete(response));
    },
    '/reset': (response) => response.socket.resetAndDestroy(),
    '/half': (response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 }).write('{"half');
      setTimeout(() => response.destroy(), 20);
    },
    '/lie': (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('<html>'),
    '/graphql': (response, _url, body) => {
      const text = body.toString();
      if (!text.includes('ticks(')) {
        response.writeHead(200, { 'content-type': 'application/json' });
        return response.end(text.includes('__schema') ? INTROSPECTION : '{"data":{"ticked":1}}');
      }
      const name = /stream-[a-z]+-\d+/.exec(text)[0];
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      count.opened += 1;
      streams.set(name, { response, sent: 0, turn: count.opened % TURNS });
      response.once('close', () => {
        count.closed += 1;
        streams.get(name).closed = true;
      });
    },
  };
  const server = createServer(async (request, response) => {
    count.requests += 1;
    const chunks = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      return;
    }
    const url = new URL(request.url, 'http://upstream');
    const answer = answers[url.pathname];
    if (url.pathname.startsWith('/added')) send(response, 'added');
    else if (answer === undefined) send(response, 'unknown', 404);
    else answer(response, url, Buffer.concat(chunks));
  });
  server.keepAliveTimeout = 60_000;
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');

  let turn = 0;
  let ticking;
  return {
    address: `http://127.0.0.1:${server.address().port}`,
    count,
    streams,
    sockets: () => sockets.size,
    tick(everyMs = 1_000) {
      ticking = setInterval(() => {
        turn = (turn + 1) % TURNS;
        for (const stream of streams.values()) {
          if (stream.turn !== turn || stream.closed) continue;
          stream.sent += 1;
          stream.response.write(`event: next\ndata: {"data":{"ticks":${stream.sent}}}\n\n`);
        }
      }, everyMs / TURNS);
    },
    stopTicking: () => clearInterval(ticking),
    async close() {
      clearInterval(ticking);
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
