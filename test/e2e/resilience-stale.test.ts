import { describe, expect, it } from 'vitest';
import { WAYS } from '../utils/fault-suite.ts';
import { codes, moodySource, WAIT } from '../utils/moody-gateway.ts';
import { MOODY_KINDS, type MoodyKindName, well } from '../utils/moody-kinds.ts';
import { status } from '../utils/moody-server.ts';
import { useMoodySuite } from '../utils/moody-suite.ts';

const suite = useMoodySuite();
const KINDS = Object.keys(MOODY_KINDS) as MoodyKindName[];

describe.each(WAYS)('on the %s way, an answer that was kept', (way) => {
  it.each(KINDS)('of a service of kind %s is given while the service fails, and anew when it is well', async (kind) => {
    const server = await suite.server(well('old'));
    const { read } = MOODY_KINDS[kind];
    const cache = { fields: { [read]: { ttlMs: 1, staleIfErrorMs: 600_000 } } };
    const upstream = { retries: false, breaker: { failures: 3, openMs: 60_000 } };
    const gateway = await suite.gateway(way, { sources: { moody: moodySource(kind, [server], upstream, { cache }) } });
    const query = `{ ${read} { name } }`;
    const old = { data: { [read]: { name: 'old' } } };
    expect(await gateway.ask(query)).toEqual(old);
    server.mood = status(500);
    server.asked = 0;
    // A service that is left alone for its failures is not asked for them either.
    for (let i = 0; i < 6; i += 1) expect(await gateway.ask(query)).toEqual(old);
    await expect.poll(async () => (await gateway.upstream('moody')).endpoints[0]?.breaker, WAIT).toBe('open');
    expect(server.asked).toBe(3);
    expect((await gateway.upstream('moody')).refused).toBeGreaterThan(0);
  });

  it.each(KINDS)('of a service of kind %s is not given once the service is well', async (kind) => {
    const server = await suite.server(well('old'));
    const { read } = MOODY_KINDS[kind];
    const cache = { fields: { [read]: { ttlMs: 1, staleIfErrorMs: 600_000 } } };
    const gateway = await suite.gateway(way, {
      sources: { moody: moodySource(kind, [server], { breaker: false, retries: false }, { cache }) },
    });
    const query = `{ ${read} { name } }`;
    expect(await gateway.ask(query)).toEqual({ data: { [read]: { name: 'old' } } });
    await server.stop();
    expect(await gateway.ask(query)).toEqual({ data: { [read]: { name: 'old' } } });
    await server.start();
    server.mood = well('new');
    await expect.poll(() => gateway.ask(query), WAIT).toEqual({ data: { [read]: { name: 'new' } } });
  });

  it('is not given for what was never answered, nor for a mutation', async () => {
    const server = await suite.server(status(500));
    const cache = { fields: { '*': { ttlMs: 60_000, staleIfErrorMs: 600_000 } } };
    const gateway = await suite.gateway(way, {
      sources: { moody: moodySource('rest', [server], { breaker: false, retries: false }, { cache }) },
    });
    for (let i = 0; i < 3; i += 1) {
      expect(codes(await gateway.ask('{ restItem { name } }'))).toEqual(['restItem UPSTREAM_FAILED']);
      expect(codes(await gateway.ask('mutation { restAdd { name } }'))).toEqual(['restAdd UPSTREAM_FAILED']);
    }
    expect(server.asked).toBe(6);
  });

  it('is asked for once by all that want it anew, and given to them when that fails', async () => {
    const server = await suite.server(well('old'));
    const cache = { fields: { restItem: { ttlMs: 1, staleIfErrorMs: 600_000 } } };
    const gateway = await suite.gateway(way, {
      sources: { moody: moodySource('rest', [server], { breaker: false, retries: false }, { cache }) },
    });
    const query = '{ restItem { name } }';
    await gateway.ask(query);
    server.mood = server.holds;
    const asking = Array.from({ length: 10 }, () => gateway.ask(query));
    await expect.poll(async () => (await gateway.status()).requests, WAIT).toBe(10);
    await expect.poll(() => server.held(), WAIT).toBe(1);
    server.release(status(500));
    for (const answer of await Promise.all(asking)) expect(answer).toEqual({ data: { restItem: { name: 'old' } } });
    expect(server.asked).toBe(2);
  });
});
