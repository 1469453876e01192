import { buildSchema, graphql } from 'graphql';
import { describe, expect, it, vi } from 'vitest';
import { SkeinError } from '../../kernel/errors.ts';
import { createCallContext } from '../../test/utils/call-context.ts';
import { deferred } from '../../test/utils/deferred.ts';
import { createMemorySource } from '../../test/utils/memory-source.ts';
import type { CallContext, Freshness, GraphqlAnswer, GraphqlUpstream, Source, UnaryCall } from '../source.ts';
import { NotModified } from '../upstream/not-modified.ts';
import { createCachedSource } from './cached-source.ts';
import { createMemoryStore } from './memory-store.ts';
import { type SourceCacheOptions, sourceCacheOptions } from './options.ts';
import { createCacheStats } from './stats.ts';

const SDL = `
  type Query { product(sku: ID!): Product products(filter: Filter): [Product!]! user: User }
  type Mutation { createProduct(sku: ID!): Product rename(sku: ID!): Boolean }
  input Filter { from: Int to: Int }
  type Product { sku: ID! name: String maker: User }
  type User { id: ID! name: String }
`;

interface Cached {
  readonly source: Source;
  readonly plain: Source;
  readonly asked: ReturnType<typeof vi.fn>;
  pass(ms: number): void;
  call(field: string, args?: object, over?: Partial<CallContext>): Promise<unknown>;
  stats: ReturnType<typeof createCacheStats>;
}

type Answer = (args: Record<string, unknown>, context: CallContext) => unknown;

function cached(options: unknown, answer: Answer, forwardedHeaders: readonly string[] = []): Cached {
  let now = 1_000_000;
  const clock = { now: () => now };
  const asked = vi.fn();
  const calls = new Map(
    ['Query.product', 'Query.products', 'Query.user', 'Mutation.createProduct', 'Mutation.rename'].map((coordinate) => {
      const invoke: UnaryCall['invoke'] = async (args, context) => {
        asked(coordinate, args);
        return answer({ field: coordinate, ...args }, context);
      };
      return [coordinate, { type: 'unary' as const, operation: coordinate, invoke }];
    }),
  );
  const stats = createCacheStats();
  const plain = createMemorySource({ name: 'shop', sdl: SDL, model: { calls } });
  const deps = { store: createMemoryStore({ maxBytes: 1e6, clock }), clock, stats, forwardedHeaders, fingerprint: '' };
  const source = createCachedSource(plain, sourceCacheOptions.parse(options) as SourceCacheOptions, deps);
  return {
    source,
    plain,
    asked,
    stats,
    pass: (ms) => {
      now += ms;
    },
    call: (field, args = {}, over = {}) => {
      const call = source.model.calls.get(field);
      if (call?.type !== 'unary') throw new Error(`no call ${field}`);
      return call.invoke(args as never, createCallContext({ callerScope: 'ann', ...over }).context);
    },
  };
}

const fresh = (over: Partial<Freshness>): Freshness => ({
  cacheControl: undefined,
  ageSeconds: 0,
  expiresAt: undefined,
  vary: [],
  validators: undefined,
  ...over,
});
let count = 0;
const numbered: Answer = ({ sku = 'a' }) => ({ sku, name: `answer ${++count}` });

describe('answers that are kept', () => {
  it('are given again until their time is over, by query and arguments', async () => {
    const { call, asked, pass, stats } = cached({ fields: { product: 1_000 } }, numbered);
    const first = await call('Query.product', { sku: 'a' });
    pass(999);
    expect(await call('Query.product', { sku: 'a' })).toBe(first);
    expect(await call('Query.product', { sku: 'b' })).not.toEqual(first);
    pass(1);
    expect(await call('Query.product', { sku: 'a' })).not.toEqual(first);
    expect(asked).toHaveBeenCalledTimes(3);
    expect(stats).toMatchObject({ hits: 1, misses: 3, kept: 3 });
  });

  it('are told apart by what arguments mean, not by the order of their keys', async () => {
    const { call, asked } = cached({ fields: { 'prod*': 1_000 } }, () => []);
    await call('Query.products', { filter: { from: 1, to: 2 } });
    await call('Query.products', { filter: { to: 2, from: 1 } });
    expect(asked).toHaveBeenCalledTimes(1);
    await call('Query.products', { filter: { from: 1 } });
    await call('Query.products', { filter: { from: '1' } });
    await call('Query.products', { filter: null });
    await call('Query.products');
    expect(asked).toHaveBeenCalledTimes(5);
  });

  it('can be changed by nobody', async () => {
    const { call } = cached({ fields: { product: 1_000 } }, () => ({ maker: { name: 'Ann' } }));
    const answer = (await call('Query.product')) as { maker: { name: string } };
    expect(() => {
      answer.maker.name = 'Bob';
    }).toThrow(TypeError);
  });

  it('are none where nothing is to be kept: the call is the same object', () => {
    const { source, plain } = cached({ fields: { product: 1_000, products: 0 } }, numbered);
    const isSame = (at: string) => source.model.calls.get(at) === plain.model.calls.get(at);
    const queries = [...plain.model.calls.keys()].filter((at) => at.startsWith('Query.'));
    expect(queries.filter((at) => !isSame(at))).toEqual(['Query.product']);
  });

  it('are no errors, and nothing that holds one', async () => {
    let answers: (() => unknown)[] = [];
    const { call, asked } = cached({ fields: { product: 1_000 } }, () => answers.shift()?.());
    answers = [
      () => {
        throw new SkeinError('UPSTREAM_FAILED');
      },
      () => new SkeinError('UPSTREAM_REJECTED'),
      () => ({ maker: new SkeinError('UPSTREAM_REJECTED') }),
      () => 'fine',
    ];
    await expect(call('Query.product')).rejects.toThrow(SkeinError);
    await call('Query.product');
    await call('Query.product');
    expect(await call('Query.product')).toBe('fine');
    expect(await call('Query.product')).toBe('fine');
    expect(asked).toHaveBeenCalledTimes(4);
  });

  it('are asked for once by all who ask at the same time', async () => {
    const answer = deferred<unknown>();
    const { call, asked } = cached({ fields: { product: 1_000 } }, () => answer.promise);
    const all = ['ann', 'ann', 'ann'].map((callerScope) => call('Query.product', {}, { callerScope }));
    answer.resolve({ sku: 'a' });
    expect(await Promise.all(all)).toEqual([{ sku: 'a' }, { sku: 'a' }, { sku: 'a' }]);
    expect(asked).toHaveBeenCalledTimes(1);
  });
});

describe('who is given an answer', () => {
  it('is everybody, unless headers of the client go on: then callers of one scope, by those headers', async () => {
    const shared = cached({ fields: { product: 1_000 } }, numbered);
    for (const callerScope of ['ann', 'bob', '']) await shared.call('Query.product', {}, { callerScope });
    expect(shared.asked).toHaveBeenCalledTimes(1);

    const own = cached({ fields: { product: 1_000 } }, numbered, ['x-user']);
    const ask = (callerScope: string, user: string) =>
      own.call('Query.product', {}, { callerScope, headers: { 'x-user': user, 'x-other': String(count++) } });
    await ask('ann', '1');
    await ask('ann', '1');
    expect(own.asked).toHaveBeenCalledTimes(1);
    await ask('ann', '2');
    await ask('bob', '1');
    expect(own.asked).toHaveBeenCalledTimes(3);
  });

  it('is the caller alone for what the service calls private', async () => {
    const { call, asked } = cached({ fields: { product: 1_000 } }, (args, context) => {
      context.onFreshness?.(fresh({ cacheControl: 'max-age=5, private' }));
      return numbered(args, context);
    });
    const ann = await call('Query.product');
    expect(await call('Query.product', {}, { callerScope: 'bob' })).not.toEqual(ann);
    expect(await call('Query.product')).toEqual(ann);
    expect(asked).toHaveBeenCalledTimes(2);
    // Nobody in particular is not somebody.
    await call('Query.product', {}, { callerScope: '' });
    await call('Query.product', {}, { callerScope: '' });
    expect(asked).toHaveBeenCalledTimes(4);
  });

  it('is never somebody who waits for what may be private', async () => {
    const answer = deferred<unknown>();
    const { call, asked } = cached({ fields: { product: 1_000 } }, () => answer.promise);
    const all = [
      call('Query.product'),
      call('Query.product', {}, { callerScope: 'bob' }),
      call('Query.product', {}, { callerScope: '', requestId: '1' }),
      call('Query.product', {}, { callerScope: '', requestId: '2' }),
    ];
    answer.resolve(1);
    await Promise.all(all);
    expect(asked).toHaveBeenCalledTimes(4);
  });
});

describe('answers that are fresh no more', () => {
  it('are given while they are asked for anew, once', async () => {
    const next = deferred<unknown>();
    const answers: unknown[] = ['old', next.promise];
    const { call, asked, pass, stats } = cached(
      { fields: { product: { ttlMs: 1_000, staleWhileRevalidateMs: 500 } } },
      () => answers.shift(),
    );
    await call('Query.product');
    pass(1_499);
    for (const [callerScope, requestId] of [
      ['ann', '1'],
      ['bob', '2'],
      ['', '3'],
      ['', '4'],
    ])
      expect(await call('Query.product', {}, { callerScope, requestId } as Partial<CallContext>)).toBe('old');
    expect(asked).toHaveBeenCalledTimes(2);
    next.resolve('new');
    await expect.poll(() => call('Query.product')).toBe('new');
    expect(asked).toHaveBeenCalledTimes(2);
    expect(stats.stale).toBeGreaterThanOrEqual(4);
  });

  it('are given when the service fails, as long as that is wanted, and not when it refuses', async () => {
    let code: 'UPSTREAM_UNREACHABLE' | 'UPSTREAM_REJECTED' | undefined;
    const { call, pass, stats } = cached({ fields: { product: { ttlMs: 1_000, staleIfErrorMs: 2_000 } } }, () => {
      if (code !== undefined) throw new SkeinError(code);
      return 'fine';
    });
    await call('Query.product');
    pass(2_999);
    code = 'UPSTREAM_UNREACHABLE';
    expect(await call('Query.product')).toBe('fine');
    expect(stats.staleOnError).toBe(1);
    code = 'UPSTREAM_REJECTED';
    await expect(call('Query.product')).rejects.toMatchObject({ code });
    code = 'UPSTREAM_UNREACHABLE';
    pass(1);
    await expect(call('Query.product')).rejects.toMatchObject({ code });
  });

  it('are renewed by a service that says they still hold', async () => {
    const validators = { etag: '"1"' };
    const given: unknown[] = [];
    const { call, asked, pass, stats } = cached({ upstream: true }, (_args, context) => {
      given.push(context.validators);
      context.onFreshness?.(fresh({ cacheControl: 'max-age=10', validators }));
      if (context.validators !== undefined) throw new NotModified({ source: 'shop', operation: 'product' });
      return { sku: 'a' };
    });
    const first = await call('Query.product');
    pass(10_000);
    expect(await call('Query.product')).toBe(first);
    pass(9_999);
    expect(await call('Query.product')).toBe(first);
    expect(asked).toHaveBeenCalledTimes(2);
    expect(given).toEqual([undefined, validators]);
    expect(stats).toMatchObject({ renewed: 1, hits: 1 });
  });
});

describe('what a mutation takes out', () => {
  const options = (invalidate: object) => ({ fields: { '*': 60_000 }, invalidate });
  const shop: Answer = ({ field, sku }) => {
    if (field === 'Query.products') return [{ sku: 'a' }, { sku: 'b', maker: { id: 'ann' } }];
    if (field === 'Query.user') return { id: 'ann' };
    return { sku, name: `answer ${++count}` };
  };
  async function left({ call, asked }: Cached): Promise<string[]> {
    asked.mockClear();
    await call('Query.products');
    await call('Query.user');
    await call('Query.product', { sku: 'a' });
    await call('Query.product', { sku: 'b' });
    const again = asked.mock.calls.map(([field, { sku = '' }]) => `${field} ${sku}`.trim());
    return ['Query.products', 'Query.user', 'Query.product a', 'Query.product b'].filter((one) => !again.includes(one));
  }

  it.each([
    ['queries by name', { createProduct: { fields: ['product'] } }, ['Query.products', 'Query.user']],
    ['all with a type in it', { createProduct: { types: ['Product'] } }, ['Query.user']],
    ['all with a type somewhere below', { 'create*': { types: ['User'] } }, []],
    [
      'all with one object',
      { createProduct: { ids: { 'Product.sku': '$args.sku' } } },
      ['Query.user', 'Query.product b'],
    ],
    [
      'by what it answers',
      { createProduct: { ids: { 'Product.sku': '$result.sku' } } },
      ['Query.user', 'Query.product b'],
    ],
    [
      'of the type, if it does not tell which',
      { createProduct: { ids: { 'Product.sku': '$result.id' } } },
      ['Query.user'],
    ],
    [
      'objects within others',
      { createProduct: { ids: { 'User.id': '$args.by' } } },
      ['Query.product a', 'Query.product b'],
    ],
    [
      'nothing, if it is another one',
      { rename: { types: ['Product'] } },
      ['Query.products', 'Query.user', 'Query.product a', 'Query.product b'],
    ],
  ])('is %s', async (_title, invalidate, expected) => {
    const all = cached(options(invalidate), shop);
    await left(all);
    expect((await left(all)).length).toBe(4);
    await all.call('Mutation.createProduct', { sku: 'a', by: 'ann' });
    expect(await left(all)).toEqual(expected);
  });

  it('is what has a tag', async () => {
    const tagged = {
      fields: { user: { ttlMs: 1_000, tags: ['people'] }, '*': 1_000 },
      invalidate: { rename: { tags: ['people'] } },
    };
    const all = cached(tagged, shop);
    await left(all);
    await all.call('Mutation.rename', { sku: 'a' });
    expect(await left(all)).toEqual(['Query.products', 'Query.product a', 'Query.product b']);
  });

  it('is nothing when it fails', async () => {
    const all = cached(options({ createProduct: { types: ['Product'] } }), (args, context) => {
      if (args.field === 'Mutation.createProduct') throw new SkeinError('UPSTREAM_REJECTED');
      return shop(args, context);
    });
    await left(all);
    await expect(all.call('Mutation.createProduct', { sku: 'a' })).rejects.toThrow();
    expect((await left(all)).length).toBe(4);
  });

  it('is also what was asked for before, and is joined by nobody who asks after it', async () => {
    const answers = [deferred<unknown>(), deferred<unknown>()];
    let asks = 0;
    const { call, asked } = cached(options({ rename: { types: ['Product'] } }), ({ field }) =>
      field === 'Query.products' ? answers[asks++]?.promise : true,
    );
    const before = call('Query.products');
    await call('Mutation.rename', { sku: 'a' });
    const after = call('Query.products');
    answers[1]?.resolve(['new']);
    expect(await after).toEqual(['new']);
    answers[0]?.resolve(['old']);
    expect(await before).toEqual(['old']);
    expect(await call('Query.products')).toEqual(['new']);
    expect(asked).toHaveBeenCalledTimes(3);
  });
});

it.each(['Mutation.rename', 'Mutation.createProduct'])(
  'what is not kept is joined by nobody who asks after %s',
  async (mutation) => {
    const answers = [deferred<unknown>(), deferred<unknown>()];
    let asks = 0;
    const { call } = cached({ upstream: true }, ({ field }, context) => {
      if (field !== 'Query.products') throw new SkeinError('UPSTREAM_FAILED');
      context.onFreshness?.(fresh({ cacheControl: 'no-store' }));
      return answers[asks++]?.promise;
    });
    const before = call('Query.products');
    // Whether it did something nobody knows.
    await expect(call(mutation, { sku: 'a' })).rejects.toThrow();
    const after = call('Query.products');
    answers[1]?.resolve(['new']);
    answers[0]?.resolve(['old']);
    expect([await before, await after]).toEqual([['old'], ['new']]);
  },
);

describe('documents for a GraphQL service', () => {
  const products = [
    { sku: 'a', name: 'A' },
    { sku: 'b', name: 'B' },
  ];
  function service(options: object, queriesHeld?: Promise<void>) {
    const schema = buildSchema(SDL);
    const asked: string[] = [];
    const errors: GraphqlAnswer['errors'][number][] = [];
    const upstream: GraphqlUpstream = {
      async execute({ query, variables }) {
        asked.push(query);
        if (!query.startsWith('mutation')) await queriesHeld;
        const rootValue = {
          product: ({ sku }: { sku: string }) => products.find((item) => item.sku === sku) ?? null,
          products,
          user: { id: 'ann' },
          createProduct: ({ sku }: { sku: string }) => (sku === 'none' ? null : { sku }),
        };
        const { data } = await graphql({ schema, source: query, rootValue, variableValues: variables });
        return { data: JSON.parse(JSON.stringify(data)), errors };
      },
      subscribe: () => {
        throw new Error('not here');
      },
    };
    const plain = createMemorySource({ name: 'shop', kind: 'graphql', sdl: SDL });
    const clock = { now: () => 1 };
    const deps = {
      store: createMemoryStore({ maxBytes: 1e6, clock }),
      clock,
      stats: createCacheStats(),
      forwardedHeaders: [],
      fingerprint: '',
    };
    const source = createCachedSource({ ...plain, graphql: upstream }, sourceCacheOptions.parse(options), deps);
    const ask = async (query: string, variables = {}) => {
      const answer = await source.graphql?.execute(
        { operation: 'test', query, variables },
        createCallContext().context,
      );
      return answer?.data;
    };
    return { ask, asked, errors };
  }

  it('are answered by what is kept, by text and variables, if all that they ask for is kept', async () => {
    const { ask, asked } = service({ fields: { 'product*': 1_000 } });
    const query = 'query($sku: ID!) { product(sku: $sku) { name } products { sku } }';
    const first = await ask(query, { sku: 'a' });
    expect(first).toEqual({ product: { name: 'A' }, products: [{ sku: 'a' }, { sku: 'b' }] });
    expect(await ask(query, { sku: 'a' })).toBe(first);
    await ask(query, { sku: 'b' });
    expect(asked.length).toBe(2);
    for (let times = 0; times < 2; times++) await ask('{ products { sku } user { id } }');
    expect(asked.length).toBe(4);
  });

  it('are not kept with errors', async () => {
    const { ask, asked, errors } = service({ fields: { '*': 1_000 } });
    errors.push({ error: new SkeinError('UPSTREAM_FAILED'), path: undefined });
    for (let times = 0; times < 2; times++) await ask('{ products { sku } }');
    expect(asked.length).toBe(2);
  });

  it("that are asked together and not kept are nobody else's", async () => {
    const { ask, asked, errors } = service({ fields: { '*': { ttlMs: 1_000, scope: 'shared' } } });
    errors.push({ error: new SkeinError('UPSTREAM_FAILED'), path: undefined });
    const [one, other] = await Promise.all([ask('{ products { sku } }'), ask('{ products { sku } }')]);
    expect(asked.length).toBe(1);
    expect(one).toEqual(other);
    expect(one).not.toBe(other);
  });

  it('that are under way are joined by nobody who asks after a mutation', async () => {
    const held = deferred();
    const { ask, asked } = service({ upstream: true }, held.promise);
    const [query, mutation] = ['{ products { sku } }', 'mutation { createProduct(sku: "a") { sku } }'];
    const before = [ask(query), ask(query)];
    await ask(mutation);
    const after = ask(query);
    held.resolve();
    await Promise.all([...before, after]);
    expect(asked).toEqual([query, mutation, query]);
  });

  it.each([
    [['made', 'name'], true],
    [['made'], false],
    [undefined, false],
  ])('are dropped by a mutation that ran, also where something below it has failed: %s', async (path, isDropped) => {
    const { ask, asked, errors } = service({
      fields: { '*': 1_000 },
      invalidate: { createProduct: { types: ['Product'] } },
    });
    await ask('{ products { sku } }');
    errors.push({ error: new SkeinError('UPSTREAM_FAILED'), path });
    await ask(`mutation { made: createProduct(sku: "${path?.length === 2 ? 'a' : 'none'}") { sku name } }`);
    errors.pop();
    await ask('{ products { sku } }');
    expect(asked.length).toBe(isDropped ? 3 : 2);
  });

  it.each([
    ['{ products { sku } }', true],
    ['{ list: products { id: sku } }', true],
    ['{ products { name } }', true],
    ['{ product(sku: "c") { sku } }', true],
    ['{ product(sku: "b") { ...own } } fragment own on Product { key: sku }', false],
    ['{ user { id } }', false],
  ])('go by the objects in their answers: %s', async (query, isDropped) => {
    const { ask, asked } = service({
      fields: { '*': 1_000 },
      invalidate: { createProduct: { ids: { 'Product.sku': '$args.sku' } } },
    });
    await ask(query);
    await ask('mutation($sku: ID!) { made: createProduct(sku: $sku) { sku } }', { sku: 'a' });
    await ask(query);
    expect(asked.length).toBe(isDropped ? 3 : 2);
  });
});
