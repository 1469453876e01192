import { getEventListeners } from 'node:events';
import { type ServerWritableStream, type ServiceError, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Deferred, deferred } from '../../test/utils/deferred.ts';
import { contextOf, fixture, sourceOf, startServer, stream, type TestServer } from '../../test/utils/grpc-server.ts';
import type { CallContext, Source } from '../source.ts';

type Stream = ServerWritableStream<Record<string, unknown>, unknown>;

describe('a streaming gRPC call', () => {
  let server: TestServer;
  let source: Source;
  let calls = 0;
  let arrived: Deferred<Stream>;
  let cancelled: Deferred<void>;

  beforeAll(async () => {
    server = await startServer(fixture('shop.proto'), 'shop.v1.Warehouse', {
      WatchStock: (call: Stream) => {
        calls += 1;
        call.on('cancelled', () => cancelled.resolve());
        arrived.resolve(call);
      },
    });
    ({ source } = await sourceOf(fixture('shop.proto'), server.endpoint));
  });
  afterAll(async () => {
    await source.dispose();
    server.stop();
  });

  function open(context: CallContext = contextOf()) {
    arrived = deferred<Stream>();
    cancelled = deferred();
    return stream(source, 'Subscription.watchStock').open({ skus: ['a'] }, context);
  }

  it('gives the items in order and ends when the server ends', async () => {
    const items = open();
    const first = items.next();
    const call = await arrived.promise;
    expect(call.request).toEqual({ skus: ['a'] });
    call.write({ sku: 'a', quantity: 1 });
    expect(await first).toMatchObject({ done: false, value: { sku: 'a', quantity: 1 } });
    const both = [items.next(), items.next(), items.next()];
    call.write({ sku: 'a', quantity: 2 });
    call.end();
    expect(await Promise.all(both)).toMatchObject([{ value: { quantity: 2 } }, { done: true }, { done: true }]);
  });

  it('delivers what came before a failure, and then the failure once', async () => {
    const items = open();
    const first = items.next();
    const call = await arrived.promise;
    call.write({ sku: 'a' });
    call.write({ sku: 'b' });
    call.emit('error', { code: status.DATA_LOSS, details: 'secret', name: '', message: '' } as ServiceError);
    expect(await first).toMatchObject({ value: { sku: 'a' } });
    expect(await items.next()).toMatchObject({ value: { sku: 'b' } });
    await expect(items.next()).rejects.toMatchObject({
      code: 'UPSTREAM_FAILED',
      extensions: { upstreamCode: 'DATA_LOSS' },
    });
    expect(await items.next()).toEqual({ done: true, value: undefined });
  });

  it('calls nobody when it is returned before the first item is asked for', async () => {
    const before = calls;
    const items = open();
    expect(await items.return?.()).toEqual({ done: true, value: undefined });
    expect(await items.next()).toEqual({ done: true, value: undefined });
    expect(calls).toBe(before);
  });

  it('cancels at the server when it is returned while the first item is awaited', async () => {
    const items = open();
    const first = items.next();
    await arrived.promise;
    await items.return?.();
    expect(await first).toEqual({ done: true, value: undefined });
    await cancelled.promise;
  });

  it('cancels at the server when it is returned between two items', async () => {
    const items = open();
    const first = items.next();
    (await arrived.promise).write({ sku: 'a' });
    await first;
    await items.return?.();
    await cancelled.promise;
    expect(await items.next()).toEqual({ done: true, value: undefined });
  });

  it('cancels at the server when the signal aborts', async () => {
    const controller = new AbortController();
    const items = open(contextOf(controller.signal));
    const first = items.next();
    (await arrived.promise).write({ sku: 'a' });
    await first;
    const second = items.next();
    controller.abort();
    await expect(second).rejects.toMatchObject({ code: 'CLIENT_CLOSED_REQUEST' });
    await cancelled.promise;
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    await expect(open(contextOf(controller.signal)).next()).rejects.toMatchObject({ code: 'CLIENT_CLOSED_REQUEST' });
  });

  it('ends with the deadline of the request', async () => {
    const items = open(contextOf(undefined, 50));
    await expect(items.next()).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  });

  it('tells a server that went away from one that has finished', async () => {
    const own = await startServer(fixture('shop.proto'), 'shop.v1.Warehouse', {
      WatchStock: (call: Stream) => call.write({ sku: 'a' }),
    });
    const { source: lost } = await sourceOf(fixture('shop.proto'), own.endpoint);
    const items = stream(lost, 'Subscription.watchStock').open({}, contextOf());
    await items.next();
    const second = items.next();
    own.stop();
    await expect(second).rejects.toMatchObject({ code: expect.stringMatching(/^UPSTREAM_/) });
    await lost.dispose();
  });
});
