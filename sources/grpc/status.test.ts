import { Metadata, type ServerUnaryCall, type ServiceError, type sendUnaryData, status } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERROR_TABLE, type ErrorCode, SkeinError } from '../../kernel/errors.ts';
import { contextOf, fixture, sourceOf, startServer, type TestServer, unary } from '../../test/utils/grpc-server.ts';

type Reply = sendUnaryData<unknown>;

const { root } = protobuf.parse(`syntax = "proto3";
  message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
  message Any { string type_url = 1; bytes value = 2; }
  message BadRequest { message V { string field = 1; string description = 2; } repeated V field_violations = 1; }
  message ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3; }
  message RetryInfo { message D { int64 seconds = 1; int32 nanos = 2; } D retry_delay = 1; }
  message Stock { string sku = 1; int32 quantity = 2; }`);

function bytesOf(type: string, value: object): Uint8Array {
  const found = root.lookupType(type);
  return found.encode(found.fromObject(value)).finish();
}

function detail(typeUrl: string, type: string, value: object): object {
  return { typeUrl: `type.googleapis.com/${typeUrl}`, value: bytesOf(type, value) };
}

const DETAILS = [
  detail('google.rpc.BadRequest', 'BadRequest', {
    fieldViolations: [{ field: 'sku', description: 'too short' }],
  }),
  detail('google.rpc.ErrorInfo', 'ErrorInfo', { reason: 'R', domain: 'd', metadata: { a: 'b' } }),
  detail('google.rpc.RetryInfo', 'RetryInfo', { retryDelay: { seconds: 2, nanos: 500_000_000 } }),
  detail('shop.v1.Stock', 'Stock', { sku: 'x', quantity: 1 }),
  { typeUrl: 'type.googleapis.com/who.Knows', value: Buffer.from([1, 2]) },
  { typeUrl: 'type.googleapis.com/google.rpc.Help', value: Buffer.from([0x0f]) },
];

describe('a failed gRPC call', () => {
  let server: TestServer;
  let failure: Partial<ServiceError> = {};

  beforeAll(async () => {
    const fail = (_call: ServerUnaryCall<unknown, unknown>, callback: Reply) => callback(failure);
    server = await startServer(fixture('shop.proto'), 'shop.v1.Warehouse', { GetStock: fail, Reserve: fail });
  });
  afterAll(() => server.stop());

  async function errorOf(partial: Partial<ServiceError>, options: object = {}, field = 'Mutation.reserve') {
    failure = { details: 'in its own words', ...partial };
    const { source } = await sourceOf(fixture('shop.proto'), server.endpoint, options);
    const error: unknown = await unary(source, field)
      .invoke({}, contextOf())
      .catch((reason: unknown) => reason);
    await source.dispose();
    if (!(error instanceof SkeinError)) throw new Error('The call did not fail.');
    return error;
  }

  function metadata(values: Record<string, string | Buffer>): Metadata {
    const made = new Metadata();
    for (const [key, value] of Object.entries(values)) made.set(key, value);
    return made;
  }

  function withDetails(details: readonly object[], more: Record<string, string> = {}): Partial<ServiceError> {
    const bytes = Buffer.from(bytesOf('Status', { code: 3, message: 'in its own words', details }));
    return { code: status.INVALID_ARGUMENT, metadata: metadata({ 'grpc-status-details-bin': bytes, ...more }) };
  }

  it('tells no credentials that the service repeats', async () => {
    const description = 'Who is s3cret/token?';
    const details = [detail('google.rpc.BadRequest', 'BadRequest', { fieldViolations: [{ field: 'a', description }] })];
    const headers = { authorization: 'Bearer s3cret/token' };
    const { extensions } = await errorOf(
      { ...withDetails(details), details: 'Not for Bearer s3cret/token.' },
      { headers, errors: 'body' },
    );
    expect(extensions.upstreamMessage).toBe('Not for ***.');
    expect(JSON.stringify(extensions)).toContain('Who is ***?');
    expect(JSON.stringify(extensions)).not.toContain('s3cret');
  });

  it.each<[keyof typeof status, ErrorCode]>([
    ['CANCELLED', 'UPSTREAM_FAILED'],
    ['UNKNOWN', 'UPSTREAM_FAILED'],
    ['INVALID_ARGUMENT', 'UPSTREAM_REJECTED'],
    ['DEADLINE_EXCEEDED', 'UPSTREAM_TIMEOUT'],
    ['NOT_FOUND', 'UPSTREAM_REJECTED'],
    ['ALREADY_EXISTS', 'UPSTREAM_REJECTED'],
    ['PERMISSION_DENIED', 'UPSTREAM_REJECTED'],
    ['RESOURCE_EXHAUSTED', 'UPSTREAM_REJECTED'],
    ['FAILED_PRECONDITION', 'UPSTREAM_REJECTED'],
    ['ABORTED', 'UPSTREAM_FAILED'],
    ['OUT_OF_RANGE', 'UPSTREAM_REJECTED'],
    ['UNIMPLEMENTED', 'UPSTREAM_REJECTED'],
    ['INTERNAL', 'UPSTREAM_FAILED'],
    ['UNAVAILABLE', 'UPSTREAM_UNREACHABLE'],
    ['DATA_LOSS', 'UPSTREAM_FAILED'],
    ['UNAUTHENTICATED', 'UPSTREAM_REJECTED'],
  ])('with %s is %s, and says no more', async (name, code) => {
    const { extensions, message } = await errorOf({ ...withDetails(DETAILS.slice(0, 1)), code: Number(status[name]) });
    expect(message).toBe(ERROR_TABLE[code].message);
    expect(extensions).toEqual({ code, source: 'inventory', operation: 'Reserve', upstreamCode: name });
  });

  it('tells the words of the server with errors: message', async () => {
    const { extensions } = await errorOf(withDetails(DETAILS.slice(0, 2)), { errors: 'message' });
    expect(extensions).toMatchObject({ upstreamMessage: 'in its own words' });
    expect(extensions).not.toHaveProperty('upstreamBody');
    const silent = await errorOf({ code: status.INTERNAL, details: '' }, { errors: 'message' });
    expect(silent.extensions).not.toHaveProperty('upstreamMessage');
  });

  it('does not tell what the client itself says of a connection, where the address of the server stands', async () => {
    for (const options of [{ endpoint: 'nobody.invalid:50051' }, { endpoint: '127.0.0.1:1' }]) {
      const { source } = await sourceOf(fixture('shop.proto'), options.endpoint, { errors: 'body' });
      const error: unknown = await unary(source, 'Mutation.reserve')
        .invoke({}, contextOf())
        .catch((reason: unknown) => reason);
      await source.dispose();
      expect(error).toMatchObject({ extensions: { code: 'UPSTREAM_UNREACHABLE', upstreamCode: 'UNAVAILABLE' } });
      expect((error as SkeinError).extensions).not.toHaveProperty('upstreamMessage');
    }
    const details = 'Deadline exceeded after 0.2s,LB pick: 0.001s,remote_addr=10.0.0.7:50051';
    const late = await errorOf({ code: status.DEADLINE_EXCEEDED, details }, { errors: 'message' });
    expect(late.extensions).not.toHaveProperty('upstreamMessage');
  });

  it('tells of a long message its beginning', async () => {
    const { extensions } = await errorOf({ code: status.INTERNAL, details: 'x'.repeat(3_000) }, { errors: 'message' });
    expect(extensions.upstreamMessage).toBe(`${'x'.repeat(1_000)}…`);
  });

  it('tells its details as JSON with errors: body, those that cannot be read as bytes', async () => {
    const { extensions } = await errorOf(withDetails(DETAILS), { errors: 'body' });
    expect(JSON.parse(JSON.stringify(extensions))).toMatchInlineSnapshot(`
      {
        "code": "UPSTREAM_REJECTED",
        "operation": "Reserve",
        "retryAfterMs": 2500,
        "source": "inventory",
        "upstreamBody": {
          "code": 3,
          "details": [
            {
              "@type": "type.googleapis.com/google.rpc.BadRequest",
              "fieldViolations": [
                {
                  "description": "too short",
                  "field": "sku",
                },
              ],
            },
            {
              "@type": "type.googleapis.com/google.rpc.ErrorInfo",
              "domain": "d",
              "metadata": {
                "a": "b",
              },
              "reason": "R",
            },
            {
              "@type": "type.googleapis.com/google.rpc.RetryInfo",
              "retryDelay": "2.5s",
            },
            {
              "@type": "type.googleapis.com/shop.v1.Stock",
              "availability": "UNSPECIFIED",
              "oldCode": "",
              "quantity": 1,
              "sku": "x",
              "updatedAt": null,
            },
            {
              "@type": "type.googleapis.com/who.Knows",
              "value": "AQI=",
            },
            {
              "@type": "type.googleapis.com/google.rpc.Help",
              "value": "Dw==",
            },
          ],
          "message": "in its own words",
        },
        "upstreamCode": "INVALID_ARGUMENT",
        "upstreamMessage": "in its own words",
      }
    `);
  });

  it('tells how long to wait, a day at most, whatever else is hidden', async () => {
    const retry = withDetails([DETAILS[2] ?? {}]);
    expect((await errorOf(retry)).extensions).toMatchObject({ retryAfterMs: 2_500 });
    const pushback = withDetails([DETAILS[2] ?? {}], { 'grpc-retry-pushback-ms': '999999999999' });
    expect((await errorOf(pushback)).extensions).toMatchObject({ retryAfterMs: 86_400_000 });
    const negative = detail('google.rpc.RetryInfo', 'RetryInfo', { retryDelay: { seconds: -5 } });
    expect((await errorOf(withDetails([negative]))).extensions).not.toHaveProperty('retryAfterMs');
  });

  it('stands without details that are no google.rpc.Status', async () => {
    const broken = metadata({ 'grpc-status-details-bin': Buffer.from([0x1a, 0x7f]) });
    const { extensions } = await errorOf({ code: status.ABORTED, metadata: broken }, { errors: 'body' });
    expect(extensions).toEqual({
      ...{ code: 'UPSTREAM_FAILED', source: 'inventory', operation: 'Reserve', upstreamCode: 'ABORTED' },
      upstreamMessage: 'in its own words',
    });
  });
});
