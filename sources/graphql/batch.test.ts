import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSchema, createYoga } from 'graphql-yoga';
import { afterEach, describe, expect, it } from 'vitest';
import { createCallContext } from '../../test/utils/call-context.ts';
import { deferred } from '../../test/utils/deferred.ts';
import type { CallContext } from '../source.ts';
import { createGraphqlUpstream, type GraphqlService } from './graphql-upstream.ts';
import { graphqlOptions } from './options.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serviceOf(listener: RequestListener, options: object = {}): Promise<GraphqlService> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
  const service = createGraphqlUpstream(
    'reviews',
    graphqlOptions.parse({ kind: 'graphql', endpoint, batch: true, ...options }),
  );
  cleanups.push(async () => {
    await service.dispose();
    server.closeAllConnections();
    server.close();
  });
  return service;
}

/** A yoga that takes batches, and the bodies it was sent. */
async function start(options: object = {}) {
  const bodies: unknown[] = [];
  const schema = createSchema({
    typeDefs: 'type Query { double(n: Int!): Int tenant: String }',
    resolvers: {
      Query: {
        double: (_root: unknown, { n }: { n: number }) => {
          if (n === 13) throw new Error('no');
          return n * 2;
        },
        tenant: (_root: unknown, _args: unknown, { request }: { request: Request }) => request.headers.get('x-tenant'),
      },
    },
  });
  const yoga = createYoga({
    schema,
    logging: false,
    batching: { limit: 100 },
    plugins: [
      {
        onRequestParseDone: () => {},
        onRequestParse: ({ request }) =>
          void request
            .clone()
            .json()
            .then((body) => bodies.push(body)),
      },
    ],
  });
  return { bodies, service: await serviceOf(yoga, options) };
}

function double(service: GraphqlService, n: number, context: CallContext) {
  const query = 'query ($n: Int!) { double(n: $n) }';
  return service.graphql.execute({ operation: `double${n}`, query, variables: { n } }, context);
}

const sizes = (bodies: readonly unknown[]) => bodies.map((body) => (Array.isArray(body) ? body.length : 'one'));

describe('a batch', () => {
  it('holds the calls that one request makes at the same time, also behind promises and ticks', async () => {
    const { bodies, service } = await start();
    const { context } = createCallContext();
    const other = createCallContext().context;
    const answers = await Promise.all([
      double(service, 1, context),
      double(service, 2, other),
      Promise.resolve().then(() => double(service, 3, context)),
      double(service, 13, context),
    ]);
    expect(answers.map(({ data }) => data?.double)).toEqual([2, 4, 6, null]);
    expect(answers[3]?.errors).toMatchObject([
      { error: { extensions: { code: 'UPSTREAM_FAILED', operation: 'double13' } }, path: ['double'] },
    ]);
    expect(sizes(bodies).sort()).toEqual([3, 'one']);
    await double(service, 4, context);
    expect(sizes(bodies).at(-1)).toBe('one');
  });

  it('is no larger than fifty', async () => {
    const { bodies, service } = await start();
    const { context } = createCallContext();
    const numbers = Array.from({ length: 101 }, (_, index) => index + 100);
    const answers = await Promise.all(numbers.map((n) => double(service, n, context)));
    expect(answers.map(({ data }) => data?.double)).toEqual(numbers.map((n) => n * 2));
    expect(sizes(bodies).sort()).toEqual([50, 50, 'one']);
  });

  it('is not made unless it is asked for', async () => {
    const { bodies, service } = await start({ batch: false });
    const { context } = createCallContext();
    await Promise.all([double(service, 1, context), double(service, 2, context)]);
    expect(sizes(bodies)).toEqual(['one', 'one']);
  });

  it('carries the headers of its client', async () => {
    const { service } = await start({ forwardHeaders: ['x-tenant'] });
    const tenantOf = (tenant: string) => {
      const { context } = createCallContext({ headers: { 'x-tenant': tenant } });
      const request = { operation: 'tenant', query: '{ tenant }', variables: {} };
      return Promise.all([service.graphql.execute(request, context), service.graphql.execute(request, context)]);
    };
    const answers = await Promise.all([tenantOf('a'), tenantOf('b')]);
    expect(answers.flat().map(({ data }) => data?.tenant)).toEqual(['a', 'a', 'b', 'b']);
  });

  it.each([
    ['an object', 200, '{"data":{"double":1}}', 'UPSTREAM_BAD_RESPONSE', 'may not take batches'],
    [
      'too few answers',
      200,
      '[{"data":{"double":1}}]',
      'UPSTREAM_BAD_RESPONSE',
      'A batch of 2 operations got 1 answers.',
    ],
    ['too many', 200, '[{"data":{}},{"data":{}},{"data":{}}]', 'UPSTREAM_BAD_RESPONSE', 'got 3 answers'],
    ['no JSON', 200, '<html>', 'UPSTREAM_BAD_RESPONSE', 'JSON'],
    ['a refusal', 400, '{"errors":[{"message":"Batching is off."}]}', 'UPSTREAM_REJECTED', 'failed'],
    ['a failure', 503, '', 'UPSTREAM_FAILED', 'failed'],
  ])('that is answered with %s fails all of its calls, each by its name', async (_what, status, body, code, words) => {
    const service = await serviceOf((_request, response) => response.writeHead(status).end(body));
    const { context, log } = createCallContext();
    const settled = await Promise.allSettled([double(service, 1, context), double(service, 2, context)]);
    expect(settled).toMatchObject(
      ['double1', 'double2'].map((operation) => ({ reason: { extensions: { code, source: 'reviews', operation } } })),
    );
    expect(JSON.stringify(log.lines)).toContain(words);
  });

  it('fails alone what alone was answered amiss', async () => {
    const service = await serviceOf((_request, response) => response.end('[{"data":{"double":2}},3]'));
    const { context } = createCallContext();
    const settled = await Promise.allSettled([double(service, 1, context), double(service, 2, context)]);
    expect(settled).toMatchObject([{ value: { data: { double: 2 } } }, { reason: { code: 'UPSTREAM_BAD_RESPONSE' } }]);
  });

  it('ends with its request, before and after it is sent', async () => {
    const arrived = deferred();
    const closed = deferred();
    const service = await serviceOf((_request, response) => {
      arrived.resolve();
      response.on('close', () => closed.resolve());
    });
    const { context, abort } = createCallContext();
    const calls = [double(service, 1, context), double(service, 2, context)].map((call) =>
      call.catch(({ extensions }: { extensions: { code: string; operation: string } }) => [
        extensions.code,
        extensions.operation,
      ]),
    );
    await arrived.promise;
    abort();
    expect(await Promise.all(calls)).toEqual([
      ['CLIENT_CLOSED_REQUEST', 'double1'],
      ['CLIENT_CLOSED_REQUEST', 'double2'],
    ]);
    await closed.promise;
    await expect(double(service, 3, context)).rejects.toMatchObject({ code: 'CLIENT_CLOSED_REQUEST' });
  });
});
