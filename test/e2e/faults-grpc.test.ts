import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { askJson, type ExpectedError, plain } from '../utils/fault-answers.ts';
import {
  type GrpcHandler,
  grpcAnswer,
  grpcBytes,
  grpcCut,
  grpcFrame,
  grpcHttpStatus,
  SECRET,
} from '../utils/fault-server.ts';
import { useFaultSuite, WAYS } from '../utils/fault-suite.ts';

type Failure = Pick<ExpectedError, 'code'> & { readonly upstreamCode?: string };

/** `{ sku: "a", quantity: 5, availability: IN_STOCK }` */
const STOCK = Buffer.from([0x0a, 1, 97, 0x10, 5, 0x18, 1]);
const LARGE = Buffer.concat([Buffer.from([0x0a, 0xb0, 0xea, 0x01]), Buffer.alloc(30_000, 'a')]);
const unreachable: Failure = { code: 'UPSTREAM_UNREACHABLE', upstreamCode: 'UNAVAILABLE' };
const failed = (upstreamCode: string): Failure => ({ code: 'UPSTREAM_FAILED', upstreamCode });
const rejected = (upstreamCode: string): Failure => ({ code: 'UPSTREAM_REJECTED', upstreamCode });
const unusable: Failure = { code: 'UPSTREAM_BAD_RESPONSE' };
const tooLarge: Failure = { code: 'UPSTREAM_RESPONSE_TOO_LARGE', upstreamCode: 'RESOURCE_EXHAUSTED' };

const FAILURES: Record<string, [GrpcHandler | 'refused', Failure | null]> = {
  'refuses connections': ['refused', unreachable],
  'closes the connection before it answers': [grpcCut, unreachable],
  // gRPC tells no difference between a connection that breaks before the answer and one that breaks within.
  'closes the connection in the middle of a message': [grpcBytes(grpcFrame(STOCK, 50), grpcCut as never), unreachable],
  'resets the call in the middle of a message': [
    grpcBytes(grpcFrame(STOCK, 50), (stream) => stream.close(2)),
    failed('INTERNAL'),
  ],
  'ends in the middle of a message': [grpcBytes(grpcFrame(STOCK, 50), (stream) => stream.end()), failed('INTERNAL')],
  'ends without a status': [grpcBytes(grpcFrame(STOCK), (stream) => stream.end()), failed('INTERNAL')],
  'answers UNKNOWN': [grpcAnswer([], 2), failed('UNKNOWN')],
  'answers INVALID_ARGUMENT': [grpcAnswer([], 3), rejected('INVALID_ARGUMENT')],
  'answers DEADLINE_EXCEEDED': [grpcAnswer([], 4), { code: 'UPSTREAM_TIMEOUT', upstreamCode: 'DEADLINE_EXCEEDED' }],
  // There is no such stock, which is an answer.
  'answers NOT_FOUND': [grpcAnswer([], 5), null],
  'answers RESOURCE_EXHAUSTED': [grpcAnswer([], 8), rejected('RESOURCE_EXHAUSTED')],
  'answers UNIMPLEMENTED': [grpcAnswer([], 12), rejected('UNIMPLEMENTED')],
  'answers INTERNAL': [grpcAnswer([], 13), failed('INTERNAL')],
  'answers INTERNAL behind a good message': [grpcAnswer([STOCK], 13), failed('INTERNAL')],
  'answers UNAVAILABLE': [grpcAnswer([], 14), unreachable],
  'answers UNAUTHENTICATED': [grpcAnswer([], 16), rejected('UNAUTHENTICATED')],
  'answers a status that nobody knows': [grpcAnswer([], 77), { code: 'UPSTREAM_FAILED' }],
  // The statuses that gRPC has for those of HTTP: grpc/doc/http-grpc-status-mapping.md
  'stands behind a proxy that answers 500': [grpcHttpStatus(500), failed('UNKNOWN')],
  'stands behind a proxy that answers 404': [grpcHttpStatus(404), rejected('UNIMPLEMENTED')],
  'stands behind a proxy that answers 401': [grpcHttpStatus(401), rejected('UNAUTHENTICATED')],
  'stands behind a proxy that answers 429': [grpcHttpStatus(429), unreachable],
  // The first five bytes of any text are, to gRPC, the length of a message.
  'answers HTML with 200': [grpcHttpStatus(200), tooLarge],
  'ends well without a message': [grpcAnswer([]), { ...unusable, upstreamCode: 'UNIMPLEMENTED' }],
  'answers bytes that are no message': [grpcAnswer([Buffer.from(SECRET)]), unusable],
  'answers half a message': [grpcAnswer([STOCK.subarray(0, 4)]), unusable],
  'answers text where the document has a number': [grpcAnswer([Buffer.from([0x12, 3, 0x7a, 0x7a, 0x7a])]), unusable],
  'answers a message that is too large': [grpcAnswer([LARGE]), tooLarge],
  'says that its message is too large': [grpcBytes(grpcFrame(STOCK, 64 * 1024 * 1024), () => {}), tooLarge],
  'sends a small message that unpacks to a large one': [compressed(gzipSync(Buffer.alloc(1_000_000))), tooLarge],
};

/** What the document leaves open is no failure. */
const GOOD: Record<string, [message: Buffer, stock: unknown]> = {
  'nothing in its message': [Buffer.alloc(0), { sku: '', quantity: 0, availability: 'UNSPECIFIED' }],
  'an enum number that the document does not know': [
    Buffer.from([0x0a, 1, 97, 0x10, 5, 0x18, 99]),
    { sku: 'a', quantity: 5, availability: 'UNSPECIFIED' },
  ],
  'fields that the document does not know': [
    Buffer.concat([STOCK, Buffer.from([0x7a, SECRET.length]), Buffer.from(SECRET)]),
    { sku: 'a', quantity: 5, availability: 'IN_STOCK' },
  ],
};

function compressed(bytes: Buffer): GrpcHandler {
  const frame = grpcFrame(bytes);
  frame[0] = 1;
  return (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-encoding': 'gzip' });
    stream.end(frame);
  };
}

const hello = { text: 'still here' };
const SHOWN = { sku: 'a', quantity: 5, availability: 'IN_STOCK' };
const QUERY = '{ hello { text } stock(sku: "a") { sku quantity availability } }';
const at = { path: ['stock'], source: 'inventory', operation: 'GetStock' };

const good = grpcAnswer([STOCK]);

const suite = useFaultSuite();

describe.each(WAYS)('on the %s way, a gRPC source', (way) => {
  const ask = async () => (await askJson(suite.gateway(way), QUERY)).results.map(plain);

  it.each(Object.entries(FAILURES))(
    'that %s is told as what it is, beside what others answer',
    async (_, [fault, failure]) => {
      await suite.whileFailing(suite.backends.inventory, fault, good, () =>
        suite.expectEverywhere(way, QUERY, {
          data: { hello, stock: null },
          errors: failure === null ? [] : [{ ...at, ...failure }],
        }),
      );
      // A connection that was lost is made again after a moment; till then calls fail at once.
      await expect.poll(ask, { timeout: 5_000 }).toEqual([plain({ data: { hello, stock: SHOWN } })]);
    },
  );

  it.each(Object.entries(GOOD))('that has %s is well', async (_name, [message, stock]) => {
    await suite.whileFailing(suite.backends.inventory, grpcAnswer([message]), good, () =>
      suite.expectEverywhere(way, QUERY, { data: { hello, stock } }),
    );
  });

  it('that does not find what is to be changed is told so: NOT_FOUND is an answer to queries only', async () => {
    await suite.whileFailing(suite.backends.inventory, grpcAnswer([], 5), good, () =>
      suite.expectEverywhere(way, 'mutation { reserve(sku: "a") greet { text } }', {
        data: { reserve: null, greet: hello },
        errors: [{ path: ['reserve'], source: 'inventory', operation: 'Reserve', ...rejected('NOT_FOUND') }],
      }),
    );
  });
});

it.each<[string, GrpcHandler]>([
  ['never answers', () => {}],
  ['falls silent in the middle of a message', grpcBytes(grpcFrame(STOCK, 50), () => {})],
  // grpc-js reads no second message of a unary call, and never comes to the status behind it.
  ['answers twice', grpcAnswer([STOCK, STOCK])],
])('a gRPC source that %s is given up after its time, on both ways', async (_name, silence) => {
  const { inventory } = suite.backends;
  inventory.answer(silence);
  const errors: ExpectedError[] = [{ ...at, code: 'UPSTREAM_TIMEOUT', upstreamCode: 'DEADLINE_EXCEEDED' }];
  await suite.expectFromHasty(QUERY, { data: { hello, stock: null }, errors }, () => {
    inventory.answer(good);
    return { data: { hello, stock: SHOWN } };
  });
});
