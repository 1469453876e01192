import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { WAYS } from '../utils/fault-suite.ts';
import { codes, type MoodyGateway, moodySource, WAIT } from '../utils/moody-gateway.ts';
import { MOODY_DOCUMENTS, MOODY_KINDS, type MoodyKindName, well } from '../utils/moody-kinds.ts';
import { type Mood, type MoodyServer, status } from '../utils/moody-server.ts';
import { useMoodySuite } from '../utils/moody-suite.ts';
import { startOwnRedis } from '../utils/redis-server.ts';

const suite = useMoodySuite();
const redis = await startOwnRedis();
const others: NonNullable<typeof redis>[] = [];
const folder = await mkdtemp(join(tmpdir(), 'skein-stale-'));
for (const [name, text] of Object.entries(MOODY_DOCUMENTS)) await writeFile(join(folder, name), text);
afterAll(async () => {
  await Promise.all([redis, ...others].map((each) => each?.stop()));
  await rm(folder, { recursive: true });
});
const STORES = ['memory', ...(redis === undefined ? [] : ['redis'])];
const KINDS = Object.keys(MOODY_KINDS) as MoodyKindName[];
const HOUR_MS = 3_600_000;

const inStore = (store: string) =>
  store === 'memory' ? { store } : { store: redis?.url, prefix: randomUUID(), waitMs: 5_000 };
const fieldsOf = (kind: MoodyKindName, keep: object) => ({ fields: { [MOODY_KINDS[kind].read]: keep } });
const queryOf = (kind: MoodyKindName) => `{ ${MOODY_KINDS[kind].read} { name } }`;
const named = (kind: MoodyKindName, name: string) => ({ data: { [MOODY_KINDS[kind].read]: { name } } });
const configOf = (kind: MoodyKindName, server: MoodyServer, cache: object, store: object, options: object = {}) => ({
  cache: store,
  sources: { moody: moodySource(kind, [server], { breaker: false, retries: false }, { cache, ...options }) },
});

/** Asks until an answer is kept: Redis may not be connected yet, and nobody waits for what is written there. */
async function untilKept(gateway: MoodyGateway, query: string, expected: object, times = 1): Promise<void> {
  const asking = async () => {
    expect(await gateway.ask(query)).toEqual(expected);
    return (await gateway.status()).cache?.sources[0]?.kept;
  };
  await expect.poll(asking, WAIT).toBeGreaterThanOrEqual(times);
  await gateway.expectIdle();
}

describe.each(WAYS.flatMap((way) => STORES.map((store) => ({ way, store }))))(
  'on the $way way, an answer that is kept in $store',
  ({ way, store }) => {
    it.each(KINDS)('is given while a service of kind %s fails, and no longer than it may be', async (kind) => {
      const server = await suite.server(well('old'));
      const keep = fieldsOf(kind, { ttlMs: 1, staleIfErrorMs: HOUR_MS });
      const brief = fieldsOf(kind, { ttlMs: 1, staleIfErrorMs: 1 });
      const gateway = await suite.gateway(way, configOf(kind, server, keep, inStore(store)));
      const other = await suite.gateway(way, configOf(kind, server, brief, inStore(store)));
      for (const each of [gateway, other]) {
        await untilKept(each, queryOf(kind), named(kind, 'old'));
      }
      for (const mood of [status(500), status(503), (response) => response.socket?.resetAndDestroy()] as Mood[]) {
        server.mood = mood;
        server.asked = 0;
        for (let i = 0; i < 3; i += 1) expect(await gateway.ask(queryOf(kind))).toEqual(named(kind, 'old'));
        expect(server.asked).toBe(3);
        expect(codes(await other.ask(queryOf(kind)))).toEqual([
          expect.stringMatching(/UPSTREAM_(FAILED|UNREACHABLE)$/),
        ]);
        expect(server.asked).toBe(4);
      }
      server.mood = well('new');
      expect(await gateway.ask(queryOf(kind))).toEqual(named(kind, 'new'));
    });

    it.each(KINDS)('is given while a service of kind %s is asked anew, once', async (kind) => {
      const server = await suite.server(well('old'));
      const keep = fieldsOf(kind, { ttlMs: 1, staleWhileRevalidateMs: HOUR_MS });
      const gateway = await suite.gateway(way, configOf(kind, server, keep, inStore(store)));
      await untilKept(gateway, queryOf(kind), named(kind, 'old'));
      server.mood = server.holds;
      server.asked = 0;
      const answers = await Promise.all(Array.from({ length: 10 }, () => gateway.ask(queryOf(kind))));
      expect(answers).toEqual(answers.map(() => named(kind, 'old')));
      await expect.poll(() => server.held(), WAIT).toBe(1);
      expect(await gateway.ask(queryOf(kind))).toEqual(named(kind, 'old'));
      expect(server.asked).toBe(1);
      server.release(well('new'));
      await expect.poll(() => gateway.ask(queryOf(kind)), WAIT).toEqual(named(kind, 'new'));
      // What fails in the background leaves what there is.
      server.mood = status(500);
      for (let i = 0; i < 3; i += 1) expect(await gateway.ask(queryOf(kind))).toEqual(named(kind, 'new'));
    });

    it('is given as long as its service says, while that fails and while it is asked anew', async () => {
      const server = await suite.server();
      const saying = (name: string, cacheControl: string): Mood => {
        const answer = well(name);
        return (response, ...request) => answer(response.setHeader('cache-control', cacheControl), ...request);
      };
      const gateway = await suite.gateway(way, configOf('rest', server, { upstream: true }, inStore(store)));
      const ask = () => gateway.ask(queryOf('rest'));
      server.mood = saying('old', 'max-age=0, stale-if-error=3600');
      await untilKept(gateway, queryOf('rest'), named('rest', 'old'));
      server.mood = status(500);
      server.asked = 0;
      expect([await ask(), server.asked]).toEqual([named('rest', 'old'), 1]);
      const renewing = 'max-age=0, stale-while-revalidate=3600';
      server.mood = saying('new', renewing);
      expect([await ask(), server.asked]).toEqual([named('rest', 'new'), 2]);
      const kept = (await gateway.status()).cache?.sources[0]?.kept ?? 0;
      await untilKept(gateway, queryOf('rest'), named('rest', 'new'), kept + 1);
      server.mood = server.holds;
      server.asked = 0;
      expect(await ask()).toEqual(named('rest', 'new'));
      await expect.poll(() => server.held(), WAIT).toBe(1);
      server.release(saying('newest', renewing));
      await expect.poll(ask, WAIT).toEqual(named('rest', 'newest'));
    });
  },
);

if (redis !== undefined) {
  describe.each(WAYS)('on the %s way, instances with one Redis', (way) => {
    it.each(KINDS)('give what another has kept while a service of kind %s fails', async (kind) => {
      const server = await suite.server(well('old'));
      const store = inStore('redis');
      const keep = fieldsOf(kind, { ttlMs: 1, staleIfErrorMs: HOUR_MS });
      // Of one configuration: the place of a document is a part of it.
      const document = join(folder, MOODY_KINDS[kind].source.document);
      const config = configOf(kind, server, keep, store, { document });
      const [first, second] = [await suite.gateway(way, config), await suite.gateway(way, config)];
      await untilKept(first, queryOf(kind), named(kind, 'old'));
      await server.stop();
      server.asked = 0;
      await expect.poll(() => second.ask(queryOf(kind)), WAIT).toEqual(named(kind, 'old'));
      expect(server.asked).toBe(0);
      await server.start();
      server.mood = well('new');
      await untilKept(second, queryOf(kind), named(kind, 'new'));
      expect(server.asked).toBeGreaterThan(0);
      server.mood = status(500);
      expect(await first.ask(queryOf(kind))).toEqual(named(kind, 'new'));
    });

    it('tell of the failure of a service while Redis is gone, and give what is kept when it is back', async () => {
      const own = await startOwnRedis();
      if (own === undefined) throw new Error('There was a Redis before.');
      others.push(own);
      const server = await suite.server(well('old'));
      const store = { store: own.url, prefix: randomUUID(), waitMs: 1_000 };
      const keep = fieldsOf('rest', { ttlMs: 1, staleIfErrorMs: HOUR_MS });
      const gateway = await suite.gateway(way, configOf('rest', server, keep, store));
      const ask = () => gateway.ask(queryOf('rest'));
      try {
        await untilKept(gateway, queryOf('rest'), named('rest', 'old'));
        server.mood = status(500);
        expect(await ask()).toEqual(named('rest', 'old'));
        own.freeze();
        expect(codes(await ask())).toEqual(['restItem UPSTREAM_FAILED']);
        own.thaw();
        await expect.poll(ask, WAIT).toEqual(named('rest', 'old'));
      } finally {
        own.thaw();
      }
    });
  });
}
