import { afterEach, describe, expect, it } from 'vitest';
import {
  createGrpcFaultServer,
  type GrpcFaultServer,
  type GrpcHandler,
  grpcAnswer,
  grpcBytes,
  grpcCut,
  grpcFrame,
} from '../utils/fault-server.ts';
import { WAYS } from '../utils/fault-suite.ts';
import { fixture } from '../utils/grpc-server.ts';
import { codes, WAIT } from '../utils/moody-gateway.ts';
import { useMoodySuite } from '../utils/moody-suite.ts';

const suite = useMoodySuite();
const servers: GrpcFaultServer[] = [];
/** `{ sku: name, quantity: 5 }` */
const stock = (name: string) => Buffer.from([0x0a, name.length, ...Buffer.from(name), 0x10, 5]);
const well = (name = 'a') => grpcAnswer([stock(name)], 0, '');
const READ = '{ stock(sku: "a") { sku } }';
const WRITE = 'mutation { reserve(sku: "a") }';
const good = (sku = 'a') => ({ data: { stock: { sku } } });

async function serve(handler: GrpcHandler = well()): Promise<GrpcFaultServer> {
  const server = await createGrpcFaultServer();
  server.answer(handler);
  servers.push(server);
  return server;
}
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

function sourcesOf(all: readonly GrpcFaultServer[], upstream: object) {
  const [endpoint, ...endpoints] = all.map(({ port }) => `127.0.0.1:${port}`);
  const operations = { GetEverything: { hide: true }, ListStock: { hide: true }, BatchGetStock: { hide: true } };
  const common = { kind: 'grpc', document: fixture('shop.proto'), operations };
  return { moody: { ...common, endpoint, upstream: { endpoints, shareReads: false, ...upstream } } };
}

/** Fails once, and is well then. */
function once(server: GrpcFaultServer, fault: GrpcHandler): void {
  server.answer((...call) => {
    server.answer(well());
    return fault(...call);
  });
}

const FAULTS: Record<string, [GrpcHandler, code: string]> = {
  'answers UNAVAILABLE': [grpcAnswer([], 14), 'UPSTREAM_UNREACHABLE'],
  'answers INTERNAL': [grpcAnswer([], 13), 'UPSTREAM_FAILED'],
  'cuts the connection': [grpcCut, 'UPSTREAM_UNREACHABLE'],
  'resets the call within a message': [
    grpcBytes(grpcFrame(stock('a'), 50), (stream) => stream.close(2)),
    'UPSTREAM_FAILED',
  ],
};
const QUICK = { breaker: false, retries: { backoffMs: 1 } };

describe.each(WAYS)('on the %s way, a gRPC service', (way) => {
  it('is asked once for reads of one caller that are under way together, and not for what was asked before a mutation', async () => {
    const server = await serve();
    const waiting: (() => void)[] = [];
    server.answer((...call) => waiting.push(() => well()(...call)));
    const gateway = await suite.gateway(way, { sources: sourcesOf([server], { shareReads: true }) });
    const asked = [1, 2, 3].map(() => gateway.ask(READ));
    await expect.poll(async () => (await gateway.status()).requests, WAIT).toBe(3);
    const other = gateway.ask(READ, { headers: { authorization: 'Bearer other-key' } });
    await expect.poll(() => waiting.length, WAIT).toBe(2);
    server.answer(well());
    await gateway.ask(WRITE);
    expect(await gateway.ask(READ)).toEqual(good());
    expect(server.requests).toHaveLength(4);
    for (const go of waiting) go();
    expect(await Promise.all([...asked, other])).toEqual([good(), good(), good(), good()]);
    expect(server.requests).toHaveLength(4);
  });

  it.each(Object.entries(FAULTS))(
    'that %s is asked once more by a read, never by a mutation',
    async (_, [fault, code]) => {
      const server = await serve();
      const gateway = await suite.gateway(way, { sources: sourcesOf([server], QUICK) });
      once(server, fault);
      expect(await gateway.ask(READ)).toEqual(good());
      expect(server.requests).toHaveLength(2);
      once(server, fault);
      expect(codes(await gateway.ask(WRITE))).toEqual([`reserve ${code}`]);
      expect(server.requests).toHaveLength(3);
    },
  );

  it('that refuses connections leaves reads and mutations to the other', async () => {
    const [gone, server] = [await serve(), await serve()];
    const gateway = await suite.gateway(way, { sources: sourcesOf([gone, server], QUICK) });
    await gone.refuse();
    for (let i = 0; i < 3; i += 1) {
      expect(await gateway.ask(READ)).toEqual(good());
      expect((await gateway.ask(WRITE)).errors).toBeUndefined();
    }
    expect(server.requests).toHaveLength(6);
  });

  it('that fails again and again is left alone, and asked once when its time is over', async () => {
    const server = await serve(grpcAnswer([], 13));
    const upstream = { breaker: { failures: 3, openMs: 200 }, retries: false };
    const gateway = await suite.gateway(way, { sources: sourcesOf([server], upstream) });
    for (let i = 0; i < 3; i += 1) expect(codes(await gateway.ask(READ))).toEqual(['stock UPSTREAM_FAILED']);
    const state = async () => (await gateway.upstream('moody')).endpoints[0]?.breaker;
    await expect.poll(state, WAIT).toBe('half-open');
    let answer: (() => void) | undefined;
    server.answer((...call) => {
      answer = () => well()(...call);
    });
    const trial = gateway.ask(READ);
    await expect.poll(() => server.requests.length, WAIT).toBe(4);
    for (let i = 0; i < 3; i += 1) expect(codes(await gateway.ask(READ))).toEqual(['stock UPSTREAM_UNAVAILABLE']);
    expect(server.requests).toHaveLength(4);
    server.answer(well());
    await expect.poll(() => answer, WAIT).toBeTypeOf('function');
    answer?.();
    expect(await trial).toEqual(good());
    expect(await state()).toBe('closed');
  });

  it('lets some calls wait, and refuses the rest', async () => {
    const held: (() => void)[] = [];
    const server = await serve((...call) => held.push(() => well()(...call)));
    const concurrency = { most: 2, queue: 2, queueTimeoutMs: 60_000 };
    const gateway = await suite.gateway(way, { sources: sourcesOf([server], { concurrency }) });
    const waiting: ReturnType<typeof gateway.ask>[] = [];
    for (let calls = 1; calls <= 4; calls += 1) {
      waiting.push(gateway.ask(READ));
      const counts = { active: Math.min(calls, 2), queued: Math.max(0, calls - 2) };
      await expect.poll(() => gateway.upstream('moody'), WAIT).toMatchObject(counts);
    }
    expect(codes(await gateway.ask(READ))).toEqual(['stock UPSTREAM_BUSY']);
    await expect.poll(() => held.length, WAIT).toBe(2);
    server.answer(well());
    for (const answer of held) answer();
    for (const answer of await Promise.all(waiting)) expect(answer).toEqual(good());
    expect(server.requests).toHaveLength(4);
  });

  it('that is public is not asked at a private address', async () => {
    const server = await serve();
    const refused = suite.gateway(way, { sources: sourcesOf([server], { network: 'public' }) });
    await expect(refused).rejects.toThrow(/private/);
    const { moody } = sourcesOf([server], { ...QUICK, network: 'public' });
    const gateway = await suite.gateway(way, {
      sources: { moody: { ...moody, endpoint: moody.endpoint?.replace('127.0.0.1', 'localhost') } },
    });
    expect(codes(await gateway.ask(READ))).toEqual(['stock UPSTREAM_UNREACHABLE']);
    expect(codes(await gateway.ask(WRITE))).toEqual(['reserve UPSTREAM_UNREACHABLE']);
    expect(server.requests).toEqual([]);
  });

  it('that is slow is hedged, and its call closed', async () => {
    const slow = await serve(() => {});
    const quick = await serve(well('quick'));
    const gateway = await suite.gateway(way, { sources: sourcesOf([slow, quick], { hedge: { afterMs: 10 } }) });
    expect(await gateway.ask(READ)).toEqual(good('quick'));
    expect([slow.requests.length, quick.requests.length]).toEqual([1, 1]);
    await slow.requests[0]?.closed;
    expect(await gateway.upstream('moody')).toMatchObject({ hedges: 1, active: 0 });
  });

  it('has streams that occupy their place, and are asked for again only before they have begun', async () => {
    const server = await serve();
    const gateway = await suite.gateway(way, {
      sources: sourcesOf([server], { ...QUICK, concurrency: { most: 1, queue: 0 } }),
    });
    const cut: (() => void)[] = [];
    server.answer((stream, path) => {
      server.answer(grpcBytes(grpcFrame(stock('a')), (opened) => cut.push(() => grpcCut(opened, path))));
      return grpcCut(stream, path);
    });
    const reader = await gateway.open('subscription { watchStock { sku } }');
    expect(await reader.next()).toEqual({ data: { watchStock: { sku: 'a' } } });
    expect(server.requests).toHaveLength(2);
    expect(codes(await gateway.ask(READ))).toEqual(['stock UPSTREAM_BUSY']);
    expect((await gateway.upstream('moody')).active).toBe(1);
    await expect.poll(() => cut.length, WAIT).toBe(1);
    cut[0]?.();
    expect(codes((await reader.next()) as never)).toEqual(['watchStock UPSTREAM_UNREACHABLE']);
    await gateway.expectIdle();
    expect(server.requests).toHaveLength(2);
    server.answer(well());
    expect(await gateway.ask(READ)).toEqual(good());
  });
});
