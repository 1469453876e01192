import {
  Metadata,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceError,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  contextOf,
  fixture,
  sourceOf,
  startServer,
  stream,
  type TestServer,
  unary,
} from '../../test/utils/grpc-server.ts';

type Unary = ServerUnaryCall<object, unknown>;
type Stream = ServerWritableStream<object, unknown>;

describe('metadata of a gRPC source', () => {
  let server: TestServer;
  let seen: Metadata[];
  let unaryHandler: (call: Unary, callback: sendUnaryData<unknown>) => void;
  let streamHandler: (call: Stream) => void;

  beforeEach(async () => {
    seen = [];
    unaryHandler = (_call, callback) => callback(null, {});
    streamHandler = (call) => call.end();
    server = await startServer(fixture('shop.proto'), 'shop.v1.Warehouse', {
      GetStock: (call: Unary, callback: sendUnaryData<unknown>) => {
        seen.push(call.metadata);
        unaryHandler(call, callback);
      },
      WatchStock: (call: Stream) => {
        seen.push(call.metadata);
        streamHandler(call);
      },
    });
  });
  afterEach(() => server.stop());

  /** Calls both kinds of methods; tells what the client gets returned. */
  async function callWith(options: object, headers: Record<string, string> = {}): Promise<unknown[]> {
    const { source } = await sourceOf(fixture('shop.proto'), server.endpoint, options);
    const returned: unknown[] = [];
    const client = { headers, returnHeader: (name: string, value: string) => returned.push([name, value]) };
    try {
      await unary(source, 'Query.getStock').invoke({}, contextOf(undefined, 5_000, client));
      for await (const item of stream(source, 'Subscription.watchStock').open(
        {},
        contextOf(undefined, 5_000, client),
      )) {
        expect(item).toBeDefined();
      }
      return returned;
    } finally {
      await source.dispose();
    }
  }

  it('has the headers of the client that rules name, over those of the configuration, each for its call', async () => {
    const options = {
      headers: { 'x-tenant': 'configured', authorization: 'Bearer gateway', 'trace-bin': 'AAE=' },
      forwardHeaders: [
        'X-Tenant',
        { name: 'x-user', as: 'user-id' },
        { name: 'x-lang', default: 'en' },
        { name: 'x-span', as: 'Span-Bin' },
        'x-absent',
      ],
    };
    await callWith(options, { 'x-tenant': 'acme', 'x-user': 'u 1', 'x-span': '_wA', 'x-secret': 'no' });
    await callWith(options);
    expect(seen).toHaveLength(4);
    for (const [index, metadata] of seen.entries()) {
      const isOwn = index < 2;
      expect(metadata.getMap()).toMatchObject({
        'x-tenant': isOwn ? 'acme' : 'configured',
        authorization: 'Bearer gateway',
        'x-lang': 'en',
      });
      expect(metadata.get('trace-bin')).toEqual([Buffer.from([0, 1])]);
      expect(metadata.get('user-id')).toEqual(isOwn ? ['u 1'] : []);
      expect(metadata.get('span-bin')).toEqual(isOwn ? [Buffer.from([255, 0])] : []);
      expect([...metadata.get('x-absent'), ...metadata.get('x-secret')]).toEqual([]);
    }
  });

  it.each([
    ['x-name', 'naïve'],
    ['x-name', 'a\tb'],
    ['x-bytes', 'not base64!'],
  ])('with an illegal value of the client is refused and never sent: %s: %j', async (name, value) => {
    const forwardHeaders = ['x-name', { name: 'x-bytes', as: 'x-bytes-bin' }];
    const failure = callWith({ forwardHeaders }, { [name]: value });
    await expect(failure).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.not.stringContaining(value),
    });
    expect(seen).toEqual([]);
  });

  it('that cannot be is told when the source is loaded, all at once and without values', async () => {
    const failure = sourceOf(fixture('shop.proto'), server.endpoint, {
      headers: { 'x-key': 's3cret\n', 'grpc-timeout': '1S', 'a!b': 'x', 'k-bin': '%', te: 'trailers' },
      forwardHeaders: ['grpc-encoding', 'content-type', { name: 'x', default: 's3crét' }, 'x$y'],
      returnHeaders: ['set-cookie'],
    });
    await expect(failure).rejects.not.toThrow(/s3cr/);
    const problems = await failure.catch((error: { problems: { path: unknown }[] }) => error.problems);
    expect((problems as { path: unknown[] }[]).map(({ path }) => path.join('.')).sort()).toEqual([
      ...['forwardHeaders.0', 'forwardHeaders.1', 'forwardHeaders.2.default', 'forwardHeaders.3'],
      ...['headers.a!b', 'headers.grpc-timeout', 'headers.k-bin', 'headers.te', 'headers.x-key', 'returnHeaders.0'],
    ]);
  });

  it('of answers goes to the client by rule: initial and trailing, of errors too, bytes as base64', async () => {
    const initial = new Metadata();
    initial.set('x-region', 'eu');
    initial.add('x-region', 'west');
    const trailing = new Metadata();
    trailing.set('x-cost', '3');
    trailing.set('x-trace-bin', Buffer.from([0, 1]));
    unaryHandler = (call, callback) => {
      call.sendMetadata(initial);
      callback(null, {}, trailing);
    };
    streamHandler = (call) => {
      call.sendMetadata(initial);
      call.end(trailing);
    };
    const returnHeaders = ['X-Region', 'x-cost', 'x-trace-bin', 'x-none'];
    const ofUnary = [
      ['x-region', 'eu, west'],
      ['x-cost', '3'],
      ['x-trace-bin', 'AAE='],
    ];
    expect(await callWith({ returnHeaders })).toEqual([...ofUnary, ['x-region', 'eu, west']]);

    unaryHandler = (_call, callback) =>
      callback({ code: status.FAILED_PRECONDITION, details: '', metadata: trailing } as ServiceError);
    const { source } = await sourceOf(fixture('shop.proto'), server.endpoint, { returnHeaders });
    const returned: string[] = [];
    const client = { returnHeader: (name: string) => returned.push(name) };
    const failure = unary(source, 'Query.getStock').invoke({}, contextOf(undefined, 5_000, client));
    await expect(failure).rejects.toMatchObject({ code: 'UPSTREAM_REJECTED' });
    expect(returned).toEqual(['x-cost', 'x-trace-bin']);
    await source.dispose();
  });

  it("tells the server how long it has: the source's own time or what is left of the request", async () => {
    const deadlines: number[] = [];
    unaryHandler = (call, callback) => {
      deadlines.push(Number(call.getDeadline()) - Date.now());
      callback(null, {});
    };
    const { source } = await sourceOf(fixture('shop.proto'), server.endpoint, { timeoutMs: 60_000 });
    const call = unary(source, 'Query.getStock');
    await call.invoke({}, contextOf(undefined, 300_000));
    await call.invoke({}, contextOf(undefined, 20_000));
    expect(deadlines.map((time) => Math.ceil(time / 10_000))).toEqual([6, 2]);
    await source.dispose();
  });
});
