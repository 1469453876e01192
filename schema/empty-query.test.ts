import { buildSchema, printSchema, validateSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import { createCallContext } from '../test/utils/call-context.ts';
import { createMemorySource } from '../test/utils/memory-source.ts';
import { compose } from './compose.ts';
import type { ResultStream } from './events.ts';
import { partOfSchema } from './part-of-schema.ts';
import type { Way } from './plan/way.ts';
import { createGeneration } from './registry.ts';
import { createGraphContext } from './request-context.ts';

const HEAD = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key"])';

const says = () =>
  createMemorySource({
    name: 'says',
    sdl: 'type Mutation { say(text: String!): Said } type Subscription { said: Said } type Said { text: String }',
    unary: { 'Mutation.say': ({ text }: { text: string }) => ({ text }) },
    streams: {
      'Subscription.said': async function* () {
        yield { text: 'Hel' };
        yield { text: 'lo' };
      },
    },
  });
const other = (sdl: string, model = {}) => createMemorySource({ name: 'other', sdl, unary: {}, model });
const composed = (...sources: Parameters<typeof compose>[0]['sources']) => {
  const { composition, problems } = compose({ sources, links: {}, isMissing: () => false });
  expect(problems).toEqual([]);
  if (composition === undefined) throw new Error('does not compose');
  return composition;
};

describe('a graph with nothing to query', () => {
  const context = () => createGraphContext(createCallContext().context);
  const planOf = (text: string, way: Way) => {
    const options = { rules: [], maxTokens: 1000, way };
    const prepared = createGeneration(1, composed(says()), options).documents.prepare(text);
    if (prepared.errors !== undefined) throw new Error(prepared.errors.join('\n'));
    return prepared.plan(undefined);
  };

  it.each<Way>(['direct', 'stitched'])('is a valid one, and answers: %s', async (way) => {
    const { schema } = createGeneration(1, composed(says()), { rules: [], maxTokens: 1000, way });
    expect(validateSchema(schema)).toEqual([]);
    expect(printSchema(schema)).toContain('type Query {\n  """There is nothing to query."""\n  _empty: Boolean\n}');
    const ask = async (text: string) => planOf(text, way).execute(context(), {});
    expect(await ask('{ __typename _empty }')).toMatchObject({ data: { __typename: 'Query', _empty: null } });
    expect(await ask('{ __schema { queryType { name } } }')).toMatchObject({
      data: { __schema: { queryType: { name: 'Query' } } },
    });
    expect(await ask('mutation { say(text: "hi") { text } }')).toMatchObject({ data: { say: { text: 'hi' } } });
    const events: unknown[] = [];
    const stream = await planOf('subscription { said { text } }', way).subscribe(context(), {});
    for await (const { data } of stream as ResultStream) events.push(data);
    expect(events).toMatchObject([{ said: { text: 'Hel' } }, { said: { text: 'lo' } }]);
  });

  it('has a query as soon as a source has one, also one of the same name', () => {
    expect(composed(says(), other('type Query { a: Int }')).publicSdl).not.toContain('_empty');
    const { publicSdl } = composed(says(), other('type Query { _empty: String }'));
    expect(publicSdl).toContain('_empty: String');
    expect(publicSdl).not.toContain('nothing to query');
  });

  it('may be made of federation subgraphs, and those may stand beside sources with queries', () => {
    const subgraph = createMemorySource({
      name: 'orders',
      kind: 'federation',
      sdl: 'type Mutation { order: Order } type Order { id: ID! }',
      model: {
        federation: { sdl: `${HEAD} type Mutation { order: Order } type Order @key(fields: "id") { id: ID! }` },
      },
      unary: { 'Mutation.order': () => null },
    });
    expect(composed(subgraph, says()).publicSdl).toContain('There is nothing to query.');
    expect(composed(subgraph, other('type Query { a: Int }')).publicSdl).not.toContain('_empty');
  });

  it('has nothing to offer but what sources have', () => {
    const { sdl, coordinates, unknown } = partOfSchema(composed(says()), ['Query.*', 'Query._empty', 'Mutation.say']);
    expect([...coordinates].sort()).toEqual(['Mutation.say', 'Said.text']);
    expect(unknown).toEqual(['Query.*', 'Query._empty']);
    expect(sdl).toContain('There is nothing to query.');
    expect(validateSchema(buildSchema(sdl))).toEqual([]);
  });

  it('is none where there is nothing to call either', () => {
    const { problems } = compose({ sources: [other('type Lonely { a: Int }')], links: {}, isMissing: () => false });
    expect(problems.map(({ message }) => message)).toEqual([expect.stringContaining('(NO_QUERIES)')]);
  });
});
