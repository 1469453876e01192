import { defaultMergedResolver } from '@graphql-tools/delegate';
import { relocatedError } from '@graphql-tools/utils';
import { GraphQLError, type GraphQLResolveInfo, type GraphQLSchema, isObjectType, type ResponsePath } from 'graphql';

/**
 * What is asked for in batches fails with the path of the first that was in the batch: with this each error is told
 * where it shows. It changes the resolvers of `schema`.
 */
export function placeErrors(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) {
      const { resolve = defaultMergedResolver } = field;
      field.resolve = (parent, args, context, info) => {
        const failed = (error: unknown): never => {
          throw placed(error, info);
        };
        const settled = (value: unknown) => (value instanceof Error ? failed(value) : value);
        try {
          const value: unknown = resolve(parent, args, context, info);
          return value instanceof Promise ? value.then(settled, failed) : settled(value);
        } catch (error) {
          return failed(error);
        }
      };
    }
  }
  return schema;
}

/** An error of a field, or of something below it that must not be null. */
function placed(error: unknown, { path }: GraphQLResolveInfo): unknown {
  if (!(error instanceof GraphQLError) || error.path === undefined) return error;
  const here = stepsOf(path);
  if (here.every((step, index) => error.path?.[index] === step)) return error;
  return relocatedError(error, [...here, ...below(error.path, here)]);
}

/** What of a path is below the same place in another item of the list. */
function below(path: readonly (string | number)[], here: readonly (string | number)[]): readonly (string | number)[] {
  const names = here.filter((step) => typeof step === 'string');
  let found = 0;
  for (const [index, step] of path.entries()) {
    if (found === names.length) return path.slice(index);
    if (typeof step === 'number') continue;
    if (step !== names[found]) return [];
    found += 1;
  }
  return [];
}

function stepsOf(path: ResponsePath | undefined): (string | number)[] {
  const steps: (string | number)[] = [];
  for (let step = path; step !== undefined; step = step.prev) steps.unshift(step.key);
  return steps;
}
