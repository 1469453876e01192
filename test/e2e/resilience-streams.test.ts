import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { Result } from '../utils/fault-answers.ts';
import { WAYS } from '../utils/fault-suite.ts';
import { codes, type MoodyGateway, moodySource, WAIT } from '../utils/moody-gateway.ts';
import { type Mood, type MoodyServer, status } from '../utils/moody-server.ts';
import { useMoodySuite } from '../utils/moody-suite.ts';
import { openaiChunks, openaiEvents } from '../utils/provider-server.ts';

const suite = useMoodySuite();

/** Opens a stream, and leaves it to the test. */
function createFeed() {
  const open: ServerResponse[] = [];
  const mood: Mood = (response) => {
    open.push(response);
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
  };
  return { open, mood };
}

interface StreamKind {
  readonly name: string;
  readonly query: string;
  readonly field: string;
  /** The first event. */
  readonly event: string;
  readonly end: string;
  /** What is told of a stream that is cut. */
  readonly cut: string;
  config(server: Pick<MoodyServer, 'origin'>, upstream: object): { readonly sources: object };
}

const KINDS: readonly StreamKind[] = [
  {
    name: 'a GraphQL service',
    query: 'subscription { gqlAdded { name } }',
    field: 'gqlAdded',
    event: 'event: next\ndata: {"data":{"gqlAdded":{"name":"one"}}}\n\n',
    end: 'event: complete\ndata:\n\n',
    cut: 'gqlAdded UPSTREAM_FAILED',
    config: (server, upstream) => ({ sources: { moody: moodySource('graphql', [server], upstream) } }),
  },
  {
    name: 'a model',
    query: 'subscription { retellStream(text: "x") { text } }',
    field: 'retellStream',
    event: `data: ${JSON.stringify(openaiChunks('one')[0])}\n\n`,
    end: openaiEvents(...openaiChunks().slice(-2)),
    cut: 'retellStream MODEL_STREAM_TRUNCATED',
    config: ({ origin }, upstream) => ({
      sources: {},
      providers: { moody: { dialect: 'openai', endpoint: `${origin}/v1`, upstream } },
      models: { stub: { provider: 'moody', model: 'stub-1' } },
      routes: { default: ['stub'] },
      prompts: { retell: { input: { text: 'String!' }, template: 'Tell again: {{ text }}' } },
    }),
  },
];

const QUICK = { breaker: false, retries: { backoffMs: 1 } };

describe.each(WAYS.flatMap((way) => KINDS.map((kind) => ({ way, kind, name: kind.name }))))(
  'on the $way way, a stream of $name',
  ({ way, kind }) => {
    const open = async (gateway: MoodyGateway) => gateway.open(kind.query);
    const next = async (reader: Awaited<ReturnType<typeof open>>) => (await reader.next()) as Result;

    it('is asked for again before it has begun, and only then', async () => {
      const feed = createFeed();
      const server = await suite.server();
      const gateway = await suite.gateway(way, kind.config(server, QUICK));
      server.mood = (...request) => {
        server.mood = feed.mood;
        status(503, { 'retry-after-ms': '1' })(...request);
      };
      const reader = await open(gateway);
      await expect.poll(() => feed.open.length, WAIT).toBe(1);
      feed.open[0]?.write(kind.event);
      expect((await next(reader)).errors).toBeUndefined();
      feed.open[0]?.socket?.resetAndDestroy();
      expect(codes(await next(reader))).toEqual([kind.cut]);
      await gateway.expectIdle();
      expect(server.asked).toBe(2);
    });

    it('that is cut before its first event is told, and not asked for again', async () => {
      const feed = createFeed();
      const server = await suite.server(feed.mood);
      const gateway = await suite.gateway(way, kind.config(server, QUICK));
      const reader = await open(gateway);
      await expect.poll(() => feed.open.length, WAIT).toBe(1);
      feed.open[0]?.socket?.resetAndDestroy();
      expect(codes(await next(reader))).toEqual([kind.cut]);
      await gateway.expectIdle();
      expect(server.asked).toBe(1);
    });

    it('occupies its place until it ends, is closed or is cut', async () => {
      const feed = createFeed();
      const server = await suite.server(feed.mood);
      const upstream = { ...QUICK, concurrency: { most: 1, queue: 0 } };
      const gateway = await suite.gateway(way, kind.config(server, upstream));
      const refused = async () => {
        const reader = await open(gateway);
        expect(codes(await next(reader))).toEqual([`${kind.field} UPSTREAM_BUSY`]);
      };
      const ends: ((reader: Awaited<ReturnType<typeof open>>, response: ServerResponse) => unknown)[] = [
        (reader) => reader.close(),
        (_, response) => response.socket?.resetAndDestroy(),
        (_, response) => response.end(kind.end),
      ];
      for (const [index, end] of ends.entries()) {
        const reader = await open(gateway);
        await expect.poll(() => feed.open.length, WAIT).toBe(index + 1);
        const response = feed.open[index];
        if (response === undefined) throw new Error('unreachable');
        response.write(kind.event);
        expect((await next(reader)).errors).toBeUndefined();
        await refused();
        expect((await gateway.upstream('moody')).active).toBe(1);
        await end(reader, response);
        await gateway.expectIdle();
      }
      expect(server.asked).toBe(3);
    });

    it('ends at its service when its client leaves before it has begun', async () => {
      const server = await suite.server();
      server.mood = server.holds;
      const gateway = await suite.gateway(way, kind.config(server, { ...QUICK, concurrency: { most: 1, queue: 0 } }));
      const client = new AbortController();
      const opening = gateway.open(kind.query, { signal: client.signal }).catch(() => 'gone');
      await expect.poll(() => server.held(), WAIT).toBe(1);
      client.abort();
      await opening;
      await expect.poll(() => server.held(), WAIT).toBe(0);
      await gateway.expectIdle();
      expect(server.asked).toBe(1);
    });
  },
);

it.each(WAYS)('on the %s way, a model that was asked and may have begun is not asked again', async (way) => {
  const [, model] = KINDS;
  if (model === undefined) throw new Error('unreachable');
  const server = await suite.server(({ socket }) => socket?.resetAndDestroy());
  const gateway = await suite.gateway(way, model.config(server, QUICK));
  const answers = [
    (await (await gateway.open(model.query)).next()) as Result,
    await gateway.ask('mutation { retell(text: "x") }'),
  ];
  expect(answers.flatMap(codes)).toEqual(['retellStream UPSTREAM_UNREACHABLE', 'retell UPSTREAM_UNREACHABLE']);
  expect(server.asked).toBe(2);
});

it.each(WAYS)('on the %s way, a model provider that fails is left alone, and operators are told', async (way) => {
  const [, model] = KINDS;
  if (model === undefined) throw new Error('unreachable');
  const server = await suite.server(status(500));
  const upstream = { breaker: { failures: 2, openMs: 60_000 } };
  const gateway = await suite.gateway(way, model.config(server, upstream));
  for (const code of ['UPSTREAM_FAILED', 'UPSTREAM_FAILED', 'UPSTREAM_UNAVAILABLE']) {
    expect(codes(await gateway.ask('mutation { retell(text: "x") }'))).toEqual([`retell ${code}`]);
  }
  expect(codes((await (await gateway.open(model.query)).next()) as Result)).toEqual([
    'retellStream UPSTREAM_UNAVAILABLE',
  ]);
  expect(server.asked).toBe(2);
  expect(await gateway.upstream('moody')).toMatchObject({ refused: 2, endpoints: [{ breaker: 'open' }] });
  const told = gateway.log.lines.filter(({ message }) => message.startsWith('An endpoint keeps failing'));
  expect(told).toMatchObject([{ fields: { endpoint: server.origin, lastFailure: 'HTTP 500' } }]);
});
