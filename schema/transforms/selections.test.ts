import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { makeExecutableSchema } from '@graphql-tools/schema';
import { createYoga } from 'graphql-yoga';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../kernel/ports.ts';
import type { Problem } from '../../kernel/problem.ts';
import { createFederationSources } from '../../sources/federation/federation-source.ts';
import { federationOptions } from '../../sources/federation/options.ts';
import { createGraphqlSource } from '../../sources/graphql/graphql-source.ts';
import { graphqlOptions } from '../../sources/graphql/options.ts';
import type { Source } from '../../sources/source.ts';
import { startTestGateway } from '../../test/utils/test-gateway.ts';
import { linkOptions } from '../options.ts';
import { transformOptions } from './options.ts';
import { transformSource } from './transform-source.ts';

const SDL = `
  type Query { review(id: ID!, lang: String): Review search(text: String!, first: Int = 2): [Hit!]! count(since: Int!): Int! node: Node byIds(ids: [ID!]!): [Review!]! }
  union Hit = Review | Author
  interface Node { id: ID! }
  type Review implements Node { id: ID! text(limit: Int): String! author: Author mood: Mood }
  type Author implements Node { id: ID! name: String! }
  enum Mood { GLAD SAD }
  input Filter { a: Int }
`;
const author = { __typename: 'Author', id: 'a1', name: 'Ada' };
const review = {
  __typename: 'Review',
  id: 'r1',
  text: ({ limit }: { limit?: number }) => 'Bright'.slice(0, limit),
  author,
  mood: 'GLAD',
};

const yoga = createYoga({
  schema: makeExecutableSchema({
    typeDefs: SDL,
    resolvers: {
      Query: {
        review: (_: unknown, { lang }: { lang?: string }) => ({ ...review, id: lang ?? 'r1' }),
        search: (_: unknown, { first }: { first: number }) => [review, author].slice(0, first),
        count: (_: unknown, { since }: { since: number }) => since * 2,
        node: () => author,
        byIds: (_: unknown, { ids }: { ids: string[] }) => ids.map((id) => ({ ...review, id })),
      },
    },
  }),
  logging: false,
  maskedErrors: false,
});
const server = createServer((request, response) => void yoga(request, response));
let endpoint = '';
beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const report = (problem: Problem) => {
  throw new Error(JSON.stringify(problem));
};

async function createReviews(): Promise<Source> {
  const options = graphqlOptions.parse({ kind: 'graphql', endpoint });
  return createGraphqlSource('reviews', options, SDL, { log: silentLog, report });
}

async function ask(source: Source, query: string, links = {}, variables = {}) {
  const ways = ['direct', 'stitched'] as const;
  const gateways = await Promise.all(ways.map((way) => startTestGateway([source], links, { way })));
  const answers = await Promise.all(
    gateways.map(async (gateway) => {
      const { body } = await gateway.post({ query, variables });
      const { data, errors } = body as { data: unknown; errors?: { message: string }[] };
      return errors === undefined ? data : errors.map(({ message }) => message);
    }),
  );
  for (const gateway of gateways) await gateway.close();
  expect(answers[1]).toEqual(answers[0]);
  return answers[0];
}

async function messages(options: unknown, source?: Source): Promise<string[]> {
  const problems: Problem[] = [];
  transformSource(source ?? (await createReviews()), transformOptions.parse(options), (problem) =>
    problems.push(problem),
  );
  return problems.map(({ path, message }) => `${path?.slice(1).join('/')}: ${message}`);
}

describe('a transformed GraphQL service', () => {
  it('is asked in its own names, by all forms of selections, arguments and variables', async () => {
    const source = transformSource(
      await createReviews(),
      transformOptions.parse({
        prefix: 'rev',
        types: { Author: { name: 'Person' } },
        fields: {
          '*.id': { name: 'key' },
          'Review.text': { name: 'body', arguments: { limit: { name: 'most' } } },
          'Query.review': { arguments: { id: { name: 'key' } } },
          'Query.count': { type: 'Int64!' },
        },
      }),
      report,
    );
    const query = `query($most: Int, $key: ID!) {
      revReview(key: $key) { __typename key body(most: $most) short: body(most: 2) author { key: name } mood }
      revSearch(text: "x") { __typename ... on Person { name } ... on RevReview { body } ... on RevNode { key } }
      revNode { __typename key ... on Person { name } }
      revCount(since: 3)
    }`;
    expect(await ask(source, query, {}, { most: 3, key: 'r1' })).toEqual({
      revReview: { __typename: 'RevReview', key: 'r1', body: 'Bri', short: 'Br', author: { key: 'Ada' }, mood: 'GLAD' },
      revSearch: [
        { __typename: 'RevReview', body: 'Bright', key: 'r1' },
        { __typename: 'Person', name: 'Ada', key: 'a1' },
      ],
      revNode: { __typename: 'Person', key: 'a1', name: 'Ada' },
      revCount: '6',
    });
  });

  it('is asked with defaults, hidden arguments, requests and responses', async () => {
    const source = transformSource(
      await createReviews(),
      transformOptions.parse({
        fields: {
          'Query.review': { arguments: { lang: { hide: true, default: 'nl' }, id: { type: 'ID', default: 'r0' } } },
          'Query.search': { arguments: { first: { default: 1 } } },
          'Query.count': {
            type: 'String',
            request: '{ since: args.since + `1` }',
            response: "join(' ', ['n:', to_string(@)])",
          },
        },
      }),
      report,
    );
    expect(source.model.calls.get('Query.count')?.upstreamField).toBeUndefined();
    expect(source.model.calls.get('Query.node')?.upstreamField).toBeDefined();
    expect(
      await ask(
        source,
        '{ review { id author { name } } search(text: "x") { __typename } count(since: 3) node { id } }',
      ),
    ).toEqual({
      review: { id: 'nl', author: { name: 'Ada' } },
      search: [{ __typename: 'Review' }],
      count: 'n: 8',
      node: { id: 'a1' },
    });
  });

  it('is linked to under the names of the graph', async () => {
    const source = transformSource(
      await createReviews(),
      transformOptions.parse({
        prefix: 'rev',
        fields: { '*.id': { name: 'key' }, 'Query.byIds': { arguments: { ids: { name: 'keys' } } } },
      }),
      report,
    );
    const links = {
      'RevAuthor.review': linkOptions.parse({ call: 'reviews.revByIds', args: { keys: '$parents.key' }, match: 'key' }),
    };
    expect(await ask(source, '{ revNode { ... on RevAuthor { name review { key body: text } } } }', links)).toEqual({
      revNode: { name: 'Ada', review: { key: 'a1', body: 'Bright' } },
    });
  });

  it('cannot be asked for what a query does not say', async () => {
    expect(
      await messages({
        types: { Mood: { values: { GLAD: { name: 'HAPPY' }, SAD: { deprecated: true } } } },
        fields: {
          'Filter.a': { name: 'b' },
          'Review.text': { response: 'text', arguments: { limit: { default: 3 } } },
          'Query.review': { response: '@', arguments: { id: { type: 'Int!' } } },
          'Query.count': { arguments: { since: { type: 'ID!', default: 1 } } },
        },
      }),
    ).toMatchInlineSnapshot(`
      [
        "fields/Review.text/response: The value of Review.text cannot be transformed for a source of kind graphql.",
        "fields/Query.review/response: Query.review has fields, which clients select: a response expression cannot make them.",
        "types/Mood/values/GLAD/name: The name of the value Mood.GLAD cannot be transformed for a source of kind graphql.",
        "fields/Filter.a/name: The name of Filter.a cannot be transformed for a source of kind graphql.",
        "fields/Review.text/arguments/limit/default: The argument "limit" of Review.text cannot be transformed for a source of kind graphql.",
        "fields/Query.review/arguments/id/type: The type of the argument "id" of Query.review cannot be transformed for a source of kind graphql.",
        "fields/Query.count/arguments/since/type: The type of the argument "since" of Query.count cannot be transformed for a source of kind graphql.",
      ]
    `);
  });
});

const SUBGRAPH = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@requires", "@external", "@shareable"])
  type Query { product(id: ID!): Product brands: [Brand!] }
  type Product @key(fields: "id brand { id }") { id: ID! name: String price: Int weight: Int @external cost: Int @requires(fields: "weight") brand: Brand! }
  type Brand @key(fields: "id") { id: ID! name: String @shareable secret: String }
`;

async function createSubgraph(): Promise<Source> {
  const options = federationOptions.parse({ kind: 'federation', endpoint, document: 'catalog.graphql' });
  const [source] = await createFederationSources(
    'catalog',
    options,
    { document: SUBGRAPH, supergraph: undefined },
    { log: silentLog, report },
  );
  if (source === undefined) throw new Error('no source');
  return source;
}

describe('a transformed subgraph', () => {
  it('hides, describes and deprecates, for the composer as well', async () => {
    const source = transformSource(
      await createSubgraph(),
      transformOptions.parse({
        types: { Brand: { description: 'Who makes it.' } },
        fields: {
          'Brand.secret': { hide: true },
          'Query.brands': { hide: true },
          'Product.price': { deprecated: 'Read `cost`.' },
        },
      }),
      report,
    );
    expect([...source.model.calls.keys()]).toEqual(['Query.product']);
    for (const sdl of [source.model.sdl, source.model.federation?.sdl]) {
      expect(sdl).toContain('price: Int @deprecated(reason: "Read `cost`.")');
      expect(sdl).toContain('"Who makes it."');
      expect(sdl).not.toMatch(/secret|brands/);
    }
    expect(source.model.federation?.sdl).toContain('@key(fields: "id brand { id }")');
  });

  it('keeps what its keys and requirements need, and makes no values of selected objects', async () => {
    expect(
      await messages(
        {
          prefix: 'x',
          fields: {
            'Product.weight': { hide: true },
            'Brand.id': { hide: true },
            'Product.name': { name: 'title', response: 'name' },
            'Query.product': { response: '@' },
          },
        },
        await createSubgraph(),
      ),
    ).toMatchInlineSnapshot(`
      [
        "fields/Product.name/response: The value of Product.name cannot be transformed for a source of kind federation.",
        "fields/Query.product/response: Query.product has fields, which clients select: a response expression cannot make them.",
        "fields/Brand.id: Brand.id cannot be hidden: @key of Product needs it.",
        "fields/Product.weight: Product.weight cannot be hidden: @requires of Product.cost needs it.",
        "fields/Brand.id: Brand.id cannot be hidden: @key of Brand needs it.",
      ]
    `);
  });
});
