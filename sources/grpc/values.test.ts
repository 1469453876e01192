import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contextOf, fixture, sourceOf, startServer, type TestServer, unary } from '../../test/utils/grpc-server.ts';
import type { Source } from '../source.ts';

type Echo = ServerUnaryCall<{ readonly raw: Buffer }, unknown>;

const PACKED = { '@type': 'type.googleapis.com/values.Packed', level: 'HIGH', data: 'AAE=' };

const VALUE = {
  at: '0001-01-01T00:00:00Z',
  lasts: '-315576000000s',
  mask: 'displayName,parts.number',
  any: PACKED,
  anys: [
    { '@type': 'type.googleapis.com/google.protobuf.Duration', value: '1.500s' },
    { '@type': 'type.googleapis.com/google.protobuf.Any', value: PACKED },
    { '@type': 'type.googleapis.com/values.Nothing', value: true },
    { '@type': 'type.googleapis.com/unknown.Type', value: 'AAECAw==' },
    { '@type': 'type.googleapis.com/values.Item', name: 'a', number: '9007199254740993', parts: [] },
  ],
  struct: { a: { b: [null, 1.5, 'x', true] }, __proto__x: 1 },
  value: [null],
  list: ['x', { y: null }],
  maybeDouble: 0,
  maybeFloat: 0.5,
  maybeInt64: '-9223372036854775808',
  maybeUint64: '18446744073709551615',
  maybeInt32: 0,
  maybeUint32: 4_294_967_295,
  maybeBool: false,
  maybeString: '',
  maybeBytes: '',
  empty: true,
  single: Math.fround(3.402_823_5e38),
  twice: 1e300,
  items: { '18446744073709551615': { name: 'big', number: '1', parts: [] } },
  levels: { a: 'HIGH', b: 'LOW' },
  times: { '-1': '2026-02-28T23:59:59.999999999Z' },
  note: '',
  level: 'HIGH',
  singles: [1, 0.25],
};

describe('values of a gRPC source', () => {
  let server: TestServer;
  let source: Source;
  let answer: (request: Buffer) => unknown = (request) => request;
  let received: Record<string, unknown> = {};

  beforeAll(async () => {
    const echo = (call: Echo, callback: sendUnaryData<unknown>) => {
      received = call.request as unknown as Record<string, unknown>;
      callback(null, answer(call.request.raw));
    };
    server = await startServer(fixture('values.proto'), 'values.Values', { Echo: echo, Mask: echo });
    ({ source } = await sourceOf(fixture('values.proto'), server.endpoint));
  });
  afterAll(async () => {
    await source.dispose();
    server.stop();
  });

  function echo(args: Record<string, unknown>): Promise<unknown> {
    answer = (request) => request;
    return unary(source, 'Mutation.echo').invoke(args, contextOf());
  }

  it('go there and back without loss', async () => {
    const plain = JSON.parse(JSON.stringify(await echo(VALUE)));
    expect(plain).toEqual(VALUE);
    expect(received.mask).toEqual({ paths: ['display_name', 'parts.number'] });
  });

  it('that are absent are null where a message tells, and else their zeros', async () => {
    expect(JSON.parse(JSON.stringify(await echo({})))).toMatchObject({
      ...{ at: null, any: null, anys: [], maybeDouble: null, maybeString: null, maybeBytes: null, empty: null },
      ...{ single: 0, items: {}, note: null, level: 'UNKNOWN' },
    });
  });

  it.each([
    [{ at: '2026-12-31T23:59:60Z' }, /"at" must be an RFC 3339 time/],
    [{ at: '2026-02-30T00:00:00Z' }, /"at" must be/],
    [{ at: '2026-01-01T24:00:00Z' }, /"at" must be/],
    [{ at: '0000-12-31T00:00:00Z' }, /"at" must be/],
    [{ at: '9999-12-31T23:59:59-01:00' }, /"at" must be/],
    [{ lasts: '315576000001s' }, /"lasts" must be a duration/],
    [{ lasts: '315576000000.5s' }, /"lasts" must be a duration/],
    [{ lasts: '1.5' }, /"lasts" must be a duration/],
    [{ mask: 'a..b' }, /"mask" must be a list of fields/],
    [{ any: { level: 'LOW' } }, /"any" must be an object with "@type"/],
    [{ any: { '@type': 'x/unknown.Type', a: 1 } }, /is not known here/],
    [{ any: { '@type': 'x/unknown.Type', value: 'no bytes' } }, /"any" must be base64/],
    [{ any: { ...PACKED, level: 'NONE' } }, /"level" must be one of UNKNOWN, LOW, BASE, HIGH/],
    [{ any: { ...PACKED, more: 1 } }, /no field "more"/],
    [{ single: 1e300 }, /"single" must be a number within/],
    [{ singles: [3.5e38] }, /"singles" must be a number within/],
    [{ maybeFloat: -1e39 }, /"maybeFloat" must be a number within/],
    [{ levels: { a: 'LEVEL_LOW' } }, /"levels" must be one of/],
    [{ items: { '18446744073709551616': {} } }, /"items" must be an integer/],
    [{ items: { '-1': {} } }, /"items" must be an integer/],
    [{ times: { 1.5: '2026-01-01T00:00:00Z' } }, /must be integers/],
    [{ maybeUint32: -1 }, /"maybeUint32" must be an integer/],
    [{ list: {} }, /"list" must be a list/],
    [{ struct: [] }, /"struct" must be a JSON object/],
  ])('%j is refused', async (args, message) => {
    await expect(echo(args)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(message),
    });
  });

  it('take times of any zone and digits, as UTC', async () => {
    const times = { 1: '2026-11-21T09:30:00.5+01:30', 2: '9999-12-31T23:59:59.999Z', 3: '1969-12-31t23:59:59z' };
    expect(await echo({ times })).toMatchObject({
      times: { 1: '2026-11-21T08:00:00.500Z', 2: '9999-12-31T23:59:59.999Z', 3: '1969-12-31T23:59:59Z' },
    });
  });

  it('that are no number, no time and no known enum value read as null', async () => {
    answer = () => ({
      at: { seconds: 253_402_300_800 },
      lasts: { seconds: 1, nanos: -1 },
      single: Number.POSITIVE_INFINITY,
      twice: Number.NaN,
      singles: [1, Number.NaN],
      maybeDouble: { value: Number.NEGATIVE_INFINITY },
      level: 77,
      times: { 1: { nanos: 1_000_000_000 } },
      any: {},
    });
    expect(await unary(source, 'Mutation.echo').invoke({}, contextOf())).toMatchObject({
      ...{ at: null, lasts: null, single: null, twice: null, singles: [1, null], maybeDouble: null },
      ...{ level: 'UNKNOWN', times: { 1: null }, any: null },
    });
  });

  it('in an Any are refused when they are too deep, as arguments and as answers', async () => {
    let deep: unknown = PACKED;
    for (let depth = 0; depth < 30; depth += 1) deep = { '@type': 'x/google.protobuf.Any', value: deep };
    await expect(echo({ any: deep })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    answer = () => {
      let any: Record<string, unknown> = { type_url: 'x/values.Packed', value: Buffer.alloc(0) };
      for (let depth = 0; depth < 30; depth += 1) any = { type_url: 'x/google.protobuf.Any', value: anyBytes(any) };
      return { any };
    };
    const reading = unary(source, 'Mutation.echo').invoke({}, contextOf());
    await expect(reading).rejects.toMatchObject({ code: 'UPSTREAM_BAD_RESPONSE' });
    // Nothing of it stays behind for the next call.
    expect(await echo({ any: PACKED })).toMatchObject({ any: PACKED });
  });

  it('that are a whole request or answer have an argument of their own', async () => {
    answer = (request) => request;
    expect(source.model.sdl).toMatch(/mask\(\n\s+value: String\n\s+\): String/);
    expect(await unary(source, 'Mutation.mask').invoke({ value: 'a.bC' }, contextOf())).toBe('a.bC');
    expect(received).toEqual({ paths: ['a.b_c'] });
    expect(await unary(source, 'Mutation.mask').invoke({}, contextOf())).toBe('');
  });
});

function anyBytes({ type_url, value }: Record<string, unknown>): Buffer {
  const text = Buffer.from(String(type_url));
  const bytes = Buffer.isBuffer(value) ? value : Buffer.alloc(0);
  return Buffer.concat([field(1, text), field(2, bytes)]);
}

function field(number: number, bytes: Buffer): Buffer {
  const length = bytes.length < 128 ? [bytes.length] : [(bytes.length & 0x7f) | 0x80, bytes.length >> 7];
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), bytes]);
}
