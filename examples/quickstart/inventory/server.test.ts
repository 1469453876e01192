import { once } from 'node:events';
import { connect } from 'node:http2';
import { Client, type ClientReadableStream, credentials, type ServiceError, status } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Backend, quickstartFile } from '../backend.ts';
import { createInventoryServer } from './server.ts';

const root = protobuf.loadSync(quickstartFile('inventory/inventory.proto'));
const decode = (type: string) => (bytes: Buffer) => {
  const message = root.lookupType(`acme.inventory.v1.${type}`);
  return message.toObject(message.decode(bytes), { enums: String, longs: Number });
};
const encode = (type: string) => (value: object) =>
  Buffer.from(root.lookupType(`acme.inventory.v1.${type}`).encode(value).finish());
const path = (method: string) => `/acme.inventory.v1.Inventory/${method}`;

let calls: string[];
let ended: Promise<string>;
let port: number;
let inventory: Backend;
let client: Client;

beforeEach(async () => {
  calls = [];
  ended = new Promise((resolve) => {
    inventory = createInventoryServer({
      changeEveryMs: 1,
      onCall: (operation) => calls.push(operation),
      onStreamEnd: resolve,
    });
  });
  port = await inventory.listen();
  client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
});
afterEach(async () => {
  client.close();
  await inventory.close();
});

function unary(method: string, request: object, response: string): Promise<object> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path(method), encode(`${method}Request`), decode(response), request, (error, value) =>
      error ? reject(error) : resolve(value ?? {}),
    );
  });
}

function watch(skus: readonly string[]): ClientReadableStream<object> {
  const stream = client.makeServerStreamRequest(
    path('WatchStock'),
    encode('WatchStockRequest'),
    decode('StockChange'),
    { skus },
  );
  stream.on('error', () => {});
  return stream;
}

test('the stock of one product is answered', async () => {
  expect(await unary('GetStock', { sku: 'tent-01' }, 'Stock')).toEqual({
    sku: 'tent-01',
    quantity: 3,
    warehouse: 'Lyon',
    availability: 'AVAILABILITY_LOW',
    updatedAtMs: Date.parse('2024-06-01T06:00:00Z'),
  });
  expect(calls).toEqual(['GetStock']);
});

test('an unknown sku is not found', async () => {
  const error = await unary('GetStock', { sku: 'nothing' }, 'Stock').catch((reason: ServiceError) => reason);
  expect(error).toMatchObject({ code: status.NOT_FOUND, details: 'No warehouse knows this sku.' });
});

test('the stock of many products comes in one call, without the unknown ones', async () => {
  const skus = ['lamp-01', 'nothing', 'hose-01'];
  expect(await unary('BatchGetStock', { skus }, 'BatchGetStockResponse')).toMatchObject({
    stocks: [
      { sku: 'lamp-01', availability: 'AVAILABILITY_IN_STOCK' },
      { sku: 'hose-01', availability: 'AVAILABILITY_OUT_OF_STOCK' },
    ],
  });
  expect(calls).toEqual(['BatchGetStock']);
});

test('changes follow one another from the stock there is, and end when the caller cancels', async () => {
  const stream = watch(['lamp-01']);
  const changes: object[] = [];
  for await (const change of stream) {
    changes.push(change);
    if (changes.length === 4) break;
  }
  let quantity = 42;
  for (const change of changes as { sku: string; quantity: number; delta: number }[]) {
    quantity += change.delta;
    expect(change).toEqual({ sku: 'lamp-01', quantity, delta: change.delta });
  }
  stream.cancel();
  expect(await ended).toBe('WatchStock');
});

test('the timer of a stream is gone when its connection is lost', async () => {
  const session = connect(`http://127.0.0.1:${port}`);
  const request = session.request({
    ':method': 'POST',
    ':path': path('WatchStock'),
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  request.on('error', () => {});
  request.end(Buffer.alloc(5)); // An empty message.
  await once(request, 'data');
  session.destroy();
  expect(await ended).toBe('WatchStock');
});
