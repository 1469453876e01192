import type { GraphQLArgument } from 'graphql';
import { SkeinError } from '../kernel/errors.ts';
import type { Arguments, CallContext, Selected, Source, UnaryCall } from '../sources/source.ts';
import { namesOf } from './fetch/names.ts';
import { answeredValues } from './fetch/run-fetches.ts';

/** How many calls go into one document. */
const MAX_CALLS = 50;

/** Several calls of one root field at once; the values, or errors, stand in the order of the arguments. */
export type CallMany = (
  calls: readonly Arguments[],
  context: CallContext,
  selected: Selected | undefined,
) => Promise<readonly unknown[]>;

/**
 * For a root field of a GraphQL service: calls as aliases of one document, so that many parents make one request.
 * Undefined where the source cannot be asked so, or where one failure would take the other answers with it.
 */
export function createAliasedCalls(
  source: Source,
  call: UnaryCall,
  coordinate: string,
  callArguments: readonly GraphQLArgument[],
): CallMany | undefined {
  const { graphql } = source;
  const field = call.upstreamField;
  if (graphql === undefined || field === undefined || !field.isNullable) return undefined;
  const names = namesOf(source.model);
  const [typeName = '', fieldName = ''] = coordinate.split('.');
  const types = new Map(callArguments.map(({ name, type }) => [name, names.variableType(String(type))]));

  async function ask(calls: readonly Arguments[], context: CallContext, selected: Selected | undefined) {
    const variables: Record<string, unknown> = {};
    const declared: string[] = [];
    for (const [name, type] of selected?.shape.variables ?? []) {
      declared.push(`$${name}: ${type}`);
      if (selected?.values[name] !== undefined) variables[name] = selected.values[name];
    }
    const fields = calls.map((args, index) => {
      const given = Object.keys(args).map((name) => {
        const variable = `skein_${index}_${name}`;
        declared.push(`$${variable}: ${types.get(name)}`);
        variables[variable] = args[name];
        return `${names.argument(typeName, fieldName, name)}: $${variable}`;
      });
      const list = given.length === 0 ? '' : `(${given.join(', ')})`;
      return `a${index}: ${field?.name}${list} ${selected?.shape.text ?? ''}`;
    });
    const head = declared.length === 0 ? '' : `(${declared.join(', ')})`;
    const request = { operation: call.operation, query: `query${head} { ${fields.join(' ')} }`, variables };
    const details = { source: source.name, operation: call.operation };
    const answer = answeredValues(await (graphql as NonNullable<typeof graphql>).execute(request, context), details);
    return calls.map((_, index) =>
      Object.hasOwn(answer, `a${index}`)
        ? answer[`a${index}`]
        : new SkeinError('UPSTREAM_BAD_RESPONSE', undefined, { details }),
    );
  }

  return async (calls, context, selected) => {
    const chunks: (readonly Arguments[])[] = [];
    for (let start = 0; start < calls.length; start += MAX_CALLS) chunks.push(calls.slice(start, start + MAX_CALLS));
    return (await Promise.all(chunks.map((chunk) => ask(chunk, context, selected)))).flat();
  };
}
