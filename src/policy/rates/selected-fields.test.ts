import { buildSchema, getOperationAST, parse, validate } from 'graphql';
import { expect, it } from 'vitest';
import { countSelectedFields } from './selected-fields.ts';

const schema = buildSchema(`
  type Query { product(sku: ID): Product products: [Product!]! node: Node search: [Found!]! }
  type Mutation { buy(sku: ID): Product }
  type Subscription { sold: Product }
  interface Node { id: ID! }
  interface Named implements Node { id: ID! name: String }
  type Product implements Named & Node { id: ID! name: String stock: Int related: [Product!]! }
  type Shop implements Node { id: ID! city: String }
  union Found = Product | Shop
`);

function count(text: string, operationName?: string): Record<string, number> {
  const document = parse(text);
  expect(validate(schema, document)).toEqual([]);
  const operation = getOperationAST(document, operationName);
  if (operation == null) throw new Error('no operation');
  return Object.fromEntries([...countSelectedFields(schema, document, operation)].sort());
}

it('counts each field as often as it is selected, by its name in the schema', () => {
  expect(
    count('{ a: product(sku: 1) { stock } b: product(sku: 2) { stock } products { stock related { stock } } }'),
  ).toEqual({
    'Product.related': 1,
    'Product.stock': 4,
    'Query.product': 2,
    'Query.products': 1,
  });
});

it('counts once what GraphQL merges, wherever it stands', () => {
  expect(
    count(`{ product { stock } product { stock } ...A ...A ... { product { ...B } } }
      fragment A on Query { product { ...B related { stock } } }
      fragment B on Product { stock related { stock stock } }`),
  ).toEqual({ 'Query.product': 1, 'Product.stock': 2, 'Product.related': 1 });
});

it('counts a fragment in every place where it is spread', () => {
  expect(count('{ a: product { ...F } b: product { ...F } } fragment F on Product { stock }')).toMatchObject({
    'Product.stock': 2,
  });
});

it('counts a field of an interface for all that it may be, and one of a type for its interfaces', () => {
  expect(count('{ node { id } }')).toEqual({
    'Query.node': 1,
    'Node.id': 1,
    'Named.id': 1,
    'Product.id': 1,
    'Shop.id': 1,
  });
  expect(count('{ product { id name } }')).toEqual({
    ...{ 'Query.product': 1, 'Product.id': 1, 'Named.id': 1, 'Node.id': 1 },
    ...{ 'Product.name': 1, 'Named.name': 1 },
  });
  expect(count('{ search { ... on Shop { city } ... on Named { name } } }')).toEqual({
    ...{ 'Query.search': 1, 'Shop.city': 1, 'Named.name': 1, 'Product.name': 1 },
  });
});

it('does not ask what variables will skip, nor for introspection', () => {
  const text =
    'query($no: Boolean!) { product @skip(if: $no) { stock @include(if: false) __typename } __schema { types { name } } }';
  expect(count(text)).toEqual({ 'Query.product': 1, 'Product.stock': 1 });
});

it('counts the operation that is meant, of any type', () => {
  const text = 'query A { products { stock } } mutation B { buy { stock } } subscription C { sold { stock } }';
  expect(count(text, 'A')).toEqual({ 'Query.products': 1, 'Product.stock': 1 });
  expect(count(text, 'B')).toEqual({ 'Mutation.buy': 1, 'Product.stock': 1 });
  expect(count(text, 'C')).toEqual({ 'Subscription.sold': 1, 'Product.stock': 1 });
});
