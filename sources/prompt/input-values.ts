import { coerceInputValue, type GraphQLArgument, isRequiredArgument } from 'graphql';
import type { Problem } from '../../kernel/problem.ts';
import { didYouMean } from '../../kernel/suggest.ts';
import type { Arguments } from '../source.ts';

/** A small body holds so many mistakes that telling all of them would take seconds. */
const MAX_MISTAKES = 50;
const TOO_MANY = Symbol('too many mistakes');

/**
 * Values of arguments that came another way than through GraphQL, by the same rules. Tells what is wrong, up to 50 mistakes,
 * with paths below the values; `undefined` if something was. `owner` is whose arguments they are, as a sentence begins.
 */
export function readInputValues(
  args: readonly GraphQLArgument[],
  given: Arguments,
  tell: (problem: Problem) => void,
  owner = 'The prompt',
): Arguments | undefined {
  let mistakes = 0;
  const refuse = (path: readonly (string | number)[], message: string) => {
    mistakes += 1;
    if (mistakes > MAX_MISTAKES) throw TOO_MANY;
    tell({ path, message });
  };
  try {
    const values = readValues(args, given, refuse, owner);
    return mistakes > 0 ? undefined : values;
  } catch (error) {
    if (error !== TOO_MANY) throw error;
    tell({ message: `There are more mistakes than these ${MAX_MISTAKES}.` });
    return undefined;
  }
}

function readValues(
  args: readonly GraphQLArgument[],
  given: Arguments,
  refuse: (path: readonly (string | number)[], message: string) => void,
  owner: string,
): Arguments {
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
  return values;
}
