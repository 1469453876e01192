import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { silentLog, systemClock } from '../../kernel/ports.ts';
import { deferred } from '../../test/utils/deferred.ts';
import type { Caller } from '../identity/caller.ts';
import { createKeyring, type Keyring } from '../identity/keyring.ts';
import { createLifetimes } from '../lifetimes.ts';
import { createOperations } from '../operations.ts';
import { createGraphqlWs, type GraphqlWs } from './graphql-ws.ts';

const MEGABYTE = 1_048_576;
const MESSAGES = 32;
const LONG = 'x'.repeat(MEGABYTE);
const ids = { next: randomUUID };
const limits = { bodyBytes: 2 * MEGABYTE, requestTimeoutMs: 60_000, streamTimeoutMs: 60_000 };
let onPrepare = () => {};
const operations = createOperations({
  graphOf: () => {
    onPrepare();
    throw new Error('nobody asks for it');
  },
});

let ws: GraphqlWs;
let server: ReturnType<typeof createServer>;
let accepted: Socket;
let identify: (now: () => Caller | Promise<Caller>) => Caller | Promise<Caller>;
let client: WebSocket;

beforeEach(async () => {
  const lifetimes = createLifetimes({ clock: systemClock, ids, log: silentLog });
  const keys = createKeyring({ configured: [{ name: 'test', key: 'test-key' }] });
  const keyring: Keyring = { ...keys, identify: (shown) => identify(() => keys.identify(shown)) };
  identify = (now) => now();
  onPrepare = () => {};
  ws = createGraphqlWs({ operations, keyring, lifetimes, ids, log: silentLog, limits });
  server = createServer().on('upgrade', (request, socket, head) => {
    accepted = socket as Socket;
    ws.upgrade(request, socket, head, () => false);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  client = new WebSocket(`ws://127.0.0.1:${port}`, 'graphql-transport-ws');
  await once(client, 'open');
});
afterEach(async () => {
  client.terminate();
  await ws.close();
  server.close();
});

const greet = async () => {
  client.send('{"type":"connection_init","payload":{"Authorization":"Bearer test-key"}}');
  await once(client, 'message');
};
const payload = { query: '{ hello }' };

/** What is answered with as much as it has itself: to anybody, and to whoever has a key. */
const FLOODS: Readonly<Record<string, (sent: number) => object>> = {
  pings: () => ({ type: 'ping', payload: { x: LONG } }),
  'operations that are refused': (sent) => ({ type: 'subscribe', id: `${LONG}${sent}`, payload }),
};

it.each(Object.entries(FLOODS))('a client that sends %s and reads nothing is not read on', async (name, message) => {
  if (name !== 'pings') await greet();
  let answers = 0;
  client.on('message', () => {
    answers += 1;
  });
  client.pause();
  for (let sent = 0; sent < MESSAGES; sent += 1) client.send(JSON.stringify(message(sent)));
  let most = 0;
  // A message that is put together pauses it for a turn or two, and what the sockets of both sides take for a few more.
  for (let held = 0; held < 100 && accepted.bytesRead < MESSAGES * MEGABYTE; ) {
    await nextTurn();
    most = Math.max(most, accepted.writableLength);
    held = accepted.isPaused() ? held + 1 : 0;
  }
  expect(most).toBeLessThan(8 * MEGABYTE);
  client.resume();
  while (answers < MESSAGES) await nextTurn();
});

it('an id that is in use closes the socket as the protocol says, also a long one', async () => {
  await greet();
  const message = JSON.stringify({ type: 'subscribe', id: 'ä'.repeat(100), payload });
  const closed = once(client, 'close') as Promise<[code: number, reason: Buffer]>;
  client.send(message);
  client.send(message);
  const [code, reason] = await closed;
  expect([code, String(reason)]).toEqual([4409, expect.stringMatching(/^Subscriber for ä+$/)]);
});

it('an operation that is ended while its token is still verified does not begin', async () => {
  await greet();
  const verified = deferred<Caller>();
  const asked = deferred();
  let begun = 0;
  identify = (now) => {
    asked.resolve();
    return verified.promise.then(now);
  };
  onPrepare = () => {
    begun += 1;
  };
  client.send(JSON.stringify({ type: 'subscribe', id: '1', payload }));
  client.send(JSON.stringify({ type: 'complete', id: '1' }));
  client.send('{"type":"ping"}');
  await asked.promise;
  await once(client, 'message');
  verified.resolve({} as Caller);
  client.send('{"type":"ping"}');
  await once(client, 'message');
  expect(begun).toBe(0);
});
