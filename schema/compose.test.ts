import { describe, expect, it } from 'vitest';
import { createMemorySource } from '../test/utils/memory-source.ts';
import { createShop } from '../test/utils/shop.ts';
import { compose } from './compose.ts';
import { linkOptions } from './options.ts';

const NOTHING_MISSING = () => false;

function problemsOf(links: Record<string, unknown>, extraSources: Parameters<typeof compose>[0]['sources'] = []) {
  const { sources } = createShop();
  const parsed = Object.fromEntries(Object.entries(links).map(([name, link]) => [name, linkOptions.parse(link)]));
  const { problems } = compose({ sources: [...sources, ...extraSources], links: parsed, isMissing: NOTHING_MISSING });
  return problems.map(({ path, message, suggestion }) => [
    path?.join(' › '),
    message,
    ...(suggestion === undefined ? [] : [suggestion]),
  ]);
}

describe('composing sources and links', () => {
  it('tells every mistake in every link at once, with its place and a way out', () => {
    const problems = problemsOf({
      'Produkt.stock': { call: 'inventory.batchStock', args: { skus: '$parents.sku' }, items: 'stocks', match: 'sku' },
      'Product.name': { call: 'catalog.product', args: { sku: '$parent.sku' } },
      'Product.a': { call: 'inventry.batchStock' },
      'Product.b': { call: 'inventory.batchStok' },
      'Product.c': { call: 'inventory.batchStock', args: { sku: '$parents.sku' }, items: 'stocks' },
      'Product.d': { call: 'inventory.batchStock', args: { skus: '$parents.skuu' }, items: 'stok', match: 'sku' },
      'Product.e': { call: 'catalog.product', args: { sku: '$parents.sku' } },
      'Product.f': { call: 'catalog.products', args: { sku: '$parents.sku', first: 'many' }, match: 'tags' },
      'Product.g': { call: 'catalog.product', args: { sku: '$parent.stock { quantity }' } },
      'Product.h': { call: 'catalog.product', args: { sku: '$parent.sku!' }, many: true },
      'Product.j': { call: 'catalog.products', args: { first: 1 } },
      'Product.k': { call: 'catalog.products', args: { first: '$parent.weightKg', sku: '$parents.sku' }, match: 'sku' },
      'Product.i': { call: 'prompts.digest', args: { product: '$parent.tags', reviews: [] } },
      'Product.l': {
        call: 'inventory.batchStock',
        args: { skus: '$parents.sku', site: '$parent.name' },
        items: 'stocks',
      },
      'Product.m': { call: 'inventory.batchStock', args: { skus: '$parents.levle' }, items: 'stocks' },
      'Product.level': { call: 'inventory.batchStock', args: { skus: '$parents.sku' }, items: 'stocks', match: 'sku' },
    });
    expect(problems).toMatchInlineSnapshot(`
      [
        [
          "links › Produkt.stock",
          "Link "Produkt.stock" adds to type "Produkt", which no source has. Did you mean "Product"?",
        ],
        [
          "links › Product.name",
          "Link "Product.name" adds a field that source "catalog" already has.",
          "Give the link another field name.",
        ],
        [
          "links › Product.a › call",
          "Link "Product.a" calls source "inventry", which does not exist. Did you mean "inventory"?",
        ],
        [
          "links › Product.b › call",
          "Link "Product.b" calls "batchStok", which source "inventory" does not have as a query. Did you mean "batchStock"?",
        ],
        [
          "links › Product.c › args › sku",
          "Link "Product.c" sets argument "sku", which "batchStock" does not have. Did you mean "skus"?",
        ],
        [
          "links › Product.d › args › skus",
          "Link "Product.d" reads field "skuu" of "Product", which its source does not have. Did you mean "sku"?",
        ],
        [
          "links › Product.d › items",
          "Link "Product.d" looks for "stok" in BatchStock, which has no such field. Did you mean "stocks"?",
        ],
        [
          "links › Product.e › args › sku",
          "Link "Product.e": argument "sku" takes one value, $parents gives a list.",
          "Write $parent.sku.",
        ],
        [
          "links › Product.f › args › first",
          "Link "Product.f": argument "first": Int cannot represent non-integer value: "many"",
        ],
        [
          "links › Product.f › match",
          "Link "Product.f" matches "tags", which is not a plain field.",
        ],
        [
          "links › Product.g › args › sku",
          "Link "Product.g" reads "stock { … }" of "Product", which neither its source has nor a link adds.",
        ],
        [
          "links › Product.h › args › sku",
          "Link "Product.h": argument "sku" must be a constant, $parent.field, $parents.field or $parent.field { selection } (a constant that begins with $ is written $$).",
        ],
        [
          "links › Product.h › match",
          "Link "Product.h" has \`match\` or \`many\`, which need an argument that reads $parents.",
        ],
        [
          "links › Product.j › args",
          "Link "Product.j" reads no plain field of its parent.",
          "Set an argument to $parent.field: it is how the target knows the parent.",
        ],
        [
          "links › Product.k › args › first",
          "Link "Product.k": argument "first" takes Int, "weightKg" of "Product" is Float.",
        ],
        [
          "links › Product.i › args › product",
          "Link "Product.i" reads field "tags" of "Product", which is not a plain scalar.",
        ],
        [
          "links › Product.l › args",
          "Link "Product.l" reads $parents for one call, and $parent for each object.",
          "Read all of it by $parent.",
        ],
        [
          "links › Product.m › args › skus",
          "Link "Product.m" reads field "levle" of "Product", which its source does not have. Did you mean "level"?",
        ],
      ]
    `);
  });

  it('tells what an AI field reads that is not there, or does not fit', () => {
    const reviews = { call: 'reviews.reviewsOf', args: { skus: '$parents.sku' }, match: 'sku', many: true };
    const digest = (selection: string) => ({
      call: 'prompts.digest',
      args: { product: '$parent.name', reviews: `$parent.reviews ${selection}` },
    });
    expect(
      problemsOf({
        'Product.reviews': reviews,
        'Product.a': digest('{ rating txt }'),
        'Product.b': digest('{ rating text id }'),
        'Product.c': digest('{ text author }'),
        'Product.d': digest('{ rating text { x } }'),
        'Product.e': digest('{ rating text: id }'),
        'Product.f': { call: 'prompts.digest', args: { product: '$parent.reviews { text }', reviews: [] } },
      }),
    ).toMatchInlineSnapshot(`
      [
        [
          "links › Product.a › args",
          "Link "Product.a" reads "txt" of Review, which its source does not have. Did you mean "text"?",
        ],
        [
          "links › Product.a › args",
          "Link "Product.a" does not give "text", which ReviewText needs.",
        ],
        [
          "links › Product.b › args",
          "Link "Product.b" gives "id", which ReviewText does not have.",
        ],
        [
          "links › Product.c › args",
          "Link "Product.c" reads "author" of Review without saying which fields of it.",
        ],
        [
          "links › Product.c › args",
          "Link "Product.c" does not give "rating", which ReviewText needs.",
        ],
        [
          "links › Product.d › args",
          "Link "Product.d" reads "text" of Review as if it had fields.",
        ],
        [
          "links › Product.e › args",
          "Link "Product.e" can only select fields by name: no fragments, aliases or arguments.",
        ],
        [
          "links › Product.e › args",
          "Link "Product.e" does not give "text", which ReviewText needs.",
        ],
        [
          "links › Product.f › args",
          "Link "Product.f" gives an object, where String! is taken.",
        ],
      ]
    `);
  });

  it('says how a link can be what it is meant to be', () => {
    const people = createMemorySource({
      name: 'people',
      kind: 'openapi',
      sdl: 'type Query { person(id: ID!): Person byName(name: String!): Person } type Mutation { find(id: ID!): Person } type Person { id: ID! number: Int! }',
      unary: { 'Query.person': () => null, 'Query.byName': () => null, 'Mutation.find': () => null },
    });
    const links = {
      'Person.a': { call: 'people.find', args: { id: '$parent.id' } },
      'Person.b': { call: 'people.person', args: { surname: '$parent.id' } },
      'Person.c': { call: 'people.byName', args: { name: '$parent.number' } },
    };
    expect(problemsOf(links, [people])).toMatchInlineSnapshot(`
      [
        [
          "links › Person.a › call",
          "Link "Person.a" calls "find", which is a mutation of source "people": links call queries.",
          "If it changes nothing, make it a query: sources.people.operations: { "Mutation.find": { as: query } }",
        ],
        [
          "links › Person.b › args › surname",
          "Link "Person.b" sets argument "surname", which "person" does not have.",
          "It takes: id.",
        ],
        [
          "links › Person.c › args › name",
          "Link "Person.c": argument "name" takes String!, "number" of "Person" is Int!.",
          "Give the field the type: sources.people.transforms: { fields: { Person.number: { type: String! } } }",
        ],
      ]
    `);
  });

  it('never merges types or fields of unrelated sources silently', () => {
    const second = createMemorySource({
      name: 'second',
      sdl: 'type Query { product: Product other: Int } type Product { title: String }',
      unary: { 'Query.product': () => null, 'Query.other': () => 1 },
    });
    expect(problemsOf({}, [second])).toMatchInlineSnapshot(`
      [
        [
          "sources › second",
          "Field "Query.product" is defined by source "catalog" and by source "second".",
          "Give it another name, e.g. sources.second.operations: { "Query.product": { name: secondProduct } }",
        ],
        [
          "sources › second",
          "Type "Product" is defined by source "catalog" and by source "second".",
          "Give one of them another name, e.g. sources.second.transforms: { types: { Product: { name: SecondProduct } } } – or, if it is one type, declare it under \`types\`; if both are versions of one service, under \`versions\`.",
        ],
      ]
    `);
  });

  it('reports a source whose schema is not valid, and goes on', () => {
    const broken = createMemorySource({ name: 'broken', sdl: 'type Query { a: Nothing }' });
    const links = { 'Product.x': { call: 'catalog.nothing' }, 'Product.y': { call: 'broken.a' } };
    expect(problemsOf({}, [broken]).map(([, message]) => message)).toEqual([
      '[broken] Unknown type Nothing (INVALID_GRAPHQL)',
    ]);
    expect(problemsOf(links, [broken])).toMatchInlineSnapshot(`
      [
        [
          "links › Product.x › call",
          "Link "Product.x" calls "nothing", which source "catalog" does not have as a query.",
        ],
        [
          undefined,
          "A source gives no valid schema: Unknown type "Nothing".",
        ],
      ]
    `);
  });

  it('leaves out the links of a source that is not there, whichever end it is', () => {
    const { sources, links } = createShop();
    const present = sources.filter(({ name }) => name !== 'reviews');
    const { composition, problems } = compose({
      sources: present,
      links,
      isMissing: (name) => name === undefined || name === 'reviews',
    });
    expect(problems).toEqual([]);
    expect(composition?.links.map(({ typeName, fieldName }) => `${typeName}.${fieldName}`)).toEqual([
      'Product.stock',
      'StockChange.product',
    ]);
  });

  it('asks for at least one source', () => {
    const { problems } = compose({ sources: [], links: {}, isMissing: NOTHING_MISSING });
    expect(problems.map(({ message }) => message)).toEqual(['The graph has no source.']);
  });
});
