import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { WAYS } from '../utils/fault-suite.ts';
import { codes, moodySource, WAIT } from '../utils/moody-gateway.ts';
import { MOODY_KINDS, type MoodyKindName, well } from '../utils/moody-kinds.ts';
import { type Mood, raw } from '../utils/moody-server.ts';
import { useMoodySuite } from '../utils/moody-suite.ts';

const suite = useMoodySuite();
const KINDS = Object.keys(MOODY_KINDS) as MoodyKindName[];
const STEADY = { kind: 'openapi', document: 'steady.json' };
const MAX_BYTES = 12_000_000;
const BOMB = gzipSync(Buffer.alloc(100_000_000, ' '));
const head = (...headers: string[]) => `HTTP/1.1 200 OK\r\n${headers.map((line) => `${line}\r\n`).join('')}`;
const JSON_TYPE = 'content-type: application/json';

/** Ten megabytes that are well, and then are not. */
const brokenLate: Mood = (response, request) => {
  const path = request.url ?? '';
  const padding = 'x'.repeat(10_000_000);
  const isSoap = path.startsWith('/soap');
  const envelope = '<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body><GetSoapResponse xmlns="urn:s">';
  const start = isSoap ? `${envelope}<name>` : path.startsWith('/rest') ? '{"name":"' : '{"data":{"gqlItem":{"name":"';
  response.writeHead(200, { 'content-type': isSoap ? 'text/xml' : 'application/json' });
  response.end(start + padding + (isSoap ? '</nam' : '"}, oops'));
};

/** What is told of an answer, and how often a read asks for one: what was understood is not asked for again. */
const LIES: Record<string, [mood: Mood, code: string, asked: number]> = {
  'ends before its length': [raw(`${head(JSON_TYPE, 'content-length: 900')}\r\n{"name":"x"}`), 'UPSTREAM_FAILED', 2],
  'is longer than its length': [
    raw(`${head(JSON_TYPE, 'content-length: 5')}\r\n{"name":"x"}`),
    'UPSTREAM_BAD_RESPONSE',
    1,
  ],
  'has two lengths': [
    raw(`${head(JSON_TYPE, 'content-length: 5', 'content-length: 12')}\r\n{"name":"x"}`),
    'UPSTREAM_BAD_RESPONSE',
    2,
  ],
  'has a length that is no number': [
    raw(`${head(JSON_TYPE, 'content-length: many')}\r\n{"name":"x"}`),
    'UPSTREAM_BAD_RESPONSE',
    2,
  ],
  'has chunks whose length is none': [
    raw(`${head(JSON_TYPE, 'transfer-encoding: chunked')}\r\nzz\r\n{"name":"x"}\r\n0\r\n\r\n`),
    'UPSTREAM_BAD_RESPONSE',
    2,
  ],
  'is no HTTP': [raw('SSH-2.0-OpenSSH_9.6\r\n'), 'UPSTREAM_BAD_RESPONSE', 2],
  'is a page': [
    (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>hello</html>'),
    'UPSTREAM_BAD_RESPONSE',
    1,
  ],
  'is a picture that is called JSON': [
    (response) => response.writeHead(200, { 'content-type': 'application/json' }).end(Buffer.alloc(2_000, 0xff)),
    'UPSTREAM_BAD_RESPONSE',
    1,
  ],
  'breaks off at its tenth megabyte': [brokenLate, 'UPSTREAM_BAD_RESPONSE', 1],
  'unpacks to a hundred megabytes': [
    (response) => response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(BOMB),
    'UPSTREAM_RESPONSE_TOO_LARGE',
    1,
  ],
  'is packed in a way that nobody knows': [
    (response) =>
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'zoo' }).end('{"name":"x"}'),
    'UPSTREAM_BAD_RESPONSE',
    2,
  ],
  'is called packed and is not': [
    (response) =>
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end('{"name":"x"}'),
    'UPSTREAM_BAD_RESPONSE',
    2,
  ],
  'says that it is larger than allowed': [
    raw(`${head(JSON_TYPE, 'content-length: 99000000')}\r\n{"name":"x"`, () => {}),
    'UPSTREAM_RESPONSE_TOO_LARGE',
    1,
  ],
};

/** Goes on for ever, as fast as it is read, and counts what it could write. */
function endless(start: string, piece: string): { readonly mood: Mood; written: number } {
  const state = {
    written: 0,
    mood: (({ socket }) => {
      if (socket === null) return;
      const more = () => {
        while (!socket.destroyed && socket.write(piece)) state.written += piece.length;
        state.written += piece.length;
      };
      socket.on('drain', more);
      socket.write(start, more);
    }) as Mood,
  };
  return state;
}

/** Comes a byte at a time, and never to an end. */
function dribble(start: string, piece: string): Mood {
  return ({ socket }) => {
    socket?.write(start);
    const timer = setInterval(() => socket?.write(piece), 10);
    socket?.once('close', () => clearInterval(timer));
  };
}

const BODY_START = `${head(JSON_TYPE, 'transfer-encoding: chunked')}\r\n`;
const ENDLESS: Record<string, [start: string, piece: string, code: string, most: number]> = {
  headers: [head(), `x-more: ${'y'.repeat(4_000)}\r\n`, 'UPSTREAM_RESPONSE_TOO_LARGE', 20_000],
  'one header': [`${head()}x-long: `, 'y'.repeat(4_000), 'UPSTREAM_RESPONSE_TOO_LARGE', 20_000],
  'a body': [`${BODY_START}`, `2000\r\n${'y'.repeat(0x2000)}\r\n`, 'UPSTREAM_RESPONSE_TOO_LARGE', MAX_BYTES],
  trailers: [`${BODY_START}0\r\n`, `x-more: ${'y'.repeat(4_000)}\r\n`, 'UPSTREAM_RESPONSE_TOO_LARGE', 20_000],
};
/** What lies between two sockets on one machine. */
const IN_BUFFERS = 16_000_000;

const DRIBBLES: Record<string, Mood> = {
  'nothing at all': () => {},
  'half a status line': raw('HTTP/1.', () => {}),
  'headers, byte by byte': dribble(`${head()}x-slow: `, 'y'),
  'what goes before an answer': dribble('', 'HTTP/1.1 103 Early Hints\r\nx: y\r\n\r\n'),
  'a body, byte by byte': dribble(BODY_START, '1\r\ny\r\n'),
  'the start of a body': raw(`${BODY_START}1\r\n{\r\n`, () => {}),
};

describe.each(WAYS)('on the %s way, an answer', (way) => {
  const start = async (kind: MoodyKindName, options: object, upstream: object) => {
    const server = await suite.server();
    const steady = await suite.server();
    const gateway = await suite.gateway(way, {
      sources: {
        moody: moodySource(
          kind,
          [server],
          { breaker: false, ...upstream },
          { maxResponseBytes: MAX_BYTES, ...options },
        ),
        steady: { ...STEADY, endpoint: steady.origin },
      },
      limits: { requestTimeoutMs: 60_000 },
    });
    const field = MOODY_KINDS[kind].read;
    const query = `{ ${field} { name } steady { name } }`;
    /** The field is lost with this code; what others answer is there, and what comes next is well. */
    const expectLost = async (mood: Mood, code: string, asked: number) => {
      server.mood = mood;
      server.asked = 0;
      const answer = await gateway.ask(query);
      expect(codes(answer)).toEqual([`${field} ${code}`]);
      expect(answer.data).toEqual({ [field]: null, steady: { name: 'well' } });
      expect(answer.errors?.[0]?.extensions).toMatchObject({ source: 'moody', operation: expect.any(String) });
      expect(server.asked).toBe(asked);
      server.mood = well();
      expect(await gateway.ask(query)).toEqual({ data: { [field]: { name: 'well' }, steady: { name: 'well' } } });
    };
    return { gateway, server, expectLost };
  };

  it.each(KINDS)('of kind %s that lies costs its own field, and one more call at most', async (kind) => {
    const { expectLost } = await start(kind, {}, { retries: { backoffMs: 1 } });
    for (const [name, lie] of Object.entries(LIES)) {
      await expectLost(...lie).catch((error: unknown) => {
        throw new Error(`An answer that ${name}: ${String(error)}`, { cause: error });
      });
    }
  });

  it.each(Object.entries(ENDLESS))('whose %s has no end is cut off', async (_name, [first, piece, code, most]) => {
    for (const kind of ['rest', 'graphql'] as const) {
      const { expectLost, server } = await start(kind, {}, { retries: false });
      const flood = endless(first, piece);
      await expectLost(flood.mood, code, 1);
      // What is left is the socket of the call after it.
      await expect.poll(() => server.sockets(), WAIT).toBeLessThanOrEqual(1);
      expect(flood.written).toBeLessThan(most + IN_BUFFERS);
    }
  });

  it.each(KINDS)('of kind %s that does not come to an end is given up in time', async (kind) => {
    const starts = Object.entries(DRIBBLES).map(async ([name, mood]) => {
      const { server, gateway } = await start(kind, { timeoutMs: 150 }, { retries: false });
      server.mood = mood;
      const answer = await gateway.ask(`{ ${MOODY_KINDS[kind].read} { name } steady { name } }`);
      // undici connects again after a call that was given up: that socket is idle.
      await expect.poll(() => server.sockets(), WAIT).toBeLessThanOrEqual(1);
      return [name, codes(answer), server.asked, (answer.data as Record<string, unknown>).steady];
    });
    const told = [`${MOODY_KINDS[kind].read} UPSTREAM_TIMEOUT`];
    expect(await Promise.all(starts)).toEqual(Object.keys(DRIBBLES).map((name) => [name, told, 1, { name: 'well' }]));
  });
});
