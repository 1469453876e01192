import type { LookupOptions } from 'node:dns';
import { describe, expect, it, vi } from 'vitest';
import { WAYS } from '../utils/fault-suite.ts';
import { codes, moodySource, WAIT } from '../utils/moody-gateway.ts';
import { MOODY_KINDS, type MoodyKindName, well } from '../utils/moody-kinds.ts';
import type { MoodyServer } from '../utils/moody-server.ts';
import { useMoodySuite } from '../utils/moody-suite.ts';

type Found = { readonly address: string; readonly family: number };
type Callback = (error: Error | null, found: string | Found[], family?: number) => void;

/** What names stand for; others are looked up as ever. */
const names = vi.hoisted(() => new Map<string, readonly string[]>());
/** Addresses of this machine that these tests take for public ones. */
const PUBLIC = vi.hoisted(() => ['127.0.0.2', '127.0.0.3']);

vi.mock('node:dns', async (original) => {
  const dns = await original<typeof import('node:dns')>();
  return {
    ...dns,
    lookup: (host: string, options: LookupOptions, callback: Callback) => {
      const ips = names.get(host);
      if (ips === undefined) return dns.lookup(host, options, callback as never);
      const [first = ''] = ips;
      const found = ips.map((address) => ({ address, family: 4 }));
      if (ips.length === 0) setImmediate(callback, Object.assign(new Error('not found'), { code: 'ENOTFOUND' }), []);
      else setImmediate(callback, null, options.all === true ? found : first, 4);
    },
  };
});
vi.mock('../../sources/upstream/resilience/private-address.ts', async (original) => {
  const real = await original<typeof import('../../sources/upstream/resilience/private-address.ts')>();
  return { isPrivateAddress: (ip: string) => !PUBLIC.includes(ip) && real.isPrivateAddress(ip) };
});

const suite = useMoodySuite();
const KINDS = Object.keys(MOODY_KINDS) as MoodyKindName[];
const QUERY = '{ restItem { name } }';
const good = (name: string) => ({ data: { restItem: { name } } });
const at = (host: string, { port }: { readonly port: number }) => ({ origin: `http://${host}:${port}` });

/** Servers on one port at several addresses of this machine. */
async function onOnePort(hosts: readonly string[]): Promise<MoodyServer[]> {
  const servers: MoodyServer[] = [];
  for (const host of hosts) servers.push(await suite.server(well(host), host, servers[0]?.port));
  return servers;
}

describe.each(WAYS)('on the %s way', (way) => {
  it.each(KINDS)('a service of kind %s that redirects is not followed', async (kind) => {
    const secret = await suite.server();
    const server = await suite.server();
    const gateway = await suite.gateway(way, { sources: { moody: moodySource(kind, [server], { breaker: false }) } });
    const { read, write } = MOODY_KINDS[kind];
    let calls = 0;
    for (const code of [301, 302, 303, 307, 308]) {
      server.mood = (response, request) => response.writeHead(code, { location: secret.origin + request.url }).end();
      expect(codes(await gateway.ask(`{ ${read} { name } }`))).toEqual([`${read} UPSTREAM_BAD_RESPONSE`]);
      expect(codes(await gateway.ask(`mutation { ${write} { name } }`))).toEqual([`${write} UPSTREAM_BAD_RESPONSE`]);
      calls += 2;
    }
    expect([server.asked, secret.asked, secret.connections]).toEqual([calls, 0, 0]);
  });

  it.each(KINDS)('a public service of kind %s must not be at a private address', async (kind) => {
    const server = await suite.server();
    const first = { origin: 'http://service.test' };
    const sources = { moody: moodySource(kind, [first, server], { network: 'public' }) };
    await expect(suite.gateway(way, { sources })).rejects.toThrow(/private/);
    const alone = { moody: moodySource(kind, [server], { network: 'public' }) };
    await expect(suite.gateway(way, { sources: alone })).rejects.toThrow(/private/);
    expect(server.asked).toBe(0);
  });

  it('a public service is not asked any more when its name comes to stand for a private address', async () => {
    const servers = await onOnePort(['127.0.0.2', '127.0.0.1']);
    const [open, secret] = servers;
    if (open === undefined || secret === undefined) throw new Error('unreachable');
    names.set('service.test', ['127.0.0.2']);
    const upstream = { network: 'public', breaker: false, retries: { backoffMs: 1 } };
    const gateway = await suite.gateway(way, {
      sources: { moody: moodySource('rest', [at('service.test', open)], upstream) },
    });
    expect(await gateway.ask(QUERY)).toEqual(good('127.0.0.2'));
    // Each answer is the last on its connection: the name is looked up for the next.
    open.mood = (response, request, body) => {
      response.setHeader('connection', 'close');
      well('127.0.0.2')(response, request, body);
    };
    expect(await gateway.ask(QUERY)).toEqual(good('127.0.0.2'));
    await expect.poll(() => open.sockets(), WAIT).toBe(0);
    const connected = secret.connections;
    for (const ips of [['127.0.0.1'], ['127.0.0.2', '127.0.0.1'], ['::ffff:127.0.0.1'], ['169.254.169.254']]) {
      names.set('service.test', ips);
      expect(codes(await gateway.ask(QUERY))).toEqual(['restItem UPSTREAM_UNREACHABLE']);
      expect(codes(await gateway.ask('mutation { restAdd { name } }'))).toEqual(['restAdd UPSTREAM_UNREACHABLE']);
    }
    expect([secret.asked, secret.connections - connected, open.asked]).toEqual([0, 0, 2]);
    names.set('service.test', ['127.0.0.2']);
    expect(await gateway.ask(QUERY)).toEqual(good('127.0.0.2'));
  });

  it.each(['sse', 'ws'] as const)(
    'subscriptions over %s of a public service go to no private address either',
    async (protocol) => {
      const server = await suite.server();
      const withStreamsAt = (host: string) => ({
        sources: {
          moody: moodySource(
            'graphql',
            [at('service.test', server)],
            { network: 'public', breaker: false, retries: false },
            { subscriptions: { protocol, endpoint: `${at(host, server).origin}/streams` } },
          ),
        },
      });
      await expect(suite.gateway(way, withStreamsAt('127.0.0.1'))).rejects.toThrow(/private/);
      names.set('service.test', ['127.0.0.2']);
      const gateway = await suite.gateway(way, withStreamsAt('localhost'));
      const reader = await gateway.open('subscription { gqlAdded { name } }');
      expect(codes((await reader.next()) as never)).toEqual(['gqlAdded UPSTREAM_UNREACHABLE']);
      expect([server.asked, server.connections]).toEqual([0, 0]);
    },
  );

  it('every address of a name is an endpoint, as long as the name stands for it', async () => {
    const servers = await onOnePort(['127.0.0.1', '127.0.0.2', '127.0.0.3']);
    const [first, second, third] = servers;
    if (first === undefined || second === undefined || third === undefined) throw new Error('unreachable');
    names.set('service.test', ['127.0.0.1', '127.0.0.2']);
    const upstream = { discover: { everyMs: 10 }, retries: { backoffMs: 1 } };
    const gateway = await suite.gateway(way, {
      sources: { moody: moodySource('rest', [at('service.test', first)], upstream) },
    });
    const addresses = async () => (await gateway.upstream('moody')).endpoints.map(({ address }) => address);
    const of = (...ips: string[]) => ips.map((ip) => `http://service.test:${first.port} ${ip}:${first.port}`);
    const ask = async (times: number) => {
      for (const server of servers) server.asked = 0;
      for (let i = 0; i < times; i += 1) expect((await gateway.ask(QUERY)).errors).toBeUndefined();
      return servers.map(({ asked }) => asked);
    };
    await expect.poll(addresses, WAIT).toEqual(of('127.0.0.1', '127.0.0.2'));
    expect(await ask(4)).toEqual([2, 2, 0]);
    expect(first.requests.at(-1)?.headers.host).toBe(`service.test:${first.port}`);
    // One leaves with a call under way, which is answered.
    first.mood = first.holds;
    const waiting = [gateway.ask(QUERY), gateway.ask(QUERY)];
    await expect.poll(() => first.held(), WAIT).toBe(1);
    names.set('service.test', ['127.0.0.2', '127.0.0.3']);
    await expect.poll(addresses, WAIT).toEqual(of('127.0.0.2', '127.0.0.3'));
    expect(await ask(4)).toEqual([0, 2, 2]);
    first.release(well('left'));
    expect((await Promise.all(waiting)).map(({ errors }) => errors)).toEqual([undefined, undefined]);
    await expect.poll(() => first.sockets(), WAIT).toBe(0);
    // What was known is kept while the name stands for nothing.
    names.set('service.test', []);
    const failure = 'A name cannot be looked up; its last addresses are kept.';
    await expect.poll(() => gateway.log.lines.map(({ message }) => message), WAIT).toContain(failure);
    expect(await ask(4)).toEqual([0, 2, 2]);
    names.set('service.test', ['127.0.0.1']);
    await expect.poll(addresses, WAIT).toEqual(of('127.0.0.1'));
    expect(await ask(2)).toEqual([2, 0, 0]);
  });

  it('addresses of a public name that are private are not found', async () => {
    const servers = await onOnePort(['127.0.0.2', '127.0.0.1']);
    const [open, secret] = servers;
    if (open === undefined || secret === undefined) throw new Error('unreachable');
    names.set('service.test', ['127.0.0.2']);
    const upstream = { network: 'public', discover: { everyMs: 10 } };
    const gateway = await suite.gateway(way, {
      sources: { moody: moodySource('rest', [at('service.test', open)], upstream) },
    });
    await expect
      .poll(async () => (await gateway.upstream('moody')).endpoints[0]?.address, WAIT)
      .toContain(' 127.0.0.2');
    const connected = secret.connections;
    names.set('service.test', ['127.0.0.1']);
    const failure = 'A name cannot be looked up; its last addresses are kept.';
    await expect.poll(() => gateway.log.lines.map(({ message }) => message), WAIT).toContain(failure);
    expect(await gateway.ask(QUERY)).toEqual(good('127.0.0.2'));
    expect([secret.asked, secret.connections - connected]).toEqual([0, 0]);
  });
});
