import { type ServerWritableStream, type ServiceError, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deferred } from '../../test/utils/deferred.ts';
import { contextOf, fixture, sourceOf, startServer, stream, type TestServer } from '../../test/utils/grpc-server.ts';
import type { CallContext, Source } from '../source.ts';

type Stream = ServerWritableStream<Record<string, unknown>, unknown>;

describe('the streams of a gRPC source', () => {
  let server: TestServer;
  let source: Source;
  let calls: Stream[];
  let reply: (call: Stream) => void;

  beforeEach(async () => {
    calls = [];
    server = await startServer(fixture('shop.proto'), 'shop.v1.Warehouse', {
      WatchStock: (call: Stream) => {
        calls.push(call);
        reply(call);
      },
    });
    const upstream = { concurrency: { most: 1, queue: 0 } };
    ({ source } = await sourceOf(fixture('shop.proto'), server.endpoint, { upstream }));
  });
  afterEach(async () => {
    await source.dispose();
    server.stop();
  });

  const open = (context: CallContext = contextOf()) =>
    stream(source, 'Subscription.watchStock').open({ skus: ['a'] }, context);
  const broken = { code: status.UNAVAILABLE, details: '', name: '', message: '' } as ServiceError;

  it('are opened a second time when they fail before they begin', async () => {
    reply = (call) => {
      if (calls.length === 1) call.emit('error', broken);
      else call.write({ sku: 'b' });
    };
    const items = open();
    expect(await items.next()).toMatchObject({ value: { sku: 'b' } });
    expect(source.upstream?.()).toMatchObject({ retries: 1, active: 1, endpoints: [{ active: 1, failures: 1 }] });
    await items.return?.();
    expect(source.upstream?.()).toMatchObject({ active: 0, endpoints: [{ active: 0 }] });
  });

  it('are not opened again once they have begun', async () => {
    reply = (call) => {
      call.write({ sku: 'a' });
      call.emit('error', broken);
    };
    const items = open();
    expect(await items.next()).toMatchObject({ value: { sku: 'a' } });
    await expect(items.next()).rejects.toMatchObject({ code: 'UPSTREAM_UNREACHABLE' });
    expect(calls).toHaveLength(1);
    expect(source.upstream?.()).toMatchObject({ active: 0, endpoints: [{ active: 0 }] });
  });

  it('tell a failure that comes at once after the metadata', async () => {
    reply = (call) => {
      call.sendMetadata(call.metadata);
      call.emit('error', broken);
    };
    await expect(open().next()).rejects.toMatchObject({ code: 'UPSTREAM_UNREACHABLE' });
    expect(calls).toHaveLength(1);
  });

  it('may end without a single message', async () => {
    reply = (call) => call.end();
    expect(await open().next()).toEqual({ done: true, value: undefined });
    expect(source.upstream?.()).toMatchObject({ active: 0, retries: 0, endpoints: [{ failures: 0 }] });
  });

  it('hold their place among the calls until they end', async () => {
    reply = (call) => call.write({ sku: 'a' });
    const items = open();
    await items.next();
    await expect(open().next()).rejects.toMatchObject({ code: 'UPSTREAM_BUSY' });
    calls[0]?.end();
    expect(await items.next()).toMatchObject({ done: true });
    const again = open();
    expect(await again.next()).toMatchObject({ value: { sku: 'a' } });
    await again.return?.();
  });

  it('are given up while they are opened, and leave nothing behind', async () => {
    const [arrived, cancelled] = [deferred(), deferred()];
    reply = (call) => {
      call.on('cancelled', () => cancelled.resolve());
      arrived.resolve();
    };
    const items = open();
    const first = items.next();
    await arrived.promise;
    await items.return?.();
    expect(await first).toMatchObject({ done: true });
    await cancelled.promise;
    expect(calls).toHaveLength(1);
    expect(source.upstream?.()).toMatchObject({ active: 0, endpoints: [{ active: 0, failures: 0 }] });
  });
});
