import { Agent, request } from 'node:http';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { KEY } from './gateway.js';

const SUBSCRIPTION = 'subscription Ticks($name: String!) { ticks(name: $name) }';
const agent = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY });

/** A stream that counts what comes, and fails when events are missing, come twice, or it ends before it is closed. */
function createStream(name, fail) {
  let closed = false;
  const stream = {
    name,
    received: 0,
    close: () => {},
    take(result) {
      const { ticks } = result.data ?? {};
      if (ticks !== stream.received + 1) {
        fail(`${name}: after ${stream.received} came ${JSON.stringify(result).slice(0, 500)}`);
      }
      stream.received += 1;
      for (const waiting of waiters.splice(0)) waiting();
    },
    /** The stream is over. */
    end(why) {
      if (!closed) fail(`${name}: was cut after ${stream.received} events: ${why}`);
      for (const waiting of waiters.splice(0)) waiting();
    },
    closing() {
      closed = true;
    },
    /** Resolves when so many events have come, or it is over. */
    async until(count) {
      while (stream.received < count && !closed) await new Promise((resolve) => waiters.push(resolve));
    },
  };
  const waiters = [];
  return stream;
}

/** A subscription over server-sent events, on a socket of its own. Resolves when the gateway has answered. */
export function openSse(url, name, fail) {
  const stream = createStream(name, fail);
  return new Promise((resolve) => {
    const sent = request(url, {
      agent,
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: `Bearer ${KEY}` },
    });
    sent.on('error', (error) => {
      stream.end(error.message);
      resolve(stream);
    });
    sent.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        text += chunk;
        for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
          const event = text.slice(0, end);
          text = text.slice(end + 2);
          if (event.startsWith('event: next\ndata: ')) stream.take(JSON.parse(event.slice(18)));
        }
      });
      response.on('error', () => {});
      response.on('close', () => stream.end('closed'));
      resolve(stream);
    });
    stream.close = () => {
      stream.closing();
      sent.destroy();
    };
    sent.end(JSON.stringify({ query: SUBSCRIPTION, variables: { name } }));
  });
}

/** A WebSocket that takes any number of subscriptions and queries. */
export function openSocket(url, fail) {
  let closed = false;
  const client = createClient({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: { Authorization: `Bearer ${KEY}` },
    retryAttempts: 0,
    lazy: false,
    onNonLazyError: (error) => fail(`socket: ${String(error?.reason ?? error)}`),
    on: {
      closed: (event) => {
        if (!closed) fail(`socket: was closed with ${event.code}`);
      },
    },
  });
  return {
    subscribe(name) {
      const stream = createStream(name, fail);
      const leave = client.subscribe(
        { query: SUBSCRIPTION, variables: { name } },
        {
          next: stream.take,
          error: (error) => stream.end(JSON.stringify(error)),
          complete: () => stream.end('completed'),
        },
      );
      stream.close = () => {
        stream.closing();
        leave();
      };
      return stream;
    },
    /** One result. */
    ask(query) {
      return new Promise((resolve, reject) => {
        let result;
        client.subscribe(
          { query },
          {
            next: (value) => {
              result = value;
            },
            error: reject,
            complete: () => resolve(result),
          },
        );
      });
    },
    async close() {
      closed = true;
      await client.dispose();
    },
  };
}
