import { type DefinitionNode, type GraphQLSchema, validateSchema } from 'graphql';
import { describeError } from '../../kernel/errors.ts';
import type { Steps } from '../../kernel/steps.ts';
import { buildDefinitions } from '../build-schema.ts';

/** A schema that was put together, or what is wrong with it. */
export interface CheckedSchema {
  readonly schema: GraphQLSchema | undefined;
  readonly mistakes: readonly string[];
}

/** Types that are validated at one go. */
const CHUNK_SIZE = 20;

/** What fits piece by piece can be wrong together: a type without what its interface has, a required field deprecated. */
export function* checkDefinitions(definitions: readonly DefinitionNode[]): Steps<CheckedSchema> {
  let schema: GraphQLSchema;
  try {
    schema = yield* buildDefinitions(definitions, {});
  } catch (error) {
    return { schema: undefined, mistakes: [describeError(error)] };
  }
  const types = Object.entries(schema.getTypeMap()).filter(([name]) => !name.startsWith('__'));
  const mistakes = new Set<string>();
  for (let from = 0; from < types.length; from += CHUNK_SIZE) {
    const chunk = Object.fromEntries(types.slice(from, from + CHUNK_SIZE));
    for (const { message } of validateSchema(partOf(schema, chunk)))
      if (!message.startsWith('Query root type must be provided')) mistakes.add(message);
    yield;
  }
  return { schema: mistakes.size > 0 ? undefined : schema, mistakes: [...mistakes] };
}

/** The same schema, for a validator that looks at some types only. */
function partOf(schema: GraphQLSchema, types: ReturnType<GraphQLSchema['getTypeMap']>): GraphQLSchema {
  return Object.create(schema, {
    getTypeMap: { value: () => types },
    __validationErrors: { value: undefined, writable: true },
  }) as GraphQLSchema;
}
