import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  visit,
} from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';
import { LRUCache } from 'lru-cache';
import type { DirectGraph } from '../direct.ts';
import { type ResultStream, subscribeWith } from '../events.ts';
import { Unplannable } from '../fetch/fetch-plan.ts';
import { createGraphContext, type GraphContext } from '../request-context.ts';
import type { CompiledCache } from './compiled-cache.ts';
import { conditionValues, findConditions } from './conditions.ts';
import { areMany, hasCompilableVariables, hasListForObject, objectVariables } from './input-types.ts';
import { isActiveFor, type OverrideRules } from './override-labels.ts';
import type { Way, WayChoice } from './way.ts';

export type Variables = Readonly<Record<string, unknown>>;

/** An operation of a document, ready to run any number of times. */
export interface Plan extends WayChoice {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  /** Runs a query or mutation. */
  execute(context: GraphContext, variables: Variables): Promise<ExecutionResult> | ExecutionResult;
  /** Opens a subscription; a result instead of a stream when it cannot be opened. */
  subscribe(context: GraphContext, variables: Variables): Promise<ResultStream | ExecutionResult>;
  /** Compiles now what the second run would, where no variables decide what that is. */
  warmUp(): void;
}

type Run = (
  rootValue: unknown,
  context: GraphContext,
  variables: Variables,
) => Promise<ExecutionResult> | ExecutionResult;

export interface PlanOptions {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  /** When progressive overrides hold. */
  readonly overrides?: OverrideRules | undefined;
  /** Forces one way. */
  readonly way?: Way | undefined;
  readonly direct: DirectGraph;
  readonly stitched: () => GraphQLSchema;
  /** Bounds what compiled versions hold, over all documents. */
  readonly compiled: CompiledCache;
}

const NO_LABELS: ReadonlySet<string> = new Set();
/** Headers of clients choose which labels hold together. */
const MAX_OVERRIDE_CHOICES = 32;

/** Plans an operation: direct, unless the direct way cannot say what must be asked of whom. */
export function createPlan(options: PlanOptions): Plan {
  if (options.way === 'stitched') return stitchedPlan(options, undefined);
  try {
    const { direct, document, operation } = options;
    return directPlan(options, direct.prepare(document, operation, NO_LABELS));
  } catch (error) {
    if (!(error instanceof Unplannable)) throw error;
    return stitchedPlan(options, error.message);
  }
}

function stitchedPlan({ document, operation, stitched }: PlanOptions, reason: string | undefined): Plan {
  const schema = stitched();
  const operationName = operation.name?.value;
  const args = (contextValue: GraphContext, variableValues: Variables) => ({
    ...{ schema, document, contextValue, variableValues, operationName },
  });
  return {
    way: 'stitched',
    ...(reason === undefined ? {} : { reason }),
    document,
    operation,
    execute: (context, variables) => execute(args(context, variables)),
    subscribe: (context, variables) =>
      subscribeWith(args(context, variables), (rootValue) =>
        execute({ ...args(createGraphContext(context.call), variables), rootValue }),
      ),
    warmUp: () => {},
  };
}

function directPlan(options: PlanOptions, prepared: DocumentNode): Plan {
  const { document, operation, direct } = options;
  const plain = createVersion(options, prepared);
  const byLabels = new LRUCache<string, DirectVersion>({ max: MAX_OVERRIDE_CHOICES });
  const versionFor = (context: GraphContext): DirectVersion => {
    if (direct.overrideLabels.length === 0) return plain;
    const active = direct.overrideLabels.filter((label) => isActiveFor(label, context.call, options.overrides));
    if (active.length === 0) return plain;
    const name = active.join();
    let version = byLabels.get(name);
    if (version === undefined) {
      version = createVersion(options, direct.prepare(document, operation, new Set(active)), new Set(active));
      byLabels.set(name, version);
    }
    return version;
  };
  return {
    way: 'direct',
    document,
    operation,
    execute: (context, variables) => versionFor(context).run(undefined, context, variables),
    subscribe: (context, variables) => {
      const version = versionFor(context);
      const args = {
        schema: direct.schema,
        document: version.document,
        contextValue: context,
        variableValues: variables,
        operationName: operation.name?.value,
      };
      // Batches are per event: a stream may live for hours, and what it joins must be fresh.
      return subscribeWith(args, (event) => version.run(event, createGraphContext(context.call), variables));
    },
    warmUp: plain.warmUp,
  };
}

interface DirectVersion extends Runnable {
  readonly document: DocumentNode;
}

interface Runnable {
  readonly run: Run;
  warmUp(): void;
}

function createVersion(options: PlanOptions, document: DocumentNode, labels = NO_LABELS): DirectVersion {
  const { schema } = options.direct;
  const operationName = options.operation.name?.value;
  const interpret: Run = (rootValue, contextValue, variableValues) =>
    execute({ schema, document, rootValue, contextValue, variableValues, operationName });
  return { document, ...compiledOnSecondRun(interpret, document, labels, options) };
}

/**
 * Most documents that are seen twice are seen a thousand times: the second sighting pays for the compilation. Conditions
 * are settled first, so there is one compiled document for each combination of their values that is seen.
 */
function compiledOnSecondRun(
  interpret: Run,
  document: DocumentNode,
  labels: ReadonlySet<string>,
  { direct, operation, compiled }: PlanOptions,
): Runnable {
  const { schema } = direct;
  const { variables: names, settle } = findConditions(document);
  if (names === undefined || !hasCompilableVariables(schema, document, operation))
    return { run: interpret, warmUp: () => {} };
  const fields = countFields(document);
  const objects = objectVariables(schema, operation);
  const versions = new Map<string, { runs: number; run: Run }>();
  const compile = (values: ReadonlyMap<string, boolean>): Run => {
    const settled = settle(values);
    const own = settled.definitions[0];
    if (own?.kind !== Kind.OPERATION_DEFINITION || own.selectionSet.selections.length === 0) return interpret;
    const prepared = direct.prepare(settled, own, labels);
    const query = compileQuery(schema, prepared, operation.name?.value, { disablingCapturingStackErrors: true });
    if (!isCompiledQuery(query)) return interpret;
    return (rootValue, context, variables) => {
      if (areMany(variables) || objects.some(([name, type]) => hasListForObject(variables[name], type)))
        return interpret(rootValue, context, variables);
      const result = query.query(rootValue, context, variables);
      // No data at once: variables were refused, and nothing ran. Execution by the specification has the last word.
      return result instanceof Promise || 'data' in result ? result : interpret(rootValue, context, variables);
    };
  };
  const next = (key: string, values: ReadonlyMap<string, boolean>): Run => {
    let version = versions.get(key);
    if (version === undefined) {
      version = { runs: 0, run: interpret };
      versions.set(key, version);
    }
    version.runs += 1;
    if (version.runs === 2) version.run = compile(values);
    if (version.runs > 1) compiled.touch(version, fields, () => versions.delete(key));
    return version.run;
  };
  return {
    run(rootValue, context, variables) {
      const values = conditionValues(names, operation, variables);
      if (values === undefined) return interpret(rootValue, context, variables);
      const key = values.size === 0 ? '' : [...values.values()].join();
      return next(key, values)(rootValue, context, variables);
    },
    warmUp() {
      if (names.length > 0 || versions.size > 0) return;
      versions.set('', { runs: 1, run: interpret });
      next('', new Map());
    },
  };
}

/** Fields of a document whose fragments are written out: what compiled code is written for. */
function countFields(document: DocumentNode): number {
  let count = 0;
  visit(document, {
    Field: () => {
      count += 1;
    },
  });
  return count;
}
