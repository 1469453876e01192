import { describe, expect, it } from 'vitest';
import { WAYS } from '../utils/fault-suite.ts';
import { codes, moodySource, WAIT } from '../utils/moody-gateway.ts';
import { MOODY_KINDS, type MoodyKindName, well } from '../utils/moody-kinds.ts';
import { status } from '../utils/moody-server.ts';
import { useMoodySuite } from '../utils/moody-suite.ts';

const suite = useMoodySuite();
const KINDS = Object.keys(MOODY_KINDS) as MoodyKindName[];
const QUERY = '{ restItem { name } }';
const good = (name = 'well') => ({ data: { restItem: { name } } });

describe.each(WAYS)('on the %s way, the bound of calls under way', (way) => {
  it.each(KINDS)('to a service of kind %s lets some wait, and refuses the rest', async (kind) => {
    const server = await suite.server();
    server.mood = server.holds;
    const concurrency = { most: 2, queue: 2, queueTimeoutMs: 60_000 };
    const gateway = await suite.gateway(way, { sources: { moody: moodySource(kind, [server], { concurrency }) } });
    const field = MOODY_KINDS[kind].read;
    const query = `{ ${field} { name } }`;
    const waiting: ReturnType<typeof gateway.ask>[] = [];
    for (const [active, queued] of [
      [1, 0],
      [2, 0],
      [2, 1],
      [2, 2],
    ]) {
      waiting.push(gateway.ask(query));
      await expect.poll(() => gateway.upstream('moody'), WAIT).toMatchObject({ active, queued });
    }
    expect(codes(await gateway.ask(query))).toEqual([`${field} UPSTREAM_BUSY`]);
    await expect.poll(() => server.asked, WAIT).toBe(2);
    server.release(well());
    for (const answer of await Promise.all(waiting)) expect(answer).toEqual({ data: { [field]: { name: 'well' } } });
    expect(server.asked).toBe(4);
    expect(await gateway.upstream('moody')).toMatchObject({ active: 0, queued: 0, maxActive: 2, refused: 1 });
  });

  it('gives the places of clients that have left to those that wait', async () => {
    const server = await suite.server();
    server.mood = server.holds;
    const concurrency = { most: 1, queue: 2, queueTimeoutMs: 60_000 };
    const gateway = await suite.gateway(way, { sources: { moody: moodySource('rest', [server], { concurrency }) } });
    const clients = [new AbortController(), new AbortController()];
    const gone: Promise<unknown>[] = [];
    for (const [index, { signal }] of clients.entries()) {
      gone.push(gateway.ask(QUERY, { signal }).catch(() => 'gone'));
      await expect.poll(() => gateway.upstream('moody'), WAIT).toMatchObject({ active: 1, queued: index });
    }
    const last = gateway.ask(QUERY);
    await expect.poll(() => gateway.upstream('moody'), WAIT).toMatchObject({ active: 1, queued: 2 });
    await expect.poll(() => server.held(), WAIT).toBe(1);
    for (const client of clients.toReversed()) client.abort();
    expect(await Promise.all(gone)).toEqual(['gone', 'gone']);
    await expect.poll(() => server.asked, WAIT).toBe(2);
    server.release(well());
    expect(await last).toEqual(good());
    expect(server.asked).toBe(2);
  });

  it('refuses those that have waited too long', async () => {
    const server = await suite.server();
    server.mood = server.holds;
    const concurrency = { most: 1, queue: 2, queueTimeoutMs: 20 };
    const gateway = await suite.gateway(way, { sources: { moody: moodySource('rest', [server], { concurrency }) } });
    const first = gateway.ask(QUERY);
    await expect.poll(() => server.held(), WAIT).toBe(1);
    expect(codes(await gateway.ask(QUERY))).toEqual(['restItem UPSTREAM_BUSY']);
    server.release(well());
    expect(await first).toEqual(good());
    expect(server.asked).toBe(1);
  });
});

describe.each(WAYS)('on the %s way, a hedge', (way) => {
  it.each(KINDS)('asks a second endpoint of kind %s when the first is slow, and closes what is late', async (kind) => {
    const slow = await suite.server();
    slow.mood = slow.holds;
    const quick = await suite.server(well('quick'));
    const upstream = { hedge: { afterMs: 10 }, concurrency: { most: 2, queue: 0 } };
    const gateway = await suite.gateway(way, { sources: { moody: moodySource(kind, [slow, quick], upstream) } });
    const field = MOODY_KINDS[kind].read;
    expect(await gateway.ask(`{ ${field} { name } }`)).toEqual({ data: { [field]: { name: 'quick' } } });
    expect([slow.asked, quick.asked]).toEqual([1, 1]);
    await expect.poll(() => slow.held(), WAIT).toBe(0);
    await expect
      .poll(() => gateway.upstream('moody'), WAIT)
      .toMatchObject({
        hedges: 1,
        retries: 0,
        active: 0,
        endpoints: [
          { calls: 1, failures: 0 },
          { calls: 1, failures: 0 },
        ],
      });
  });

  it('is for reads only', async () => {
    const servers = [await suite.server(), await suite.server()];
    for (const server of servers) server.mood = server.holds;
    const gateway = await suite.gateway(way, {
      sources: { moody: moodySource('rest', servers, { hedge: { afterMs: 20 } }) },
    });
    const mutation = gateway.ask('mutation { restAdd { name } }');
    await expect.poll(() => servers[0]?.asked, WAIT).toBe(1);
    // Sent later, and sent a second time before the mutation is answered.
    const read = gateway.ask(QUERY);
    await expect.poll(async () => (await gateway.upstream('moody')).hedges, WAIT).toBe(1);
    await expect.poll(() => servers.map(({ asked }) => asked), WAIT).toEqual([2, 1]);
    for (const server of servers) server.release(well());
    expect(await mutation).toEqual({ data: { restAdd: { name: 'well' } } });
    expect(await read).toEqual(good());
    const methods = servers.flatMap(({ requests }) => requests.map(({ method }) => method));
    expect(methods.toSorted()).toEqual(['GET', 'GET', 'POST']);
  });

  it('that fails leaves the answer to the first', async () => {
    const slow = await suite.server();
    slow.mood = slow.holds;
    const ill = await suite.server(status(500));
    const upstream = { hedge: { afterMs: 10 }, retries: false, breaker: false };
    const gateway = await suite.gateway(way, { sources: { moody: moodySource('rest', [slow, ill], upstream) } });
    const answer = gateway.ask(QUERY);
    await expect.poll(() => ill.asked, WAIT).toBe(1);
    slow.release(well('slow'));
    expect(await answer).toEqual(good('slow'));
    expect([slow.asked, ill.asked]).toEqual([1, 1]);
  });

  it('is a share of the calls: when all are slow, few are sent twice', async () => {
    const servers = [await suite.server(), await suite.server()];
    for (const server of servers) server.mood = server.holds;
    const gateway = await suite.gateway(way, {
      sources: { moody: moodySource('rest', servers, { hedge: { afterMs: 1 }, retries: { budgetPercent: 0 } }) },
    });
    const startedAt = performance.now();
    const calls = Array.from({ length: 60 }, () => gateway.ask(QUERY));
    const asked = () => servers.reduce((sum, server) => sum + server.asked, 0);
    await expect.poll(asked, WAIT).toBeGreaterThanOrEqual(60 + 10);
    for (const server of servers) server.release(well());
    for (const answer of await Promise.all(calls)) expect(answer).toEqual(good());
    expect(asked()).toBeLessThanOrEqual(60 + 10 + Math.ceil((performance.now() - startedAt) / 1_000));
  });
});
