import { type FieldNode, type GraphQLResolveInfo, Kind } from 'graphql';
import { expect, it } from 'vitest';
import { createFieldPlans } from './fetch-plan.ts';
import { createFetchResolvers } from './fetch-resolvers.ts';

const field = (name: string): FieldNode => ({ kind: Kind.FIELD, name: { kind: Kind.NAME, value: name } });

it('puts the selections of one field together once, and keeps no more of such than it can afford', () => {
  const plans = createFieldPlans();
  const nodes = Array.from({ length: 300 }, (_, index) => field(`f${index}`));
  nodes.forEach((node, index) => {
    plans.set(node, 'Query', { shape: { text: `{ x${index} }`, variables: new Map() } });
  });
  const { selection } = createFetchResolvers({} as never, plans, {} as never);
  const select = selection('Query');
  const shapeOf = (...fieldNodes: FieldNode[]) =>
    select({ fieldNodes, variableValues: {} } as unknown as GraphQLResolveInfo);
  const [first, second, ...others] = nodes as [FieldNode, FieldNode, ...FieldNode[]];
  const merged = shapeOf(first, second)?.shape;
  expect(merged?.text.replace(/\s+/g, ' ')).toBe('{ x0 x1 }');
  expect(shapeOf(first, second)?.shape).toBe(merged);
  for (const other of others) shapeOf(first, other);
  expect(shapeOf(first, second)?.shape).toEqual(merged);
  expect(shapeOf(first, second)?.shape).not.toBe(merged);
});
