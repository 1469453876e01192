import fc from 'fast-check';
import { type ASTNode, buildSchema, Kind, parse, print, TypeInfo, visit, visitWithTypeInfo } from 'graphql';
import { describe, expect, it } from 'vitest';
import type { Source } from '../../sources/source.ts';
import { createCallContext } from '../../test/utils/call-context.ts';
import { createMemoryGraphqlSource, createMemorySource } from '../../test/utils/memory-source.ts';
import { randomQuery } from '../../test/utils/random-query.ts';
import { runs } from '../../test/utils/runs.ts';
import { compose } from '../compose.ts';
import type { Way } from '../plan/way.ts';
import { createGeneration } from '../registry.ts';
import { createGraphContext } from '../request-context.ts';
import { transformOptions } from './options.ts';
import { transformSource } from './transform-source.ts';

const SDL = `
  type Query { shop(id: ID, open: Boolean): Shop shops: [Shop!]! owner: Person count: Int }
  type Shop { id: ID! name: String open: Boolean owner: Person stock: [Item!]! }
  type Person { id: ID! name: String boss: Person shop: Shop }
  type Item { name: String! size: Size price: Float owner: Person }
  enum Size { SMALL LARGE }
`;
const schema = buildSchema(SDL);
const boss = { id: 'p0', name: 'Bo', boss: null, shop: { id: 's9', name: 'Head', open: null, owner: null, stock: [] } };
const owner = { id: 'p1', name: 'Ada', boss, shop: null };
const shop = {
  id: 's1',
  name: 'Corner',
  open: true,
  owner,
  stock: [
    { name: 'Lamp', size: 'SMALL', price: 1.5, owner: boss },
    { name: 'Tent', size: null, price: null, owner: null },
  ],
};
const root = {
  shop: ({ id }: { id?: string }) => (id === 'none' ? null : shop),
  shops: () => [shop, boss.shop],
  owner: () => owner,
  count: () => 3,
};

const SOURCES: Readonly<Record<string, () => Source>> = {
  'is called': () =>
    createMemorySource({
      name: 'own',
      sdl: SDL,
      unary: Object.fromEntries(Object.entries(root).map(([name, value]) => [`Query.${name}`, value as never])),
    }),
  'takes selections': () => createMemoryGraphqlSource({ name: 'own', sdl: SDL, root }),
};

/** Fields of each type under each other's names, or under new ones; types likewise. */
function shuffled(names: readonly string[]): fc.Arbitrary<ReadonlyMap<string, string>> {
  return fc
    .tuple(
      fc.shuffledSubarray([...names], { minLength: names.length }),
      fc.array(fc.boolean(), { minLength: names.length, maxLength: names.length }),
    )
    .map(
      ([order, isNew]) =>
        new Map(names.map((name, i) => [name, isNew[i] === true ? `new_${name}` : (order[i] ?? name)])),
    )
    .filter((renamed) => new Set(renamed.values()).size === names.length);
}

const typeNames = ['Shop', 'Person', 'Item', 'Size'];
const fieldsOf = (type: string) =>
  Object.keys((schema.getType(type) as unknown as { getFields(): object }).getFields());
const renames = fc.record({
  types: shuffled(typeNames),
  fields: fc.record(
    Object.fromEntries(['Query', 'Shop', 'Person', 'Item'].map((type) => [type, shuffled(fieldsOf(type))])),
  ),
  argument: fc.constantFrom('id', 'key', 'open'),
});
type Renames = typeof renames extends fc.Arbitrary<infer T> ? T : never;

function optionsOf({ types, fields, argument }: Renames) {
  const renamed = Object.entries(fields).flatMap(([type, names]) =>
    [...names].map(([from, to]) => [`${type}.${from}`, { name: to }] as const),
  );
  const all: Record<string, object> = Object.fromEntries(renamed);
  all['Query.shop'] = {
    ...all['Query.shop'],
    arguments: { id: { name: argument }, open: { name: argument === 'open' ? 'id' : 'isOpen' } },
  };
  return transformOptions.parse({
    types: Object.fromEntries([...types].map(([from, to]) => [from, { name: to }])),
    fields: all,
  });
}

/** The same query in the graph's names, answering under the same keys. */
function inNewNames(text: string, { types, fields, argument }: Renames): string {
  const info = new TypeInfo(schema);
  const rename = <T extends ASTNode & { name: { value: string } }>(node: T, value: string) => ({
    ...node,
    name: { ...node.name, value },
  });
  const document = visit(
    parse(text),
    visitWithTypeInfo(info, {
      Field: {
        leave(node) {
          const type = info.getParentType()?.name ?? '';
          const name = fields[type]?.get(node.name.value) ?? node.name.value;
          const alias = node.alias ?? { kind: Kind.NAME, value: node.name.value };
          return { ...rename(node, name), alias };
        },
      },
      Argument: (node) => (node.name.value === 'id' ? rename(node, argument) : undefined),
      NamedType: (node) => {
        const name = types.get(node.name.value);
        return name === undefined ? undefined : rename(node, name);
      },
    }),
  );
  return print(document);
}

async function answer(source: Source, text: string, way: Way) {
  const { composition, problems } = compose({ sources: [source], links: {}, isMissing: () => false });
  if (composition === undefined) throw new Error(JSON.stringify(problems));
  const prepared = createGeneration(1, composition, { rules: [], maxTokens: 100_000, way }).documents.prepare(text);
  if (prepared.errors !== undefined) throw new Error(`${prepared.errors.map(String).join('\n')}\n${text}`);
  const { data, errors } = await prepared.plan(undefined).execute(createGraphContext(createCallContext().context), {});
  expect(errors).toBeUndefined();
  return JSON.parse(JSON.stringify(data)) as unknown;
}

/** With type names as the source has them. */
function inOldNames(value: unknown, types: ReadonlyMap<string, string>): unknown {
  const old = new Map([...types].map(([from, to]) => [to, from]));
  return JSON.parse(JSON.stringify(value), (key, item) => (key === '__typename' ? (old.get(item) ?? item) : item));
}

/** The library behind the stitched way takes one of several conditions of a repeated field, whatever it is called. */
const queries = (way: Way) =>
  randomQuery({
    schema,
    argumentChoices: { 'Query.shop': ['', '(id: "s1")', '(id: "none")'] },
    conditionalPercent: way === 'stitched' ? 0 : 15,
  });

describe.each(Object.entries(SOURCES))('a source that %s', (_, create) => {
  it.each(['direct', 'stitched'] as const)(
    'has the same data under any names, %s',
    { timeout: 60_000 },
    async (way) => {
      await fc.assert(
        fc.asyncProperty(renames, queries(way), async (renamed, query) => {
          const transformed = transformSource(create(), optionsOf(renamed), (problem) => {
            throw new Error(JSON.stringify(problem));
          });
          const given = await answer(transformed, inNewNames(query, renamed), way);
          expect(inOldNames(given, renamed.types)).toEqual(await answer(create(), query, way));
        }),
        { numRuns: runs(10), endOnFailure: true },
      );
    },
  );
});
