import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHandler } from 'graphql-sse/lib/use/http';
import { createSchema, createYoga } from 'graphql-yoga';
import { afterEach, describe, expect, it } from 'vitest';
import { createCallContext } from '../../test/utils/call-context.ts';
import { deferred } from '../../test/utils/deferred.ts';
import type { GraphqlAnswer } from '../source.ts';
import { createGraphqlUpstream } from './graphql-upstream.ts';
import { graphqlOptions } from './options.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
}

async function serviceOf(listener: RequestListener, options: object = {}) {
  const endpoint = await listen(listener);
  const service = createGraphqlUpstream('reviews', graphqlOptions.parse({ kind: 'graphql', endpoint, ...options }));
  cleanups.push(() => service.dispose());
  return service;
}

const pulled = deferred();
const closed = deferred();
const schema = createSchema({
  typeDefs: `
    type Query { a: A list: [A] }
    type A { id: ID name: String }
    type Subscription { tick: Int tenant: String wait: Int }
  `,
  resolvers: {
    Query: { a: () => ({ id: 1 }), list: () => [{ id: 1 }, { id: 2 }] },
    A: {
      name: ({ id }: { id: number }) => {
        if (id === 2)
          throw Object.assign(new Error('words'), { extensions: { code: 'FORBIDDEN', rule: 'x'.repeat(20) } });
        return `name ${id}`;
      },
    },
    Subscription: {
      tick: {
        subscribe: async function* () {
          yield { tick: 1 };
          yield { tick: 2 };
        },
      },
      tenant: {
        subscribe: async function* (_root: unknown, _args: unknown, { request }: { request: Request }) {
          yield { tenant: request.headers.get('x-tenant') };
        },
      },
      wait: {
        subscribe: async function* () {
          yield { wait: 1 };
          pulled.resolve();
          await closed.promise;
        },
      },
    },
  },
});
const yoga = createYoga({ schema, logging: false, maskedErrors: false });
/** Tells in its error what it was sent, with slashes as PHP writes them. */
const parrot: RequestListener = ({ headers }, response) => {
  const message = `Who is ${headers.authorization}?`;
  const body = JSON.stringify({ errors: [{ message, extensions: { headers: { sent: message } } }] });
  response.writeHead(200, { 'content-type': 'application/json' }).end(body.replaceAll('/', '\\/'));
};
const { context } = createCallContext();
const ask = (query: string, variables = {}) => ({ operation: 'whole', query, variables });

function plain({ data, errors }: GraphqlAnswer) {
  return { data, errors: errors.map(({ error, path }) => ({ path, ...error.extensions })) };
}

describe('a whole operation', () => {
  it('is answered with its data', async () => {
    const { graphql } = await serviceOf(yoga);
    const answer = await graphql.execute(
      ask('query ($b: Boolean!) { x: a { id name @include(if: $b) } __typename }', { b: true }),
      context,
    );
    expect(plain(answer)).toEqual({ data: { x: { id: '1', name: 'name 1' }, __typename: 'Query' }, errors: [] });
  });

  const ERROR = { path: ['l', 1, 'name'], code: 'UPSTREAM_FAILED', source: 'reviews', operation: 'whole' };
  it.each([
    ['hidden', {}],
    ['message', { upstreamMessage: 'words' }],
    ['body', { upstreamMessage: 'words', upstreamBody: { extensions: { code: 'FORBIDDEN', rule: 'x'.repeat(20) } } }],
  ])('has errors at their paths, which say with `errors: %s` what they may', async (errors, told) => {
    const { graphql } = await serviceOf(yoga, { errors });
    expect(plain(await graphql.execute(ask('{ l: list { name } }'), context))).toEqual({
      data: { l: [{ name: 'name 1' }, { name: null }] },
      errors: [{ ...ERROR, code: 'UPSTREAM_REJECTED', ...told }],
    });
  });

  it('tells of errors without data', async () => {
    const { graphql } = await serviceOf(yoga);
    expect(plain(await graphql.execute(ask('{ nonsense }'), context))).toEqual({
      data: null,
      errors: [
        { path: undefined, code: 'UPSTREAM_REJECTED', source: 'reviews', operation: 'whole', upstreamStatus: 400 },
      ],
    });
  });

  it('bounds what it tells: the number of errors, their words and their bodies', async () => {
    const large = { message: 'm'.repeat(5_000), path: [{ strange: true }], extensions: { text: 'x'.repeat(20_000) } };
    const body = JSON.stringify({
      data: null,
      errors: [large, ...Array.from({ length: 2_000 }, () => ({ message: 'm' }))],
    });
    const { graphql } = await serviceOf((_request, response) => response.end(body), { errors: 'body' });
    const { errors } = await graphql.execute(ask('{ a { id } }'), context);
    expect(errors).toHaveLength(1_000);
    expect(errors[0]?.error.extensions.upstreamMessage?.length).toBeLessThan(1_100);
    expect(JSON.stringify(errors[0]?.error.extensions.upstreamBody).length).toBeLessThan(17_000);
    expect(errors[0]?.path).toBeUndefined();
  });

  it.each([
    ['hidden', undefined],
    ['message', undefined],
    ['body', { reason: 'closed' }],
  ])('that HTTP refuses says with `errors: %s` the body %j', async (errors, upstreamBody) => {
    const { graphql } = await serviceOf((_request, response) => response.writeHead(403).end('{"reason":"closed"}'), {
      errors,
    });
    const error: unknown = await graphql.execute(ask('{ a { id } }'), context).catch((reason: unknown) => reason);
    const extensions = { code: 'UPSTREAM_REJECTED', source: 'reviews', operation: 'whole', upstreamStatus: 403 };
    expect(error).toMatchObject({
      extensions: upstreamBody === undefined ? extensions : { ...extensions, upstreamBody },
    });
    if (upstreamBody === undefined) expect(JSON.stringify(error)).not.toContain('closed');
  });
});

describe('a whole subscription over SSE', () => {
  const ticks = async (items: AsyncIterableIterator<GraphqlAnswer>) => {
    const data: unknown[] = [];
    for await (const answer of items) data.push(plain(answer));
    return data;
  };
  const TICKS = [1, 2].map((tick) => ({ data: { tick }, errors: [] }));

  it('gives the events of a yoga server, with headers of the client sent on', async () => {
    const { graphql } = await serviceOf(yoga, { forwardHeaders: ['x-tenant'] });
    expect(await ticks(graphql.subscribe(ask('subscription { tick }'), context))).toEqual(TICKS);
    const mine = createCallContext({ headers: { 'x-tenant': 'acme' } }).context;
    expect(await ticks(graphql.subscribe(ask('subscription { tenant }'), mine))).toEqual([
      { data: { tenant: 'acme' }, errors: [] },
    ]);
  });

  it('gives the events of a graphql-sse server, at an address of its own', async () => {
    const endpoint = await listen(createHandler({ schema }) as RequestListener);
    const { graphql } = await serviceOf(yoga, { subscriptions: { endpoint } });
    expect(await ticks(graphql.subscribe(ask('subscription { tick }'), context))).toEqual(TICKS);
    const [refused, ...rest] = await ticks(graphql.subscribe(ask('subscription { nonsense }'), context));
    expect(refused).toMatchObject({ data: null, errors: [{ source: 'reviews' }] });
    expect(rest).toEqual([]);
  });

  it('that is refused as plain JSON tells of it as one event', async () => {
    const { graphql } = await serviceOf(
      (_request, response) =>
        response.writeHead(400, { 'content-type': 'application/json' }).end('{"errors":[{"message":"no"}]}'),
      { errors: 'message' },
    );
    expect(await ticks(graphql.subscribe(ask('subscription { tick }'), context))).toMatchObject([
      { data: null, errors: [{ code: 'UPSTREAM_REJECTED', upstreamStatus: 400, upstreamMessage: 'no' }] },
    ]);
  });

  it('is closed by return() while an event is awaited', async () => {
    const gone = deferred();
    const { graphql } = await serviceOf((request, response) => {
      response.on('close', () => gone.resolve());
      return yoga(request, response);
    });
    const items = graphql.subscribe(ask('subscription { wait }'), context);
    await items.next();
    const next = items.next();
    await pulled.promise;
    await items.return?.();
    expect(await next).toEqual({ done: true, value: undefined });
    await gone.promise;
    closed.resolve();
  });

  it('may be one of many: more than a pool for short calls would hold', async () => {
    const { graphql } = await serviceOf((_request, response) => {
      response
        .writeHead(200, { 'content-type': 'text/event-stream' })
        .write('event: next\ndata: {"data":{"tick":1}}\n\n');
    });
    const open = Array.from({ length: 150 }, () => graphql.subscribe(ask('subscription { tick }'), context));
    const first = await Promise.all(open.map((items) => items.next()));
    expect(first.every(({ done }) => done === false)).toBe(true);
    await Promise.all(open.map((items) => items.return?.()));
  });
});

describe('credentials of the configuration', () => {
  it.each([
    [{ authorization: 'Bearer s3cret/token' }, '', 'Who is ***?'],
    [{}, 'ada:s3cret%zz@', 'Who is Basic ***?'],
  ])('are taken out of the words of a service: %j', async (headers, userInfo, message) => {
    const endpoint = (await listen(parrot)).replace('://', `://${userInfo}`);
    const { context: own, log } = createCallContext();
    const options = graphqlOptions.parse({ kind: 'graphql', endpoint, headers, errors: 'body' });
    const service = createGraphqlUpstream('reviews', options);
    cleanups.push(() => service.dispose());
    const { errors } = await service.graphql.execute({ operation: 'a', query: '{ a }', variables: {} }, own);
    expect(errors[0]?.error.extensions).toMatchObject({
      upstreamMessage: message,
      upstreamBody: { extensions: { headers: { sent: message } } },
    });
    expect(JSON.stringify(log.lines)).toContain(message.slice(0, 10));
    expect(JSON.stringify(log.lines)).not.toContain('s3cret');
  });
});
