import { getEventListeners, once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { SkeinError } from '../../kernel/errors.ts';
import { silentLog } from '../../kernel/ports.ts';
import { ProblemsError } from '../../kernel/problem.ts';
import { cancellationOf } from '../../test/utils/cancellation.ts';
import { NO_CLIENT } from '../call-context.ts';
import type { CallContext } from '../source.ts';
import { createHttpUpstream, type HttpUpstreamOptions } from './http-upstream.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Listens on a free port, keeps count of its sockets and closes them all at the end of the test. */
async function listen(
  server: Server,
): Promise<{ url: string; port: number; sockets: Socket[]; socket: Promise<Socket> }> {
  const sockets: Socket[] = [];
  server.on('connection', (socket) => {
    socket.on('error', () => {});
    sockets.push(socket);
  });
  const socket = once(server, 'connection').then(([first]: unknown[]) => first as Socket);
  socket.catch(() => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, sockets, socket };
}

function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.on('close', () => resolve()));
}

const httpServer = (listener: RequestListener) => listen(createServer(listener));
const tcpServer = (onRequest: (socket: Socket) => void) =>
  listen(createTcpServer((socket) => socket.once('data', () => onRequest(socket))));

function upstreamOf(endpoint: string, options: Partial<HttpUpstreamOptions> = {}) {
  const defaults = { source: 'catalog', headers: {}, timeoutMs: 5_000, maxResponseBytes: 1_000_000 };
  const upstream = createHttpUpstream({ ...defaults, endpoint, ...options });
  cleanups.push(() => upstream.dispose());
  return upstream;
}

function contextOf(overrides: Partial<CallContext> = {}): CallContext {
  return {
    cancellation: cancellationOf(),
    deadlineAt: Date.now() + 60_000,
    ...NO_CLIENT,
    requestId: 'r1',
    log: silentLog,
    ...overrides,
  };
}

const get = { operation: 'getProduct', method: 'GET', path: '/products/1' };

async function failureOf(promise: Promise<unknown>): Promise<SkeinError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof SkeinError) return error;
  throw new Error(`expected a SkeinError, got ${String(error)}`);
}

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n';

describe('exchange', () => {
  test('sends method, path below the endpoint, headers and body, and gives back status, headers and body', async () => {
    const seen: unknown[] = [];
    const server = await httpServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      seen.push(request.method, request.url, request.headers['x-key'], request.headers['x-own'], body);
      seen.push(request.headers['accept-encoding']);
      response.writeHead(201, { 'x-answer': 'yes' }).write('{"a"');
      response.end(':1}');
    });
    const upstream = upstreamOf(`${server.url}/api/`, { headers: { 'X-Key': 'k', 'x-own': 'base' } });
    const answer = await upstream.exchange(
      { operation: 'add', method: 'POST', path: '/products?x=%2F', headers: { 'X-Own': 'own' }, body: '{"n":"ü"}' },
      contextOf(),
    );
    expect(seen).toEqual(['POST', '/api/products?x=%2F', 'k', 'own', '{"n":"ü"}', 'identity']);
    expect(answer.status).toBe(201);
    expect(answer.headers['x-answer']).toBe('yes');
    expect(answer.body.toString()).toBe('{"a":1}');
  });

  test('calls that follow each other share connections', async () => {
    const server = await httpServer((_request, response) => response.end('ok'));
    const upstream = upstreamOf(server.url);
    for (let n = 0; n < 20; n++) await upstream.exchange(get, contextOf());
    // Two, because undici rests a connection for one turn of the event loop.
    expect(server.sockets.length).toBeLessThanOrEqual(2);
  });

  test('a redirect is an answer and is not followed', async () => {
    const server = await httpServer((_request, response) => response.writeHead(302, { location: '/other' }).end());
    expect((await upstreamOf(server.url).exchange(get, contextOf())).status).toBe(302);
  });

  test('an early hint is not taken for the answer', async () => {
    const server = await tcpServer((socket) =>
      socket.end('HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'),
    );
    const answer = await upstreamOf(server.url).exchange(get, contextOf());
    expect([answer.status, answer.body.toString()]).toEqual([200, 'ok']);
  });

  test('credentials in the endpoint travel as basic authorization', async () => {
    const server = await httpServer((request, response) => response.end(request.headers.authorization));
    const upstream = upstreamOf(server.url.replace('http://', 'http://user:p%40ss@'));
    const answer = await upstream.exchange(get, contextOf());
    expect(answer.body.toString()).toBe(`Basic ${Buffer.from('user:p@ss').toString('base64')}`);
  });

  test('a port where nobody listens is UPSTREAM_UNREACHABLE, and the public part names no address', async () => {
    const server = await httpServer(() => {});
    cleanups.splice(0).forEach((cleanup) => {
      cleanup();
    });
    const warn = vi.fn();
    const call = upstreamOf(server.url).exchange(get, contextOf({ log: { ...silentLog, warn } }));
    const error = await failureOf(call);
    expect(error.extensions).toEqual({ code: 'UPSTREAM_UNREACHABLE', source: 'catalog', operation: 'getProduct' });
    expect(error.message).not.toContain('127.0.0.1');
    expect(error.cause).toBeInstanceOf(Error);
    expect(warn.mock.calls[0]?.[0]).toMatchObject({ source: 'catalog', operation: 'getProduct', requestId: 'r1' });
  });

  test('a host that does not exist is UPSTREAM_UNREACHABLE', async () => {
    const error = await failureOf(upstreamOf('http://nowhere.invalid').exchange(get, contextOf()));
    expect(error.code).toBe('UPSTREAM_UNREACHABLE');
  });

  test('a server that does not speak TLS is UPSTREAM_UNREACHABLE over https', async () => {
    const server = await tcpServer((socket) => socket.end('no'));
    const error = await failureOf(upstreamOf(server.url.replace('http:', 'https:')).exchange(get, contextOf()));
    expect(error.code).toBe('UPSTREAM_UNREACHABLE');
  });

  test.each([
    ['reset before the answer', (socket: Socket) => socket.resetAndDestroy(), 'UPSTREAM_UNREACHABLE'],
    ['closed before the answer', (socket: Socket) => socket.end(), 'UPSTREAM_UNREACHABLE'],
    [
      'reset in the headers',
      (socket: Socket) => socket.write('HTTP/1.1 200', () => socket.resetAndDestroy()),
      'UPSTREAM_UNREACHABLE',
    ],
    ['closed in the body', (socket: Socket) => socket.end(`${HEAD}half`), 'UPSTREAM_FAILED'],
    [
      'closed in a chunked body',
      (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel'),
      'UPSTREAM_FAILED',
    ],
    [
      'reset in the body',
      (socket: Socket) => socket.write(`${HEAD}half`, () => socket.resetAndDestroy()),
      'UPSTREAM_FAILED',
    ],
    [
      'an answer of two lengths',
      (socket: Socket) =>
        socket.end('HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'),
      'UPSTREAM_BAD_RESPONSE',
    ],
    ['not HTTP at all', (socket: Socket) => socket.end('hello\r\n\r\n'), 'UPSTREAM_BAD_RESPONSE'],
    [
      'headers without end',
      (socket: Socket) => socket.write(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}`),
      'UPSTREAM_RESPONSE_TOO_LARGE',
    ],
    ['silent', () => {}, 'UPSTREAM_TIMEOUT'],
    ['silent in the body', (socket: Socket) => socket.write(`${HEAD}half`), 'UPSTREAM_TIMEOUT'],
  ] as const)('an upstream that is %s', async (_what, behave, code) => {
    const server = await tcpServer(behave);
    const upstream = upstreamOf(server.url, { timeoutMs: code === 'UPSTREAM_TIMEOUT' ? 20 : 5_000 });
    expect((await failureOf(upstream.exchange(get, contextOf()))).code).toBe(code);
  });

  test('an answer that drips for longer than the timeout is UPSTREAM_TIMEOUT', async () => {
    const server = await tcpServer((socket) => {
      socket.write(HEAD);
      const timer = setInterval(() => socket.write('.'), 5);
      socket.on('close', () => clearInterval(timer));
    });
    const upstream = upstreamOf(server.url, { timeoutMs: 50 });
    expect((await failureOf(upstream.exchange(get, contextOf()))).code).toBe('UPSTREAM_TIMEOUT');
  });

  test('early hints without an answer are UPSTREAM_TIMEOUT, and their socket is closed', async () => {
    const server = await tcpServer((socket) => {
      const timer = setInterval(() => socket.write('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'), 5);
      socket.on('close', () => clearInterval(timer));
    });
    const upstream = upstreamOf(server.url, { timeoutMs: 50 });
    for (const call of ['exchange', 'openStream'] as const) {
      expect((await failureOf(upstream[call](get, contextOf()))).code).toBe('UPSTREAM_TIMEOUT');
    }
    await Promise.all(server.sockets.map((socket) => socket.destroyed || closeOf(socket)));
  });

  test.each([
    ['says so', `HTTP/1.1 200 OK\r\ncontent-length: 2000\r\n\r\n`],
    ['does not say so', `HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(1_001)}`],
  ])('an answer that is too large and %s is refused, and its socket closed', async (_what, bytes) => {
    const server = await tcpServer((socket) => socket.write(bytes));
    const call = failureOf(upstreamOf(server.url, { maxResponseBytes: 1_000 }).exchange(get, contextOf()));
    const closed = closeOf(await server.socket);
    expect((await call).code).toBe('UPSTREAM_RESPONSE_TOO_LARGE');
    await closed;
  });

  test('an answer of exactly the allowed size is read', async () => {
    const server = await httpServer((_request, response) => response.end('x'.repeat(1_000)));
    const answer = await upstreamOf(server.url, { maxResponseBytes: 1_000 }).exchange(get, contextOf());
    expect(answer.body).toHaveLength(1_000);
  });

  test('the size that an answer to HEAD tells is that of a body which does not come', async () => {
    const server = await httpServer((_request, response) => response.writeHead(200, { 'content-length': 5e9 }).end());
    const answer = await upstreamOf(server.url).exchange({ ...get, method: 'HEAD' }, contextOf());
    expect([answer.status, answer.body.length]).toEqual([200, 0]);
  });

  test('an encoded answer that nobody asked for is decoded within the same bound', async () => {
    const server = await httpServer((request, response) => {
      const plain = Buffer.alloc(request.url === '/big' ? 50_000 : 500, 'x');
      const [encoding, body] =
        request.url === '/br' ? (['br', brotliCompressSync(plain)] as const) : (['gzip', gzipSync(plain)] as const);
      response.writeHead(200, { 'content-encoding': request.url === '/odd' ? 'odd' : encoding }).end(body);
    });
    const upstream = upstreamOf(server.url, { maxResponseBytes: 1_000 });
    const call = (path: string) => upstream.exchange({ ...get, path }, contextOf());
    expect((await call('/gzip')).body.toString()).toBe('x'.repeat(500));
    expect((await call('/br')).body.toString()).toBe('x'.repeat(500));
    expect((await failureOf(call('/big'))).code).toBe('UPSTREAM_RESPONSE_TOO_LARGE');
    expect((await failureOf(call('/odd'))).code).toBe('UPSTREAM_BAD_RESPONSE');
  });

  test('an abort in the middle of the body closes the socket and leaves no listener behind', async () => {
    const server = await tcpServer((socket) => socket.write(`${HEAD}half`));
    const controller = new AbortController();
    const call = failureOf(
      upstreamOf(server.url).exchange(get, contextOf({ cancellation: cancellationOf(controller.signal) })),
    );
    const socket = await server.socket;
    await once(socket, 'data');
    const closed = closeOf(socket);
    controller.abort();
    expect((await call).code).toBe('CLIENT_CLOSED_REQUEST');
    await closed;
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  });

  test('an abort after the deadline is DEADLINE_EXCEEDED', async () => {
    const server = await tcpServer(() => {});
    const controller = new AbortController();
    const context = contextOf({ cancellation: cancellationOf(controller.signal), deadlineAt: Date.now() - 1 });
    const call = failureOf(upstreamOf(server.url).exchange(get, context));
    await server.socket;
    controller.abort();
    expect((await call).code).toBe('DEADLINE_EXCEEDED');
  });

  test('a call on a signal that has aborted is not sent', async () => {
    const server = await httpServer((_request, response) => response.end());
    const call = upstreamOf(server.url).exchange(get, contextOf({ cancellation: cancellationOf(AbortSignal.abort()) }));
    expect((await failureOf(call)).code).toBe('CLIENT_CLOSED_REQUEST');
    expect(server.sockets).toHaveLength(0);
  });

  test('a call given up while it waits for a connection is never sent', async () => {
    const paths: (string | undefined)[] = [];
    const server = await httpServer((request, response) => {
      paths.push(request.url);
      response.end();
    });
    const upstream = upstreamOf(server.url);
    const controller = new AbortController();
    const call = failureOf(
      upstream.exchange({ ...get, path: '/given-up' }, contextOf({ cancellation: cancellationOf(controller.signal) })),
    );
    controller.abort();
    expect((await call).code).toBe('CLIENT_CLOSED_REQUEST');
    await upstream.exchange({ ...get, path: '/next' }, contextOf());
    expect(paths).toEqual(['/next']);
  });

  test('many calls of one request share one cancellation, which nobody watches when they have ended', async () => {
    const server = await httpServer((_request, response) => response.end());
    const watching = new Set<object>();
    const context = contextOf({
      cancellation: {
        reason: undefined,
        signal: new AbortController().signal,
        watch: (c) => watching.add(c),
        unwatch: (c) => watching.delete(c),
      },
    });
    const upstream = upstreamOf(server.url);
    const calls = Array.from({ length: 20 }, () => upstream.exchange(get, context));
    expect(watching.size).toBe(20);
    await Promise.all(calls);
    expect(watching.size).toBe(0);
  });

  test('an aborted signal ends every call on it', async () => {
    const server = await httpServer(() => {});
    const controller = new AbortController();
    const upstream = upstreamOf(server.url);
    const context = contextOf({ cancellation: cancellationOf(controller.signal) });
    const calls = Array.from({ length: 3 }, () => failureOf(upstream.exchange(get, context)));
    controller.abort(new SkeinError('SHUTTING_DOWN'));
    expect((await Promise.all(calls)).map((error) => error.code)).toEqual(Array(3).fill('SHUTTING_DOWN'));
  });

  test('calls under way fail when the upstream is disposed of', async () => {
    const server = await httpServer(() => {});
    const upstream = upstreamOf(server.url);
    const call = failureOf(upstream.exchange(get, contextOf()));
    await server.socket;
    await upstream.dispose();
    expect((await call).code).toBe('UPSTREAM_UNREACHABLE');
  });
});

describe('openStream', () => {
  test('hands on chunks as they come, and its end', async () => {
    const server = await tcpServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\none');
      socket.on('data', (more) => (String(more) === 'go' ? socket.end('two') : undefined));
    });
    const { signal } = new AbortController();
    const stream = await upstreamOf(server.url).openStream(get, contextOf({ cancellation: cancellationOf(signal) }));
    expect([stream.status, stream.headers['content-type']]).toEqual([200, 'text/event-stream']);
    expect((await stream.body.next()).value?.toString()).toBe('one');
    (await server.socket).emit('data', 'go');
    expect((await stream.body.next()).value?.toString()).toBe('two');
    expect((await stream.body.next()).done).toBe(true);
    expect((await stream.body.next()).done).toBe(true);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  test('a reader that stops in the middle closes the socket', async () => {
    const server = await tcpServer((socket) => socket.write(`${HEAD}half`));
    const { signal } = new AbortController();
    const stream = await upstreamOf(server.url).openStream(get, contextOf({ cancellation: cancellationOf(signal) }));
    const closed = closeOf(await server.socket);
    for await (const chunk of stream.body) {
      expect(chunk.toString()).toBe('half');
      break;
    }
    await closed;
    expect((await stream.body.next()).done).toBe(true);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  test('return() ends a read that is waiting', async () => {
    const server = await tcpServer((socket) => socket.write(HEAD));
    const stream = await upstreamOf(server.url).openStream(get, contextOf());
    const waiting = stream.body.next();
    await stream.body.return();
    expect((await waiting).done).toBe(true);
  });

  test('an abort fails the reader at once, whatever was waiting to be read, and closes the socket', async () => {
    const server = await tcpServer((socket) => socket.write(`${HEAD}half`));
    const controller = new AbortController();
    const stream = await upstreamOf(server.url).openStream(
      get,
      contextOf({ cancellation: cancellationOf(controller.signal) }),
    );
    const closed = closeOf(await server.socket);
    controller.abort();
    expect((await failureOf(stream.body.next())).code).toBe('CLIENT_CLOSED_REQUEST');
    await closed;
  });

  test('a connection that breaks fails the stream behind the chunks that came', async () => {
    const server = await tcpServer((socket) => socket.end(`${HEAD}half`));
    const stream = await upstreamOf(server.url).openStream(get, contextOf());
    expect((await stream.body.next()).value?.toString()).toBe('half');
    expect((await failureOf(stream.body.next())).code).toBe('UPSTREAM_FAILED');
    expect((await stream.body.next()).done).toBe(true);
  });

  test('silence that lasts too long is UPSTREAM_TIMEOUT', async () => {
    const server = await tcpServer((socket) => socket.write(`${HEAD}half`));
    const stream = await upstreamOf(server.url, { timeoutMs: 20 }).openStream(get, contextOf());
    await stream.body.next();
    expect((await failureOf(stream.body.next())).code).toBe('UPSTREAM_TIMEOUT');
  });

  test('a stream that was never answered rejects', async () => {
    const server = await tcpServer((socket) => socket.resetAndDestroy());
    const error = await failureOf(upstreamOf(server.url).openStream(get, contextOf()));
    expect(error.code).toBe('UPSTREAM_UNREACHABLE');
  });

  test('a slow reader holds the upstream back and still gets every byte', async () => {
    const total = 64 * 1024 * 1024;
    const block = Buffer.alloc(1024 * 1024, 'x');
    let sent = 0;
    let onHeld: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      onHeld = resolve;
    });
    const server = await httpServer(async (_request, response) => {
      while (sent < total) {
        sent += block.length;
        if (response.write(block)) continue;
        const timer = setTimeout(onHeld, 200);
        await once(response, 'drain');
        clearTimeout(timer);
      }
      response.end();
    });
    const stream = await upstreamOf(server.url).openStream(get, contextOf());
    await held;
    expect(sent).toBeLessThan(total);
    let received = 0;
    for await (const chunk of stream.body) received += chunk.length;
    expect(received).toBe(total);
  });
});

describe('probe', () => {
  test('resolves where somebody listens', async () => {
    const server = await tcpServer(() => {});
    await upstreamOf(server.url).probe(new AbortController().signal);
  });

  test('rejects where nobody does, with the reason as cause', async () => {
    const error = await failureOf(upstreamOf('http://127.0.0.1:1').probe(new AbortController().signal));
    expect(error.code).toBe('UPSTREAM_UNREACHABLE');
    expect(String(error.cause)).toContain('ECONNREFUSED');
  });

  test('rejects when its signal has aborted', async () => {
    expect((await failureOf(upstreamOf('http://127.0.0.1:1').probe(AbortSignal.abort()))).code).toBe(
      'CLIENT_CLOSED_REQUEST',
    );
  });
});

test('an endpoint or header that cannot be used is told with its place, and never with its value', () => {
  const create = () => upstreamOf('http://h/api?key=s3cret', { headers: { connection: 'close', 'x-key': 's3cret\n' } });
  expect(create).toThrow(ProblemsError);
  try {
    create();
  } catch (error) {
    const { problems } = error as ProblemsError;
    expect(problems.map((problem) => problem.path)).toEqual([
      ['headers', 'connection'],
      ['headers', 'x-key'],
      ['endpoint'],
    ]);
    expect(JSON.stringify(problems)).not.toContain('s3cret');
  }
});

test('small chunks of a stream that wait are read at once', async () => {
  const server = await tcpServer((socket) => {
    const head = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
    socket.end(`${head}${'1\r\na\r\n'.repeat(5_000)}0\r\n\r\n`);
  });
  const { body } = await upstreamOf(server.url).openStream(get, contextOf());
  let [reads, bytes] = [0, 0];
  for await (const chunk of body) {
    reads += 1;
    bytes += chunk.length;
  }
  expect(bytes).toBe(5_000);
  expect(reads).toBeLessThan(500);
});
