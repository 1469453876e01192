import { describe, expect, it } from 'vitest';
import { WAYS } from '../utils/fault-suite.ts';
import { codes, moodySource, WAIT } from '../utils/moody-gateway.ts';
import { MOODY_KINDS, type MoodyKindName, well } from '../utils/moody-kinds.ts';
import { status } from '../utils/moody-server.ts';
import { useMoodySuite } from '../utils/moody-suite.ts';

const suite = useMoodySuite();
const KINDS = Object.keys(MOODY_KINDS) as MoodyKindName[];
const STEADY = { kind: 'openapi', document: 'steady.json' };

describe.each(WAYS)('on the %s way, the breaker', (way) => {
  it.each(KINDS)('of a service of kind %s opens, refuses without asking, and leaves the others alone', async (kind) => {
    const ill = await suite.server(status(500));
    const steady = await suite.server();
    const upstream = { breaker: { failures: 3, openMs: 60_000 }, retries: false };
    const gateway = await suite.gateway(way, {
      sources: { ill: moodySource(kind, [ill], upstream), steady: { ...STEADY, endpoint: steady.origin } },
    });
    const field = MOODY_KINDS[kind].read;
    const query = `{ ${field} { name } steady { name } }`;
    for (let i = 0; i < 3; i += 1) expect(codes(await gateway.ask(query))).toEqual([`${field} UPSTREAM_FAILED`]);
    for (let i = 0; i < 5; i += 1) {
      const { data, errors } = await gateway.ask(query);
      expect(data).toEqual({ [field]: null, steady: { name: 'well' } });
      expect(errors).toMatchObject([{ path: [field], extensions: { code: 'UPSTREAM_UNAVAILABLE', source: 'ill' } }]);
      expect(errors?.[0]?.extensions.retryAfterMs).toBeGreaterThan(0);
      expect(errors?.[0]?.extensions.retryAfterMs).toBeLessThanOrEqual(60_000);
    }
    expect([ill.asked, steady.asked]).toEqual([3, 8]);
    const mutation = await gateway.ask(`mutation { ${MOODY_KINDS[kind].write} { name } }`);
    expect(codes(mutation)).toEqual([`${MOODY_KINDS[kind].write} UPSTREAM_UNAVAILABLE`]);
    expect(ill.asked).toBe(3);
    expect(await gateway.upstream('ill')).toMatchObject({ refused: 6, endpoints: [{ breaker: 'open', failures: 3 }] });
    expect(await gateway.upstream('steady')).toMatchObject({
      refused: 0,
      endpoints: [{ breaker: 'closed', failures: 0 }],
    });
  });

  it('lets one call try when its time is over, refuses others meanwhile, and closes when that is well', async () => {
    const server = await suite.server(status(500));
    const upstream = { breaker: { failures: 1, openMs: 20 }, retries: false };
    const gateway = await suite.gateway(way, { sources: { moody: moodySource('rest', [server], upstream) } });
    const query = '{ restItem { name } }';
    const isHalfOpen = () => expect.poll(stateOf, WAIT).toBe('half-open');
    const stateOf = async () => (await gateway.upstream('moody')).endpoints[0]?.breaker;
    expect(codes(await gateway.ask(query))).toEqual(['restItem UPSTREAM_FAILED']);
    await isHalfOpen();
    // A trial that fails opens it again.
    expect(codes(await gateway.ask(query))).toEqual(['restItem UPSTREAM_FAILED']);
    expect(server.asked).toBe(2);
    await isHalfOpen();
    server.mood = server.holds;
    const trial = gateway.ask(query);
    await expect.poll(() => server.asked, WAIT).toBe(3);
    for (let i = 0; i < 4; i += 1) expect(codes(await gateway.ask(query))).toEqual(['restItem UPSTREAM_UNAVAILABLE']);
    expect(server.asked).toBe(3);
    server.release(well());
    expect(await trial).toEqual({ data: { restItem: { name: 'well' } } });
    expect(await stateOf()).toBe('closed');
    for (let i = 0; i < 4; i += 1) expect((await gateway.ask(query)).errors).toBeUndefined();
    expect(server.asked).toBe(7);
    const told = gateway.log.lines.filter(({ message }) => message === 'An endpoint answers again.');
    expect(told).toHaveLength(1);
  });

  it('tries again after a trial whose client has left', async () => {
    const server = await suite.server(status(500));
    const upstream = { breaker: { failures: 1, openMs: 20 }, retries: false };
    const gateway = await suite.gateway(way, { sources: { moody: moodySource('rest', [server], upstream) } });
    const query = '{ restItem { name } }';
    await gateway.ask(query);
    await expect.poll(async () => (await gateway.upstream('moody')).endpoints[0]?.breaker, WAIT).toBe('half-open');
    server.mood = server.holds;
    const client = new AbortController();
    const gone = gateway.ask(query, { signal: client.signal }).catch(() => 'gone');
    await expect.poll(() => server.held(), WAIT).toBe(1);
    client.abort();
    expect(await gone).toBe('gone');
    await gateway.expectIdle();
    server.mood = well();
    expect(await gateway.ask(query)).toEqual({ data: { restItem: { name: 'well' } } });
  });

  it('does not open for what clients ask for in vain, nor for being over a limit', async () => {
    const server = await suite.server();
    const upstream = { breaker: { failures: 2, openMs: 60_000 }, retries: false };
    const gateway = await suite.gateway(way, { sources: { moody: moodySource('rest', [server], upstream) } });
    let asked = 0;
    for (const code of [404, 400, 401, 403, 409, 422, 429, 429]) {
      server.mood = status(code);
      await gateway.ask('{ restItem { name } }');
      asked += 1;
    }
    expect(server.asked).toBe(asked);
    expect((await gateway.upstream('moody')).endpoints[0]?.breaker).toBe('closed');
  });
});
