import fc from 'fast-check';
import {
  buildSchema,
  type GraphQLNamedType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  getOperationAST,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isUnionType,
  lexicographicSortSchema,
  parse,
  printSchema,
  validate,
  validateSchema,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { runSteps } from '../../kernel/steps.ts';
import { randomSchema } from '../../test/utils/random-schema.ts';
import { countSelectedFields } from './rates/selected-fields.ts';
import { visibleSchemaSteps } from './visible-schema.ts';

const visibleSchemaNow = (...given: Parameters<typeof visibleSchemaSteps>) => runSteps(visibleSchemaSteps(...given));

function shownOf(sdl: string, allowed: readonly string[]): string | undefined {
  const visible = visibleSchemaNow(buildSchema(sdl), (coordinate) => allowed.includes(coordinate));
  return visible === undefined ? undefined : printSchema(lexicographicSortSchema(visible.schema));
}

const SDL = `
  type Query { order(id: ID!, by: Sort): Order me: Person find: [Found!] stats: Stats }
  type Mutation { pay(input: Payment!): Order }
  type Order { id: ID! total: Int @deprecated(reason: "old") buyer: Person }
  type Person implements Named { name: String secret: String }
  type Stats { count: Int }
  interface Named { name: String }
  union Found = Order | Stats
  enum Sort { UP }
  input Payment { card: Card }
  input Card { number: String }
`;

describe('what is visible of a schema', () => {
  it('is what root fields that are allowed lead to, with what these take', () => {
    expect(
      shownOf(SDL, ['Query.order', 'Order.id', 'Order.total', 'Order.buyer', 'Stats.count', 'Mutation.pay']),
    ).toMatchInlineSnapshot(`
      "input Card {
        number: String
      }

      type Mutation {
        pay(input: Payment!): Order
      }

      type Order {
        id: ID!
        total: Int @deprecated(reason: "old")
      }

      input Payment {
        card: Card
      }

      type Query {
        order(by: Sort, id: ID!): Order
      }

      enum Sort {
        UP
      }"
    `);
  });

  it('has a field of an interface and of its types together, or neither', () => {
    expect(shownOf(SDL, ['Query.me', 'Person.name', 'Named.name'])).toContain('type Person implements Named');
    expect(shownOf(SDL, ['Query.me', 'Person.name', 'Person.secret'])).toBe(
      'type Person {\n  secret: String\n}\n\ntype Query {\n  me: Person\n}',
    );
  });

  it('has those members of a union of which something is left, and no field that leads nowhere', () => {
    expect(shownOf(SDL, ['Query.find', 'Stats.count'])).toContain('union Found = Stats');
    expect(shownOf(SDL, ['Query.find', 'Query.me'])).toBeUndefined();
  });

  it('has the types of the whole where all of them and of what they lead to is visible, but for roots', () => {
    const full = buildSchema(`
      type Query { a: A c: C secret: Int }
      type A { b: [B!] } type B { text: String }
      type C implements Named { name: String d: D } interface Named { name: String } type D { text: String no: Int }
    `);
    const schema = visibleSchemaNow(full, (coordinate) => !['Query.secret', 'D.no'].includes(coordinate))?.schema;
    const same = (name: string) => schema?.getType(name) === full.getType(name);
    expect(['A', 'B', 'Named', 'String'].filter((name) => !same(name))).toEqual([]);
    expect(['Query', 'C', 'D'].filter(same)).toEqual([]);
    const all = buildSchema('type Query { a: Int } type Mutation { b: Int }');
    expect(visibleSchemaNow(all, (coordinate) => coordinate === 'Query.a')?.schema.getQueryType()).not.toBe(
      all.getQueryType(),
    );
  });

  it('has a query in any case', () => {
    expect(shownOf(SDL, ['Mutation.pay', 'Order.id'])).toContain('type Query {\n  """There is nothing to query."""');
  });
});

/** The same, by going over everything until nothing changes. */
function expectedOf(full: GraphQLSchema, isAllowed: (coordinate: string) => boolean): ReadonlySet<string> {
  const types = Object.values(full.getTypeMap()).filter((type) => !isIntrospectionType(type));
  const withFields = types.flatMap((type) => (isObjectType(type) || isInterfaceType(type) ? [type] : []));
  const has = (typeName: string, field: string) =>
    withFields.some(({ name, getFields }) => name === typeName && field in getFields.call(full.getType(name)));
  const together = (typeName: string, field: string): string[] => {
    const type = full.getType(typeName);
    if (!isObjectType(type) && !isInterfaceType(type)) return [];
    const objects = isObjectType(type)
      ? [type]
      : withFields.filter((one) => isObjectType(one) && one.getInterfaces().includes(type));
    const below = withFields.filter((one) => isInterfaceType(type) && one.getInterfaces().includes(type));
    const all = [type, ...below, ...[type, ...objects].flatMap((one) => one.getInterfaces()), ...objects];
    return [...new Set(all.map(({ name }) => name))].filter((name) => has(name, field));
  };
  const left = new Set<string>();
  for (const { name, getFields } of withFields)
    for (const field of Object.keys(getFields.call(full.getType(name))))
      if (together(name, field).every((owner) => isAllowed(`${owner}.${field}`))) left.add(`${name}.${field}`);
  const isEmpty = (typeName: string): boolean => {
    const type = full.getType(typeName);
    if (isUnionType(type)) return type.getTypes().every(({ name }) => isEmpty(name));
    if (!isObjectType(type) && !isInterfaceType(type)) return false;
    return Object.keys(type.getFields()).every((field) => !left.has(`${typeName}.${field}`));
  };
  const reach = (): Set<string> => {
    const reached = new Set<string>();
    const go = (typeName: string, isGiven: boolean) => {
      const type = full.getType(typeName);
      const mark = `${typeName}${isGiven ? '!' : ''}`;
      if (reached.has(mark)) return;
      reached.add(mark);
      if (isUnionType(type)) for (const { name } of type.getTypes()) go(name, true);
      if (!isObjectType(type) && !isInterfaceType(type)) return;
      reached.add(typeName);
      for (const [field, { type: next }] of Object.entries(type.getFields()))
        if (left.has(`${typeName}.${field}`)) go(getNamedType(next).name, true);
      for (const { name } of type.getInterfaces()) go(name, false);
      if (isGiven) for (const one of withFields) if (one.getInterfaces().includes(type as never)) go(one.name, true);
    };
    for (const root of ['Query', 'Mutation']) if (full.getType(root) !== undefined) go(root, true);
    return reached;
  };
  const first = reach();
  for (let before = -1; before !== left.size; ) {
    before = left.size;
    for (const coordinate of left) {
      const [typeName = '', field = ''] = coordinate.split('.');
      if (!first.has(typeName)) continue;
      const type = full.getType(typeName) as (typeof withFields)[number];
      const owners = together(typeName, field).filter((owner) => first.has(owner));
      const leadsTo = getNamedType(type.getFields()[field]?.type as GraphQLOutputType) as GraphQLNamedType;
      if (isEmpty(leadsTo.name) || owners.some((owner) => !left.has(`${owner}.${field}`))) left.delete(coordinate);
    }
  }
  const last = reach();
  return new Set([...left].filter((coordinate) => last.has(coordinate.split('.')[0] ?? '')));
}

const caseOf = fc.record({ sdl: randomSchema(), seed: fc.nat(), percent: fc.constantFrom(30, 60, 85, 95) });

/** Whether a coordinate is allowed: as good as chance, and the same each time. */
function chance(seed: number, percent: number): (coordinate: string) => boolean {
  return (coordinate) => {
    let hash = seed | 0;
    for (let i = 0; i < coordinate.length; i += 1) hash = Math.imul(hash ^ coordinate.charCodeAt(i), 0x01000193) + 7;
    return ((hash >>> 8) % 100) + 1 <= percent;
  };
}

describe('what is visible of random schemas', () => {
  it('is a valid schema, and has exactly the allowed fields that root types lead to', () => {
    let shown = 0;
    fc.assert(
      fc.property(caseOf, ({ sdl, seed, percent }) => {
        const full = buildSchema(sdl);
        const isAllowed = chance(seed, percent);
        const visible = visibleSchemaNow(full, isAllowed);
        const expected = expectedOf(full, isAllowed);
        if (visible === undefined) {
          expect([...expected]).toEqual([]);
          return;
        }
        const again = buildSchema(printSchema(visible.schema));
        expect(validateSchema(again).map(String)).toEqual([]);
        const coordinates = Object.values(again.getTypeMap()).flatMap((type) =>
          isIntrospectionType(type) || !(isObjectType(type) || isInterfaceType(type))
            ? []
            : Object.keys(type.getFields()).map((field) => `${type.name}.${field}`),
        );
        const found = coordinates.filter((coordinate) => coordinate !== 'Query._empty').sort();
        expect(found).toEqual([...expected].sort());
        shown += found.length;
      }),
      { numRuns: 100 },
    );
    expect(shown).toBeGreaterThan(300);
  });

  it('makes valid what is valid in the whole and selects what is allowed', () => {
    let asked = 0;
    fc.assert(
      fc.property(caseOf, ({ sdl, seed, percent }) => {
        const full = buildSchema(sdl);
        const isAllowed = chance(seed, percent);
        const visible = visibleSchemaNow(full, isAllowed);
        const query = visible?.schema.getQueryType();
        if (visible === undefined || query == null || query.getFields()._empty !== undefined) return;
        const document = parse(`{ ${everythingOf(query, visible.schema, 3)} }`);
        expect(validate(visible.schema, document).map(String)).toEqual([]);
        expect(validate(full, document).map(String)).toEqual([]);
        const operation = getOperationAST(document);
        const fields = operation == null ? [] : [...countSelectedFields(full, document, operation).keys()];
        expect(fields.filter((field) => !isAllowed(field))).toEqual([]);
        asked += fields.length;
      }),
      { numRuns: 100 },
    );
    expect(asked).toBeGreaterThan(200);
  });
});

/** Selects all there is, some levels deep, as far as `left` goes. */
function everythingOf(type: GraphQLNamedType, schema: GraphQLSchema, depth: number, left = { fields: 300 }): string {
  const fields = isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()) : [];
  const own = fields.flatMap(({ name, type: given }) => {
    const inner = getNamedType(given);
    left.fields -= 1;
    if (left.fields < 0) return [];
    // Fields of the same name and of several types are no conflict under names of their own.
    const alias = `${type.name}_${name}`;
    if (!isCompositeType(inner)) return [`${alias}: ${name}`];
    return depth === 0 ? [] : [`${alias}: ${name} { ${everythingOf(inner, schema, depth - 1, left)} }`];
  });
  const below = isAbstractType(type) && left.fields > 0 && depth > 0 ? schema.getPossibleTypes(type) : [];
  const parts = below.map((one) => `... on ${one.name} { ${everythingOf(one, schema, depth - 1, left)} }`);
  return ['__typename', ...own, ...parts].join(' ');
}
