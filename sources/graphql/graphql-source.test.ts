import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildSchema, execute, GraphQLError, parse } from 'graphql';
import { createSchema, createYoga } from 'graphql-yoga';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createCallContext, createMemoryLog } from '../../test/utils/call-context.ts';
import { type Deferred, deferred } from '../../test/utils/deferred.ts';
import type { Selected, Source, StreamCall, UnaryCall } from '../source.ts';
import { createGraphqlSource } from './graphql-source.ts';
import { graphqlOptions } from './options.ts';

const SDL = `
  type Query {
    reviews(first: Int = 2, skus: [ID!]): [Review]
    broken(code: String): Review
    whoAmI: String
  }
  type Mutation { addReview(text: String!): Review! }
  type Subscription { reviewAdded(fail: Boolean): Review }
  type Review { id: ID! text(max: Int): String author: Author related: [Review] }
  type Author { name: String! }
`;

async function listen(listener: RequestListener): Promise<{ server: Server; url: string }> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function sourceAt(endpoint: string, sdl: string | undefined, options: object = {}): Promise<Source> {
  const deps = { log: createMemoryLog(), report: () => {} };
  return createGraphqlSource('reviews', graphqlOptions.parse({ kind: 'graphql', endpoint, ...options }), sdl, deps);
}

function unary(source: Source, name: string): UnaryCall {
  const call = source.model.calls.get(name);
  if (call?.type !== 'unary') throw new Error(`${name} is no unary call.`);
  return call;
}

function stream(source: Source, name: string): StreamCall {
  const call = source.model.calls.get(name);
  if (call?.type !== 'stream') throw new Error(`${name} is no stream.`);
  return call;
}

function select(text: string, variables: Record<string, string> = {}, values: Record<string, unknown> = {}): Selected {
  return { shape: { text, variables: new Map(Object.entries(variables)) }, values };
}

describe('a GraphQL source', () => {
  let server: Server;
  let url: string;
  let source: Source;
  let returned: Deferred<void> | undefined;
  let pulled: Deferred<void>;

  const resolvers = {
    Query: {
      reviews: (_root: unknown, args: { first: number; skus?: string[] }) =>
        (args.skus ?? ['a', 'b', 'c']).slice(0, args.first).map((id) => ({ id })),
      broken: (_root: unknown, { code }: { code?: string }) => {
        throw new GraphQLError('secret words', { extensions: { code } });
      },
      whoAmI: (_root: unknown, _args: unknown, { request }: { request: Request }) =>
        request.headers.get('authorization'),
    },
    Mutation: { addReview: (_root: unknown, { text }: { text: string }) => ({ id: text }) },
    Subscription: {
      reviewAdded: {
        subscribe: async function* (_root: unknown, { fail }: { fail?: boolean }) {
          yield { reviewAdded: fail ? new GraphQLError('secret words') : { id: '1' } };
          yield { reviewAdded: { id: '2' } };
          if (fail) return;
          pulled.resolve();
          await new Promise(() => {});
        },
      },
    },
    Review: {
      text: ({ id }: { id: string }, { max }: { max?: number }) => {
        if (id === 'bad') throw new GraphQLError('secret words', { extensions: { code: 'FORBIDDEN' } });
        return `text of ${id}`.slice(0, max);
      },
      author: ({ id }: { id: string }) => ({ name: id === 'bad' ? null : 'Ada' }),
      related: () => [{ id: 'x' }, { id: 'bad' }],
    },
  };

  beforeAll(async () => {
    const schema = createSchema({ typeDefs: SDL, resolvers });
    const yoga = createYoga({ schema, logging: false, maskedErrors: false });
    ({ server, url } = await listen((request, response) => {
      const ofThisTest = returned;
      response.on('close', () => ofThisTest?.resolve());
      yoga(request, response);
    }));
    source = await sourceAt(`${url}/graphql`, SDL, { headers: { authorization: 'Bearer key' } });
  });
  afterAll(async () => {
    await source.dispose();
    server.closeAllConnections();
    server.close();
  });

  it('sends arguments, selection and variables, and gives the data as it came', async () => {
    const { context } = createCallContext();
    const selected = select('{ id short: text(max: $max) }', { max: 'Int' }, { max: 4 });
    const reviews = unary(source, 'Query.reviews');
    expect(reviews.usesSelection).toBe(true);
    expect(await reviews.invoke({ first: 1 }, context, selected)).toEqual([{ id: 'a', short: 'text' }]);
    expect(await reviews.invoke({ skus: ['z'] }, context, selected)).toEqual([{ id: 'z', short: 'text' }]);
    expect(await unary(source, 'Query.whoAmI').invoke({}, context)).toBe('Bearer key');
    expect(await unary(source, 'Mutation.addReview').invoke({ text: 'new' }, context, select('{ id }'))).toEqual({
      id: 'new',
    });
  });

  it('learns the schema from the service when there is no SDL', async () => {
    const asked = await sourceAt(`${url}/graphql`, undefined, { operations: { reviews: { name: 'opinions' } } });
    expect(
      buildSchema(asked.model.sdl)
        .getQueryType()
        ?.getFields()
        .opinions?.args.map(({ name }) => name),
    ).toEqual(['first', 'skus']);
    const { context } = createCallContext();
    expect(await unary(asked, 'Query.opinions').invoke({}, context, select('{ id }'))).toEqual([
      { id: 'a' },
      { id: 'b' },
    ]);
    await asked.probe(new AbortController().signal);
    await asked.dispose();
  });

  it('puts the errors of a partial answer where its nulls are, for the execution to raise', async () => {
    const { context, log } = createCallContext();
    const text = '{ id text author { name } related { id text } }';
    const value = await unary(source, 'Query.reviews').invoke({ skus: ['bad'] }, context, select(text));
    expect(JSON.stringify(log.lines)).toContain('secret words');
    const schema = buildSchema(source.model.sdl);
    const document = parse(`{ reviews ${text} }`);
    const result = await execute({ schema, document, rootValue: { reviews: value } });
    expect(JSON.parse(JSON.stringify(result.data))).toEqual({
      reviews: [
        {
          id: 'bad',
          text: null,
          author: null,
          related: [
            { id: 'x', text: 'text of x' },
            { id: 'bad', text: null },
          ],
        },
      ],
    });
    expect(result.errors?.map(({ path, message, extensions }) => [path?.join('.'), message, extensions.code])).toEqual([
      ['reviews.0.text', 'The source refused the call.', 'UPSTREAM_REJECTED'],
      ['reviews.0.author', 'The source failed.', 'UPSTREAM_FAILED'],
      ['reviews.0.related.1.text', 'The source refused the call.', 'UPSTREAM_REJECTED'],
    ]);
  });

  it.each([
    ['BAD_USER_INPUT', 'UPSTREAM_REJECTED'],
    ['UNAUTHENTICATED', 'UPSTREAM_REJECTED'],
    [undefined, 'UPSTREAM_FAILED'],
  ])('turns an error with the code %s into %s and keeps its words to the log', async (upstreamCode, code) => {
    const { context, log } = createCallContext();
    const call = unary(source, 'Query.broken').invoke({ code: upstreamCode }, context, select('{ id }'));
    await expect(call).rejects.toMatchObject({
      name: 'SkeinError',
      message: expect.not.stringContaining('secret'),
      extensions: { code, source: 'reviews', operation: 'broken' },
    });
    expect(JSON.stringify(log.lines)).toContain('secret words');
  });

  it('reports a selection that the service refuses', async () => {
    const { context } = createCallContext();
    const call = unary(source, 'Query.reviews').invoke({}, context, select('{ nonsense }'));
    await expect(call).rejects.toMatchObject({ code: 'UPSTREAM_REJECTED' });
  });

  describe('subscribed to', () => {
    function open(args: object = {}, over: Parameters<typeof createCallContext>[0] = {}) {
      returned = deferred();
      pulled = deferred();
      const made = createCallContext(over);
      const call = stream(source, 'Subscription.reviewAdded');
      return { ...made, items: call.open({ ...args }, made.context, select('{ id }')) };
    }

    it('gives each event, and a failed one as an error that ends nothing', async () => {
      const { items } = open({ fail: true });
      expect(await items.next()).toMatchObject({ done: false, value: { name: 'SkeinError', code: 'UPSTREAM_FAILED' } });
      expect(await items.next()).toEqual({ done: false, value: { id: '2' } });
      expect(await items.next()).toEqual({ done: true, value: undefined });
    });

    it('asks for nothing when it is returned before it began', async () => {
      const { items } = open();
      await items.return?.();
      expect(await items.next()).toEqual({ done: true, value: undefined });
    });

    it('closes the socket when it is returned while an event is awaited', async () => {
      const { items } = open();
      await items.next();
      await items.next();
      const third = items.next();
      await pulled.promise;
      await items.return?.();
      expect(await third).toEqual({ done: true, value: undefined });
      await returned?.promise;
    });

    it('closes the socket when the signal aborts', async () => {
      const { items, abort } = open();
      await items.next();
      await items.next();
      const third = items.next();
      await pulled.promise;
      abort();
      await expect(third).rejects.toMatchObject({ code: 'CLIENT_CLOSED_REQUEST' });
      await returned?.promise;
    });
  });
});

describe('a GraphQL source whose service is not one', () => {
  const servers: Server[] = [];
  const sources: Source[] = [];

  async function answering(listener: RequestListener, options: object = {}): Promise<Source> {
    const { server, url } = await listen(listener);
    const source = await sourceAt(`${url}/`, SDL, options);
    servers.push(server);
    sources.push(source);
    return source;
  }
  afterEach(async () => {
    for (const source of sources.splice(0)) await source.dispose();
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  it.each([
    [200, 'no JSON', 'UPSTREAM_BAD_RESPONSE', 200],
    [200, '[]', 'UPSTREAM_BAD_RESPONSE', 200],
    [200, '{}', 'UPSTREAM_BAD_RESPONSE', 200],
    [200, '{"data":{}}', 'UPSTREAM_BAD_RESPONSE', undefined],
    [200, '{"data":null,"errors":[]}', 'UPSTREAM_BAD_RESPONSE', 200],
    [200, '{"data":null,"errors":["x",{"path":"y"}]}', 'UPSTREAM_FAILED', undefined],
    [503, 'Service Unavailable at 10.0.0.1', 'UPSTREAM_FAILED', 503],
    [403, '<html>', 'UPSTREAM_REJECTED', 403],
    [400, '{"errors":[{"message":"secret"}]}', 'UPSTREAM_REJECTED', 400],
    [302, '', 'UPSTREAM_BAD_RESPONSE', 302],
  ])('makes of %i with %j the error %s', async (status, body, code, upstreamStatus) => {
    const source = await answering((_request, response) => response.writeHead(status).end(body));
    const call = unary(source, 'Query.whoAmI').invoke({}, createCallContext().context);
    const extensions = { code, source: 'reviews', operation: 'whoAmI', ...(upstreamStatus ? { upstreamStatus } : {}) };
    await expect(call).rejects.toMatchObject({ name: 'SkeinError', extensions });
  });

  it.each([
    [429, '', 'UPSTREAM_REJECTED', 7_000],
    [503, '{"errors":[{"message":"busy"}]}', 'UPSTREAM_FAILED', 7_000],
    [500, '', 'UPSTREAM_FAILED', undefined],
  ])('says after a %i with %j how long to wait, if it is told', async (status, body, code, retryAfterMs) => {
    const source = await answering((_request, response) =>
      response.writeHead(status, { 'retry-after': '7' }).end(body),
    );
    const call = unary(source, 'Query.whoAmI').invoke({}, createCallContext().context);
    const extensions = { code, source: 'reviews', operation: 'whoAmI', upstreamStatus: status };
    const told = retryAfterMs === undefined ? extensions : { ...extensions, retryAfterMs };
    const error: unknown = await call.catch((reason: unknown) => reason);
    expect(error).toEqual(expect.objectContaining({ extensions: told }));
  });

  it('gives null for null, and ignores errors whose paths lead nowhere', async () => {
    const errors = [{ path: ['whoAmI', 'x', 0] }, { path: ['other'] }, { path: 3 }, {}, { path: ['whoAmI', {}] }];
    const answers = ['{"data":{"whoAmI":null}}', JSON.stringify({ data: { whoAmI: 'me' }, errors })];
    const source = await answering((_request, response) => response.end(answers.shift()));
    const { context } = createCallContext();
    expect(await unary(source, 'Query.whoAmI').invoke({}, context)).toBeNull();
    expect(await unary(source, 'Query.whoAmI').invoke({}, context)).toBe('me');
  });

  it('cannot be introspected', async () => {
    const { server, url } = await listen((_request, response) => response.end('{"data":{"__schema":{"types":3}}}'));
    servers.push(server);
    await expect(sourceAt(url, undefined)).rejects.toMatchObject({
      problems: [{ path: ['endpoint'], message: expect.stringContaining('cannot be used') }],
    });
    await expect(sourceAt('http://127.0.0.1:1', undefined)).rejects.toMatchObject({ code: 'UPSTREAM_UNREACHABLE' });
  });

  const SSE = { 'content-type': 'text/event-stream' };
  it.each([
    [
      'ends without complete',
      200,
      SSE,
      'event: next\ndata: {"data":{"reviewAdded":{"id":"1"}}}\n\n',
      'UPSTREAM_FAILED',
      1,
    ],
    ['sends no JSON', 200, SSE, 'event: next\ndata: {\n\n', 'UPSTREAM_BAD_RESPONSE', 0],
    ['sends an event without end', 200, SSE, `data: ${'x'.repeat(3_000)}`, 'UPSTREAM_RESPONSE_TOO_LARGE', 0],
    ['answers with JSON', 200, { 'content-type': 'application/json' }, '{"data":{}}', 'UPSTREAM_BAD_RESPONSE', 0],
    ['answers 405', 405, {}, '', 'UPSTREAM_REJECTED', 0],
  ])('fails a subscription that %s', async (_what, status, headers, body, code, before) => {
    const source = await answering((_request, response) => response.writeHead(status, headers).end(body), {
      maxResponseBytes: 2_000,
    });
    const items = stream(source, 'Subscription.reviewAdded').open({}, createCallContext().context, select('{ id }'));
    for (let index = 0; index < before; index++) expect(await items.next()).toMatchObject({ done: false });
    await expect(items.next()).rejects.toMatchObject({ name: 'SkeinError', code });
    expect(await items.next()).toEqual({ done: true, value: undefined });
  });

  it('gives up a subscription that does not begin in time, or is returned before it does', async () => {
    const closed = deferred();
    const arrived = deferred<IncomingMessage>();
    const source = await answering(
      (request, response) => {
        response.on('close', () => closed.resolve());
        arrived.resolve(request);
      },
      { timeoutMs: 50 },
    );
    const open = () =>
      stream(source, 'Subscription.reviewAdded').open({}, createCallContext().context, select('{ id }'));
    await expect(open().next()).rejects.toMatchObject({ code: 'UPSTREAM_TIMEOUT', extensions: { source: 'reviews' } });
    const items = open();
    const first = items.next();
    await arrived.promise;
    await items.return?.();
    expect(await first).toEqual({ done: true, value: undefined });
    await closed.promise;
  });
});
