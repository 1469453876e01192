import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Metadata, type ServerUnaryCall, type ServiceError, type sendUnaryData, status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { deferred } from '../../test/utils/deferred.ts';
import { contextOf, fixture, sourceOf, startServer, unary } from '../../test/utils/grpc-server.ts';
import type { Source } from '../source.ts';

type Unary = ServerUnaryCall<Record<string, unknown>, unknown>;
type Reply = sendUnaryData<unknown>;
type Handler = (call: Unary, callback: Reply) => void;

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

interface Service {
  readonly endpoint: string;
  /** Calls that it saw, the last at the end. */
  readonly seen: Unary[];
  reply: Handler;
  stop(): void;
}

async function serve(reply: Handler = (_call, callback) => callback(null, { sku: 'a' })): Promise<Service> {
  const seen: Unary[] = [];
  const handle: Handler = (call, callback) => {
    seen.push(call);
    service.reply(call, callback);
  };
  const { endpoint, stop } = await startServer(fixture('shop.proto'), 'shop.v1.Warehouse', {
    GetStock: handle,
    Reserve: handle,
  });
  const service: Service = { endpoint, seen, reply, stop };
  ends.push(stop);
  return service;
}

async function open(endpoint: string, upstream: object = {}, options: object = {}): Promise<Source> {
  const { source } = await sourceOf(fixture('shop.proto'), endpoint, { upstream, ...options });
  ends.unshift(() => source.dispose());
  return source;
}

const fail =
  (code: status, details = ''): Handler =>
  (_call, callback) =>
    callback({ code, details } as ServiceError, null);
const read = (source: Source, context = contextOf()) => unary(source, 'Query.getStock').invoke({ sku: 'a' }, context);
const write = (source: Source) => unary(source, 'Mutation.reserve').invoke({ sku: 'a' }, contextOf());
/** A port where nobody is. */
const NOBODY = '127.0.0.1:1';

describe('the calls of a gRPC source', () => {
  it.each(['UNAVAILABLE', 'INTERNAL', 'UNKNOWN', 'ABORTED', 'DATA_LOSS', 'RESOURCE_EXHAUSTED'] as const)(
    'that fail with %s are sent a second time if they read, and told of each time',
    async (name) => {
      const service = await serve();
      const source = await open(service.endpoint);
      const told: string[] = [];
      const context = { ...contextOf(), onCall: ({ operation }: { operation: string }) => told.push(operation) };
      service.reply = (call, callback) =>
        service.seen.length === 1 ? fail(status[name])(call, callback) : callback(null, { sku: 'b' });
      expect(await read(source, context)).toMatchObject({ sku: 'b' });
      expect(told).toEqual(['GetStock', 'GetStock']);
      service.reply = fail(status[name], 'No connection established');
      await expect(write(source)).rejects.toMatchObject({ extensions: { upstreamCode: name } });
      expect(service.seen).toHaveLength(3);
    },
  );

  it.each(['INVALID_ARGUMENT', 'NOT_FOUND', 'PERMISSION_DENIED', 'UNIMPLEMENTED', 'FAILED_PRECONDITION'] as const)(
    'that are answered with %s are sent once, and are no failures of the endpoint',
    async (name) => {
      const service = await serve(fail(status[name]));
      const source = await open(service.endpoint);
      await read(source).catch(() => {});
      expect(service.seen).toHaveLength(1);
      expect(source.upstream?.()).toMatchObject({ retries: 0, endpoints: [{ calls: 1, failures: 0 }] });
    },
  );

  it('count as failures of an endpoint, with their status, and not when only the caller is over a limit', async () => {
    const service = await serve(fail(status.RESOURCE_EXHAUSTED));
    const source = await open(service.endpoint, { retries: false });
    await expect(read(source)).rejects.toMatchObject({ code: 'UPSTREAM_REJECTED' });
    expect(source.upstream?.()).toMatchObject({ endpoints: [{ failures: 0 }] });
    service.reply = fail(status.INTERNAL);
    await expect(read(source)).rejects.toMatchObject({ code: 'UPSTREAM_FAILED' });
    expect(source.upstream?.()).toMatchObject({
      endpoints: [{ address: service.endpoint, calls: 2, failures: 1, lastFailure: 'INTERNAL', active: 0 }],
    });
  });

  it('are sent no sooner than the server asks for, and not at all when that is too late', async () => {
    const service = await serve();
    const source = await open(service.endpoint, { retries: { maxBackoffMs: 100 } });
    service.reply = (call, callback) => {
      call.metadata.set('grpc-retry-pushback-ms', '60000');
      callback({ code: status.RESOURCE_EXHAUSTED, details: '', metadata: call.metadata } as ServiceError, null);
    };
    await expect(read(source)).rejects.toMatchObject({ extensions: { retryAfterMs: 60_000 } });
    expect(service.seen).toHaveLength(1);
  });

  it.each(['-1', 'soon'])('are not sent again, nor elsewhere, when the server forbids it with %s', async (pushback) => {
    const services = [await serve(), await serve()];
    for (const service of services) {
      service.reply = (call, callback) => {
        call.metadata.set('grpc-retry-pushback-ms', pushback);
        callback({ code: status.UNAVAILABLE, details: '', metadata: call.metadata } as ServiceError, null);
      };
    }
    const [first = NOBODY, ...endpoints] = services.map(({ endpoint }) => endpoint);
    const source = await open(first, { endpoints, retries: { most: 5, backoffMs: 1 } });
    await expect(read(source)).rejects.toMatchObject({ extensions: { upstreamCode: 'UNAVAILABLE' } });
    expect(services.flatMap(({ seen }) => seen)).toHaveLength(1);
    expect(source.upstream?.()).toMatchObject({ retries: 0, retriesRefused: 0 });
  });

  it('return metadata of the attempt that counts alone', async () => {
    const service = await serve((_call, callback) => {
      const trailer = new Metadata();
      const isFirst = service.seen.length === 1;
      trailer.set(isFirst ? 'x-first' : 'x-last', String(service.seen.length));
      if (isFirst) callback({ code: status.UNAVAILABLE, details: '', metadata: trailer } as ServiceError, null);
      else callback(null, { sku: 'b' }, trailer);
    });
    const returnHeaders = ['x-first', 'x-last'];
    const source = await open(service.endpoint, { retries: { backoffMs: 1 } }, { returnHeaders });
    const returned: string[] = [];
    const client = { returnHeader: (name: string, value: string) => void returned.push(`${name}: ${value}`) };
    expect(await read(source, contextOf(undefined, 5_000, client))).toMatchObject({ sku: 'b' });
    expect(returned).toEqual(['x-last: 2']);
  });

  it('go elsewhere, mutations too, when they could not be given to a connection', async () => {
    const service = await serve();
    const source = await open(NOBODY, { endpoints: [service.endpoint] });
    for (let round = 0; round < 2; round += 1) {
      expect(await write(source)).toBe(true);
      expect(await read(source)).toMatchObject({ sku: 'a' });
    }
    expect(service.seen).toHaveLength(4);
    expect(source.upstream?.()).toMatchObject({
      endpoints: [
        { address: NOBODY, lastFailure: 'UNAVAILABLE' },
        { address: service.endpoint, failures: 0 },
      ],
    });
  });

  it('go elsewhere when no connection came about in time', async () => {
    const sockets = new Set<Socket>();
    const mute = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    ends.push(() => {
      for (const socket of sockets) socket.destroy();
      mute.close();
    });
    const service = await serve();
    const endpoint = `127.0.0.1:${(mute.address() as AddressInfo).port}`;
    const source = await open(endpoint, { endpoints: [service.endpoint] }, { timeoutMs: 1_000 });
    expect(await write(source)).toBe(true);
    expect(service.seen).toHaveLength(1);
    expect(source.upstream?.()).toMatchObject({ endpoints: [{ lastFailure: 'DEADLINE_EXCEEDED' }, {}] });
  });

  it('go on when one of two endpoints stops, and take turns by weight before', async () => {
    const [one, other] = [await serve(), await serve()];
    const source = await open(one.endpoint, { endpoints: [{ address: other.endpoint, weight: 3 }] });
    for (let call = 0; call < 8; call += 1) await read(source);
    expect([one.seen.length, other.seen.length]).toEqual([2, 6]);
    other.stop();
    for (let call = 0; call < 8; call += 1) expect(await read(source)).toMatchObject({ sku: 'a' });
    expect(one.seen).toHaveLength(10);
  });

  it('go where the header of the client says, by hash', async () => {
    const services = [await serve(), await serve(), await serve()];
    const [first, ...others] = services.map(({ endpoint }) => endpoint);
    const source = await open(first ?? '', { endpoints: others, balance: { hash: { header: 'X-Tenant' } } });
    for (let tenant = 0; tenant < 12; tenant += 1) {
      const before = services.map(({ seen }) => seen.length);
      for (let call = 0; call < 3; call += 1) {
        await read(source, contextOf(undefined, 5_000, { headers: { 'x-tenant': `tenant ${tenant}` } }));
      }
      expect(services.map(({ seen }, index) => seen.length - (before[index] ?? 0)).sort()).toEqual([0, 0, 3]);
    }
    expect(services.filter(({ seen }) => seen.length > 0).length).toBeGreaterThan(1);
  });

  it('are bounded: one too many is refused without being sent', async () => {
    const service = await serve();
    const held = deferred<Reply>();
    service.reply = (_call, callback) => held.resolve(callback);
    const source = await open(service.endpoint, { shareReads: false, concurrency: { most: 1, queue: 0 } });
    const first = read(source);
    const answer = await held.promise;
    await expect(read(source)).rejects.toMatchObject({ code: 'UPSTREAM_BUSY' });
    expect(source.upstream?.()).toMatchObject({ active: 1, maxActive: 1, refused: 1 });
    answer(null, { sku: 'late' });
    expect(await first).toMatchObject({ sku: 'late' });
    expect(service.seen).toHaveLength(1);
  });

  it('are not sent to an endpoint that keeps failing', async () => {
    const service = await serve(fail(status.INTERNAL));
    const source = await open(service.endpoint, { breaker: { failures: 3 }, retries: false });
    for (let call = 0; call < 3; call += 1) await read(source).catch(() => {});
    await expect(read(source)).rejects.toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      extensions: { source: 'inventory', operation: 'GetStock', retryAfterMs: expect.any(Number) },
    });
    expect(service.seen).toHaveLength(3);
    expect(source.upstream?.()).toMatchObject({ endpoints: [{ breaker: 'open' }] });
  });

  it('are sent to another endpoint too when one takes long, and the loser is cancelled', async () => {
    const cancelled = deferred();
    const slow = await serve((call) => call.on('cancelled', () => cancelled.resolve()));
    const quick = await serve((_call, callback) => callback(null, { sku: 'quick' }));
    const source = await open(slow.endpoint, { endpoints: [quick.endpoint], hedge: { afterMs: 20 } });
    expect(await read(source)).toMatchObject({ sku: 'quick' });
    await cancelled.promise;
    expect([slow.seen.length, quick.seen.length]).toEqual([1, 1]);
    expect(source.upstream?.()).toMatchObject({ hedges: 1, endpoints: [{ failures: 0 }, { failures: 0 }] });
  });

  it('end with the source, without another try', async () => {
    const service = await serve();
    const arrived = deferred();
    service.reply = () => arrived.resolve();
    const source = await open(service.endpoint);
    const call = read(source);
    await arrived.promise;
    const failure = expect(call).rejects.toMatchObject({ name: 'SkeinError' });
    await source.dispose();
    await failure;
    expect(service.seen).toHaveLength(1);
  });
});
