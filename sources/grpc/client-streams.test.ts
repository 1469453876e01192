import {
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServiceError,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deferred } from '../../test/utils/deferred.ts';
import {
  contextOf,
  fixture,
  sourceOf,
  startServer,
  stream,
  type TestServer,
  unary,
} from '../../test/utils/grpc-server.ts';
import type { Source } from '../source.ts';

interface Item {
  readonly name?: string;
  readonly number?: string;
}
type Requests = ServerReadableStream<Item, unknown>;
type Chat = ServerDuplexStream<Item, unknown>;

describe('a gRPC call that takes a stream of requests', () => {
  let server: TestServer;
  let source: Source;
  let collect: (call: Requests, callback: sendUnaryData<unknown>) => void = () => {};
  let chat: (call: Chat) => void = () => {};

  beforeAll(async () => {
    server = await startServer(fixture('values.proto'), 'values.Values', {
      Collect: (call: Requests, callback: sendUnaryData<unknown>) => collect(call, callback),
      CountNames: (call: ServerReadableStream<unknown, unknown>, callback: sendUnaryData<unknown>) => {
        const names: unknown[] = [];
        call.on('data', (name) => names.push(name)).on('end', () => callback(null, { value: names.length }));
      },
      Chat: (call: Chat) => chat(call),
    });
    ({ source } = await sourceOf(fixture('values.proto'), server.endpoint, {
      operations: { CountNames: { as: 'query' } },
    }));
  });
  afterAll(async () => {
    await source.dispose();
    server.stop();
  });

  const gather = (call: Requests, callback: sendUnaryData<unknown>) => {
    const items: Record<string, Item> = {};
    let count = 0;
    call.on('data', (item: Item) => {
      items[count] = item;
      count += 1;
    });
    call.on('end', () =>
      callback(null, {
        note: Object.values(items)
          .map(({ name }) => name)
          .join(),
      }),
    );
  };

  it('has a list of inputs as its argument', () => {
    expect(source.model.sdl).toContain('collect(\n    requests: [ItemInput!]!\n  ): Value');
    expect(source.model.sdl).toContain('countNames(\n    requests: [String!]!\n  ): Int64');
    expect(source.model.sdl).toContain('chat(\n    requests: [ItemInput!]!\n  ): Item');
    expect([...source.model.calls.keys()]).toEqual([
      ...['Mutation.echo', 'Mutation.mask', 'Mutation.collect', 'Query.countNames', 'Subscription.chat'],
    ]);
  });

  it('sends them in order, or none, and gives the one answer', async () => {
    collect = gather;
    const call = unary(source, 'Mutation.collect');
    const requests = ['a', 'b', 'c'].map((name) => ({ name, parts: [{ name: 'p' }] }));
    expect(await call.invoke({ requests }, contextOf())).toMatchObject({ note: 'a,b,c' });
    expect(await call.invoke({ requests: [] }, contextOf())).toMatchObject({ note: '' });
    expect(await unary(source, 'Query.countNames').invoke({ requests: ['', 'x'] }, contextOf())).toBe('2');
  });

  it('waits for a server that does not keep up', async () => {
    const arrived = deferred<Requests>();
    collect = (call, callback) => {
      call.pause();
      arrived.resolve(call);
      gatherLengths(call, callback);
    };
    const requests = Array.from({ length: 200 }, (_, index) => ({ name: String(index).padEnd(20_000, 'x') }));
    const answer = unary(source, 'Mutation.collect').invoke({ requests }, contextOf());
    (await arrived.promise).resume();
    expect(await answer).toMatchObject({ note: '200 in order' });
  });

  it('sends nothing at all when one of them is wrong', async () => {
    let calls = 0;
    collect = () => {
      calls += 1;
    };
    const requests = [{ name: 'a' }, { number: 'x' }];
    const answer = unary(source, 'Mutation.collect').invoke({ requests }, contextOf());
    await expect(answer).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(/"number" must be an integer/),
    });
    expect(calls).toBe(0);
  });

  it('ends when the server has heard enough, with an answer or an error', async () => {
    const requests = Array.from({ length: 2_000 }, () => ({ name: 'x'.repeat(5_000) }));
    collect = (call, callback) => call.once('data', () => callback(null, { note: 'enough' }));
    const call = unary(source, 'Mutation.collect');
    expect(await call.invoke({ requests }, contextOf())).toMatchObject({ note: 'enough' });
    collect = (call, callback) => {
      call.once('data', () => callback({ code: status.RESOURCE_EXHAUSTED, details: 'no' } as ServiceError));
    };
    await expect(call.invoke({ requests }, contextOf())).rejects.toMatchObject({
      extensions: { upstreamCode: 'RESOURCE_EXHAUSTED' },
    });
  });

  it('is cancelled at the server when the client goes, in the middle of its requests', async () => {
    const arrived = deferred();
    const cancelled = deferred();
    collect = (call) => {
      call.pause();
      call.on('cancelled', () => cancelled.resolve());
      arrived.resolve();
    };
    const controller = new AbortController();
    const requests = Array.from({ length: 200 }, () => ({ name: 'x'.repeat(20_000) }));
    const answer = unary(source, 'Mutation.collect').invoke({ requests }, contextOf(controller.signal));
    await arrived.promise;
    controller.abort();
    await expect(answer).rejects.toMatchObject({ code: 'CLIENT_CLOSED_REQUEST' });
    await cancelled.promise;
  });

  it('gives events while it still sends, and ends when the server does', async () => {
    chat = (call) => {
      call.on('data', (item: Item) => call.write({ name: `${item.name?.slice(0, 4)}!`.padEnd(20_000, '!') }));
      call.on('end', () => call.end());
    };
    // More than fits into the windows of both directions, so that one that only sent would wait for ever.
    const requests = Array.from({ length: 300 }, (_, index) => ({ name: String(index).padEnd(20_000) }));
    const names: unknown[] = [];
    for await (const item of stream(source, 'Subscription.chat').open({ requests }, contextOf())) {
      names.push((item as Item).name?.replace(/[ !]/g, ''));
    }
    expect(names).toEqual(requests.map((_, index) => String(index)));
  });

  it('is cancelled at the server when the reader of its events stops', async () => {
    const cancelled = deferred();
    chat = (call) => {
      call.on('cancelled', () => cancelled.resolve());
      call.write({ name: 'first' });
    };
    const items = stream(source, 'Subscription.chat').open({ requests: [{ name: 'a' }] }, contextOf());
    expect(await items.next()).toMatchObject({ value: { name: 'first' } });
    await items.return?.();
    await cancelled.promise;
  });
});

function gatherLengths(call: Requests, callback: sendUnaryData<unknown>): void {
  const names: number[] = [];
  call.on('data', (item: Item) => names.push(Number.parseInt(item.name ?? '', 10)));
  call.on('end', () => {
    const inOrder = names.every((name, index) => name === index);
    callback(null, { note: `${names.length} ${inOrder ? 'in order' : 'in disorder'}` });
  });
}
