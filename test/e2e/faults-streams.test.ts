import { describe, it } from 'vitest';
import type { ErrorDetails } from '../../kernel/errors.ts';
import { askEventStream, type ExpectedError } from '../utils/fault-answers.ts';
import {
  type GrpcHandler,
  grpcAnswer,
  grpcBytes,
  grpcCut,
  grpcFrame,
  grpcHttpStatus,
  HTTP_FAULTS,
  type HttpFault,
  type HttpHandler,
  json,
  SECRET,
  SECRET_HEADERS,
} from '../utils/fault-server.ts';
import { type Expected, useFaultSuite, WAYS } from '../utils/fault-suite.ts';

type Failure = Pick<ExpectedError, 'code'> & ErrorDetails;

/** A stream of events, and what becomes of it then. */
function events(body: string, then: (response: Parameters<HttpHandler>[0]) => unknown = (r) => r.end()): HttpHandler {
  return (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', ...SECRET_HEADERS });
    response.write(body, () => then(response));
  };
}
const cut = (response: Parameters<HttpHandler>[0]) => response.destroy();

/** What a stream can meet before its first event, and what is told of it as the only event. */
const BEFORE: Record<Exclude<HttpFault, 'says that its answer is too large'>, Failure> = {
  'refuses connections': { code: 'UPSTREAM_UNREACHABLE' },
  'answers 500': { code: 'UPSTREAM_FAILED', upstreamStatus: 500 },
  'answers 404': { code: 'UPSTREAM_REJECTED', upstreamStatus: 404 },
  'answers 401': { code: 'UPSTREAM_REJECTED', upstreamStatus: 401 },
  'answers 429 with Retry-After': { code: 'UPSTREAM_REJECTED', upstreamStatus: 429, retryAfterMs: 7_000 },
  'answers 503 with Retry-After': { code: 'UPSTREAM_FAILED', upstreamStatus: 503, retryAfterMs: 7_000 },
  'redirects to another host': { code: 'UPSTREAM_BAD_RESPONSE', upstreamStatus: 302 },
  'answers HTML with 200': { code: 'UPSTREAM_BAD_RESPONSE', upstreamStatus: 200 },
  'calls HTML JSON': { code: 'UPSTREAM_BAD_RESPONSE', upstreamStatus: 200 },
  'answers half a JSON': { code: 'UPSTREAM_BAD_RESPONSE', upstreamStatus: 200 },
  'answers nothing with 200': { code: 'UPSTREAM_BAD_RESPONSE', upstreamStatus: 200 },
  // No stream to begin with: what becomes of the rest of it is of no interest.
  'closes the socket in the middle of the body': { code: 'UPSTREAM_BAD_RESPONSE', upstreamStatus: 200 },
  'closes the socket before it answers': { code: 'UPSTREAM_UNREACHABLE' },
  'answers what is no HTTP': { code: 'UPSTREAM_BAD_RESPONSE' },
  'does not say beforehand that its answer is too large': { code: 'UPSTREAM_BAD_RESPONSE', upstreamStatus: 200 },
  'sends a small answer that unpacks to a large one': { code: 'UPSTREAM_BAD_RESPONSE' },
};

const data = (...chunks: unknown[]) => chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('');
const delta = (content: string) => ({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
const stop = { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] };
const HELLO = data(delta('Hel'), delta('lo'));
const truncated: Failure = { code: 'MODEL_STREAM_TRUNCATED' };

/** Faults behind "Hel" and "lo". */
const MODEL_STREAMS: Record<string, [HttpHandler, Failure | undefined]> = {
  'ends without its end mark': [events(HELLO), truncated],
  'is cut': [events(HELLO, cut), truncated],
  'is cut within an event': [events(`${HELLO}data: {"choices": "${SECRET}`, cut), truncated],
  'brings an error': [
    events(HELLO + data({ error: { message: SECRET, type: 'server_error' } }, delta('!'), stop)),
    { code: 'UPSTREAM_FAILED' },
  ],
  'brings an error that blames the request': [
    events(HELLO + data({ error: { message: SECRET, type: 'rate_limit_exceeded' } })),
    { code: 'UPSTREAM_REJECTED' },
  ],
  'brings an event named error': [
    events(`${HELLO}event: error\ndata: {"message": "${SECRET}"}\n\n`, () => {}),
    { code: 'UPSTREAM_FAILED' },
  ],
  'brings what is no JSON': [
    events(`${HELLO}data: {"choices": ${SECRET}\n\n`, () => {}),
    { code: 'UPSTREAM_BAD_RESPONSE' },
  ],
  'brings an event without end': [
    events(`${HELLO}data: ${SECRET.repeat(250_000)}`, () => {}),
    { code: 'UPSTREAM_RESPONSE_TOO_LARGE' },
  ],
  'brings things of no meaning': [
    events(
      `${HELLO}: ${SECRET}\n\nevent: ${SECRET}\ndata: {"choices": [], "x": "${SECRET}"}\n\n${data(stop)}data: [DONE]\n\n`,
    ),
    undefined,
  ],
};

const stock = (sku: string, quantity: number) => Buffer.from([0x0a, sku.length, ...Buffer.from(sku), 0x10, quantity]);
const TWO = [stock('a', 1), stock('b', 2)];
const TWO_FRAMES = Buffer.concat(TWO.map((message) => grpcFrame(message)));
const LARGE = Buffer.concat([Buffer.from([0x0a, 0xb0, 0xea, 0x01]), Buffer.alloc(30_000, 'a')]);

/** Faults behind two messages. */
const GRPC_STREAMS: Record<string, [GrpcHandler, (Failure & { upstreamCode?: string }) | undefined]> = {
  'ends with UNAVAILABLE': [grpcAnswer(TWO, 14), { code: 'UPSTREAM_UNREACHABLE', upstreamCode: 'UNAVAILABLE' }],
  'ends with INTERNAL': [grpcAnswer(TWO, 13), { code: 'UPSTREAM_FAILED', upstreamCode: 'INTERNAL' }],
  'ends with PERMISSION_DENIED': [grpcAnswer(TWO, 7), { code: 'UPSTREAM_REJECTED', upstreamCode: 'PERMISSION_DENIED' }],
  'ends with NOT_FOUND': [grpcAnswer(TWO, 5), { code: 'UPSTREAM_REJECTED', upstreamCode: 'NOT_FOUND' }],
  'ends without a status': [
    grpcBytes(TWO_FRAMES, (stream) => stream.end()),
    { code: 'UPSTREAM_FAILED', upstreamCode: 'INTERNAL' },
  ],
  'is reset within a message': [
    grpcBytes(Buffer.concat([TWO_FRAMES, grpcFrame(stock('c', 3), 50)]), (stream) => stream.close(2)),
    { code: 'UPSTREAM_FAILED', upstreamCode: 'INTERNAL' },
  ],
  'brings bytes that are no message': [
    grpcAnswer([...TWO, Buffer.from(SECRET), stock('c', 3)]),
    { code: 'UPSTREAM_BAD_RESPONSE' },
  ],
  'ends well': [grpcAnswer(TWO), undefined],
};

const review = { id: '1', rating: 5, author: { name: 'Ada' } };
const next = (reviewAdded: unknown, errors?: unknown) =>
  `event: next\ndata: ${JSON.stringify({ data: { reviewAdded }, errors })}\n\n`;
const COMPLETE = 'event: complete\ndata:\n\n';
const added = { data: { reviewAdded: review } };
const inReviews = { source: 'reviews', operation: 'reviewAdded' };
const failedReviews = (failure: Failure, ...path: string[]): Expected => ({
  data: { reviewAdded: null },
  errors: [{ path: ['reviewAdded', ...path], ...failure }],
});

const GRAPHQL_STREAMS: Record<string, [HttpHandler, readonly Expected[]]> = {
  dies: [
    events(next(review) + next(review), cut),
    [added, added, failedReviews({ code: 'UPSTREAM_FAILED', ...inReviews })],
  ],
  'ends without being complete': [
    events(next(review)),
    [added, failedReviews({ code: 'UPSTREAM_FAILED', ...inReviews })],
  ],
  'brings an event that is no JSON': [
    events(`${next(review)}event: next\ndata: ${SECRET}\n\n${next(review)}`),
    [added, failedReviews({ code: 'UPSTREAM_BAD_RESPONSE', ...inReviews })],
  ],
  'brings an event that is too large': [
    events(`${next(review)}event: next\ndata: ${SECRET.repeat(1_000)}`, () => {}),
    [added, failedReviews({ code: 'UPSTREAM_RESPONSE_TOO_LARGE', ...inReviews })],
  ],
  // The events after one that fails are still good.
  'brings an event with a wrong value': [
    events(next(review) + next({ ...review, rating: SECRET }) + next(review) + COMPLETE),
    [added, failedReviews({ code: 'UPSTREAM_BAD_RESPONSE', source: 'reviews' }, 'rating'), added],
  ],
  'brings an event that is an error': [
    events(next(null, [{ message: SECRET, extensions: { secret: SECRET } }]) + next(review) + COMPLETE),
    [failedReviews({ code: 'UPSTREAM_FAILED', ...inReviews }), added],
  ],
  'brings an event with an error in it': [
    events(next({ ...review, author: null }, [{ message: SECRET, path: ['reviewAdded', 'author'] }]) + COMPLETE),
    [
      {
        data: { reviewAdded: { ...review, author: null } },
        errors: [{ path: ['reviewAdded', 'author'], code: 'UPSTREAM_FAILED', ...inReviews }],
      },
    ],
  ],
  'goes on behind its end': [events(next(review) + COMPLETE + next(review), () => {}), [added]],
};

const CHAT = 'chatStream(input: { messages: [{ role: USER, content: "Hi" }] })';
const STREAMS = {
  chatStream: `subscription { ${CHAT} { index text } }`,
  retellStream: 'subscription { retellStream(text: "x") { index text } }',
  watchStock: 'subscription { watchStock { sku quantity } }',
  reviewAdded: 'subscription { reviewAdded { id rating author { name } } }',
} as const;
const inModels = { source: 'ai', operation: 'stub' };

/** The last event of a stream that broke. */
function broken(field: keyof typeof STREAMS, at: { source: string; operation: string }, failure: Failure): Expected {
  return { data: { [field]: null }, errors: [{ path: [field], ...at, ...failure }] };
}

const suite = useFaultSuite();

describe.each(WAYS)('on the %s way', (way) => {
  const goodModel = events(`${data(delta('Hello'), stop)}data: [DONE]\n\n`);
  const goodReviews = events(next(review) + COMPLETE);

  it.each(Object.entries(BEFORE))('a stream of a service that %s has that as its only event', async (name, failure) => {
    const { provider, reviews } = suite.backends;
    const fault = HTTP_FAULTS[name as HttpFault];
    await suite.whileFailing(provider, fault, goodModel, async () => {
      await suite.expectEvents(way, STREAMS.chatStream, [broken('chatStream', inModels, failure)]);
      await suite.expectEvents(way, STREAMS.retellStream, [broken('retellStream', inModels, failure)]);
    });
    await suite.expectEvents(way, STREAMS.retellStream, [
      { data: { retellStream: { index: 0, text: 'Hello' } } },
      { data: { retellStream: { index: 1, text: '' } } },
    ]);
    await suite.whileFailing(reviews, fault, goodReviews, () =>
      suite.expectEvents(way, STREAMS.reviewAdded, [broken('reviewAdded', inReviews, failure)]),
    );
    await suite.expectEvents(way, STREAMS.reviewAdded, [added]);
  });

  it.each(Object.entries(MODEL_STREAMS))(
    'a stream of a model that %s gives the text so far, and then says so',
    async (_name, [handler, failure]) => {
      const { provider } = suite.backends;
      for (const field of ['chatStream', 'retellStream'] as const) {
        const text = ['Hel', 'lo'].map((piece, index) => ({ data: { [field]: { index, text: piece } } }));
        const end =
          failure === undefined ? { data: { [field]: { index: 2, text: '' } } } : broken(field, inModels, failure);
        await suite.whileFailing(provider, handler, goodModel, () =>
          suite.expectEvents(way, STREAMS[field], [...text, end]),
        );
      }
    },
  );

  it.each(Object.entries(GRPC_STREAMS))(
    'a stream of a gRPC service that %s gives the messages so far, and then says so',
    async (_name, [handler, failure]) => {
      const { inventory } = suite.backends;
      const at = { source: 'inventory', operation: 'WatchStock' };
      const good = [['a', 1] as const, ['b', 2] as const].map(([sku, quantity]) => ({
        data: { watchStock: { sku, quantity } },
      }));
      const end = failure === undefined ? [] : [broken('watchStock', at, failure)];
      await suite.whileFailing(inventory, handler, grpcAnswer(TWO), () =>
        suite.expectEvents(way, STREAMS.watchStock, [...good, ...end]),
      );
      await suite.expectEvents(way, STREAMS.watchStock, good);
    },
  );

  it.each<[string, GrpcHandler, string, string]>([
    ['is not there', grpcHttpStatus(503), 'UPSTREAM_UNREACHABLE', 'UNAVAILABLE'],
    ['closes the connection', grpcCut, 'UPSTREAM_UNREACHABLE', 'UNAVAILABLE'],
    ['sends too large a message', grpcAnswer([LARGE]), 'UPSTREAM_RESPONSE_TOO_LARGE', 'RESOURCE_EXHAUSTED'],
    ['knows no such method', grpcAnswer([], 12), 'UPSTREAM_REJECTED', 'UNIMPLEMENTED'],
  ])('a stream of a gRPC service that %s has that as its only event', async (_name, handler, code, upstreamCode) => {
    const at = { source: 'inventory', operation: 'WatchStock' };
    const failure = { code, upstreamCode } as Failure;
    await suite.whileFailing(suite.backends.inventory, handler, grpcAnswer(TWO), () =>
      suite.expectEvents(way, STREAMS.watchStock, [broken('watchStock', at, failure)]),
    );
  });

  it.each(Object.entries(GRAPHQL_STREAMS))(
    'a stream of a GraphQL service that %s gives the events that are good',
    async (_name, [handler, expected]) => {
      await suite.whileFailing(suite.backends.reviews, handler, goodReviews, () =>
        suite.expectEvents(way, STREAMS.reviewAdded, expected),
      );
      await suite.expectEvents(way, STREAMS.reviewAdded, [added]);
    },
  );

  it('an event that is joined to a failing source says so, and the next one asks again', async () => {
    const { catalog, reviews } = suite.backends;
    let asked = 0;
    reviews.answer(events(next({ id: '1', sku: 'a' }) + next({ id: '2', sku: 'a' }) + COMPLETE));
    const failing = HTTP_FAULTS['answers 500'];
    const answering = json([{ sku: 'a', name: 'Axe' }]);
    catalog.answer((...call) => {
      asked += 1;
      return (asked === 1 ? failing : answering)(...call);
    });
    const details = { source: 'catalog', operation: 'listProducts', upstreamStatus: 500 };
    const errors: ExpectedError[] = [{ path: ['reviewAdded', 'product'], code: 'UPSTREAM_FAILED', ...details }];
    const first = { data: { reviewAdded: { id: '1', product: null } }, errors };
    const second = { data: { reviewAdded: { id: '2', product: { name: 'Axe' } } } };
    const query = 'subscription { reviewAdded { id product { name } } }';
    suite.expectAnswer(await askEventStream(suite.gateway(way), query), [first, second]);
  });
});

describe('streams that never begin, on both ways,', () => {
  it.each<[keyof typeof STREAMS, typeof inModels]>([
    ['chatStream', inModels],
    ['reviewAdded', inReviews],
  ])('are given up after their time: %s', async (field, at) => {
    const { provider, reviews } = suite.backends;
    for (const server of [provider, reviews]) server.answer(() => {});
    await suite.expectEventsFromHasty(STREAMS[field], [broken(field, at, { code: 'UPSTREAM_TIMEOUT' })]);
  });

  it('nor go on: the text so far is there', async () => {
    suite.backends.provider.answer(events(data(delta('Hel')), () => {}));
    await suite.expectEventsFromHasty(STREAMS.chatStream, [
      { data: { chatStream: { index: 0, text: 'Hel' } } },
      broken('chatStream', inModels, { code: 'UPSTREAM_TIMEOUT' }),
    ]);
  });
});
