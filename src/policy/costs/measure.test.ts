import fc from 'fast-check';
import {
  buildSchema,
  getOperationAST,
  NoUnusedFragmentsRule,
  NoUnusedVariablesRule,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { naiveCost } from '../../../test/utils/naive-cost.ts';
import { costedGraph } from './costed-graph.ts';
import { type Formula, MOST } from './formula.ts';
import { measureOperation } from './measure.ts';
import { type CostOptions, costOptions } from './options.ts';

const schema = buildSchema(`
  input Page { size: Int offset: Int }
  scalar Int64
  type Query {
    product(sku: ID): Product
    products(first: Int): [Product!]!
    cheap(first: Int = 3): [Product!]!
    paged(page: Page): [Product!]!
    long(limit: Int64): [Product!]!
    shoes(size: Int): [Product!]!
    both(first: Int, last: Int): [Product!]!
    matrix: [[Product!]!]!
    connection(first: Int): Products!
    found(limit: Int): Found!
    node: Node
    search(first: Int): [Result!]!
    count: Int
  }
  type Products { edges: [Edge!]! nodes: [Product!]! facets: [Facet!]! total: Int }
  type Edge { node: Product! }
  type Found { items: [Product!]! total: Int }
  type Facet { name: String }
  interface Node { id: ID! parts(first: Int): [Part!]! }
  type Product implements Node { id: ID! name: String summary: String maker: Maker related(first: Int): [Product!]! parts(first: Int): [Part!]! }
  type Maker implements Node { id: ID! bio: String parts(first: Int): [Part!]! }
  type Part { id: ID! story: String }
  union Result = Product | Maker
`);
const ESTIMATES: Readonly<Record<string, bigint>> = { 'Product.summary': 1_000n, 'Maker.bio': 7n, 'Part.story': 20n };
const RULES = specifiedRules.filter((rule) => rule !== NoUnusedFragmentsRule && rule !== NoUnusedVariablesRule);
const ROOTS = Object.keys(schema.getQueryType()?.getFields() ?? {}).map((name) => `Query.${name}`);

interface Given {
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly options?: Partial<z.input<z.ZodObject<typeof costOptions>>>;
}

function measure(text: string, options: CostOptions = z.object(costOptions).parse({})) {
  const document = parse(text);
  expect(validate(schema, document, RULES)).toEqual([]);
  const operation = getOperationAST(document);
  if (operation == null) throw new Error('no operation');
  const calls = (coordinate: string) =>
    ESTIMATES[coordinate] !== undefined || ROOTS.includes(coordinate)
      ? { estimate: ESTIMATES[coordinate], reads: [] }
      : undefined;
  return { document, operation, ...measureOperation(costedGraph(schema, calls, options), { document, operation }) };
}

const value = (formula: Formula, variables: Readonly<Record<string, unknown>>) =>
  typeof formula === 'number' ? formula : formula(variables);

/** Units and nano-USD. */
function cost(text: string, { variables = {}, options = {} }: Given = {}): [number, number] {
  const { units, nanoUsd } = measure(text, z.object(costOptions).parse(options));
  return [value(units, variables), value(nanoUsd, variables)];
}

describe('what is counted', () => {
  it('is each object, and each call that gives none', () => {
    expect(cost('{ product { id name maker { id } } count }')).toEqual([3, 0]);
    expect(cost('{ products(first: 5) { name maker { id } } }')).toEqual([10, 0]);
    expect(cost('{ products(first: 5) { summary } }')).toEqual([10, 5_000]);
    expect(cost('{ __typename __schema { types { name } } product { __typename } }')).toEqual([1, 0]);
  });

  it('is multiplied by the sizes of the lists around it', () => {
    expect(cost('{ products(first: 4) { related(first: 5) { summary } } }')).toEqual([4 + 20 + 20, 20_000]);
    expect(cost('{ matrix { id } }')).toEqual([100, 0]);
  });

  it('is counted once where GraphQL merges it, and under each name where it does not', () => {
    expect(cost('{ product { summary } product { summary ...F } } fragment F on Product { summary }')).toEqual([
      2, 1_000,
    ]);
    expect(cost('{ a: product { summary } b: product { one: summary two: summary } }')).toEqual([5, 3_000]);
  });

  it('is nothing where it is left out', () => {
    const text = `query($with: Boolean!, $without: Boolean = true) {
      product { id summary @include(if: $with) other: summary @skip(if: $without) never: summary @include(if: false) ...F @include(if: $with) }
    } fragment F on Product { maker { bio } }`;
    expect(cost(text, { variables: { with: false } })).toEqual([1, 0]);
    expect(cost(text, { variables: { with: true } })).toEqual([1 + 1 + 1 + 1, 1_007]);
    expect(cost(text, { variables: { with: true, without: false } })).toEqual([5, 2_007]);
    // What cannot be told counts as if it was there.
    expect(cost(text)).toEqual([4, 1_007]);
    expect(
      cost('{ product { summary summary @include(if: false) ...F @skip(if: true) } } fragment F on Product { name }'),
    ).toEqual([2, 1_000]);
  });

  it('is the dearest of the types that there may be, for each sum by itself', () => {
    const text = '{ search(first: 1) { ... on Product { summary } ... on Maker { a: parts(first: 50) { id } } } }';
    expect(cost(text)).toEqual([51, 1_000]);
    expect(cost('{ node { parts(first: 2) { story } ... on Maker { bio } } }')).toEqual([6, 47]);
  });
});

describe('how many a list has', () => {
  it('is what its arguments say: as text, as a variable, or as a default of either', () => {
    expect(cost('{ products(first: 7) { id } }')[0]).toBe(7);
    expect(cost('{ cheap { id } }')[0]).toBe(3);
    const text = 'query($n: Int = 6) { products(first: $n) { id } }';
    expect(cost(text)[0]).toBe(6);
    expect(cost(text, { variables: { n: 8 } })[0]).toBe(8);
    expect(cost('{ long(limit: 12) { id } }')[0]).toBe(12);
    expect(cost('query($n: Int64) { long(limit: $n) { id } }', { variables: { n: '40' } })[0]).toBe(40);
    expect(cost('{ both(first: 4, last: 9) { id } }')[0]).toBe(9);
  });

  it('is assumed where nothing says it', () => {
    expect(cost('{ products { id } }')[0]).toBe(10);
    expect(cost('{ products(first: null) { id } }', { options: { listSize: 30 } })[0]).toBe(30);
    const text = 'query($n: Int) { products(first: $n) { id } }';
    expect(cost(text)[0]).toBe(10);
    expect(cost(text, { variables: { n: null } })[0]).toBe(10);
    expect(cost('query($n: Int) { cheap(first: $n) { id } }')[0]).toBe(3);
  });

  it.each([[0], [-1], [Number.NaN], [Number.NEGATIVE_INFINITY], ['many'], [[]], [{}], [true]])(
    'is assumed where %j says it',
    (n) => {
      expect(cost('query($n: Int) { products(first: $n) { id } }', { variables: { n } })[0]).toBe(10);
    },
  );

  it.each([1e300, Number.POSITIVE_INFINITY, '9'.repeat(40)])('is at most what can be counted: %s', (n) => {
    const text = 'query($n: Int) { products(first: $n) { related(first: $n) { summary } } }';
    expect(cost(text, { variables: { n } })).toEqual([MOST, MOST]);
  });

  it('is not made smaller by a word that may mean something else', () => {
    expect(cost('{ shoes(size: 2) { id } }')[0]).toBe(10);
    expect(cost('{ shoes(size: 44) { id } }')[0]).toBe(44);
    expect(
      cost('{ shoes(size: 2) { id } }', { options: { listSizes: { 'Query.shoes': { argument: 'size' } } } })[0],
    ).toBe(2);
  });

  it('is what the options say of the field: a number, or where an argument has it', () => {
    const listSizes = { 'Query.products': 50, 'Query.paged': { argument: 'page.size', assumed: 20 } };
    const given = (text: string, variables = {}) => cost(text, { variables, options: { listSizes } })[0];
    expect(given('{ products { id } }')).toBe(50);
    expect(given('{ products(first: 2) { id } }')).toBe(2);
    expect(given('{ paged { id } }')).toBe(20);
    expect(given('{ paged(page: { size: 4 }) { id } }')).toBe(4);
    expect(given('query($n: Int) { paged(page: { size: $n }) { id } }', { n: 5 })).toBe(5);
    expect(given('query($page: Page) { paged(page: $page) { id } }', { page: { size: 6 } })).toBe(6);
    expect(given('query($page: Page = { size: 7 }) { paged(page: $page) { id } }')).toBe(7);
    expect(given('query($page: Page) { paged(page: $page) { id } }', { page: { offset: 6 } })).toBe(20);
    expect(given('query($page: Page) { paged(page: $page) { id } }', { page: 'x' })).toBe(20);
  });

  it('is said of an interface for the types that have it', () => {
    expect(cost('{ product { parts { id } } }', { options: { listSizes: { 'Node.parts': 4 } } })[0]).toBe(5);
  });

  it('is said around a connection for its edges and nodes, and not twice', () => {
    expect(cost('{ connection(first: 5) { edges { node { summary } } } }')).toEqual([1 + 5 + 5 + 5, 5_000]);
    expect(cost('{ connection(first: 5) { nodes { id } facets { name } total } }')[0]).toBe(1 + 5 + 10);
    expect(cost('{ connection { nodes { id } } }', { options: { listSizes: { 'Query.connection': 4 } } })[0]).toBe(11);
    expect(cost('{ found(limit: 3) { items { id } } }')[0]).toBe(4);
    expect(cost('query($n: Int) { found(limit: $n) { items { id } } }', { variables: { n: 30 } })[0]).toBe(31);
  });
});

it('a chain of fragments that doubles at each step is measured step by step', () => {
  const chain = (length: number) => {
    const fragments = Array.from(
      { length },
      (_, i) =>
        `fragment F${i} on Product { a: related(first: $n) { ...F${i + 1} } b: related(first: $n) { ...F${i + 1} } }`,
    );
    return measure(
      `query($n: Int) { product { ...F0 } } ${fragments.join(' ')} fragment F${length} on Product { summary }`,
    );
  };
  const [short, long] = [chain(10), chain(40)];
  expect(long.visited).toBeLessThan(short.visited * 5);
  expect(value(short.nanoUsd, { n: 1 })).toBe(1_000 * 2 ** 10);
  expect(value(long.nanoUsd, { n: 1 })).toBe(Math.min(MOST, 1_000 * 2 ** 40));
});

describe('types that merge other selections for every choice of types above them', () => {
  const KINDS = 6;
  const kinds = Array.from({ length: KINDS }, (_, i) => i);
  const tree = buildSchema(`
    interface Node { kids(first: Int): [Node!]! }
    type Query { node: Node }
    ${kinds.map((i) => `type T${i} implements Node { kids(first: Int): [Node!]! own${i}(first: Int): [Node!]! }`).join(' ')}
  `);
  const chain = (kind: number, depth: number): string =>
    depth === 0
      ? '__typename'
      : `kids { ... on T${kind} { own${kind}(first: ${kind + 1}) { __typename } } ${chain(kind, depth - 1)} }`;
  const level = (depth: number): string =>
    depth === 0
      ? '__typename'
      : `kids { ${kinds.map((kind) => `... on T${kind} { ${chain(kind, depth)} }`).join(' ')} ${level(depth - 1)} }`;
  const measured = (depth: number) => {
    const document = parse(`{ node { ${level(depth)} } }`);
    expect(validate(tree, document)).toEqual([]);
    const operation = getOperationAST(document);
    if (operation == null) throw new Error('no operation');
    const graph = costedGraph(tree, () => undefined, { listSize: 2, listSizes: {} });
    const given = { schema: tree, document, operation, variables: {}, estimates: {}, assumed: 2 };
    return { cost: measureOperation(graph, { document, operation }), naive: () => naiveCost(given) };
  };

  it('are measured exactly where they are few', () => {
    const { cost, naive } = measured(3);
    expect(cost.units).toBe(naive().units);
  });

  it('are measured for as much or more where they are many, and step by step', () => {
    const { cost } = measured(9);
    expect(cost.visited).toBeLessThan(200_000);
    expect(cost.units).toBeGreaterThanOrEqual(2 ** 9 * (1 + KINDS));
  });
});

describe('whatever is asked', () => {
  const NAMES: Readonly<Record<string, readonly string[]>> = {
    Query: ['product', 'products', 'connection', 'node', 'search', 'count'],
    Product: ['id', 'name', 'summary', 'maker', 'related', 'parts'],
    Maker: ['id', 'bio', 'parts'],
    Node: ['id', 'parts'],
    Products: ['edges', 'total'],
    Edge: ['node'],
    Part: ['id', 'story'],
    Result: ['__typename'],
  };
  const INNER: Readonly<Record<string, string>> = {
    ...{ product: 'Product', products: 'Product', connection: 'Products', node: 'Node', search: 'Result' },
    ...{ maker: 'Maker', related: 'Product', parts: 'Part', edges: 'Edge' },
  };
  const SIZED = ['products', 'connection', 'search', 'related', 'parts'];
  const TYPES = ['Product', 'Maker', 'Node', 'Part'];
  const CONDITIONS: Readonly<Record<string, readonly string[]>> = {
    Product: ['Product', 'Node'],
    Maker: ['Maker', 'Node'],
    Node: ['Product', 'Maker', 'Node'],
    Result: ['Product', 'Maker', 'Node'],
    Part: ['Part'],
  };

  /** Fragments that spread those that come after them, so that none leads to itself. */
  const written = (conditionalPercent: number) =>
    fc.gen().map((generate) => {
      const conditional = () =>
        number(99) < conditionalPercent
          ? pick([
              ' @include(if: $x)',
              ' @skip(if: $x)',
              ' @include(if: $y)',
              ' @skip(if: true)',
              ' @include(if: true)',
            ])
          : '';
      const number = (max: number) => generate(fc.nat, { max });
      const pick = <T>(all: readonly T[]): T => all[number(all.length - 1)] as T;
      const fragments = Array.from({ length: 5 }, (_, index) => ({ name: `F${index}`, on: pick(TYPES) }));
      const selections = (type: string, depth: number, from: number): string => {
        const parts = ['__typename'];
        for (let count = number(3); count >= 0; count -= 1) {
          const spreads = fragments.slice(from).filter(({ on }) => CONDITIONS[type]?.includes(on));
          const chance = number(9);
          if (chance < 3 && spreads.length > 0) parts.push(`...${pick(spreads).name}${conditional()}`);
          else if (chance < 5 && depth > 0 && CONDITIONS[type] !== undefined) {
            const on = pick(CONDITIONS[type]);
            parts.push(`... on ${on}${conditional()} { ${selections(on, depth - 1, from)} }`);
          } else parts.push(field(type, depth, from));
        }
        return parts.join(' ');
      };
      const field = (type: string, depth: number, from: number): string => {
        const name = pick(NAMES[type] ?? []);
        const inner = type === 'Edge' && name === 'node' ? 'Product' : INNER[name];
        if (name === '__typename' || (inner !== undefined && depth <= 0)) return '__typename';
        // A name in the answer says which argument it is of: two of the same are merged.
        const size = SIZED.includes(name) ? pick(['', '2', '5', '$n', '$m']) : '';
        const alias = size === '' ? pick([name, `other_${name}`]) : `${name}_${size.replace('$', '')}`;
        const owner = inner === undefined ? '' : ` { ${selections(inner, depth - 1, from)} }`;
        return `${alias}: ${name}${size === '' ? '' : `(first: ${size})`}${conditional()}${owner}`;
      };
      const body = selections('Query', 4, 0);
      const texts = fragments.map(
        ({ name, on }, index) => `fragment ${name} on ${on} { ${selections(on, 2, index + 1)} }`,
      );
      return `query($n: Int, $m: Int = 4, $x: Boolean! = true, $y: Boolean!) { ${body} } ${texts.join(' ')}`;
    });

  const both = (text: string, variables: Readonly<Record<string, unknown>>) => {
    const document = parse(text);
    fc.pre(validate(schema, document, RULES).length === 0);
    const { operation, units, nanoUsd } = measure(text);
    const estimates = {
      ...Object.fromEntries(ROOTS.map((root) => [root, 0])),
      ...Object.fromEntries(Object.entries(ESTIMATES).map(([field, amount]) => [field, Number(amount)])),
    };
    const given = { m: 4, x: true, ...variables };
    const naive = naiveCost({ schema, document, operation, variables: given, estimates, assumed: 10 });
    return { naive, told: { units: value(units, variables), nanoUsd: value(nanoUsd, variables) } };
  };
  const n = fc.integer({ min: 1, max: 20 });

  it('costs what a walk with all fragments written out says', () => {
    fc.assert(
      fc.property(written(0), fc.record({ n }), (text, variables) => {
        const { naive, told } = both(text, { ...variables, y: true });
        expect(told).toEqual(naive);
      }),
      { numRuns: 500 },
    );
  });

  it('costs no less than that where some of it may be left out', () => {
    const variables = fc.record({ n, x: fc.boolean(), y: fc.boolean() });
    fc.assert(
      fc.property(written(40), variables, (text, given) => {
        const { naive, told } = both(text, given);
        expect(told.units).toBeGreaterThanOrEqual(naive.units);
        expect(told.nanoUsd).toBeGreaterThanOrEqual(naive.nanoUsd);
      }),
      { numRuns: 500 },
    );
  });
});
