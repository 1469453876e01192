import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { deferred } from '../../test/utils/deferred.ts';
import { connectRaw, requestText } from '../../test/utils/raw-http.ts';
import { giveUpUntaken, sendBeforeClosing } from './unsent-answers.ts';

/** More than the system takes off our hands. */
const LARGE = 'x'.repeat(24_000_000);

async function setUp(giveUpMs = 60_000) {
  const answered = deferred<ServerResponse>();
  const server = createServer((request, response) => {
    giveUpUntaken(response, giveUpMs);
    response.end(request.url === '/large' ? LARGE : 'small');
    if (request.url === '/large') answered.resolve(response);
  });
  sendBeforeClosing(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => server.closeAllConnections());
  const open = () => connectRaw(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const slow = await open();
  slow.socket.pause();
  slow.send(requestText('GET', '/large', {}));
  const response = await answered.promise;
  return { server, slow, open, response };
}

it('an answer that a slow client has not taken yet comes whole when the server closes', async () => {
  const { server, slow, response } = await setUp();
  const closed = once(server, 'close');
  server.close();
  expect([response.writableEnded, response.writableFinished]).toEqual([true, false]);
  slow.socket.resume();
  await slow.closed;
  expect(slow.length()).toBeGreaterThan(LARGE.length);
  await closed;
});

it('connections without one are closed at once, and those with one when they are cut', async () => {
  const { server, slow, open } = await setUp();
  const idle = await open();
  idle.send(requestText('GET', '/', {}));
  await idle.until('small');
  const closed = once(server, 'close');
  server.close();
  await idle.closed;
  server.closeAllConnections();
  slow.socket.resume();
  await slow.closed;
  expect(slow.length()).toBeLessThan(LARGE.length);
  await closed;
});

it('an answer that a client does not take is given up, and its connection with it', async () => {
  const { slow, response, open } = await setUp(50);
  await once(response, 'close');
  slow.socket.resume();
  await slow.closed;
  expect(slow.length()).toBeLessThan(LARGE.length);
  const quick = await open();
  quick.send(requestText('GET', '/large', { connection: 'close' }));
  await quick.closed;
  expect(quick.length()).toBeGreaterThan(LARGE.length);
});
