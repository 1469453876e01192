import { describe, expect, it } from 'vitest';
import { WAYS } from '../utils/fault-suite.ts';
import { codes, type MoodyGateway, moodySource, WAIT } from '../utils/moody-gateway.ts';
import { MOODY_KINDS, type MoodyKindName, well } from '../utils/moody-kinds.ts';
import { type MoodyServer, status } from '../utils/moody-server.ts';
import { useMoodySuite } from '../utils/moody-suite.ts';

const suite = useMoodySuite();
const KINDS = Object.keys(MOODY_KINDS) as MoodyKindName[];
const QUERY = '{ restItem { name } }';
const asked = (servers: readonly MoodyServer[]) => servers.map((server) => server.asked);

async function threeServers(): Promise<MoodyServer[]> {
  const servers: MoodyServer[] = [];
  for (const name of ['a', 'b', 'c']) servers.push(await suite.server(well(name)));
  return servers;
}

async function names(gateway: MoodyGateway, times: number, query = QUERY, headers = {}): Promise<string> {
  const found: unknown[] = [];
  for (let i = 0; i < times; i += 1) {
    const { data, errors } = await gateway.ask(query, { headers });
    expect(errors).toBeUndefined();
    found.push(Object.values(data as Record<string, { name: string }>)[0]?.name);
  }
  return found.join('');
}

describe.each(WAYS)('on the %s way, several endpoints', (way) => {
  it.each(KINDS)('of a service of kind %s take turns', async (kind) => {
    const servers = await threeServers();
    const gateway = await suite.gateway(way, { sources: { moody: moodySource(kind, servers) } });
    expect(await names(gateway, 6, `{ ${MOODY_KINDS[kind].read} { name } }`)).toBe('abcabc');
    expect(await names(gateway, 3, `mutation { ${MOODY_KINDS[kind].write} { name } }`)).toBe('abc');
    expect(asked(servers)).toEqual([3, 3, 3]);
  });

  it('take turns by weight', async () => {
    const servers = await threeServers();
    const [, b, c] = servers;
    const endpoints = [
      { address: b?.origin, weight: 3 },
      { address: c?.origin, weight: 6 },
    ];
    const gateway = await suite.gateway(way, { sources: { moody: moodySource('rest', servers, { endpoints }) } });
    await names(gateway, 20);
    expect(asked(servers)).toEqual([2, 6, 12]);
  });

  it('with the fewest calls are chosen: one that is slow gets no more', async () => {
    const servers = await threeServers();
    const [slow, ...quick] = servers;
    if (slow === undefined) throw new Error('unreachable');
    slow.mood = slow.holds;
    const upstream = { balance: 'least-connections' };
    const gateway = await suite.gateway(way, { sources: { moody: moodySource('rest', servers, upstream) } });
    const waiting = gateway.ask(QUERY);
    await expect.poll(() => slow.held(), WAIT).toBe(1);
    await names(gateway, 10);
    expect(asked([slow, ...quick])).toEqual([1, 5, 5]);
    slow.release(well('a'));
    expect(await waiting).toEqual({ data: { restItem: { name: 'a' } } });
    await names(gateway, 3);
    expect(asked([slow, ...quick])).toEqual([2, 6, 6]);
  });

  it('are stuck to by a header, and only those of an endpoint that is gone move', async () => {
    const servers = await threeServers();
    const upstream = { balance: { hash: { header: 'X-Tenant' } }, breaker: { failures: 1, openMs: 60_000 } };
    const gateway = await suite.gateway(way, { sources: { moody: moodySource('rest', servers, upstream) } });
    const tenants = Array.from({ length: 20 }, (_, i) => `tenant-${i}`);
    const spread = async () => {
      const homes = new Map<string, string>();
      for (const tenant of tenants) homes.set(tenant, await names(gateway, 1, QUERY, { 'x-tenant': tenant }));
      return homes;
    };
    const before = await spread();
    expect(new Set(before.values()).size).toBe(3);
    expect(await spread()).toEqual(before);
    const [a] = servers;
    if (a === undefined) throw new Error('unreachable');
    await a.stop();
    const after = await spread();
    for (const [tenant, home] of before) {
      if (home === 'a') expect(['b', 'c']).toContain(after.get(tenant));
      else expect(after.get(tenant)).toBe(home);
    }
  });

  it('of which one is stopped and started in the middle of load fail no read', async () => {
    const servers = await threeServers();
    const [a] = servers;
    if (a === undefined) throw new Error('unreachable');
    const upstream = { breaker: { failures: 2, openMs: 20 }, retries: { backoffMs: 1, most: 2 } };
    const gateway = await suite.gateway(way, { sources: { moody: moodySource('rest', servers, upstream) } });
    let answered = 0;
    let isOver = false;
    const failed: unknown[] = [];
    const client = async () => {
      while (!isOver) {
        const { errors } = await gateway.ask(QUERY);
        answered += 1;
        if (errors !== undefined) failed.push(errors);
      }
    };
    const clients = Array.from({ length: 8 }, client);
    const more = async (calls: number) => {
      const until = answered + calls;
      await expect.poll(() => answered, WAIT).toBeGreaterThan(until);
    };
    for (let round = 0; round < 3; round += 1) {
      await more(30);
      await a.stop();
      await more(60);
      const before = a.asked;
      await a.start();
      // It is asked again by itself.
      await expect.poll(() => a.asked, WAIT).toBeGreaterThan(before);
    }
    isOver = true;
    await Promise.all(clients);
    expect(failed).toEqual([]);
    const { endpoints } = await gateway.upstream('moody');
    expect(endpoints.map(({ failures }) => failures > 0)).toEqual([true, false, false]);
  });

  it('that are not well are not asked until they are', async () => {
    const servers = await threeServers();
    const [a] = servers;
    if (a === undefined) throw new Error('unreachable');
    const isWell = { a: true };
    const calls = { a: 0 };
    a.mood = (response, request, body) => {
      if (request.url === '/health') {
        response.writeHead(isWell.a ? 200 : 503).end();
        return;
      }
      calls.a += 1;
      well('a')(response, request, body);
    };
    const healthCheck = { path: '/health', everyMs: 10, timeoutMs: 10_000, downAfter: 2, upAfter: 2 };
    const gateway = await suite.gateway(way, { sources: { moody: moodySource('rest', servers, { healthCheck }) } });
    const health = async () => (await gateway.upstream('moody')).endpoints.map((endpoint) => endpoint.health);
    await expect.poll(health, WAIT).toEqual(['up', 'up', 'up']);
    await names(gateway, 3);
    expect(calls.a).toBe(1);
    isWell.a = false;
    await expect.poll(health, WAIT).toEqual(['down', 'up', 'up']);
    expect(await names(gateway, 6)).not.toContain('a');
    expect(calls.a).toBe(1);
    isWell.a = true;
    await expect.poll(health, WAIT).toEqual(['up', 'up', 'up']);
    expect(await names(gateway, 3)).toContain('a');
    expect(gateway.log.lines.map(({ message }) => message)).toContain('An endpoint is not well and is not asked.');
  });

  it('that are all not well are told so, without being asked', async () => {
    const server = await suite.server(status(503));
    const healthCheck = { path: '/health', everyMs: 10, timeoutMs: 10_000, downAfter: 1 };
    const gateway = await suite.gateway(way, { sources: { moody: moodySource('rest', [server], { healthCheck }) } });
    await expect.poll(async () => (await gateway.upstream('moody')).endpoints[0]?.health, WAIT).toBe('down');
    expect(codes(await gateway.ask(QUERY))).toEqual(['restItem UPSTREAM_UNAVAILABLE']);
    expect(server.requests.filter(({ url }) => url !== '/health')).toEqual([]);
    server.mood = well();
    await expect.poll(async () => (await gateway.ask(QUERY)).errors, WAIT).toBeUndefined();
  });
});
