import { expect, it } from 'vitest';
import { createCallContext } from '../../test/utils/call-context.ts';
import { createMemoryGraphqlSource, type RecordedCall } from '../../test/utils/memory-source.ts';
import type { SelectionShape } from '../source.ts';
import { createCachedSource } from './cached-source.ts';
import { createMemoryStore } from './memory-store.ts';
import { sourceCacheOptions } from './options.ts';
import { createCacheStats } from './stats.ts';

const SDL = `
  type Query { user(id: ID!): User users: [User] }
  type Mutation { rename(id: ID!): User }
  type User { id: ID! name(upper: Boolean): String boss: User }
`;

function start(options: object) {
  const calls: RecordedCall[] = [];
  const user = (id: string) => ({
    id,
    name: ({ upper = false }) => (upper ? id.toUpperCase() : id),
    boss: { id: 'ann' },
  });
  const root = {
    user: ({ id }: { id: string }) => user(id),
    users: [user('bob')],
    rename: ({ id }: { id: string }) => user(id),
  };
  const plain = createMemoryGraphqlSource({ name: 'people', sdl: SDL, root, calls });
  const clock = { now: () => 1 };
  const source = createCachedSource(plain, sourceCacheOptions.parse(options), {
    store: createMemoryStore({ maxBytes: 1e6, clock }),
    clock,
    stats: createCacheStats(),
    forwardedHeaders: [],
    fingerprint: '',
  });
  const ask = async (field: string, args: object, shape: SelectionShape, values = {}) => {
    const call = source.model.calls.get(field);
    if (call?.type !== 'unary') throw new Error(`no call ${field}`);
    const before = calls.length;
    const answer = await call.invoke(args as never, createCallContext().context, { shape, values });
    return [answer, calls.length - before];
  };
  return { ask };
}
const shape = (text: string, variables: [string, string][] = []): SelectionShape => ({
  text,
  variables: new Map(variables),
});

it('answers are told apart by what is selected, and by the variables in it', async () => {
  const { ask } = start({ fields: { user: 1_000 } });
  const upper = shape('{ name(upper: $upper) }', [['upper', 'Boolean']]);
  expect(await ask('Query.user', { id: 'b' }, upper, { upper: true })).toEqual([{ name: 'B' }, 1]);
  expect(await ask('Query.user', { id: 'b' }, upper, { upper: false })).toEqual([{ name: 'b' }, 1]);
  expect(await ask('Query.user', { id: 'b' }, upper, { upper: true, other: 1 })).toEqual([{ name: 'B' }, 0]);
  expect(await ask('Query.user', { id: 'b' }, shape('{ id }'))).toEqual([{ id: 'b' }, 1]);
  // The same text of another document.
  expect(await ask('Query.user', { id: 'b' }, shape('{ id }'))).toEqual([{ id: 'b' }, 0]);
  const others = shape('{ name(upper: $upper) }', [['upper', 'Boolean = true']]);
  expect(await ask('Query.user', { id: 'b' }, others)).toEqual([{ name: 'B' }, 1]);
});

it.each([
  ['{ id }', 'b', 1],
  ['{ key: id }', 'b', 1],
  ['{ name }', 'b', 1],
  ['{ id }', 'c', 0],
  ['{ id boss { id } }', 'c', 0],
  ['{ id boss { name } }', 'c', 1],
  ['{ id ... on User { boss { who: id } } }', 'ann', 1],
])('a mutation takes out answers with its object, by what is selected: %s of %s', async (text, id, calls) => {
  const { ask } = start({ fields: { user: 1_000 }, invalidate: { rename: { ids: { 'User.id': '$args.id' } } } });
  const own = shape(text);
  await ask('Query.user', { id }, own);
  await ask('Mutation.rename', { id: id === 'c' ? 'b' : id }, shape('{ id }'));
  expect((await ask('Query.user', { id }, own))[1]).toBe(calls);
});
