import { expect, it } from 'vitest';
import { askWay } from '../test/utils/ask-way.ts';
import { createMemoryGraphqlSource, createMemorySource } from '../test/utils/memory-source.ts';

const PEOPLE = 'type Query { person(id: ID): Person people(ids: [ID!]): [Person] } type Person { id: ID points: Int }';
const SHOP = `
  type Query { order: Order }
  type Mutation { buy(by: ID): Order }
  type Order { customer: ID }
`;

/** Each order that is bought earns its customer a point, which another source tells. */
function createShop(kind: 'openapi' | 'graphql') {
  let points = 0;
  const person = ({ id }: { readonly id: string }) => ({ id, points });
  const people = ({ ids }: { readonly ids: readonly string[] }) => ids.map((id) => ({ id, points }));
  const buy = ({ by }: { readonly by: string }) => {
    points += 1;
    return { customer: by };
  };
  if (kind === 'graphql') {
    return [
      createMemoryGraphqlSource({ name: 'shop', sdl: SHOP, root: { order: null, buy } }),
      createMemoryGraphqlSource({ name: 'people', sdl: PEOPLE, root: { person, people } }),
    ];
  }
  return [
    createMemorySource({ name: 'shop', sdl: SHOP, unary: { 'Query.order': () => null, 'Mutation.buy': buy } }),
    createMemorySource({ name: 'people', sdl: PEOPLE, unary: { 'Query.person': person, 'Query.people': people } }),
  ];
}

const ONE = { call: 'people.person', args: { id: '$parent.customer' } };
const MANY = { call: 'people.people', args: { ids: '$parents.customer' }, match: 'id' };

it.each([
  ['direct', 'openapi', ONE],
  ['direct', 'openapi', MANY],
  ['direct', 'graphql', ONE],
  ['stitched', 'openapi', ONE],
  ['stitched', 'openapi', MANY],
  ['stitched', 'graphql', MANY],
] as const)('what a mutation changed is asked for anew below the next one: %s, %s, %o', async (way, kind, link) => {
  const graph = { sources: createShop(kind), links: { 'Order.buyer': link } };
  const { data, errors } = await askWay(
    graph,
    way,
    'mutation { first: buy(by: "ann") { buyer { points } } second: buy(by: "ann") { buyer { points } } }',
  );
  expect(errors).toEqual([]);
  expect(data).toEqual({ first: { buyer: { points: 1 } }, second: { buyer: { points: 2 } } });
});
