import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../kernel/ports.ts';
import { createFederationSources } from '../../sources/federation/federation-source.ts';
import { federationOptions } from '../../sources/federation/options.ts';
import { createCallContext } from '../../test/utils/call-context.ts';
import { type SubgraphRequest, type SubgraphServer, startSubgraph } from '../../test/utils/subgraph-server.ts';
import { compose } from '../compose.ts';
import type { Way } from '../plan/way.ts';
import { createGeneration } from '../registry.ts';
import { createGraphContext } from '../request-context.ts';
import { transformOptions } from './options.ts';
import { transformSource } from './transform-source.ts';

const LINK = (names: string) =>
  `extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: [${names}])`;

const PEOPLE = `${LINK('"@key", "@shareable"')}
  type Query { user(uid: ID!): User users(level: Level, filter: Filter): [User!]! things: [Thing!]! version: Int }
  interface Thing { uid: ID! label: String }
  type User implements Thing @key(fields: "uid org { code }") {
    uid: ID! label(upper: Boolean = false): String level: Level org: Org! @shareable size: Box age: Int
  }
  type Robot implements Thing @key(fields: "uid") { uid: ID! label: String serial: String }
  type Org { code: Int! @shareable name: String }
  type Box { h: Int w: Int }
  enum Level { LOW HIGH }
  input Filter { min: Level, not: Filter }
`;
const users = [
  { __typename: 'User', uid: 'u1', name: 'ada', level: 'HIGH', org: { code: 7, name: 'Navy' }, size: { h: 2, w: 3 } },
  { __typename: 'User', uid: 'u2', name: 'bo', level: 'LOW', org: { code: 8, name: 'Army' }, size: { h: 1, w: 1 } },
];
const robot = { __typename: 'Robot', uid: 'r1', label: 'R', serial: 'x-1' };
const order = { LOW: 0, HIGH: 1 } as Readonly<Record<string, number>>;
interface Filter {
  readonly min?: string;
  readonly not?: Filter;
}
const fits = (user: { readonly level: string }, { min, not }: Filter): boolean =>
  (min === undefined || (order[user.level] ?? 0) >= (order[min] ?? 0)) && (not == null || !fits(user, not));

/** Asked for people by what it calls them, with what it requires of them. */
const ORDERS = `${LINK('"@key", "@external", "@requires", "@shareable"')}
  type Query { best: Customer }
  type Customer @key(fields: "key firm { number }") {
    key: ID! firm: Firm! @shareable rank: Rank @external dims: Dims @external
    cost(currency: Coin = EUR): String @requires(fields: "rank dims { tall wide }")
    orders: Int
  }
  type Firm { number: Int! @shareable }
  type Dims { tall: Int @external wide: Int @external }
  enum Rank { LOW HIGH }
  enum Coin { EUR USD }
`;

const requests: SubgraphRequest[] = [];
let people: SubgraphServer;
let orders: SubgraphServer;

beforeAll(async () => {
  const customer = { key: 'u2', firm: { number: 8 } };
  [people, orders] = await Promise.all([
    startSubgraph({
      name: 'people',
      sdl: PEOPLE,
      requests,
      resolvers: {
        Query: {
          user: (_: unknown, { uid }: { uid: string }) => users.find((user) => user.uid === uid),
          users: (_: unknown, { level, filter }: { level?: string; filter?: Filter }) =>
            users.filter((user) => (level == null || user.level === level) && (filter == null || fits(user, filter))),
          things: () => [...users, robot],
          version: () => 4,
        },
        User: {
          label: ({ name }: { name: string }, { upper }: { upper: boolean }) => (upper ? name.toUpperCase() : name),
          age: () => 36,
          __resolveReference: ({ uid, org }: { uid: string; org: { code: number } }) =>
            users.find((user) => user.uid === uid && user.org.code === org.code),
        },
        Robot: { __resolveReference: () => robot },
      },
    }),
    startSubgraph({
      name: 'orders',
      sdl: ORDERS,
      requests,
      resolvers: {
        Query: { best: () => customer },
        Customer: {
          __resolveReference: (reference: object) => reference,
          cost: (
            { rank, dims }: { rank: string; dims: { tall: number; wide: number } },
            { currency }: { currency: string },
          ) => `${rank} ${dims.tall * dims.wide} ${currency}`,
          orders: ({ key }: { key: string }) => key.length,
        },
      },
    }),
  ]);
});

afterAll(async () => {
  await Promise.all([people.close(), orders.close()]);
});

const TRANSFORMS: Readonly<Record<string, object>> = {
  people: {
    types: {
      User: { name: 'Person' },
      Org: { name: 'Company' },
      Box: { name: 'Size' },
      Thing: { name: 'Named' },
      Robot: { name: 'User' },
      Level: { name: 'Grade', values: { LOW: { name: 'JUNIOR' }, HIGH: { name: 'SENIOR' } } },
      Filter: { name: 'Only' },
    },
    fields: {
      '*.uid': { name: 'id' },
      '*.label': { name: 'title' },
      'User.label': { name: 'title', arguments: { upper: { name: 'loud', default: true } } },
      'User.org': { name: 'company' },
      'User.age': { type: 'String' },
      'Org.code': { name: 'no', type: 'ID!' },
      'Box.h': { name: 'height' },
      'Filter.min': { name: 'atLeast' },
      'Filter.not': { name: 'but' },
      'Query.user': {
        name: 'person',
        request: '{ uid: args.id || headers."x-me" }',
        arguments: { uid: { name: 'id', type: 'ID' } },
      },
      'Query.users': { name: 'people', arguments: { level: { name: 'grade', default: 'HIGH' } } },
      'Query.version': { type: 'String', response: "join('', ['v', to_string(@)])" },
    },
  },
  orders: {
    types: {
      Customer: { name: 'Person' },
      Firm: { name: 'Company' },
      Dims: { name: 'Size' },
      Rank: { name: 'Grade', values: { LOW: { name: 'JUNIOR' }, HIGH: { name: 'SENIOR' } } },
      Coin: { values: { USD: { name: 'DOLLAR' } } },
    },
    fields: {
      'Customer.key': { name: 'id' },
      'Customer.firm': { name: 'company' },
      'Customer.rank': { name: 'level' },
      'Customer.dims': { name: 'size' },
      'Customer.cost': { arguments: { currency: { name: 'in' } } },
      'Firm.number': { name: 'no', type: 'ID!' },
      'Dims.tall': { name: 'height' },
      'Dims.wide': { name: 'w' },
    },
  },
};

async function createSources(transforms = TRANSFORMS) {
  const made = await Promise.all(
    [people, orders].map(async ({ url }, index) => {
      const name = index === 0 ? 'people' : 'orders';
      const options = federationOptions.parse({ kind: 'federation', endpoint: url });
      const deps = { log: silentLog, report: () => {} };
      return (await createFederationSources(name, options, { document: index === 0 ? PEOPLE : ORDERS }, deps)).map(
        (source) =>
          transformSource(source, transformOptions.parse(transforms[name] ?? {}), (problem) =>
            expect.unreachable(JSON.stringify(problem)),
          ),
      );
    }),
  );
  return made.flat();
}

async function run(text: string, way: Way, variables: Readonly<Record<string, unknown>> = {}, headers = {}) {
  const sources = await createSources();
  const { composition, problems } = compose({ sources, links: {}, isMissing: () => false });
  if (composition === undefined) throw new Error(JSON.stringify(problems, null, 1));
  const prepared = createGeneration(1, composition, { rules: [], maxTokens: 100_000, way }).documents.prepare(text);
  if (prepared.errors !== undefined) throw new Error(prepared.errors.map(String).join('\n'));
  const { context } = createCallContext({ headers });
  const { data, errors } = await prepared.plan(undefined).execute(createGraphContext(context), variables);
  await Promise.all(sources.map((source) => source.dispose()));
  return { data: JSON.parse(JSON.stringify(data)) as unknown, errors };
}

async function ask(...given: Parameters<typeof run>) {
  const { data, errors } = await run(...given);
  expect(errors).toBeUndefined();
  return data;
}

describe.each(['direct', 'stitched'] as const)('subgraphs under other names, %s', (way) => {
  it('are asked for their own, and answer in those of the graph', async () => {
    const text = `query ($only: Only, $grade: Grade) {
      all: people(grade: $grade, filter: $only) { __typename id title(loud: false) level company { no name } age }
      seniors: people { loud: title }
      few: people(grade: JUNIOR, filter: { atLeast: JUNIOR, but: { atLeast: SENIOR } }) { id size { height w } }
      version
    }`;
    expect(await ask(text, way, { grade: 'JUNIOR', only: { but: { atLeast: 'SENIOR' } } })).toEqual({
      all: [
        {
          __typename: 'Person',
          id: 'u2',
          title: 'bo',
          level: 'JUNIOR',
          company: { no: '8', name: 'Army' },
          age: '36',
        },
      ],
      seniors: [{ loud: 'ADA' }],
      few: [{ id: 'u2', size: { height: 1, w: 1 } }],
      version: 'v4',
    });
  });

  it('give each other keys and required fields, each in its own names', async () => {
    requests.length = 0;
    expect(
      await ask(
        '{ people(grade: SENIOR) { id cost(in: DOLLAR) plain: orders } best { title cost(in: EUR) level } }',
        way,
      ),
    ).toEqual({
      people: [{ id: 'u1', cost: 'HIGH 6 USD', plain: 2 }],
      best: { title: 'BO', cost: 'LOW 1 EUR', level: 'JUNIOR' },
    });
    const asked = requests.flatMap(({ subgraph, variables }) =>
      Object.values(variables)
        .flatMap((value) => (Array.isArray(value) ? value : []))
        .map((representation: { __typename?: string }) => `${subgraph} ${representation.__typename}`),
    );
    expect(new Set(asked)).toEqual(new Set(['orders Customer', 'people User']));
  });

  it('tell objects of an interface apart, also where names are exchanged', async () => {
    expect(
      await ask('{ things { __typename id ... on Person { level orders } ... on User { serial title } } }', way),
    ).toEqual({
      things: [
        { __typename: 'Person', id: 'u1', level: 'SENIOR', orders: 2 },
        { __typename: 'Person', id: 'u2', level: 'JUNIOR', orders: 2 },
        { __typename: 'User', id: 'r1', serial: 'x-1', title: 'R' },
      ],
    });
  });

  it('get arguments that an expression makes of those of the client and of headers', async () => {
    expect(await ask('{ b: person { id orders } a: person(id: "u1") { id } }', way, {}, { 'x-me': 'u2' })).toEqual({
      a: { id: 'u1' },
      b: { id: 'u2', orders: 2 },
    });
  });
});

describe('subgraphs under other names', () => {
  it('are not asked with what an expression cannot make, and clients do not read why', async () => {
    const { data, errors } = await run('{ person { id } }', 'direct');
    expect(data).toEqual({ person: null });
    expect(errors?.map(({ message, extensions }) => [message, extensions.code])).toEqual([
      ['An argument of user cannot be used.', 'BAD_USER_INPUT'],
    ]);
  });
});
