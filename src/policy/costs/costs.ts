import type { GraphQLSchema } from 'graphql';
import { type ErrorDetails, SkeinError } from '../../../kernel/errors.ts';
import { type Log, silentLog } from '../../../kernel/ports.ts';
import type { Plan } from '../../../schema/plan/plan.ts';
import type { Generation } from '../../../schema/registry.ts';
import { type Caller, DEFAULT_TENANT } from '../../identity/caller.ts';
import { type CostedGraph, createCostedGraph } from './costed-graph.ts';
import type { Formula, Variables } from './formula.ts';
import { measureOperation, type OperationCost } from './measure.ts';
import type { CostOptions } from './options.ts';

export interface CostedOperation {
  readonly plan: Plan;
  readonly generation: Pick<Generation, 'schema' | 'composition'>;
  readonly variables: Variables;
  readonly caller: Pick<Caller, 'tenant'>;
}

/** What an operation may cost, as people read it. */
export interface CostEstimate {
  readonly cost: number;
  readonly costUsd: number;
}

/** How much an operation may ask for, told before it runs. */
export interface Costs {
  /** OPERATION_TOO_COMPLEX; undefined: it may run. Without limits it costs nothing. */
  refusal(operation: CostedOperation): SkeinError | undefined;
  estimate(operation: CostedOperation): CostEstimate;
}

export interface CostsDeps {
  /** As they are now. */
  readonly limits: CostOptions;
  readonly log?: Log | undefined;
}

const NANO = 1_000_000_000;
const MOST_TOLD = 100;

/** A document is measured once for a graph and sizes of lists; per request what depends on variables is reckoned. */
export function createCosts({ limits, log = silentLog }: CostsDeps): Costs {
  const graphs = new WeakMap<object, CostedGraph & { readonly measured: WeakMap<Plan, OperationCost> }>();
  const told = new Set<string>();

  /** A size for a field that is misspelt would say nothing, and nobody would know. */
  const tellUnknown = ({ generation: { schema }, caller }: CostedOperation): void => {
    // The configuration is that of one graph; of those of other tenants it may name what others have.
    if (caller.tenant !== DEFAULT_TENANT) return;
    for (const field of unknownFields(schema, limits.listSizes)) {
      if (told.has(field) || told.size >= MOST_TOLD) continue;
      told.add(field);
      log.warn({ field }, 'limits.listSizes names a field that the graph does not have, and says nothing of any list');
    }
  };
  const measured = (costed: CostedOperation): OperationCost => {
    const { plan, generation } = costed;
    const { listSize, listSizes } = limits;
    let graph = graphs.get(generation);
    if (graph?.options.listSizes !== listSizes || graph.options.listSize !== listSize) {
      graph = { ...createCostedGraph(generation, { listSize, listSizes }), measured: new WeakMap() };
      graphs.set(generation, graph);
      tellUnknown(costed);
    }
    let cost = graph.measured.get(plan);
    if (cost === undefined) {
      cost = measureOperation(graph, plan);
      graph.measured.set(plan, cost);
    }
    return cost;
  };
  return {
    refusal(operation) {
      const { cost: most, costUsd: mostUsd } = limits;
      if (most === undefined && mostUsd === undefined) return undefined;
      const cost = measured(operation);
      const units = reckon(cost.units, operation.variables);
      const nanoUsd = reckon(cost.nanoUsd, operation.variables);
      const isTooMuch = most !== undefined && units > most;
      const isTooDear = mostUsd !== undefined && nanoUsd > Math.round(mostUsd * NANO);
      if (!isTooMuch && !isTooDear) return undefined;
      const told = { cost: units, costUsd: nanoUsd / NANO, costLimit: most, costUsdLimit: mostUsd };
      return refuse(told, isTooMuch, isTooDear);
    },
    estimate(operation) {
      const { units, nanoUsd } = measured(operation);
      const { variables } = operation;
      return { cost: reckon(units, variables), costUsd: reckon(nanoUsd, variables) / NANO };
    },
  };
}

function reckon(formula: Formula, variables: Variables): number {
  return typeof formula === 'number' ? formula : formula(variables);
}

function refuse(told: ErrorDetails, isTooMuch: boolean, isTooDear: boolean): SkeinError {
  const { cost, costUsd, costLimit, costUsdLimit } = told;
  const sentences = [
    ...(isTooMuch ? [`The operation may cost ${cost}; ${costLimit} are allowed (limits.cost).`] : []),
    ...(isTooDear
      ? [
          `The models that the operation asks may cost ${costUsd} US dollars; ${costUsdLimit} are allowed (limits.costUsd).`,
        ]
      : []),
    `Ask for smaller lists, or for fewer fields${isTooDear ? ' that models answer' : ''}.`,
  ];
  const limits = {
    ...(costLimit === undefined ? {} : { costLimit }),
    ...(costUsdLimit === undefined ? {} : { costUsdLimit }),
  };
  return new SkeinError('OPERATION_TOO_COMPLEX', sentences.join(' '), { details: { cost, costUsd, ...limits } });
}

function unknownFields(schema: GraphQLSchema, listSizes: CostOptions['listSizes']): readonly string[] {
  return Object.keys(listSizes).filter((coordinate) => {
    const [typeName = '', fieldName = ''] = coordinate.split('.');
    const type = schema.getType(typeName);
    return type === undefined || !('getFields' in type) || !Object.hasOwn(type.getFields(), fieldName);
  });
}
