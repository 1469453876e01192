import { getEventListeners } from 'node:events';
import { type ServerUnaryCall, type ServiceError, type sendUnaryData, status } from '@grpc/grpc-js';
import { buildSchema, graphql } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../kernel/errors.ts';
import { deferred } from '../../test/utils/deferred.ts';
import { contextOf, fixture, sourceOf, startServer, type TestServer, unary } from '../../test/utils/grpc-server.ts';
import type { Source } from '../source.ts';

type Unary = ServerUnaryCall<Record<string, unknown>, unknown>;
type Reply = sendUnaryData<unknown>;

const EVERYTHING = {
  aDouble: 1.5,
  aFloat: 0.25,
  anInt32: -2_147_483_648,
  anInt64: '-9223372036854775808',
  aUint32: 4_294_967_295,
  aUint64: '18446744073709551615',
  aSint32: -7,
  aSint64: '-9007199254740993',
  aFixed32: 4_294_967_295,
  aFixed64: '9223372036854775808',
  aSfixed32: -3,
  aSfixed64: '9223372036854775807',
  aBool: true,
  aString: 'naïve ☃',
  someBytes: 'AAH/',
  color: 'DARK_BLUE',
  maybe: 0,
  number: '9007199254740993',
  counts: { a: '9007199254740993', __proto__x: '1' },
  byId: { '-9007199254740993': { name: 'big', availability: 'SOLD_OUT' } },
  byTruth: { true: 'yes', false: 'no' },
  nested: { name: 'one', availability: 'IN_STOCK' },
  nestedList: [
    { name: 'two', availability: 'UNSPECIFIED' },
    { name: '', availability: 'SOLD_OUT' },
  ],
  colors: ['RED', 'DARK_BLUE'],
  doubles: [0, -1.25],
  duration: '-1.500s',
  wrapped: '9007199254740993',
  anyStruct: { a: [1, 'x', null, { b: true }] },
  anyValue: 'value',
  nothing: true,
  at: '2026-11-21T08:00:00.000000001Z',
  again: { aString: 'inner' },
  money: { currency: 'EUR', nanoUnits: '1' },
};

describe('a unary gRPC call', () => {
  let server: TestServer;
  let source: Source;
  let reply: (call: Unary, callback: Reply) => void = () => {};

  beforeAll(async () => {
    const handle = (call: Unary, callback: Reply) => reply(call, callback);
    const handlers = { GetStock: handle, BatchGetStock: handle, Reserve: handle, GetEverything: handle };
    server = await startServer(fixture('shop.proto'), 'shop.v1.Warehouse', handlers);
    ({ source } = await sourceOf(fixture('shop.proto'), server.endpoint, {
      maxResponseBytes: 50_000,
      headers: { authorization: 'Bearer key', 'trace-bin': 'AAE=' },
      operations: { ListStock: { hide: true } },
    }));
  });
  afterAll(async () => {
    await source.dispose();
    server.stop();
  });

  it('carries every type there and back without loss', async () => {
    reply = (call, callback) => callback(null, call.request.raw);
    const answer = await unary(source, 'Query.everything').invoke(EVERYTHING, contextOf());
    expect(answer).toMatchObject(JSON.parse(JSON.stringify({ ...EVERYTHING, text: null, nestedChoice: null })));
  });

  it('answers through GraphQL, with defaults where the message is silent', async () => {
    reply = (_call, callback) => callback(null, {});
    const everything = await unary(source, 'Query.everything').invoke({}, contextOf());
    expect(everything).toMatchInlineSnapshot(`
      {
        "aBool": false,
        "aDouble": 0,
        "aFixed32": 0,
        "aFixed64": "0",
        "aFloat": 0,
        "aSfixed32": 0,
        "aSfixed64": "0",
        "aSint32": 0,
        "aSint64": "0",
        "aString": "",
        "aUint32": 0,
        "aUint64": "0",
        "again": null,
        "anInt32": 0,
        "anInt64": "0",
        "anyStruct": null,
        "anyValue": null,
        "at": null,
        "byId": {},
        "byTruth": {},
        "color": "RED",
        "colors": [],
        "counts": {},
        "doubles": [],
        "duration": null,
        "maybe": null,
        "money": null,
        "nested": null,
        "nestedChoice": null,
        "nestedList": [],
        "nothing": null,
        "number": null,
        "someBytes": "",
        "text": null,
        "wrapped": null,
      }
    `);
    reply = (_call, callback) => callback(null, { stocks: [{ sku: 'a', availability: 1, quantity: 3 }] });
    const invoke = (args: Record<string, unknown>) => unary(source, 'Query.batchGetStock').invoke(args, contextOf());
    const result = await graphql({
      schema: buildSchema(source.model.sdl),
      source: '{ batchGetStock(skus: ["a"]) { stocks { sku quantity availability updatedAt oldCode } } }',
      rootValue: { batchGetStock: invoke },
    });
    expect(JSON.parse(JSON.stringify(result))).toEqual({
      data: {
        batchGetStock: {
          stocks: [{ sku: 'a', quantity: 3, availability: 'IN_STOCK', updatedAt: null, oldCode: '' }],
        },
      },
    });
  });

  it('reads NaN, Infinity and unknown enum numbers as null, and unknown availabilities as unspecified', async () => {
    reply = (_call, callback) =>
      callback(null, {
        aDouble: Number.NaN,
        doubles: [1, Number.POSITIVE_INFINITY],
        color: 9,
        colors: [1, 9],
        nested: { availability: 9 },
      });
    expect(await unary(source, 'Query.everything').invoke({}, contextOf())).toMatchObject({
      aDouble: null,
      doubles: [1, null],
      color: null,
      colors: ['DARK_BLUE', null],
      nested: { availability: 'UNSPECIFIED' },
    });
  });

  it('sends the metadata and gives true for an empty answer', async () => {
    let seen: unknown;
    reply = (call, callback) => {
      seen = [call.metadata.get('authorization'), call.metadata.get('trace-bin'), call.request];
      callback(null, {});
    };
    const args = { sku: 'a', line: { pieces: 2, price: { nanoUnits: '5' } } };
    expect(await unary(source, 'Mutation.reserve').invoke(args, contextOf())).toBe(true);
    expect(seen).toEqual([['Bearer key'], [Buffer.from([0, 1])], args]);
  });

  it.each([
    ['UNAVAILABLE', 'UPSTREAM_UNREACHABLE'],
    ['INVALID_ARGUMENT', 'UPSTREAM_REJECTED'],
    ['PERMISSION_DENIED', 'UPSTREAM_REJECTED'],
    ['UNIMPLEMENTED', 'UPSTREAM_REJECTED'],
    ['INTERNAL', 'UPSTREAM_FAILED'],
    ['CANCELLED', 'UPSTREAM_FAILED'],
    ['DEADLINE_EXCEEDED', 'UPSTREAM_TIMEOUT'],
  ] as const)('turns the status %s into %s and keeps the words of the server to itself', async (name, code) => {
    reply = (_call, callback) => callback({ code: status[name], details: 'secret detail' } as ServiceError, null);
    await expect(unary(source, 'Query.stock').invoke({ sku: 'a' }, contextOf())).rejects.toSatisfy((error) => {
      expect(error).toMatchObject({
        name: 'SkeinError',
        message: expect.not.stringContaining('secret'),
        extensions: { code: code satisfies ErrorCode, source: 'inventory', operation: 'GetStock', upstreamCode: name },
      });
      return true;
    });
  });

  it('takes NOT_FOUND of a query for null, of a mutation for a refusal', async () => {
    reply = (_call, callback) => callback({ code: status.NOT_FOUND, details: '' } as ServiceError, null);
    expect(await unary(source, 'Query.stock').invoke({ sku: 'a' }, contextOf())).toBeNull();
    await expect(unary(source, 'Mutation.reserve').invoke({}, contextOf())).rejects.toMatchObject({
      code: 'UPSTREAM_REJECTED',
    });
  });

  it('refuses answers that are too large or no message at all', async () => {
    reply = (_call, callback) => callback(null, { sku: 'x'.repeat(60_000) });
    const call = unary(source, 'Query.stock');
    await expect(call.invoke({}, contextOf())).rejects.toMatchObject({ code: 'UPSTREAM_RESPONSE_TOO_LARGE' });
    reply = (_call, callback) => callback(null, Buffer.from([0x0f]));
    await expect(call.invoke({}, contextOf())).rejects.toMatchObject({ code: 'UPSTREAM_BAD_RESPONSE' });
  });

  it.each([
    [{ anInt64: '9223372036854775808' }, /"anInt64" must be an integer/],
    [{ aUint32: -1 }, /"aUint32" must be an integer/],
    [{ someBytes: '%' }, /"someBytes" must be base64/],
    [{ text: 'a', number: '1' }, /Only one field of "choice"/],
    [{ counts: { a: 'x' } }, /"counts" must be an integer/],
    [{ byId: { x: {} } }, /keys of "byId" must be integers/],
    [{ byId: { 1: { naem: '' } } }, /has no field "naem"/],
    [{ at: 'yesterday' }, /"at" must be an RFC 3339 time/],
    [{ duration: '1h' }, /"duration" must be a duration/],
  ])('refuses the arguments %j', async (args, message) => {
    const call = unary(source, 'Query.everything').invoke(args, contextOf());
    await expect(call).rejects.toMatchObject({ code: 'BAD_USER_INPUT', message: expect.stringMatching(message) });
  });

  it('cancels the call when the signal aborts, and leaves no listener behind', async () => {
    const controller = new AbortController();
    const arrived = deferred();
    const cancelled = deferred();
    reply = (call) => {
      call.on('cancelled', () => cancelled.resolve());
      arrived.resolve();
    };
    const answer = unary(source, 'Query.stock').invoke({}, contextOf(controller.signal));
    await arrived.promise;
    controller.abort();
    await expect(answer).rejects.toMatchObject({ code: 'CLIENT_CLOSED_REQUEST' });
    await cancelled.promise;
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    const again = unary(source, 'Query.stock').invoke({}, contextOf(controller.signal));
    await expect(again).rejects.toMatchObject({ code: 'CLIENT_CLOSED_REQUEST' });
  });

  it('ends with the deadline of the request, or with its own time', async () => {
    reply = () => {};
    const late = unary(source, 'Query.stock').invoke({}, contextOf(undefined, 30));
    await expect(late).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    const { source: hasty } = await sourceOf(fixture('shop.proto'), server.endpoint, { timeoutMs: 30 });
    const slow = unary(hasty, 'Query.getStock').invoke({}, contextOf());
    await expect(slow).rejects.toMatchObject({ code: 'UPSTREAM_TIMEOUT' });
    await hasty.dispose();
  });

  it('probes the server and finds nobody where nobody is', async () => {
    await expect(source.probe(new AbortController().signal)).resolves.toBeUndefined();
    const { source: lost } = await sourceOf(fixture('shop.proto'), '127.0.0.1:1');
    await expect(unary(lost, 'Query.getStock').invoke({}, contextOf())).rejects.toMatchObject({
      code: 'UPSTREAM_UNREACHABLE',
    });
    const controller = new AbortController();
    const probe = lost.probe(controller.signal);
    controller.abort();
    await expect(probe).rejects.toMatchObject({ name: 'SkeinError' });
    await lost.dispose();
  });
});
