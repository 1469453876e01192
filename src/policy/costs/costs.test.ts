import { buildSchema, type OperationDefinitionNode, parse } from 'graphql';
import { expect, it } from 'vitest';
import { compose } from '../../../schema/compose.ts';
import { linkOptions } from '../../../schema/options.ts';
import { partOfSchema } from '../../../schema/part-of-schema.ts';
import { createGeneration, type Generation } from '../../../schema/registry.ts';
import type { CallEstimate, Source } from '../../../sources/source.ts';
import { createMemoryLog } from '../../../test/utils/call-context.ts';
import { createMemorySource } from '../../../test/utils/memory-source.ts';
import { createProductSource } from '../../control/product-source.ts';
import { costedGraph } from './costed-graph.ts';
import { createCosts } from './costs.ts';
import type { FieldCall } from './field-calls.ts';
import { measureOperation } from './measure.ts';
import type { CostOptions } from './options.ts';

const NAME = { name: '$parent.name' };
const links = {
  'Product.summary': linkOptions.parse({ call: 'words.summarize', args: NAME }),
  'Product.translated': linkOptions.parse({
    call: 'tongues.translate',
    args: { ...NAME, summary: '$parent.summary { text }', to: 'fr' },
  }),
  'Product.opinion': linkOptions.parse({
    call: 'words.judge',
    args: { ...NAME, reviews: '$parent.reviews { text }' },
  }),
  'Review.mood': linkOptions.parse({ call: 'words.feel', args: { text: '$parent.text' } }),
};
const ESTIMATES: Record<string, CallEstimate> = {
  'Mutation.summarize': 1_000_000_000n,
  'Mutation.feel': 1_000_000_000n,
  'Mutation.translate': ({ to }) => (to === 'fr' ? 2_000_000_000n : 0n),
  'Mutation.judge': 5_000_000_000n,
};
const createShop = () =>
  createMemorySource({
    name: 'shop',
    sdl: 'type Query { products(first: Int): [Product!]! } type Product { name: String! reviews: [Review!]! } type Review { text: String! }',
    unary: { 'Query.products': () => [] },
  });
const callsOf = (...names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [`Mutation.${name}`, () => 'well']));
const createWords = (estimates = ESTIMATES): Source => ({
  ...createMemorySource({
    name: 'words',
    kind: 'prompt',
    sdl: `
      type Mutation {
        summarize(name: String!): Summary
        judge(name: String!, reviews: [Said!]!): String
        feel(text: String!): String
      }
      type Summary { text: String }
      input Said { text: String }`,
    unary: callsOf('summarize', 'judge', 'feel'),
  }),
  estimate: (coordinate) => estimates[coordinate],
});

const createTongues = (): Source => ({
  ...createMemorySource({
    name: 'tongues',
    kind: 'prompt',
    sdl: 'type Mutation { translate(name: String, summary: SummaryInput, to: String): String } input SummaryInput { text: String }',
    unary: callsOf('translate'),
  }),
  estimate: (coordinate) => ESTIMATES[coordinate],
});
const sources = (words = createWords()) => [createShop(), words, createTongues()];

function generationOf(sources: readonly Source[], given: typeof links | Record<never, never>): Generation {
  const { composition, problems } = compose({ sources, links: given, isMissing: () => false });
  if (composition === undefined) throw new Error(problems.map(({ message }) => message).join('\n'));
  return createGeneration(1, composition, { rules: [], maxTokens: 10_000 });
}

function operationOf(generation: Generation, query: string, tenant = 'default') {
  const prepared = generation.documents.prepare(query);
  if (prepared.errors !== undefined) throw prepared.errors[0];
  return { plan: prepared.plan(undefined), generation, variables: {}, caller: { tenant } };
}

const LIMITS: CostOptions = { listSize: 10, listSizes: {}, cost: undefined, costUsd: undefined };
const own = generationOf(sources(), links);
const estimate = (query: string, generation = own) =>
  createCosts({ limits: LIMITS }).estimate(operationOf(generation, query));

it('a field that a model answers costs its estimate for each object that it is of', () => {
  expect(estimate('{ products(first: 3) { summary { text } } }')).toEqual({ cost: 6, costUsd: 3 });
  expect(estimate('mutation { a: feel(text: "a") b: translate(to: "fr") c: translate(to: "de") }').costUsd).toBe(3);
});

it('a link costs what it reads as well, with what is known of its arguments', () => {
  expect(estimate('{ products(first: 3) { translated } }')).toEqual({ cost: 9, costUsd: 9 });
  // Ten reviews of each are read.
  expect(estimate('{ products(first: 2) { opinion } }')).toEqual({ cost: 2 + 2 + 20, costUsd: 10 });
});

it('what links read of each other in a circle is counted once round', () => {
  const read = { kind: 'Field', name: { kind: 'Name', value: 'self' } } as const;
  const query = buildSchema('type Query { self: Query }');
  const reads = [{ ...read, selectionSet: { kind: 'SelectionSet', selections: [read] } }] as const;
  const call: FieldCall = { estimate: 1n, reads: reads as unknown as FieldCall['reads'] };
  const graph = costedGraph(query, () => call, LIMITS);
  const document = parse('{ self { __typename } }');
  const operation = document.definitions[0] as OperationDefinitionNode;
  expect(measureOperation(graph, { document, operation }).nanoUsd).toBe(3);
});

it('what another tenant gives costs what it costs its owner, as that is now', () => {
  const { sdl } = partOfSchema(own.composition, [
    'Query.products',
    'Product.name',
    'Product.translated',
    'Mutation.translate',
  ]);
  let current: Generation | undefined = own;
  const given = createProductSource({
    name: 'acme',
    sdl,
    current: () => current,
    originOf: () => ({ owner: 'acme' }),
  });
  const ofOther = generationOf([given], {});
  const costs = createCosts({ limits: LIMITS });
  const told = (query: string) => costs.estimate(operationOf(ofOther, query));
  expect(told('{ products(first: 4) { name translated } }')).toEqual({ cost: 8, costUsd: 12 });
  expect(told('mutation { translate(to: "fr") }')).toEqual({ cost: 1, costUsd: 2 });
  current = generationOf(sources(createWords({ ...ESTIMATES, 'Mutation.summarize': 8_000_000_000n })), links);
  expect(told('{ products(first: 4) { name translated } }')).toEqual({ cost: 8, costUsd: 40 });
  current = undefined;
  expect(told('{ products(first: 4) { name translated } }')).toEqual({ cost: 8, costUsd: 0 });
});

it('limits count as they are now, and so do sizes of lists', () => {
  let limits: CostOptions = LIMITS;
  const live: CostOptions = {
    get cost() {
      return limits.cost;
    },
    get costUsd() {
      return limits.costUsd;
    },
    get listSize() {
      return limits.listSize;
    },
    get listSizes() {
      return limits.listSizes;
    },
  };
  const costs = createCosts({ limits: live });
  const operation = operationOf(own, '{ products { summary { text } } }');
  expect(costs.refusal(operation)).toBeUndefined();
  limits = { ...LIMITS, cost: 20, costUsd: 10 };
  expect(costs.refusal(operation)).toBeUndefined();
  limits = { ...limits, costUsd: 9.999999999 };
  expect(costs.refusal(operation)?.extensions).toEqual({
    ...{ code: 'OPERATION_TOO_COMPLEX', cost: 20, costUsd: 10, costLimit: 20, costUsdLimit: 9.999999999 },
  });
  limits = { ...limits, listSizes: { 'Query.products': 2 } };
  expect(costs.refusal(operation)).toBeUndefined();
  limits = { ...LIMITS, cost: 21, listSize: 11 };
  expect(costs.refusal(operation)?.message).toBe(
    'The operation may cost 22; 21 are allowed (limits.cost). Ask for smaller lists, or for fewer fields.',
  );
});

it('a size for a field that is not there is told once, of the graph that the configuration is of', () => {
  const log = createMemoryLog();
  const costs = createCosts({ limits: { ...LIMITS, listSizes: { 'Query.product': 2, 'Query.products': 3 } }, log });
  const query = '{ products { name } }';
  costs.estimate(operationOf(generationOf([createShop()], {}), query, 'ten_other'));
  expect(log.lines).toEqual([]);
  for (const generation of [own, generationOf([createShop()], {})]) costs.estimate(operationOf(generation, query));
  expect(log.lines.map(({ level, fields }) => [level, fields])).toEqual([['warn', { field: 'Query.product' }]]);
});
