import { print } from 'graphql';
import { describe, expect, it } from 'vitest';
import { runSteps } from '../../kernel/steps.ts';
import { createSubgraphSource } from '../../test/utils/oracle-sources.ts';
import { readSupergraph } from '../federation/supergraph.ts';
import { findOwners } from '../ownership.ts';
import { createRoutes } from './routes.ts';

const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.8", import: ["@key", "@shareable"])';

/** Subgraphs that have a type, by name with the numbers of its keys; the field `f` is in the last. */
function routesOf(keys: readonly (readonly number[])[]) {
  const numbers = [...new Set(keys.flat())];
  const last = keys.length - 1;
  const sources = keys.map((own, i) =>
    createSubgraphSource({
      name: `s${i}`,
      sdl: `${LINK} type Thing ${own.map((k) => `@key(fields: "k${k}")`).join(' ')} {
        ${own.map((k) => `k${k}: ID! @shareable`).join(' ')} ${i === last ? 'f: Int' : ''}
      }`,
      resolvers: {},
    }),
  );
  const supergraph = readSupergraph(`
    enum join__Graph { ${keys.map((_, i) => `S${i} @join__graph(name: "s${i}", url: "")`).join(' ')} }
    type Thing ${keys.flatMap((own, i) => own.map((k) => `@join__type(graph: S${i}, key: "k${k}")`)).join(' ')} {
      ${numbers.map((k) => `k${k}: ID! ${keys.map((own, i) => (own.includes(k) ? `@join__field(graph: S${i})` : '')).join(' ')}`).join('\n')}
      f: Int @join__field(graph: S${last})
    }`);
  const ownership = runSteps(findOwners(sources, undefined, new Map(), () => {}));
  return createRoutes(ownership, new Map(), supergraph, () => false)
    .routesTo('s0', 'Thing', 'f', undefined)
    .map(({ source, key, cost }) => ({ source, key: print(key).replace(/\s+/g, ' '), cost }));
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

describe('a field of another subgraph', () => {
  it('is asked for by the key that costs the fewest fetches', () => {
    expect(routesOf([[0], [0, 1], [1, 2], [2, 1]])).toEqual([{ source: 's3', key: '{ k1 }', cost: 2 }]);
    expect(routesOf([[0], [1], [1, 2]])).toEqual([]);
  });

  it('is found at the end of a chain of fifty subgraphs', () => {
    expect(routesOf(numbers(50).map((i) => [i, i + 1]))).toEqual([{ source: 's49', key: '{ k49 }', cost: 49 }]);
  });

  it('is found among thirty subgraphs that know all of ten keys, or none that leads on', () => {
    const all = numbers(10);
    expect(routesOf([[0], ...numbers(30).map(() => all)])).toEqual([{ source: 's30', key: '{ k0 }', cost: 1 }]);
    expect(routesOf([[99], ...numbers(30).map(() => all)])).toEqual([]);
  });
});
