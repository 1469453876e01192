import { expect, it } from 'vitest';
import { silentLog } from '../../kernel/ports.ts';
import { createFederationSources } from '../../sources/federation/federation-source.ts';
import { federationOptions } from '../../sources/federation/options.ts';
import { joinSubgraphs } from '../join-subgraphs.ts';
import { createFederatedSubgraph } from '../subgraphs.ts';
import { withDeclaredFields } from './declared-fields.ts';

const HEAD =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@extends"])\n';

/** Whether the first subgraph has what it calls its external key. */
async function hasItsKey(definition: string): Promise<boolean> {
  const sdls = [
    `${HEAD} type Query { someone: User } ${definition}`,
    `${HEAD} type Query { user(id: ID!): User } type User @key(fields: "id") { id: ID! name: String }`,
  ];
  const joined = joinSubgraphs({
    subgraphs: sdls.map((sdl, index) => createFederatedSubgraph(`s${index}`, sdl)),
    readsSupergraph: true,
  });
  if (joined.supergraphSdl === undefined || joined.supergraph === undefined)
    throw new Error(JSON.stringify(joined.problems));
  const sources = await Promise.all(
    sdls.map((document, index) =>
      createFederationSources(
        `s${index}`,
        federationOptions.parse({ kind: 'federation', endpoint: 'http://127.0.0.1:1', document: 'x.graphql' }),
        { document, supergraph: undefined },
        { log: silentLog, report: (problem) => expect.fail(problem.message) },
      ),
    ),
  );
  const { types } = withDeclaredFields(joined.supergraph, sources.flat());
  await Promise.all(sources.flat().map((source) => source.dispose()));
  return types.get('User')?.fields.get('id')?.subgraphs.get('s0')?.external === false;
}

it.each([
  'extend type User @key(fields: "id") { id: ID! @external age: Int }',
  'type User @key(fields: "id") @extends { id: ID! @external age: Int }',
])('whoever extends a type has its key, even if it is external: %s', async (definition) => {
  expect(await hasItsKey(definition)).toBe(true);
});

it('whoever does not extend it has not, and where nobody else has it, the composer says so, once', async () => {
  const definition =
    'interface Node { id: ID! } type User implements Node @key(fields: "id") { id: ID! @external age: Int }';
  const failure = await hasItsKey(definition).catch((error: Error) => error.message);
  expect(String(failure).match(/someone {\\n {4}id/g)).toHaveLength(1);
  expect(failure).toMatch(/"User.id\\" is not resolvable because marked @external/);
});
