import { describe, expect, it } from 'vitest';
import { createOracleGraph } from '../../test/utils/oracle.ts';
import { createSubgraphSource } from '../../test/utils/oracle-sources.ts';
import type { SubgraphRequest } from '../../test/utils/subgraph-server.ts';

const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.8", import: ["@key", "@external", "@requires", "@shareable"])';

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

/** Each subgraph has a key in common with the one before it and the one after it only. */
function createChain(length: number, requests: SubgraphRequest[]) {
  const sources = numbers(length).map((i) => {
    const thing = { [`k${i}`]: `k${i}`, [`k${i + 1}`]: `k${i + 1}`, [`f${i}`]: i };
    return createSubgraphSource({
      name: `s${i}`,
      sdl: `${LINK} type Query { q${i}: Thing }
        type Thing @key(fields: "k${i}") @key(fields: "k${i + 1}") { k${i}: ID! @shareable, k${i + 1}: ID! @shareable, f${i}: Int }`,
      resolvers: { Query: { [`q${i}`]: () => thing }, Thing: { __resolveReference: () => thing } },
      requests,
    });
  });
  return createOracleGraph(sources);
}

/** An interface of many types, each with a field that may be any of them again, and one that has a type of its own. */
function createCrowd(size: number) {
  const members = numbers(size).map(
    (i) =>
      `type M${i} implements I { id: ID!, next: I, twin: M${(i * 7 + 1) % size}, wide: J, own${i}: Int } type J${i} implements J { id: ID!, back: I }`,
  );
  const value = { __typename: 'M0', id: '0', own0: 1, next: () => value, wide: () => ({ __typename: 'J0', id: 'j' }) };
  return createOracleGraph([
    createSubgraphSource({
      name: 'crowd',
      sdl: `${LINK} type Query { any: I, some: U } interface I { id: ID!, next: I, twin: I, wide: J } interface J { id: ID!, back: I }
        union U = ${numbers(size)
          .map((i) => `M${i}`)
          .join(' | ')} ${members.join(' ')}`,
      resolvers: { Query: { any: () => value, some: () => value } },
    }),
  ]);
}

function plan(graph: ReturnType<typeof createOracleGraph>, text: string) {
  const prepared = graph.generation.documents.prepare(text);
  if (prepared.errors !== undefined) throw new Error(prepared.errors.map(String).join());
  return prepared.plan(undefined).way;
}

const nested = (depth: number, around: (inner: string) => string, leaf = '{ id }'): string =>
  depth === 0 ? leaf : around(nested(depth - 1, around, leaf));

describe('planning takes bounded time', () => {
  it('with keys in a chain of subgraphs', async () => {
    const requests: SubgraphRequest[] = [];
    const graph = createChain(8, requests);
    expect(plan(graph, '{ q0 { f7 f6 f3 } q4 { f0 f7 } }')).toBe('direct');
    expect(await graph.ask('{ q0 { f7 } }')).toEqual({ data: { q0: { f7: 7 } }, errors: [] });
    expect(requests.map(({ subgraph }) => subgraph)).toEqual(numbers(8).map((i) => `s${i}`));
  });

  it('with types below types below types', async () => {
    const crowd = createCrowd(200);
    for (const around of [
      (inner: string) => `{ id next ${inner} }`,
      (inner: string) => `{ id twin ${inner} }`,
      (inner: string) => `{ ... on M0 { next ${inner} } ... on M1 { twin { wide { ... on J { back ${inner} } } } } }`,
    ]) {
      for (const depth of [1, 2, 4]) expect(plan(crowd, `{ any ${nested(depth, around)} }`)).toBe('direct');
    }
    const each = numbers(200).map((i) => `... on M${i} { own${i} next { id } }`);
    expect(plan(crowd, `{ some { ${each.join(' ')} } }`)).toBe('direct');
    // More than there is time for.
    const twofold = nested(7, (inner) => `{ ... on I { next ${inner} twin ${inner} } }`);
    expect(plan(crowd, `{ any ${twofold} }`)).toBe('stitched');
    expect(await crowd.ask('{ any { next { next { id ... on M0 { own0 } } } } }')).toEqual({
      data: { any: { next: { next: { id: '0', own0: 1 } } } },
      errors: [],
    });
  });
});
