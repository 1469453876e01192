import { coerceInputValue, type GraphQLArgument, isRequiredArgument } from 'graphql';
import type { Problem } from '../../kernel/problem.ts';
import { didYouMean } from '../../kernel/suggest.ts';
import type { Arguments } from '../source.ts';

/**
 * Values of arguments that came another way than through GraphQL, by the same rules. Tells everything that is wrong with
 * paths below the values; `undefined` if something was. `owner` is whose arguments they are, as a sentence begins.
 */
export function readInputValues(
  args: readonly GraphQLArgument[],
  given: Arguments,
  tell: (problem: Problem) => void,
  owner = 'The prompt',
): Arguments | undefined {
  let failed = false;
  const refuse = (path: readonly (string | number)[], message: string) => {
    failed = true;
    tell({ path, message });
  };
  const names = args.map(({ name }) => name);
  for (const name of Object.keys(given)) {
    if (!names.includes(name)) refuse([name], `${owner} has no input "${name}".${didYouMean(name, names)}`);
  }
  const values: Record<string, unknown> = {};
  for (const argument of args) {
    const { name, type } = argument;
    if (Object.hasOwn(given, name)) {
      values[name] = coerceInputValue(given[name], type, (path, _value, { message }) => {
        refuse([name, ...path], message);
      });
    } else if (isRequiredArgument(argument)) {
      refuse([name], `The input "${name}" is missing: it must be a ${String(type)}.`);
    }
  }
  return failed ? undefined : values;
}
