import { expect, it } from 'vitest';
import { createMemorySource } from '../test/utils/memory-source.ts';
import { startTestGateway } from '../test/utils/test-gateway.ts';
import { compose } from './compose.ts';
import { linkOptions } from './options.ts';

function createUsers(links: ReadonlyMap<string, { call: string; args: Record<string, unknown> }>) {
  return createMemorySource({
    name: 'users',
    sdl: 'type Query { user(id: ID!): User boss(of: ID!): User } type User { id: ID! name: String bossId: ID }',
    unary: {
      'Query.user': ({ id }: { id: string }) => ({ id, name: `user ${id}`, bossId: '9' }),
      'Query.boss': ({ of }: { of: string }) => ({ id: '9', name: `boss of ${of}`, bossId: null }),
    },
    model: { links },
  });
}

it('joins that a document declares are fields of the graph, on both ways', async () => {
  for (const way of ['direct', 'stitched'] as const) {
    const users = createUsers(new Map([['User.boss', { call: 'Query.boss', args: { of: '$parent.id' } }]]));
    const gateway = await startTestGateway([users], {}, { way });
    const { body } = await gateway.post({ query: '{ user(id: 1) { boss { name } } }' });
    expect(body).toEqual({ data: { user: { boss: { name: 'boss of 1' } } } });
    await gateway.close();
  }
});

it('one that does not fit is left out with a notice, and one that the configuration has is not used', () => {
  const users = createUsers(
    new Map([
      ['User.boss', { call: 'Query.boss', args: { of: '$parent.id' } }],
      ['User.chief', { call: 'Query.chief', args: { of: '$parent.id' } }],
    ]),
  );
  const links = { 'User.boss': linkOptions.parse({ call: 'users.user', args: { id: '$parent.bossId' } }) };
  const { composition, problems } = compose({ sources: [users], links, isMissing: () => false });
  expect(problems).toEqual([]);
  expect(composition?.links.map(({ call }) => call)).toEqual(['Query.user']);
  expect(composition?.notices).toEqual([
    {
      path: ['sources', 'users'],
      message:
        'A link of the document is left out: Link "User.chief" calls "chief", which source "users" does not have as a query.',
    },
  ]);
});
