import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';
import { type ResultStream, subscribeWith } from '../events.ts';
import { createGraphContext, type GraphContext } from '../request-context.ts';
import { conditionValues, findConditions } from './conditions.ts';
import { hasCompilableVariables } from './input-types.ts';
import type { WayChoice } from './way.ts';

export type Variables = Readonly<Record<string, unknown>>;

/** An operation of a document, ready to run any number of times. */
export interface Plan extends WayChoice {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  /** Runs a query or mutation. */
  execute(context: GraphContext, variables: Variables): Promise<ExecutionResult> | ExecutionResult;
  /** Opens a subscription; a result instead of a stream when it cannot be opened. */
  subscribe(context: GraphContext, variables: Variables): Promise<ResultStream | ExecutionResult>;
}

type Run = (
  rootValue: unknown,
  context: GraphContext,
  variables: Variables,
) => Promise<ExecutionResult> | ExecutionResult;

export interface PlanOptions {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly choice: WayChoice;
  readonly direct: GraphQLSchema;
  readonly stitched: GraphQLSchema;
}

export function createPlan({ document, operation, choice, direct, stitched }: PlanOptions): Plan {
  const schema = choice.way === 'direct' ? direct : stitched;
  const operationName = operation.name?.value;
  const interpret: Run = (rootValue, contextValue, variableValues) =>
    execute({ schema, document, rootValue, contextValue, variableValues, operationName });
  const run = choice.way === 'direct' ? compiledOnSecondRun(interpret, { schema, document, operation }) : interpret;

  return {
    ...choice,
    document,
    operation,
    execute: (context, variables) => run(undefined, context, variables),
    subscribe: (context, variables) =>
      subscribeWith({ schema, document, contextValue: context, variableValues: variables, operationName }, (event) =>
        // Batches are per event: a stream may live for hours, and what it joins must be fresh.
        run(event, createGraphContext(context.call), variables),
      ),
  };
}

/**
 * Most documents that are seen twice are seen a thousand times: the second sighting pays for the compilation. Conditions
 * are settled first, so there is one compiled document for each combination of their values that is seen.
 */
function compiledOnSecondRun(
  interpret: Run,
  {
    schema,
    document,
    operation,
  }: { schema: GraphQLSchema; document: DocumentNode; operation: OperationDefinitionNode },
): Run {
  const { variables: names, settle } = findConditions(document);
  if (names === undefined || !hasCompilableVariables(schema, operation)) return interpret;
  const versions = new Map<string, { runs: number; run: Run }>();
  const compile = (values: ReadonlyMap<string, boolean>): Run => {
    const query = compileQuery(schema, settle(values), operation.name?.value, { disablingCapturingStackErrors: true });
    return isCompiledQuery(query) ? query.query : interpret;
  };
  return (rootValue, context, variables) => {
    const values = conditionValues(names, operation, variables);
    if (values === undefined) return interpret(rootValue, context, variables);
    const key = values.size === 0 ? '' : [...values.values()].join();
    let version = versions.get(key);
    if (version === undefined) {
      version = { runs: 0, run: interpret };
      versions.set(key, version);
    }
    version.runs += 1;
    if (version.runs === 2) version.run = compile(values);
    return version.run(rootValue, context, variables);
  };
}
