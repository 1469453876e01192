import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, request as send } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { SkeinError } from '../../kernel/errors.ts';
import { deferred } from '../../test/utils/deferred.ts';
import { startTestGateway, type TestGateway } from '../../test/utils/test-gateway.ts';
import { createTicker } from '../../test/utils/ticker.ts';
import { expectNoUnhandledRejection } from '../../test/utils/unhandled.ts';

let gateway: TestGateway;
let told: string[];
expectNoUnhandledRejection();
afterEach(async () => {
  void gateway.close();
  await gateway.close();
});

/** A gateway whose administration takes as long as the test says. */
async function start(limits: { drainTimeoutMs?: number; streamTimeoutMs?: number } = {}) {
  const began = deferred<ServerResponse>();
  const done = deferred();
  let isDone = false;
  const door = async (_request: IncomingMessage, response: ServerResponse) => {
    began.resolve(response);
    await done.promise;
    isDone = true;
    if (!response.writableEnded) response.end('done');
  };
  const fails = () => Promise.reject(new SkeinError('FORBIDDEN'));
  const admin = { door, auditDoor: limits.streamTimeoutMs === undefined ? fails : door, graphiql: async () => {} };
  told = [];
  const options = { limits: { drainTimeoutMs: 3_600_000, ...limits }, tell: (line: string) => told.push(line), admin };
  gateway = await startTestGateway([createTicker().source], {}, options);
  const base = new URL('/admin/', gateway.url).href;
  return { began: began.promise, done, isDone: () => isDone, graphql: `${base}graphql`, log: `${base}audit-log` };
}

it('waits for what administrators do, and takes no more of it', async () => {
  const { graphql, began, done } = await start();
  const answer = fetch(graphql, { method: 'POST' });
  await began;
  const closing = gateway.close();
  await expect.poll(() => told.join()).toContain('Waiting for 1 request to end');
  done.resolve();
  expect(await (await answer).text()).toBe('done');
  await closing;
});

it('waits for it also when who asked has left', async () => {
  const { graphql, began, done, isDone } = await start();
  const request = send(graphql, { method: 'POST' });
  request.on('error', () => {});
  request.end();
  const response = await began;
  request.destroy();
  await once(response, 'close');
  let isClosed = false;
  const closing = gateway.close().then(() => {
    isClosed = true;
  });
  await expect.poll(() => told.join()).toContain('Waiting for 1 request to end');
  expect([isClosed, isDone()]).toEqual([false, false]);
  done.resolve();
  await closing;
  expect(isDone()).toBe(true);
});

it('ends what is late: with an error, or without an end where its answer has begun', async () => {
  const late = await start({ drainTimeoutMs: 1 });
  const answer = fetch(late.graphql, { method: 'POST' });
  await late.began;
  const closing = gateway.close();
  const { status, headers } = await answer;
  expect([status, headers.get('content-type')]).toEqual([503, 'application/json; charset=utf-8']);
  await closing;
  late.done.resolve();

  const half = await start({ drainTimeoutMs: 1 });
  const begun = fetch(half.graphql, { method: 'POST' }).then((response) => response.text());
  (await half.began).write('half');
  const text = expect(begun).rejects.toThrow();
  await gateway.close();
  await text;
  half.done.resolve();
});

it('gives an export the time of a stream', async () => {
  const { log, began, done } = await start({ streamTimeoutMs: 1_000 });
  const answer = fetch(log);
  await began;
  expect((await answer).status).toBe(504);
  done.resolve();
  await gateway.close();
  await start();
  const refused = await fetch(new URL('/admin/audit-log', gateway.url));
  expect([refused.status, ((await refused.json()) as { errors: object[] }).errors]).toMatchObject([
    403,
    [{ extensions: { code: 'FORBIDDEN' } }],
  ]);
});
