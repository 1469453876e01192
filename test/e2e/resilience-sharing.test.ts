import { describe, expect, it } from 'vitest';
import { WAYS } from '../utils/fault-suite.ts';
import { codes, moodySource, WAIT } from '../utils/moody-gateway.ts';
import { MOODY_KINDS, type MoodyKindName, well } from '../utils/moody-kinds.ts';
import { status } from '../utils/moody-server.ts';
import { useMoodySuite } from '../utils/moody-suite.ts';

const suite = useMoodySuite();
const KINDS = Object.keys(MOODY_KINDS) as MoodyKindName[];
const OTHER = { authorization: 'Bearer other-key' };
const QUERY = '{ restItem { name } }';
const good = (name = 'well') => ({ data: { restItem: { name } } });

describe.each(WAYS)('on the %s way, identical reads that are under way', (way) => {
  async function start(kind: MoodyKindName = 'rest', upstream: object = {}, options: object = {}) {
    const server = await suite.server();
    server.mood = server.holds;
    const moody = moodySource(kind, [server], { shareReads: true, ...upstream }, options);
    const gateway = await suite.gateway(way, { sources: { moody } });
    /** Requests that are under way at the gateway, with the one that asks. */
    const arrived = (count: number) => expect.poll(async () => (await gateway.status()).requests, WAIT).toBe(count);
    return { server, gateway, arrived };
  }

  it.each(KINDS)('of a service of kind %s are sent once for one caller', async (kind) => {
    const { server, gateway, arrived } = await start(kind);
    const { read } = MOODY_KINDS[kind];
    const asked = Array.from({ length: 5 }, () => gateway.ask(`{ ${read} { name } }`));
    await arrived(5);
    await expect.poll(() => server.asked, WAIT).toBe(1);
    server.release(well());
    for (const answer of await Promise.all(asked)) expect(answer).toEqual({ data: { [read]: { name: 'well' } } });
    expect(server.asked).toBe(1);
    expect(await gateway.ask(`{ ${read} { name } }`)).toEqual({ data: { [read]: { name: 'well' } } });
    expect(server.asked).toBe(2);
  });

  it.each(KINDS)('of a service of kind %s give their error to all', async (kind) => {
    const { server, gateway, arrived } = await start(kind, { retries: false });
    const { read } = MOODY_KINDS[kind];
    const asked = Array.from({ length: 3 }, () => gateway.ask(`{ ${read} { name } }`));
    await arrived(3);
    await expect.poll(() => server.asked, WAIT).toBe(1);
    server.release(status(500));
    for (const answer of await Promise.all(asked)) expect(codes(answer)).toEqual([`${read} UPSTREAM_FAILED`]);
    expect(server.asked).toBe(1);
  });

  it.each(['graphql', 'federation'] as const)('of kind %s give each its own place for errors', async (kind) => {
    const { server, gateway, arrived } = await start(kind);
    const { read } = MOODY_KINDS[kind];
    const asked = Array.from({ length: 3 }, () => gateway.ask(`{ ${read} { name } }`));
    await arrived(3);
    await expect.poll(() => server.asked, WAIT).toBe(1);
    const body = { data: { [read]: { name: null } }, errors: [{ message: 'No name.', path: [read, 'name'] }] };
    server.release((response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    const answers = await Promise.all(asked);
    for (const answer of answers) expect(codes(answer)).toEqual([`${read}.name UPSTREAM_FAILED`]);
    expect(server.asked).toBe(1);
  });

  it('are sent for each caller, and for each value of a header that goes on', async () => {
    const { server, gateway } = await start('rest', {}, { forwardHeaders: ['x-user'] });
    const asked = [
      gateway.ask(QUERY),
      gateway.ask(QUERY, { headers: OTHER }),
      gateway.ask(QUERY, { headers: { 'x-user': 'ada' } }),
      gateway.ask(QUERY, { headers: { 'x-user': 'bob' } }),
      gateway.ask(QUERY, { headers: { ...OTHER, 'x-user': 'bob' } }),
    ];
    await expect.poll(() => server.held(), WAIT).toBe(5);
    server.release((response, request, body) => well(String(request.headers['x-user']))(response, request, body));
    const names = ['undefined', 'undefined', 'ada', 'bob', 'bob'];
    expect(await Promise.all(asked)).toEqual(names.map((name) => good(name)));
  });

  it('go on while one of their clients is there, and are closed when the last one leaves', async () => {
    const { server, gateway, arrived } = await start();
    const clients = [new AbortController(), new AbortController()];
    const [first, second] = clients.map(({ signal }) => gateway.ask(QUERY, { signal }).catch(() => 'gone'));
    await arrived(2);
    await expect.poll(() => server.held(), WAIT).toBe(1);
    clients[0]?.abort();
    expect(await first).toBe('gone');
    await arrived(1);
    server.release(well());
    expect(await second).toEqual(good());
    expect(server.asked).toBe(1);

    server.mood = server.holds;
    const leaving = clients.map(() => new AbortController());
    const gone = leaving.map(({ signal }) => gateway.ask(QUERY, { signal }).catch(() => 'gone'));
    await arrived(2);
    await expect.poll(() => server.held(), WAIT).toBe(1);
    for (const client of leaving) client.abort();
    expect(await Promise.all(gone)).toEqual(['gone', 'gone']);
    await expect.poll(() => server.requests.at(-1)?.socket.destroyed, WAIT).toBe(true);
    expect(server.asked).toBe(2);
  });

  it.each(KINDS)('are not joined after a mutation of kind %s was answered', async (kind) => {
    const { server, gateway } = await start(kind);
    const { read, write } = MOODY_KINDS[kind];
    const before = gateway.ask(`{ ${read} { name } }`);
    await expect.poll(() => server.held(), WAIT).toBe(1);
    server.mood = well();
    await gateway.ask(`mutation { ${write} { name } }`);
    expect(await gateway.ask(`{ ${read} { name } }`)).toEqual({ data: { [read]: { name: 'well' } } });
    expect(server.asked).toBe(3);
    server.release(well('old'));
    expect(await before).toEqual({ data: { [read]: { name: 'old' } } });
  });

  it('do not hold for mutations, and not where the source sends each by itself', async () => {
    const { server, gateway } = await start();
    const writes = [1, 2].map(() => gateway.ask('mutation { restAdd { name } }'));
    await expect.poll(() => server.held(), WAIT).toBe(2);
    server.release(well());
    await Promise.all(writes);

    const { server: apart, gateway: other } = await start('rest', { shareReads: false });
    const reads = [1, 2].map(() => other.ask(QUERY));
    await expect.poll(() => apart.held(), WAIT).toBe(2);
    apart.release(well());
    expect(await Promise.all(reads)).toEqual([good(), good()]);
  });
});
