import { afterEach, describe, expect, it } from 'vitest';
import type { Result } from '../utils/fault-answers.ts';
import { WAYS } from '../utils/fault-suite.ts';
import { codes, type MoodyGateway, moodySource, WAIT } from '../utils/moody-gateway.ts';
import {
  createMoodySockets,
  type MoodySockets,
  nameEvent,
  obliging,
  refuse,
  type SocketMood,
  UNOPENED,
} from '../utils/moody-sockets.ts';
import { useMoodySuite } from '../utils/moody-suite.ts';

const suite = useMoodySuite();
const services: MoodySockets[] = [];
afterEach(() => Promise.all(services.splice(0).map((service) => service.stop())));

async function serve(mood?: SocketMood): Promise<MoodySockets> {
  const service = await createMoodySockets(mood);
  services.push(service);
  return service;
}

const QUERY = 'subscription { gqlAdded { name } }';
const QUICK = { breaker: false, retries: { backoffMs: 1 } };
const sources = (at: readonly Pick<MoodySockets, 'origin'>[], upstream: object, options: object = {}) => ({
  sources: { moody: moodySource('graphql', at, upstream, { subscriptions: { protocol: 'ws' }, ...options }) },
});
const next = async (reader: Awaited<ReturnType<MoodyGateway['open']>>) => (await reader.next()) as Result;
const named = (name: string) => ({ data: { gqlAdded: { name } } });

/** The first event, of the service that has the subscription. */
async function firstOf(gateway: MoodyGateway, at: readonly MoodySockets[], name = 'one') {
  const before = at.map(({ open }) => open.length);
  const reader = await gateway.open(QUERY);
  const opened = () => at.flatMap(({ open }, index) => open.slice(before[index]));
  await expect.poll(() => opened().length, WAIT).toBe(1);
  const [socket] = opened();
  socket?.send(nameEvent(name));
  expect(await next(reader)).toEqual(named(name));
  return { reader, socket };
}

describe.each(WAYS)('on the %s way, a subscription over WebSocket', (way) => {
  it.each(Object.entries(UNOPENED))(
    'of a service that %s is opened elsewhere, and nothing of it is sent twice',
    async (_, [mood]) => {
      const [bad, good] = [await serve(mood), await serve()];
      const gateway = await suite.gateway(way, sources([bad, good], QUICK, { timeoutMs: 300 }));
      for (let i = 0; i < 2; i += 1) {
        const { reader } = await firstOf(gateway, [bad, good]);
        await reader.close();
      }
      await gateway.expectIdle();
      expect([bad.upgrades, bad.subscribed, good.upgrades, good.subscribed]).toEqual([1, 0, 2, 2]);
      const { endpoints, retries } = await gateway.upstream('moody');
      expect(endpoints).toMatchObject([
        { address: bad.origin, calls: 1, failures: 1 },
        { address: good.origin, calls: 2, failures: 0 },
      ]);
      expect(retries).toBe(1);
    },
  );

  it('of a service that refuses connections is opened elsewhere, without using up retries', async () => {
    const [gone, good] = [await serve(), await serve()];
    const upstream = { breaker: false, retries: { backoffMs: 1, budgetPercent: 0 } };
    const gateway = await suite.gateway(way, sources([gone, good], upstream));
    await gone.stop();
    for (let i = 0; i < 40; i += 1) {
      const { reader } = await firstOf(gateway, [good]);
      await reader.close();
    }
    expect([gone.upgrades, good.subscribed]).toEqual([0, 40]);
    expect(await gateway.upstream('moody')).toMatchObject({ retries: 20, retriesRefused: 0 });
  });

  it.each(Object.entries(UNOPENED))('of one service that %s is tried twice, and told', async (_, [mood, code]) => {
    const service = await serve(mood);
    const gateway = await suite.gateway(way, sources([service], QUICK, { timeoutMs: 200 }));
    expect(codes(await next(await gateway.open(QUERY)))).toEqual([`gqlAdded ${code}`]);
    await gateway.expectIdle();
    expect([service.upgrades, service.subscribed]).toEqual([2, 0]);
  });

  it.each([401, 404, 429])(
    'that is refused with %i is not tried again, and no failure of the service',
    async (status) => {
      const service = await serve(refuse(status, 'retry-after: 7\r\n'));
      const gateway = await suite.gateway(way, sources([service], QUICK));
      expect(codes(await next(await gateway.open(QUERY)))).toEqual(['gqlAdded UPSTREAM_REJECTED']);
      expect(service.upgrades).toBe(1);
      expect((await gateway.upstream('moody')).endpoints).toMatchObject([{ calls: 1, failures: 0 }]);
    },
  );

  it('that is cut once it is acknowledged is told, and not opened again', async () => {
    const services = [await serve(), await serve()];
    const gateway = await suite.gateway(way, sources(services, QUICK));
    for (const events of [0, 1]) {
      const before = services.flatMap(({ open }) => open).length;
      const reader = await gateway.open(QUERY);
      await expect.poll(() => services.flatMap(({ open }) => open).length, WAIT).toBe(before + 1);
      const socket = services[events]?.open[0];
      if (events === 1) socket?.send(nameEvent('one'));
      if (events === 1) expect(await next(reader)).toEqual(named('one'));
      socket?.terminate();
      expect(codes(await next(reader))).toEqual(['gqlAdded UPSTREAM_FAILED']);
    }
    await gateway.expectIdle();
    expect(services.map(({ upgrades }) => upgrades)).toEqual([1, 1]);
  });

  it('occupies its place, for operators to see, until it ends, is closed or is cut', async () => {
    const service = await serve();
    const gateway = await suite.gateway(way, sources([service], { ...QUICK, concurrency: { most: 1, queue: 0 } }));
    const ends: ((subscription: Awaited<ReturnType<typeof firstOf>>) => unknown)[] = [
      ({ reader }) => reader.close(),
      ({ socket }) => socket?.terminate(),
      ({ socket }) => socket?.send('{"id":"1","type":"complete"}'),
      ({ socket }) => socket?.close(1000),
    ];
    for (const [index, end] of ends.entries()) {
      const subscription = await firstOf(gateway, [service]);
      expect(codes(await next(await gateway.open(QUERY)))).toEqual(['gqlAdded UPSTREAM_BUSY']);
      expect(codes(await gateway.ask('{ gqlItem { name } }'))).toEqual(['gqlItem UPSTREAM_BUSY']);
      expect(await gateway.upstream('moody')).toMatchObject({
        ...{ active: 1, maxActive: 1, refused: index * 2 + 2 },
        endpoints: [{ address: service.origin, active: 1, calls: index + 1 }],
      });
      await end(subscription);
      await gateway.expectIdle();
    }
    expect(service.upgrades).toBe(ends.length);
  });

  it('is not opened where connections keep failing, until one call has tried', async () => {
    const service = await serve(refuse(500));
    const upstream = { breaker: { failures: 3, openMs: 300 }, retries: false };
    const gateway = await suite.gateway(way, sources([service], upstream));
    for (const code of ['FAILED', 'FAILED', 'FAILED', 'UNAVAILABLE', 'UNAVAILABLE']) {
      expect(codes(await next(await gateway.open(QUERY)))).toEqual([`gqlAdded UPSTREAM_${code}`]);
    }
    expect(service.upgrades).toBe(3);
    expect(await gateway.upstream('moody')).toMatchObject({
      refused: 2,
      endpoints: [{ breaker: 'open', lastFailure: 'HTTP 500' }],
    });
    const told = gateway.log.lines.filter(({ message }) => message.startsWith('An endpoint keeps failing'));
    expect(told).toMatchObject([{ fields: { endpoint: service.origin } }]);
    service.mood = obliging;
    const breaker = async () => (await gateway.upstream('moody')).endpoints[0]?.breaker;
    await expect.poll(breaker, WAIT).toBe('half-open');
    await (await firstOf(gateway, [service])).reader.close();
    expect(await breaker()).toBe('closed');
  });

  it('ends at its service when its client leaves before it has begun, and is not tried again', async () => {
    const service = await serve((_, __, accept) => accept());
    const gateway = await suite.gateway(way, sources([service], { ...QUICK, concurrency: { most: 1, queue: 0 } }));
    const client = new AbortController();
    const opening = gateway.open(QUERY, { signal: client.signal }).catch(() => 'gone');
    await expect.poll(() => service.upgrades, WAIT).toBe(1);
    client.abort();
    await opening;
    await gateway.expectIdle();
    await expect.poll(() => service.sockets(), WAIT).toBe(0);
    expect(service.upgrades).toBe(1);
    expect((await gateway.upstream('moody')).endpoints).toMatchObject([{ failures: 0, active: 0 }]);
  });

  it('goes where the header of its client says', async () => {
    const services = [await serve(), await serve(), await serve()];
    const upstream = { ...QUICK, balance: { hash: { header: 'x-tenant' } } };
    const gateway = await suite.gateway(way, sources(services, upstream));
    for (let tenant = 0; tenant < 6; tenant += 1) {
      const before = services.map(({ subscribed }) => subscribed);
      for (let i = 0; i < 2; i += 1) {
        const count = services.reduce((sum, { subscribed }) => sum + subscribed, 0);
        const reader = await gateway.open(QUERY, { headers: { 'x-tenant': `tenant ${tenant}` } });
        await expect.poll(() => services.reduce((sum, { subscribed }) => sum + subscribed, 0), WAIT).toBe(count + 1);
        await reader.close();
      }
      expect(services.map(({ subscribed }, index) => subscribed - (before[index] ?? 0)).sort()).toEqual([0, 0, 2]);
    }
  });

  it('at an address of its own is held to the same options, and shown beside the source', async () => {
    const [source, streams] = [await suite.server(), await serve(refuse(500))];
    const subscriptions = { protocol: 'ws', endpoint: `${streams.origin.replace('http', 'ws')}/streams?v=1` };
    const upstream = { breaker: { failures: 2, openMs: 60_000 }, retries: false };
    const gateway = await suite.gateway(way, sources([source], upstream, { subscriptions }));
    for (const code of ['FAILED', 'FAILED', 'UNAVAILABLE']) {
      expect(codes(await next(await gateway.open(QUERY)))).toEqual([`gqlAdded UPSTREAM_${code}`]);
    }
    expect(streams.requests.map(({ url }) => url)).toEqual(['/streams?v=1', '/streams?v=1']);
    expect(await gateway.ask('{ gqlItem { name } }')).toEqual({ data: { gqlItem: { name: 'well' } } });
    expect(await gateway.upstream('moody')).toMatchObject({
      refused: 1,
      endpoints: [
        { address: source.origin, breaker: 'closed', calls: 1 },
        { address: streams.origin, breaker: 'open', calls: 2 },
      ],
    });
  });
});

it.each(WAYS)('on the %s way, a service that hangs before a stream of events begins is left alone', async (way) => {
  const server = await suite.server();
  server.mood = server.holds;
  const upstream = { breaker: { failures: 2, openMs: 60_000 }, retries: false };
  const gateway = await suite.gateway(way, {
    sources: { moody: moodySource('graphql', [server], upstream, { timeoutMs: 100 }) },
  });
  for (const code of ['TIMEOUT', 'TIMEOUT', 'UNAVAILABLE']) {
    expect(codes(await next(await gateway.open(QUERY)))).toEqual([`gqlAdded UPSTREAM_${code}`]);
  }
  expect(server.asked).toBe(2);
});
