import fc from 'fast-check';
import { type GraphQLSchema, isInterfaceType, isObjectType } from 'graphql';
import { describe, expect, it } from 'vitest';
import { askByHand, createOracleGraph, type OracleGraph, type PlainResult } from '../../test/utils/oracle.ts';
import { oracleQuery } from '../../test/utils/oracle-query.ts';
import { createSubgraphSource } from '../../test/utils/oracle-sources.ts';
import { type RandomFederationOptions, randomFederation } from '../../test/utils/random-federation.ts';
import { runs } from '../../test/utils/runs.ts';

const QUERIES_OF_EACH = 8;

interface World {
  readonly graph: OracleGraph;
  readonly byHand: GraphQLSchema;
}

/** Of the seeds of a generator some make subgraphs that cannot be composed: then the next one. */
function createWorld(seed: number, options: RandomFederationOptions): World {
  for (let next = seed; next < seed + 20; next += 1) {
    try {
      const { services, byHand } = randomFederation(next, options);
      const graph = createOracleGraph(services.map(createSubgraphSource));
      return { graph, byHand: byHand(graph.publicSdl) };
    } catch {}
  }
  throw new Error(`no graph of the seeds from ${seed} on can be composed`);
}

function queriesOf({ graph }: World, seed: number, areErrorsAnywhere: boolean): readonly string[] {
  const { schema } = graph.generation;
  const argumentChoices: Record<string, string[]> = {};
  for (const type of Object.values(schema.getTypeMap()))
    if (isObjectType(type) || isInterfaceType(type))
      for (const field of Object.values(type.getFields()))
        if (field.args.some(({ name }) => name === 'n'))
          argumentChoices[`${type.name}.${field.name}`] = ['', '(n: 2)', '(n: $n)', '(n: null)'];
  // What fails below a field that is asked for twice is null in both places: one request was made for them.
  const apart = !areErrorsAnywhere;
  const options = { schema, argumentChoices, variables: { n: 'Int = 3' }, aliases: apart, conditions: apart };
  return fc.sample(oracleQuery(options), { numRuns: QUERIES_OF_EACH, seed });
}

/** Data, whatever the order of its fields, and the nulls that errors explain. */
function explained({ data, errors }: PlainResult): unknown {
  const nulls = errors.map((path) => {
    let place = '';
    let value: unknown = data;
    for (const step of path.split('.')) {
      if (typeof value !== 'object' || value === null) break;
      value = (value as Readonly<Record<string, unknown>>)[step];
      place += ` ${step}`;
    }
    return `${place} ${value === null ? 'is null' : 'is there'}`;
  });
  return { data, nulls: [...new Set(nulls)].sort() };
}

describe('any query to any federated graph', () => {
  it.each([
    ['as it is', { nullPercent: 15, errorPercent: 0, nonNullErrors: false, requires: false }],
    ['with fields that require others', { nullPercent: 15, errorPercent: 0, nonNullErrors: false, requires: true }],
    ['with fields that fail', { nullPercent: 10, errorPercent: 10, nonNullErrors: false, requires: true }],
    ['with fields that fail and may not', { nullPercent: 10, errorPercent: 6, nonNullErrors: true, requires: false }],
  ])('has the answer of one service, %s', { timeout: 60_000 }, async (_name, options) => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 1_000_000 }), async (seed) => {
        const world = createWorld(seed, options);
        for (const text of queriesOf(world, seed, options.nonNullErrors)) {
          const reference = explained(await askByHand(world.byHand, text));
          for (let run = 0; run < 2; run += 1) expect(explained(await world.graph.ask(text))).toEqual(reference);
        }
      }),
      { numRuns: runs(4), endOnFailure: true },
    );
  });
});
