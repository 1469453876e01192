import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFederationSources } from '../../sources/federation/federation-source.ts';
import { federationOptions } from '../../sources/federation/options.ts';
import { createMemoryLog } from '../utils/call-context.ts';
import { askEverywhere, askJson, type ExpectedError, expectNoLeak, plain, unseen } from '../utils/fault-answers.ts';
import { type FaultBackends, UPSTREAM_KEY } from '../utils/fault-graph.ts';
import {
  createHttpFaultServer,
  HTTP_FAULTS,
  type HttpFault,
  type HttpFaultServer,
  type HttpHandler,
  json,
  SECRET,
} from '../utils/fault-server.ts';
import { startTestGateway, type TestGateway } from '../utils/test-gateway.ts';
import { expectNoUnhandledRejection } from '../utils/unhandled.ts';

const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.8", import: ["@key", "@external", "@requires"])';
const SDL = {
  things: `${LINK} type Query { things: [Thing], count: Int } type Thing @key(fields: "id") { id: ID!, weight: Int }`,
  extras: `${LINK} type Query { steady: String } type Thing @key(fields: "id") {
    id: ID!, name: String, length: Int, constructor: String, weight: Int @external, cost: Int @requires(fields: "weight") }`,
};

interface Asked {
  readonly query: string;
  readonly variables: { readonly representations: readonly { readonly id: string; readonly weight?: number }[] };
}

const THINGS = ['1', '2', '3'].map((id) => ({ id }));
const entity = ({ id }: { id: string }): unknown => ({ name: `n${id}`, length: 1, constructor: 'c' });
const entities =
  (answer: (all: Asked['variables']['representations']) => unknown, errors?: unknown): HttpHandler =>
  (response, request, { body }) => {
    const { variables } = body as Asked;
    return json({ data: { _entities: answer(variables.representations) }, errors })(response, request, {} as never);
  };
const good = entities((all) => all.map(entity));
const error = (path?: unknown) => ({ message: `connect http://${SECRET}:5432`, path, extensions: { code: SECRET } });

const named = (...names: (string | null)[]) => names.map((name, i) => ({ id: String(i + 1), name }));
const at = { source: 'extras', operation: 'name' };
const failedAt = (index: number, code: ExpectedError['code'] = 'UPSTREAM_FAILED', details: object = {}) => ({
  path: ['things', index, 'name'],
  code,
  ...at,
  ...details,
});
const all = (code: ExpectedError['code'], details?: object) => [0, 1, 2].map((i) => failedAt(i, code, details));

const FAILURES: Partial<Record<HttpFault, readonly [code: ExpectedError['code'], details?: object]>> = {
  'refuses connections': ['UPSTREAM_UNREACHABLE'],
  'answers 500': ['UPSTREAM_FAILED', { upstreamStatus: 500 }],
  'answers 401': ['UPSTREAM_REJECTED', { upstreamStatus: 401 }],
  'answers HTML with 200': ['UPSTREAM_BAD_RESPONSE', { upstreamStatus: 200 }],
  'answers half a JSON': ['UPSTREAM_BAD_RESPONSE', { upstreamStatus: 200 }],
  'closes the socket in the middle of the body': ['UPSTREAM_FAILED'],
  'says that its answer is too large': ['UPSTREAM_RESPONSE_TOO_LARGE'],
};

const bad = 'UPSTREAM_BAD_RESPONSE';
/** What is answered for three entities, the names that are shown, and what is said of the others. */
const ANSWERS: Record<string, [handler: HttpHandler, names: (string | null)[], errors: ExpectedError[]]> = {
  'too few': [entities((list) => list.slice(1).map(entity)), [null, null, null], all(bad)],
  'too many': [entities((list) => [...list, ...list].map(entity)), [null, null, null], all(bad)],
  'no list': [entities(() => SECRET), [null, null, null], all(bad)],
  'null for the list': [entities(() => null), [null, null, null], []],
  'null for the list, with its error': [
    entities(() => null, [error(['_entities'])]),
    [null, null, null],
    all('UPSTREAM_FAILED'),
  ],
  'null for one': [entities(([a, , c]) => [a, null, c].map((each) => each && entity(each))), ['n1', null, 'n3'], []],
  'an error for one': [
    entities(([a, , c]) => [a, null, c].map((each) => each && entity(each)), [error(['_entities', 1])]),
    ['n1', null, 'n3'],
    [failedAt(1)],
  ],
  'an error that does not say for which': [
    entities(([a, , c]) => [a, null, c].map((each) => each && entity(each)), [error()]),
    ['n1', null, 'n3'],
    [failedAt(1)],
  ],
  'an error at a field': [
    entities((list) => list.map((each) => ({ name: each.id === '2' ? null : 'x' })), [error(['_entities', 1, 'name'])]),
    ['x', null, 'x'],
    [failedAt(1)],
  ],
  'errors at places that are not there': [
    entities(
      (list) => list.map(entity),
      [
        error(['_entities', 99, 'name']),
        error(['_entities', 'length']),
        error(['__proto__', 'polluted']),
        error(['_entities', 0, 'constructor', 'prototype']),
        error([{ secret: SECRET }]),
      ],
    ),
    ['n1', 'n2', 'n3'],
    [],
  ],
  'entities of another type': [entities((list) => list.map(() => ({ __typename: SECRET }))), [null, null, null], []],
  'no objects': [entities(() => [SECRET, 7, [SECRET]]), [null, null, null], all(bad)],
  'an object that looks like an error': [
    entities((list) => list.map(() => ({ name: null, message: SECRET, stack: SECRET }))),
    [null, null, null],
    [],
  ],
  'null for its data, with an error': [
    json({ data: null, errors: [error()] }),
    [null, null, null],
    all('UPSTREAM_FAILED'),
  ],
  'a status of 500 with GraphQL in it': [
    json({ data: null, errors: [error()] }, 500),
    [null, null, null],
    all('UPSTREAM_FAILED', { upstreamStatus: 500 }),
  ],
  'data without entities': [json({ data: {} }), [null, null, null], all(bad)],
};

const log = createMemoryLog();
const servers = {} as Record<'things' | 'extras', HttpFaultServer>;
let gateway: TestGateway;

const ROOT = json({ data: { things: THINGS, count: 3 } });
const leakScope = () => ({ ports: Object.values(servers).map(({ port }) => String(port)) }) as unknown as FaultBackends;

expectNoUnhandledRejection();
beforeAll(async () => {
  const sources = [];
  for (const name of ['things', 'extras'] as const) {
    servers[name] = await createHttpFaultServer();
    const options = federationOptions.parse({
      kind: 'federation',
      endpoint: `http://127.0.0.1:${servers[name].port}/graphql`,
      document: 'schema.graphql',
      headers: { 'x-api-key': UPSTREAM_KEY },
      maxResponseBytes: 2_000_000,
      // Each fault is told as it is.
      upstream: { breaker: false, retries: false },
    });
    sources.push(...(await createFederationSources(name, options, { document: SDL[name] }, { log, report: () => {} })));
  }
  gateway = await startTestGateway(sources, {}, { way: 'direct', log });
  servers.things.answer(ROOT);
  servers.extras.answer(good);
});
afterAll(async () => {
  await gateway.close();
  for (const server of Object.values(servers)) await server.close();
});

async function expectAnswers(query: string, data: unknown, errors: readonly ExpectedError[]) {
  for (const answer of await askEverywhere(gateway, query)) {
    expect(answer.results.map(plain), answer.door).toEqual([plain({ data, errors })]);
    expectNoLeak(answer, leakScope());
  }
}

describe('a subgraph that is asked for entities', () => {
  const QUERY = '{ count things { id name } }';

  it.each(Object.entries(FAILURES))('and %s leaves the rest as it is', async (name, [code, details]) => {
    const fault = HTTP_FAULTS[name as HttpFault];
    if (fault === 'refused') await servers.extras.refuse();
    else servers.extras.answer(fault);
    await expectAnswers(QUERY, { count: 3, things: named(null, null, null) }, all(code, details));
    servers.extras.answer(good);
    if (fault === 'refused') await servers.extras.accept();
    await expectAnswers(QUERY, { count: 3, things: named('n1', 'n2', 'n3') }, []);
  });

  it.each(Object.entries(ANSWERS))('and answers %s', async (_name, [handler, names, errors]) => {
    servers.extras.answer(handler);
    await expectAnswers(QUERY, { count: 3, things: named(...names) }, errors);
    servers.extras.answer(good);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('has only the fields that it gave, whatever JavaScript calls so', async () => {
    servers.extras.answer(entities((list) => list.map(() => ({}))));
    const nothing = { name: null, length: null, constructor: null };
    await expectAnswers('{ things { name length constructor } }', { things: [nothing, nothing, nothing] }, []);
    servers.extras.answer(entities(() => [JSON.parse('{"__proto__": {"name": "x", "length": 7}}'), null, null]));
    await expectAnswers('{ things { name length constructor } }', { things: [nothing, nothing, nothing] }, []);
    servers.extras.answer(good);
  });

  it('is not asked for objects without their key', async () => {
    servers.things.answer(json({ data: { things: [{ id: null }, {}, { id: '3' }, null] } }));
    await expectAnswers('{ things { name } }', { things: [{ name: null }, { name: null }, { name: 'n3' }, null] }, []);
    servers.things.answer(ROOT);
  });
});

describe('a subgraph that is asked for root fields', () => {
  const lost = (field: string) => ({ path: [field], code: bad, source: 'things', operation: 'count, things' }) as const;

  it('and forgets one leaves the other', async () => {
    servers.things.answer(json({ data: { count: 3 } }));
    await expectAnswers('{ count things { id } }', { count: 3, things: null }, [lost('things')]);
    servers.things.answer(json({ data: { things: THINGS, count: null }, errors: [error()] }));
    await expectAnswers('{ count things { id } }', { count: null, things: THINGS }, [
      { ...lost('count'), code: 'UPSTREAM_FAILED' },
    ]);
    servers.things.answer(ROOT);
  });
});

describe('a great many entities', () => {
  it('are asked for by the thousand, and come back in order', async () => {
    const many = Array.from({ length: 10_000 }, (_, i) => ({ id: String(i) }));
    servers.things.answer(json({ data: { things: many } }));
    const sizes: number[] = [];
    servers.extras.answer(
      entities((list) => {
        sizes.push(list.length);
        return list.map(({ id }) => ({ name: `n${id}` }));
      }),
    );
    const { results } = await askJson(gateway, unseen('{ things { id name } }'));
    expect(results).toEqual([{ data: { things: many.map(({ id }) => ({ id, name: `n${id}` })) } }]);
    expect(sizes).toEqual(Array(10).fill(1_000));
    servers.things.answer(json({ data: { things: many.map(() => ({ id: '7' })) } }));
    sizes.length = 0;
    await askJson(gateway, unseen('{ things { name } }'));
    expect(sizes).toEqual([1]);
    servers.things.answer(ROOT);
    servers.extras.answer(good);
  });
});

describe('a client that goes', () => {
  it('takes the requests of both fetches with it', async () => {
    for (const name of ['things', 'extras'] as const) {
      servers[name].answer(() => {});
      const next = servers[name].nextRequest();
      const client = new AbortController();
      const gone = fetch(gateway.url, {
        method: 'POST',
        headers: { ...gateway.headers, 'content-type': 'application/json' },
        body: JSON.stringify({ query: unseen('{ things { name } }') }),
        signal: client.signal,
      }).catch(() => 'gone');
      const { closed } = await next;
      client.abort();
      await closed;
      expect(await gone).toBe('gone');
      servers[name].answer(name === 'things' ? ROOT : good);
    }
  });
});
