import { buildSchema, validateSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import { partOfSchema } from './part-of-schema.ts';

const SDL = `
  type Query { node(id: ID!): Node search(by: Filter): [Hit!]! me: User secret: Secret orders: [Order!]! }
  type Mutation { rename(input: Rename!): User }
  type Subscription { renamed: User }
  input Filter { text: String, nested: Filter }
  input Rename { name: String!, kind: Kind = SMALL }
  enum Kind { SMALL LARGE }
  interface Node { id: ID! owner: User }
  type User implements Node { id: ID! owner: User name: String! orders: [Order!]! }
  type Order implements Node { id: ID! owner: User total: Int! kind: Kind }
  type Secret { value: String! }
  union Hit = User | Secret
`;
const links = [{ typeName: 'User', fieldName: 'orders' }] as never;

function part(fields: readonly string[], leftOut: readonly string[] = []) {
  const found = partOfSchema({ publicSdl: SDL, links }, fields, (field) => leftOut.includes(field));
  if (found.sdl !== '' && /type Query/.test(found.sdl)) expect(validateSchema(buildSchema(found.sdl))).toEqual([]);
  return found;
}

describe('a part of a schema', () => {
  it('has what its root fields lead to, with the arguments and their types, and no link', () => {
    const { sdl, coordinates } = part(['Query.search']);
    expect([...coordinates].sort()).toEqual(['Query.search', 'Secret.value', 'User.id', 'User.name', 'User.owner']);
    expect(sdl).toMatch(/input Filter \{\n {2}text: String\n {2}nested: Filter\n\}/);
    expect(sdl).not.toMatch(/Order|Kind|Mutation|implements/);
  });

  it('has of an interface all its types, and of those what it shows, whatever is named of them', () => {
    const { sdl, coordinates } = part(['Query.node', 'Order.total', 'User.name']);
    for (const field of ['Order.id', 'Order.owner', 'Order.total', 'User.id', 'User.owner', 'User.name', 'Node.id'])
      expect(coordinates).toContain(field);
    expect(coordinates).not.toContain('Order.kind');
    expect(sdl).toMatch(/type User implements Node/);
  });

  it('has mutations and subscriptions with what they take', () => {
    const { sdl } = part(['Query.me', 'Mutation.rename', 'Subscription.renamed', 'User.name']);
    expect(sdl).toMatch(/kind: Kind = SMALL/);
    expect(sdl).toMatch(/type Subscription/);
  });

  it('gives a link only where it is named', () => {
    expect(part(['Query.me', 'User.name', 'User.orders']).coordinates).toContain('Order.total');
  });

  it('leaves out what must be, what leads to nothing else, and unions and types of which nothing is left', () => {
    expect(part(['Query.secret', 'Query.me'], ['Secret.value']).coordinates).not.toContain('Query.secret');
    expect(part(['Query.search', 'User.name'], ['Secret.value']).sdl).toMatch(/union Hit = User/);
    expect(part(['Query.search'], ['Secret.value', 'User.id', 'User.owner', 'User.name'])).toMatchObject({ sdl: '' });
    expect(part(['Query.node', 'Query.me'], ['User.owner']).coordinates).not.toContain('Node.owner');
  });

  it('does not show all of a type because the fields that were named of it have gone', () => {
    const { sdl, unknown } = part(['Query.me', 'User.renamed']);
    expect({ sdl, unknown }).toEqual({ sdl: '', unknown: ['User.renamed'] });
  });

  it('is nothing without a root field', () => {
    expect(part(['User.name', 'Nothing.*']).sdl).toBe('');
  });
});
