import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { type GatewayProcess, type Memory, startGatewayProcess } from '../utils/gateway-process.ts';
import { codes, moodySource, WAIT } from '../utils/moody-gateway.ts';
import { well } from '../utils/moody-kinds.ts';
import { createMoodyServer, type Mood, type MoodyServer } from '../utils/moody-server.ts';
import { createMoodySockets } from '../utils/moody-sockets.ts';

const MB = 1_048_576;
const MAX_RESPONSE_BYTES = MB;
/** Calls at a time: each may hold one answer, and what is read of the next one. */
const CALLS = 40;
/** What all of it may take, beside what the gateway had before. An answer of each that is kept whole is many times that. */
const MOST_GROWTH = 256 * MB;
/** What may stay: compiled code, pools, caches. */
const MOST_KEPT = 24 * MB;

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function serve(mood: Mood = well()): Promise<MoodyServer> {
  const server = await createMoodyServer(mood);
  ends.push(() => server.close());
  return server;
}

async function start(
  server: { readonly origin: string },
  maxResponseBytes = MAX_RESPONSE_BYTES,
  subscriptions: object = {},
): Promise<GatewayProcess> {
  const upstream = { breaker: false, retries: false };
  const limits = { maxResponseBytes };
  const gateway = await startGatewayProcess({
    sources: {
      moody: moodySource('rest', [server], upstream, limits),
      graphql: moodySource('graphql', [server], upstream, { ...limits, subscriptions }),
      steady: { kind: 'openapi', document: 'steady.json', endpoint: (await serve()).origin },
    },
  });
  ends.push(() => gateway.stop());
  return gateway;
}

/** All that a gateway loads late is loaded: what grows then grows by what it is sent. */
async function warmUp(gateway: GatewayProcess): Promise<Memory> {
  for (let i = 0; i < 8; i += 1) await Promise.all(Array.from({ length: CALLS }, () => gateway.ask(QUERY)));
  return gateway.memory();
}

const QUERY = '{ restItem { name } steady { name } }';
const askAll = (gateway: GatewayProcess) => Promise.all(Array.from({ length: CALLS }, () => gateway.ask(QUERY)));
const head = (...headers: string[]) => `HTTP/1.1 200 OK\r\n${headers.map((line) => `${line}\r\n`).join('')}`;
const CHUNKED = `${head('content-type: application/json', 'transfer-encoding: chunked')}\r\n`;

/** Writes pieces as fast as they are read, until the socket is closed. */
function flood(start: string, piece: Buffer): Mood {
  return ({ socket }) => {
    if (socket === null) return;
    const more = () => {
      while (!socket.destroyed && socket.write(piece));
    };
    socket.on('drain', more);
    socket.write(start, more);
  };
}

const packed = (bytes: number): Mood => {
  const bomb = gzipSync(Buffer.alloc(bytes, ' '));
  return (response) =>
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(bomb);
};

const TOO_LARGE = /TOO_LARGE$/;
const HEADERS = Buffer.from(`x-more: ${'y'.repeat(4_000)}\r\n`.repeat(16));
const FLOODS: Record<string, [mood: Mood, code: RegExp]> = {
  'unpacks to five hundred megabytes': [packed(500_000_000), TOO_LARGE],
  'never ends': [flood(CHUNKED, Buffer.from(`10000\r\n${'y'.repeat(0x10000)}\r\n`)), TOO_LARGE],
  'never ends, in chunks of one byte': [
    flood(CHUNKED, Buffer.from('1\r\ny\r\n'.repeat(10_000))),
    // Who sends a megabyte in such pieces may be too slow for it.
    /(TOO_LARGE|TIMEOUT)$/,
  ],
  'has headers without end': [flood(head(), HEADERS), TOO_LARGE],
  'has trailers without end': [flood(`${CHUNKED}0\r\n`, HEADERS), TOO_LARGE],
};

describe('the memory of a gateway', () => {
  it('is bounded when answers unpack to much more, or never end in any of their parts', async () => {
    const server = await serve();
    const gateway = await start(server);
    const before = await warmUp(gateway);
    const grown: [name: string, mostBytes: number][] = [];
    for (const [name, [mood, code]] of Object.entries(FLOODS)) {
      server.mood = mood;
      server.asked = 0;
      for (let round = 0; round < 2; round += 1) {
        for (const answer of await askAll(gateway)) {
          expect([name, codes(answer)]).toEqual([name, [expect.stringMatching(code)]]);
          expect(answer.data).toEqual({ restItem: null, steady: { name: 'well' } });
        }
      }
      expect(server.asked).toBe(CALLS * 2);
      grown.push([name, (await gateway.memory()).mostBytes - before.nowBytes]);
    }
    expect(grown.filter(([, bytes]) => bytes > MOST_GROWTH)).toEqual([]);
    server.mood = well();
    expect((await gateway.ask(QUERY)).errors).toBeUndefined();
    expect((await gateway.memory()).keptBytes - before.keptBytes).toBeLessThan(MOST_KEPT);
  }, 120_000);

  it('would be seen to grow without the bound', async () => {
    const server = await serve();
    const gateway = await start(server, 100_000_000);
    const before = await warmUp(gateway);
    server.mood = packed(60_000_000);
    await Promise.all(Array.from({ length: 4 }, () => gateway.ask(QUERY)));
    expect((await gateway.memory()).mostBytes - before.nowBytes).toBeGreaterThan(MOST_GROWTH);
  }, 120_000);

  it.each(['sse', 'ws'] as const)(
    'is bounded when subscriptions over %s are not read by their clients',
    async (protocol) => {
      const name = 'x'.repeat(16_000);
      const payload = { data: { gqlAdded: { name } } };
      let written = 0;
      const server = await serve();
      const sockets = await createMoodySockets((_, __, accept) => {
        const socket = accept();
        const event = JSON.stringify({ id: '1', type: 'next', payload });
        const more = () => {
          if (socket.readyState !== socket.OPEN) return;
          written += event.length;
          socket.send(event, more);
        };
        socket.on('message', (data) => {
          if (String(data).includes('connection_init')) socket.send('{"type":"connection_ack"}');
          else if (String(data).includes('subscribe')) more();
        });
      });
      ends.push(() => sockets.stop());
      const endpoint = protocol === 'ws' ? `${sockets.origin}/graphql` : `${server.origin}/graphql`;
      const gateway = await start(server, MAX_RESPONSE_BYTES, { protocol, endpoint });
      const before = await warmUp(gateway);
      const event = Buffer.from(`event: next\ndata: ${JSON.stringify(payload)}\n\n`);
      server.mood = ({ socket }) => {
        const more = () => {
          if (socket === null || socket.destroyed) return;
          written += event.length;
          socket.write(event, more);
        };
        socket?.write(`${head('content-type: text/event-stream')}\r\n`, more);
      };
      const readers = await Promise.all(
        Array.from({ length: CALLS }, () => gateway.open('subscription { gqlAdded { name } }')),
      );
      ends.push(() => Promise.all(readers.map((reader) => reader.close())));
      expect(await readers[0]?.next()).toEqual(payload);
      // What a service still has to send does not become less while nobody reads.
      let last = -1;
      const isHeldBack = () => {
        const stands = written > 0 && written === last;
        last = written;
        return stands;
      };
      await expect.poll(isHeldBack, { ...WAIT, timeout: 30_000, interval: 500 }).toBe(true);
      const after = await gateway.memory();
      expect(after.mostBytes - before.nowBytes).toBeLessThan(MOST_GROWTH);
      for (const reader of readers) expect(await reader.next()).toEqual(payload);
      await Promise.all(readers.map((reader) => reader.close()));
      await expect
        .poll(async () => (await gateway.memory()).keptBytes - before.keptBytes, { ...WAIT, interval: 200 })
        .toBeLessThan(MOST_KEPT);
    },
    120_000,
  );
});
