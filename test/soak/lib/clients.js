import { isDeepStrictEqual } from 'node:util';
import { Agent, request } from 'undici';
import { KEY } from './gateway.js';
import { PRODUCTS } from './upstream.js';

const repeat = (count, what) => Array.from({ length: count }, () => what).join(' ');

/** What is asked, and what must come of it. The document of `stitched` is too large for the direct way. */
export const QUERIES = {
  hello: { query: '{ hello }', data: { hello: 'world' } },
  join: {
    query: '{ products { sku name stock { quantity } } }',
    data: { products: PRODUCTS.map((product, i) => ({ ...product, stock: { quantity: i } })) },
  },
  graphql: { query: '{ ticked }', data: { ticked: 1 } },
  stitched: {
    query: `{ ${repeat(28, '...A')} } fragment A on Query { ${repeat(28, '...B')} } fragment B on Query { ${repeat(28, 'hello')} }`,
    data: { hello: 'world' },
    extensions: { skein: { plan: true } },
    way: 'stitched',
  },
};

/** Asks a gateway over HTTP, with keep-alive, and remembers what went otherwise than it must. */
export function createAsker(url, { connections = 50 } = {}) {
  const agent = new Agent({ connections, keepAliveTimeout: 30_000 });
  const counts = { requests: 0, failures: 0 };
  /** The first of them. */
  const failures = [];
  const fail = (what) => {
    counts.failures += 1;
    if (failures.length < 20) failures.push(what);
  };
  const send = async ({ body, contentType }, { signal, timeoutMs = 30_000 } = {}) => {
    const answer = await request(url, {
      method: 'POST',
      dispatcher: agent,
      headers: { 'content-type': contentType, authorization: `Bearer ${KEY}` },
      body,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      signal,
    });
    return answer.body.json();
  };
  const post = (body, more) => send({ body: JSON.stringify(body), contentType: 'application/json' }, more);
  return {
    counts,
    failures,
    fail,
    send,
    post,
    /** Asks one of QUERIES, and holds the whole answer to what it must be. */
    async ask(name) {
      const { query, data, extensions, way } = QUERIES[name];
      counts.requests += 1;
      try {
        const answer = await post({ query, extensions });
        const isRight = answer.errors === undefined && isDeepStrictEqual(answer.data, data);
        if (!isRight || answer.extensions?.plan?.way !== way) fail(`${name}: ${JSON.stringify(answer).slice(0, 500)}`);
      } catch (error) {
        fail(`${name}: ${error.stack}`);
      }
    },
    close: () => agent.close(),
  };
}

/** Runs `count` loops of `step` until it is stopped; `stop` resolves when the last step is over. */
export function startLoops(count, step) {
  let running = true;
  const loops = Array.from({ length: count }, async (_, index) => {
    for (let turn = 0; running; turn += 1) await step(index, turn);
  });
  return {
    async stop() {
      running = false;
      await Promise.all(loops);
    },
  };
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
