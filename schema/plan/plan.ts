import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';
import { type ResultStream, subscribeWith } from '../events.ts';
import { createGraphContext, type GraphContext } from '../request-context.ts';
import type { CompiledCache } from './compiled-cache.ts';
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
  /** Bounds what compiled versions hold, over all documents. */
  readonly compiled: CompiledCache;
}

export function createPlan(options: PlanOptions): Plan {
  const { document, operation, choice, direct, stitched } = options;
  const schema = choice.way === 'direct' ? direct : stitched;
  const operationName = operation.name?.value;
  const interpret: Run = (rootValue, contextValue, variableValues) =>
    execute({ schema, document, rootValue, contextValue, variableValues, operationName });
  const run = choice.way === 'direct' ? compiledOnSecondRun(interpret, options) : interpret;

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
function compiledOnSecondRun(interpret: Run, { direct, document, operation, compiled }: PlanOptions): Run {
  const { variables: names, settle } = findConditions(document);
  if (names === undefined || !hasCompilableVariables(direct, document, operation)) return interpret;
  const fields = countFields(document, operation);
  const versions = new Map<string, { runs: number; run: Run }>();
  const compile = (values: ReadonlyMap<string, boolean>): Run => {
    const query = compileQuery(direct, settle(values), operation.name?.value, { disablingCapturingStackErrors: true });
    if (!isCompiledQuery(query)) return interpret;
    return (rootValue, context, variables) => {
      const result = query.query(rootValue, context, variables);
      // No data at once: variables were refused, and nothing ran. Execution by the specification has the last word.
      return result instanceof Promise || 'data' in result ? result : interpret(rootValue, context, variables);
    };
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
    if (version.runs > 1) compiled.touch(version, fields, () => versions.delete(key));
    return version.run(rootValue, context, variables);
  };
}

/** Fields of an operation with its fragments spread out: what compiled code is written for. */
function countFields(document: DocumentNode, operation: OperationDefinitionNode): number {
  const sizes = new Map<string, number>();
  const count = ({ selections }: SelectionSetNode): number =>
    selections.reduce((sum, node) => {
      if (node.kind === Kind.INLINE_FRAGMENT) return sum + count(node.selectionSet);
      if (node.kind === Kind.FIELD) return sum + 1 + (node.selectionSet === undefined ? 0 : count(node.selectionSet));
      const name = node.name.value;
      let size = sizes.get(name);
      if (size === undefined) {
        const fragment = document.definitions.find(
          (definition) => definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === name,
        ) as FragmentDefinitionNode | undefined;
        size = fragment === undefined ? 0 : count(fragment.selectionSet);
        sizes.set(name, size);
      }
      return sum + size;
    }, 0);
  return count(operation.selectionSet);
}
