import { describe, expect, it } from 'vitest';
import { WAYS } from '../utils/fault-suite.ts';
import { codes, moodySource, WAIT } from '../utils/moody-gateway.ts';
import { MOODY_KINDS, type MoodyKindName, well } from '../utils/moody-kinds.ts';
import { BREAKS, type Mood, type MoodyServer, status } from '../utils/moody-server.ts';
import { useMoodySuite } from '../utils/moody-suite.ts';

const suite = useMoodySuite();
const KINDS = Object.keys(MOODY_KINDS) as MoodyKindName[];
const read = (kind: MoodyKindName) => `{ ${MOODY_KINDS[kind].read} { name } }`;
const write = (kind: MoodyKindName) => `mutation { ${MOODY_KINDS[kind].write} { name } }`;
const good = (field: string) => ({ data: { [field]: { name: 'well' } } });

/** Fails once, and is well then. */
function once(server: MoodyServer, mood: Mood): void {
  server.mood = (response, request, body) => {
    server.mood = well();
    mood(response, request, body);
  };
}

const FAULTS: Record<string, [mood: Mood, code: string]> = {
  'answers 500': [status(500), 'UPSTREAM_FAILED'],
  'answers 502': [status(502), 'UPSTREAM_FAILED'],
  'is busy (503)': [status(503), 'UPSTREAM_FAILED'],
  ...Object.fromEntries(
    Object.entries(BREAKS).map(([when, mood]): [string, [Mood, string]] => [
      `has its connection ${when}`,
      [mood, when.includes('middle') ? 'UPSTREAM_FAILED' : 'UPSTREAM_UNREACHABLE'],
    ]),
  ),
};

const QUICK = { breaker: false, retries: { backoffMs: 1 } };

describe.each(WAYS)('on the %s way, a service', (way) => {
  it.each(KINDS)('of kind %s that fails is asked once more by a read, never by a mutation', async (kind) => {
    const server = await suite.server();
    const gateway = await suite.gateway(way, { sources: { moody: moodySource(kind, [server], QUICK) } });
    const found: unknown[] = [];
    const expected: unknown[] = [];
    for (const [name, [mood, code]] of Object.entries(FAULTS)) {
      server.asked = 0;
      once(server, mood);
      const answer = await gateway.ask(read(kind));
      const askedByRead = server.asked;
      server.asked = 0;
      once(server, mood);
      const refused = codes(await gateway.ask(write(kind)));
      found.push([name, answer, askedByRead, refused, server.asked]);
      expected.push([name, good(MOODY_KINDS[kind].read), 2, [`${MOODY_KINDS[kind].write} ${code}`], 1]);
      server.mood = well();
    }
    expect(found).toEqual(expected);
    const { retries } = await gateway.upstream('moody');
    expect(retries).toBe(Object.keys(FAULTS).length);
  });

  it.each(KINDS)(
    'of kind %s that resets connections before it reads is asked by a read again, by a mutation once',
    async (kind) => {
      const server = await suite.server();
      server.resetsConnections = true;
      const gateway = await suite.gateway(way, { sources: { moody: moodySource(kind, [server], QUICK) } });
      server.connections = 0;
      expect(codes(await gateway.ask(read(kind)))).toEqual([`${MOODY_KINDS[kind].read} UPSTREAM_UNREACHABLE`]);
      expect(server.connections).toBe(2);
      server.connections = 0;
      expect(codes(await gateway.ask(write(kind)))).toEqual([`${MOODY_KINDS[kind].write} UPSTREAM_UNREACHABLE`]);
      expect(server.connections).toBe(1);
      expect(server.asked).toBe(0);
    },
  );

  it.each(KINDS)('of kind %s that refuses connections leaves reads and mutations to the other', async (kind) => {
    const gone = await suite.server();
    const server = await suite.server();
    const gateway = await suite.gateway(way, { sources: { moody: moodySource(kind, [gone, server], QUICK) } });
    await gone.stop();
    for (let i = 0; i < 4; i += 1) {
      expect(await gateway.ask(read(kind))).toEqual(good(MOODY_KINDS[kind].read));
      expect(await gateway.ask(write(kind))).toEqual(good(MOODY_KINDS[kind].write));
    }
    expect(server.asked).toBe(8);
    // In turns: each second call has met the one that is gone.
    const { endpoints, retries } = await gateway.upstream('moody');
    expect([endpoints[0]?.failures, retries]).toEqual([endpoints[0]?.calls, endpoints[0]?.calls]);
    expect(endpoints[0]?.calls).toBeGreaterThan(0);
  });

  it('that says when to come again is asked then, and by nobody if that is too late', async () => {
    const server = await suite.server();
    const gateway = await suite.gateway(way, { sources: { moody: moodySource('rest', [server], QUICK) } });
    once(server, status(503, { 'retry-after-ms': '30' }));
    expect(await gateway.ask(read('rest'))).toEqual(good('restItem'));
    expect(server.asked).toBe(2);
    once(server, status(503, { 'retry-after': '7' }));
    const { errors } = await gateway.ask(read('rest'));
    expect(errors?.[0]?.extensions).toMatchObject({
      code: 'UPSTREAM_FAILED',
      upstreamStatus: 503,
      retryAfterMs: 7_000,
    });
    once(server, status(429, { 'retry-after': '7' }));
    expect(codes(await gateway.ask(read('rest')))).toEqual(['restItem UPSTREAM_REJECTED']);
    expect(server.asked).toBe(4);
  });

  it.each(KINDS)('of kind %s that is asked again returns the headers of its last answer alone', async (kind) => {
    const server = await suite.server();
    const returnHeaders = ['x-attempt', 'x-busy'];
    const source = moodySource(kind, [server], QUICK, { returnHeaders });
    const gateway = await suite.gateway(way, { sources: { moody: source } });
    const busy = status(503, { 'x-attempt': '1', 'x-busy': 'yes' });
    once(server, busy);
    const second = server.mood;
    server.mood = (response, ...rest) => {
      second(response, ...rest);
      server.mood = (again, ...request) => well()(again.setHeader('x-attempt', '2'), ...request);
    };
    const answered = await gateway.headersOf(read(kind));
    expect([answered.get('x-attempt'), answered.get('x-busy'), server.asked]).toEqual(['2', null, 2]);
    server.mood = busy;
    const refused = await gateway.headersOf(read(kind));
    expect([refused.get('x-attempt'), refused.get('x-busy'), server.asked]).toEqual(['1', 'yes', 4]);
  });

  it('that is busy for a while leaves reads to another at once', async () => {
    const busy = await suite.server(status(503, { 'retry-after': '3600' }));
    const server = await suite.server();
    const gateway = await suite.gateway(way, { sources: { moody: moodySource('rest', [busy, server], QUICK) } });
    for (let i = 0; i < 4; i += 1) expect(await gateway.ask(read('rest'))).toEqual(good('restItem'));
    expect(server.asked).toBe(4);
    expect(busy.asked).toBeGreaterThan(0);
  });

  it('that is down for all is asked a bounded number of times', async () => {
    const server = await suite.server(status(500));
    const gateway = await suite.gateway(way, { sources: { moody: moodySource('rest', [server], QUICK) } });
    const startedAt = performance.now();
    const calls = 200;
    for (let i = 0; i < calls; i += 20) {
      const batch = Array.from({ length: 20 }, () => gateway.ask(read('rest')));
      for (const answer of await Promise.all(batch)) expect(codes(answer)).toEqual(['restItem UPSTREAM_FAILED']);
    }
    // Ten are always there, and one more in each second.
    const reserve = 10 + Math.ceil((performance.now() - startedAt) / 1_000);
    expect(server.asked).toBeLessThanOrEqual(calls * 1.2 + reserve);
    const { retries, retriesRefused, endpoints } = await gateway.upstream('moody');
    expect(server.asked).toBe(calls + retries);
    expect(retries + retriesRefused).toBe(calls);
    expect(endpoints[0]?.calls).toBe(server.asked);
  });

  it('is not asked again when the answer would come after the deadline', async () => {
    const server = await suite.server(status(503, { 'retry-after': '30' }));
    const upstream = { breaker: false, retries: { backoffMs: 1, maxBackoffMs: 60_000 } };
    const gateway = await suite.gateway(way, {
      sources: { moody: moodySource('rest', [server], upstream) },
      limits: { requestTimeoutMs: 10_000 },
    });
    expect(codes(await gateway.ask(read('rest')))).toEqual(['restItem UPSTREAM_FAILED']);
    expect(server.asked).toBe(1);
    expect((await gateway.upstream('moody')).retries).toBe(0);
  });

  it.each(['rest', 'federation'] as const)(
    'of kind %s that hangs is asked once more by a read, and never after the deadline',
    async (kind) => {
      const server = await suite.server();
      server.mood = server.holds;
      const { read: field, write: change } = MOODY_KINDS[kind];
      const impatient = await suite.gateway(way, {
        sources: { moody: moodySource(kind, [server], QUICK, { timeoutMs: 300 }) },
      });
      const late = await suite.gateway(way, {
        sources: { moody: moodySource(kind, [server], QUICK) },
        limits: { requestTimeoutMs: 500 },
      });
      expect(codes(await impatient.ask(write(kind)))).toEqual([`${change} UPSTREAM_TIMEOUT`]);
      expect(server.asked).toBe(1);
      expect(codes(await impatient.ask(read(kind)))).toEqual([`${field} UPSTREAM_TIMEOUT`]);
      expect(server.asked).toBe(3);
      expect(codes(await late.ask(read(kind)))).toEqual([' DEADLINE_EXCEEDED']);
      await late.expectIdle();
      expect(server.asked).toBe(4);
      expect((await late.upstream('moody')).endpoints).toMatchObject([{ calls: 1, failures: 0 }]);
    },
  );

  it('is not asked again for a client that has left, while it waits and while it asks', async () => {
    const server = await suite.server(status(503, { 'retry-after': '30' }));
    const upstream = { breaker: false, retries: { backoffMs: 1, maxBackoffMs: 60_000 } };
    const gateway = await suite.gateway(way, {
      sources: { moody: moodySource('rest', [server], upstream) },
      limits: { requestTimeoutMs: 60_000 },
    });
    for (const mood of [server.mood, server.holds]) {
      server.mood = mood;
      server.asked = 0;
      const client = new AbortController();
      const gone = gateway.ask(read('rest'), { signal: client.signal }).catch(() => 'gone');
      await expect.poll(() => server.asked, WAIT).toBe(1);
      client.abort();
      expect(await gone).toBe('gone');
      await gateway.expectIdle();
      expect(server.asked).toBe(1);
    }
    expect((await gateway.upstream('moody')).retries).toBe(0);
  });
});
