import { describe, expect, it } from 'vitest';
import type { Problem } from '../../kernel/problem.ts';
import type { Source } from '../../sources/source.ts';
import { createCallContext } from '../../test/utils/call-context.ts';
import { createMemoryGraphqlSource, createMemorySource, type RecordedCall } from '../../test/utils/memory-source.ts';
import { startTestGateway } from '../../test/utils/test-gateway.ts';
import { transformOptions } from '../transforms/options.ts';
import { transformSource } from '../transforms/transform-source.ts';
import { combineVersions } from './combine-versions.ts';
import { versionOptions } from './options.ts';

const V1_SDL = `
  type Query { item(id: ID!, colour: Colour, filter: Filter): Item items: [Item!]! old(id: ID): String! any: Thing }
  type Subscription { changes: Item }
  input Filter { name: String legacy: Boolean }
  enum Colour { RED PINK }
  union Thing = Item | Box
  type Item { id: ID! name: String weight: Float colour: Colour legacy: String! box: Box }
  type Box { size: Int }
`;
const V2_SDL = `
  type Query { item(id: ID!, colour: Colour, filter: Filter, deep: Boolean = true): Item items: [Item!]! fresh: Item any: Thing }
  type Subscription { changes: Item }
  input Filter { name: String }
  enum Colour { RED BLUE }
  union Thing = Item | Box
  type Item { id: ID! name: String! weight: Float colour: Colour tags: [String!]! box: Box }
  type Box { size: Int! }
`;

const OPTIONS = {
  header: 'X-Version',
  versions: [
    { source: 'v2', weight: 50 },
    { source: 'v1', weight: 50, deprecated: { removedOn: '2027-03-01', reason: 'Read `tags`.' } },
  ],
};

function createVersions(calls: RecordedCall[] = []): Source[] {
  const one = { id: '1', n: 'Lamp', weight: 1, colour: 'r', legacy: 'yes', kind: 'item', box: { size: 1 } };
  const two = { id: '1', name: 'Lamp', 'weight-kg': 2, colour: 'red!', tags: ['a'], box: { s: 2 }, __typename: 'Item' };
  const v1 = createMemorySource({
    name: 'v1',
    sdl: V1_SDL,
    calls,
    model: {
      properties: new Map([['Item.name', 'n']]),
      enumValues: new Map([['Colour', { RED: 'r', PINK: 'p' }]]),
      typeOf: new Map([['Thing', (value: unknown) => ((value as { kind?: string }).kind === 'item' ? 'Item' : 'Box')]]),
    },
    unary: {
      'Query.item': () => one,
      'Query.items': () => [one, one],
      'Query.old': () => 'old',
      'Query.any': () => one,
    },
    streams: {
      'Subscription.changes': async function* () {
        yield one;
      },
    },
  });
  const v2 = createMemorySource({
    name: 'v2',
    sdl: V2_SDL,
    calls,
    model: {
      properties: new Map([
        ['Item.weight', 'weight-kg'],
        ['Box.size', 's'],
      ]),
      enumValues: new Map([['Colour', { RED: 'red!', BLUE: 'blue!' }]]),
    },
    unary: { 'Query.item': () => two, 'Query.items': () => [two], 'Query.fresh': () => two, 'Query.any': () => two },
    streams: {
      'Subscription.changes': async function* () {
        yield two;
      },
    },
  });
  return [v1, v2];
}

function combine(sources: readonly Source[], options: unknown = OPTIONS) {
  const problems: Problem[] = [];
  const byName = new Map(sources.map((source) => [source.name, source]));
  const combined = combineVersions('shop', versionOptions.parse(options), byName, (problem) => problems.push(problem));
  return { combined, problems };
}

function combined(sources: readonly Source[], options: unknown = OPTIONS): Source {
  const { combined: source, problems } = combine(sources, options);
  if (source === undefined) throw new Error(problems.map(({ message }) => message).join('\n'));
  return source;
}

async function ask(source: Source, query: string, version?: string) {
  const answers: unknown[] = [];
  for (const way of ['direct', 'stitched'] as const) {
    const gateway = await startTestGateway([source], {}, { way });
    const { body } = await gateway.post({ query }, version === undefined ? {} : { 'x-version': version });
    await gateway.close();
    const { data, errors } = body as { data: unknown; errors?: { message: string }[] };
    answers.push(errors === undefined ? data : errors.map(({ message }) => message));
  }
  expect(answers[1]).toEqual(answers[0]);
  return answers[0];
}

describe('versions side by side', () => {
  it('make one schema in which the first one has the word', () => {
    expect(combined(createVersions()).model.sdl).toMatchInlineSnapshot(`
      "type Query {
        item(id: ID!, colour: Colour, filter: Filter, deep: Boolean): Item
        items: [Item!]!
        fresh: Item
        any: Thing
        old(id: ID): String @deprecated(reason: "Read \`tags\`. Removed on 2027-03-01.")
      }

      type Subscription {
        changes: Item
      }

      input Filter {
        name: String
        legacy: Boolean
      }

      enum Colour {
        RED
        BLUE
        PINK @deprecated(reason: "Read \`tags\`. Removed on 2027-03-01.")
      }

      union Thing = Item | Box

      type Item {
        id: ID!
        name: String
        weight: Float
        colour: Colour
        tags: [String!]
        box: Box
        legacy: String @deprecated(reason: "Read \`tags\`. Removed on 2027-03-01.")
      }

      type Box {
        size: Int
      }"
    `);
  });

  it('keep the words of the newest that has any', () => {
    const source = (name: string, sdl: string) =>
      createMemorySource({ name, sdl, unary: { 'Query.item': () => null } });
    const sdl = (type: string, field: string, argument: string) =>
      `type Query { item(${argument} id: ID): Item } ${type} type Item { ${field} name: String }`;
    const sources = [source('v2', sdl('', '"new"', '')), source('v1', sdl('"old type"', '"old"', '"old id"'))];
    const combined = combineVersions(
      'items',
      versionOptions.parse(OPTIONS),
      new Map(sources.map((one) => [one.name, one])),
      (problem) => expect.unreachable(problem.message),
    );
    expect(combined?.model.sdl.match(/"[^"]+"/g)).toEqual(['"old id"', '"old type"', '"new"']);
  });

  it('answer under the same names, whichever is asked', async () => {
    const source = combined(createVersions());
    const query =
      '{ item(id: 1) { __typename id name weight colour box { size } } items { name } any { __typename ... on Item { colour } } }';
    expect(await ask(source, query, 'v1')).toEqual({
      item: { __typename: 'Item', id: '1', name: 'Lamp', weight: 1, colour: 'RED', box: { size: 1 } },
      items: [{ name: 'Lamp' }, { name: 'Lamp' }],
      any: { __typename: 'Item', colour: 'RED' },
    });
    expect(await ask(source, query, 'v2')).toEqual({
      item: { __typename: 'Item', id: '1', name: 'Lamp', weight: 2, colour: 'RED', box: { size: 2 } },
      items: [{ name: 'Lamp' }],
      any: { __typename: 'Item', colour: 'RED' },
    });
    expect(await ask(source, '{ item(id: 1) { legacy tags } }', 'v1')).toEqual({ item: { legacy: 'yes', tags: null } });
    expect(await ask(source, '{ item(id: 1) { legacy tags } }', 'v2')).toEqual({ item: { legacy: null, tags: ['a'] } });
  });

  it('are asked for what they have, in their own words', async () => {
    const calls: RecordedCall[] = [];
    const source = combined(createVersions(calls));
    const call = source.model.calls.get('Query.item');
    if (call?.type !== 'unary') throw new Error('no call');
    const asked = async (args: object) => {
      calls.length = 0;
      for (let i = 0; i < 20; i += 1)
        await call.invoke({ id: '1', ...args }, createCallContext({ requestId: `r${i}` }).context);
      return [...new Set(calls.map((one) => `${one.source} ${JSON.stringify(one.args)}`))].sort();
    };
    expect(await asked({})).toEqual(['v1 {"id":"1"}', 'v2 {"id":"1"}']);
    expect(await asked({ colour: 'red!' })).toEqual(['v1 {"id":"1","colour":"r"}', 'v2 {"id":"1","colour":"red!"}']);
    expect(await asked({ colour: 'blue!' })).toEqual(['v2 {"id":"1","colour":"blue!"}']);
    expect(await asked({ colour: 'p' })).toEqual(['v1 {"id":"1","colour":"p"}']);
    expect(await asked({ deep: false })).toEqual(['v2 {"id":"1","deep":false}']);
    expect(await asked({ filter: { legacy: true } })).toEqual(['v1 {"id":"1","filter":{"legacy":true}}']);
    expect(await asked({ filter: { name: 'a' } })).toEqual([
      'v1 {"id":"1","filter":{"name":"a"}}',
      'v2 {"id":"1","filter":{"name":"a"}}',
    ]);
    await expect(call.invoke({ id: '1', deep: false, colour: 'p' }, createCallContext().context)).rejects.toMatchObject(
      { code: 'BAD_USER_INPUT' },
    );
  });

  it('are told by the header, which must name one of them that has what is asked', async () => {
    const source = combined(createVersions());
    expect(await ask(source, '{ fresh { name } }', 'v1')).toEqual([
      'The version that the header "x-version" names does not have all that is asked of Query.fresh.',
    ]);
    expect(await ask(source, '{ items { name } }', 'v7')).toEqual([
      'The header "x-version" names a version of shop: it must be one of "v2", "v1".',
    ]);
    expect(await ask(source, '{ fresh { name } old }')).toEqual({ fresh: { name: 'Lamp' }, old: 'old' });
  });

  it('give one request one version, in streams as well', async () => {
    const calls: RecordedCall[] = [];
    const source = combined(createVersions(calls));
    for (let i = 0; i < 20; i += 1) {
      calls.length = 0;
      const { context } = createCallContext({ requestId: `r${i}` });
      for (const field of ['Query.item', 'Query.items', 'Query.any', 'Subscription.changes']) {
        const call = source.model.calls.get(field);
        if (call?.type === 'unary') await call.invoke({ id: '1' }, context);
        else {
          const stream = call?.open({}, context);
          expect(await stream?.next()).toMatchObject({ done: false, value: { name: 'Lamp' } });
          await stream?.return?.();
        }
      }
      expect(new Set(calls.map((one) => one.source)).size).toBe(1);
      expect(calls).toHaveLength(4);
    }
  });

  it('leave values as they are where the versions agree, and evaluate what each computes', async () => {
    const [v1, v2] = createVersions();
    const plain = combined([v1 as Source, { ...(v1 as Source), name: 'v2' }]);
    const call = plain.model.calls.get('Query.items');
    const { context } = createCallContext({ headers: { 'x-version': 'v1' } });
    const own = v1?.model.calls.get('Query.items');
    if (call?.type !== 'unary' || own?.type !== 'unary') throw new Error('no call');
    const [first] = (await call.invoke({}, context)) as object[];
    const [raw] = (await own.invoke({}, context)) as object[];
    expect(first).toBe(raw);

    const labelled = (source: Source | undefined, response: string) =>
      transformSource(
        source as Source,
        transformOptions.parse({ fields: { 'Item.label': { type: 'String', response } } }),
        (problem) => {
          throw new Error(problem.message);
        },
      );
    const both = combined([labelled(v1, "join('/', [n, legacy])"), labelled(v2, "join('-', tags)")]);
    expect(await ask(both, '{ items { label name } }', 'v1')).toEqual({
      items: [
        { label: 'Lamp/yes', name: 'Lamp' },
        { label: 'Lamp/yes', name: 'Lamp' },
      ],
    });
    expect(await ask(both, '{ items { label name } }', 'v2')).toEqual({ items: [{ label: 'a', name: 'Lamp' }] });
  });

  it('go on with those that are there', async () => {
    const [v1] = createVersions();
    expect(await ask(combined([v1 as Source]), '{ old items { name } }')).toMatchObject({ old: 'old' });
    expect(combine([])).toEqual({ combined: undefined, problems: [] });
  });

  it('are chosen by what is selected where they take selections', async () => {
    const calls: RecordedCall[] = [];
    const create = (name: string, fields: string, item: object) =>
      createMemoryGraphqlSource({
        name,
        calls,
        sdl: `type Query { item: Item } interface Named { name: String! } type Item implements Named { name: String! child(depth: Int): Item ${fields} }`,
        root: { item: () => ({ name, child: () => ({ name, ...item }), ...item }) },
      });
    const source = combined([
      create('v2', 'tags: [String!]!', { tags: [name()] }),
      create('v1', 'legacy: String', { legacy: 'yes' }),
    ]);
    function name() {
      return 'tag';
    }
    const askedFor = async (selection: string) => {
      const asked = new Set<string>();
      for (let i = 0; i < 10; i += 1) {
        calls.length = 0;
        await ask(source, `{ item ${selection} }`);
        for (const call of calls) asked.add(call.source);
      }
      return [...asked].sort();
    };
    expect(await askedFor('{ child(depth: 1) { tags } }')).toEqual(['v2']);
    expect(await askedFor('{ name ... on Named { name } child { legacy } }')).toEqual(['v1']);
    expect(await ask(source, '{ item { legacy tags } }')).toEqual([
      'No version of shop has all that is asked of Query.item.',
    ]);
    expect(source.model.sdl).toContain('tags: [String!]!');
  });
});

describe('mistakes in versions', () => {
  const version = (name: string, sdl: string, kind: 'openapi' | 'grpc' | 'federation' = 'openapi') =>
    createMemorySource({ name, sdl, kind });
  const mistakes = (one: string, two: string) =>
    combine([version('v2', one), version('v1', two)]).problems.map(({ message }) => message);

  it('name both sources, all at once, with the way out', () => {
    const two = 'type Query { a: Int b(x: ID!): Int c(x: Int): Int d: Int } type T { a: Int } enum E { A }';
    const one = 'type Query { a: String b: Int c(x: String): Int d: [Int] } input T { a: Int } enum E { B }';
    expect(mistakes(one, two)).toMatchInlineSnapshot(`
      [
        ""Query.a" is String in "v2" and Int in "v1".",
        ""Query.b(x)" must be given to "v1", and "v2" does not know it.",
        ""Query.c(x)" is String in "v2" and Int in "v1".",
        ""Query.d" is [Int] in "v2" and Int in "v1".",
        "Type "T" is not of one kind in "v2" and "v1".",
      ]
    `);
    const { problems } = combine([version('v2', one), version('v1', two)]);
    expect(problems[0]).toMatchObject({
      path: ['versions', 'shop'],
      suggestion: 'Transform one of them, e.g. sources.v1.transforms: { prefix: v1 }.',
    });
  });

  it('refuse other kinds, federation and versions without weight', () => {
    const sdl = 'type Query { a: Int }';
    const { problems } = combine([version('v2', sdl), version('v1', sdl, 'grpc')]);
    expect(problems).toEqual([
      {
        path: ['versions', 'shop', 'versions', 1, 'source'],
        message: 'Source "v1" is of kind grpc, and "v2" of kind openapi: versions are of one kind.',
      },
    ]);
    expect(combine([version('v2', sdl, 'federation')]).problems).toMatchObject([
      { message: expect.stringContaining('federation subgraph') },
    ]);
    const idle = { versions: OPTIONS.versions.map((one) => ({ ...one, weight: 0 })) };
    expect(combine([version('v2', sdl), version('v1', sdl)], idle).problems).toMatchObject([
      { path: ['versions', 'shop', 'versions'] },
    ]);
  });

  it('refuse names that a query cannot say for both', () => {
    const create = (name: string) =>
      createMemoryGraphqlSource({ name, sdl: 'type Query { item: Item } type Item { name: String }', root: {} });
    const renamed = transformSource(
      create('v2'),
      transformOptions.parse({ fields: { 'Item.name': { name: 'title' } } }),
      () => {},
    );
    const title = createMemoryGraphqlSource({
      name: 'v1',
      sdl: 'type Query { item: Item } type Item { title: String }',
      root: {},
    });
    expect(combine([renamed, title]).problems.map(({ message }) => message)).toEqual([
      'Item.title has different names at "v2" and "v1", and a query is written for both.',
    ]);
  });
});
