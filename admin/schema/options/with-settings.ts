import { type UserError, UserErrors, userError } from '../../errors.ts';
import { checkSize } from '../../stores/read-options.ts';
import type { OptionType } from './option-type.ts';
import { placeOf } from './place-of.ts';
import { toOptions } from './to-options.ts';

/** An input that has options in one of three ways. */
export interface GivenSettings {
  readonly settings?: unknown;
  readonly options?: unknown;
  readonly yaml?: unknown;
}

/**
 * Works with the input as if its settings were given as options; what is wrong with these is told at its place in the
 * settings.
 */
export async function withSettings<Input extends GivenSettings, T>(
  type: OptionType,
  { settings, ...input }: Input,
  work: (input: Omit<Input, 'settings'>) => Promise<T>,
): Promise<T> {
  if (settings === undefined || settings === null) return work(input);
  const isGiven = [input.options, input.yaml].some((other) => other !== undefined && other !== null);
  if (isGiven)
    throw userError('INVALID', ['settings'], 'Give the options as settings, as JSON or as YAML: in one way only.');
  // Before anything is made of it.
  checkSize(settings, 'settings');
  const options = toOptions(type, settings, ['settings']);
  const place: Place = { type, input: settings, from: ['options'], to: ['settings'] };
  return toldAt([place], () => work({ ...input, options }));
}

/** What stands below `from` in options was given in an input, below `to`. */
export interface Place {
  readonly type: OptionType;
  readonly input: unknown;
  readonly from: readonly string[];
  readonly to: readonly string[];
}

/** Tells mistakes at the places where they were given. */
export async function toldAt<T>(places: readonly Place[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof UserErrors)) throw error;
    const errors = error.errors.map((told) => moved(told, places));
    if (errors.every((told, index) => told === error.errors[index])) throw error;
    throw new UserErrors(errors);
  }
}

function moved(error: UserError, places: readonly Place[]): UserError {
  const { path } = error;
  const place = places.find(({ from }) => from.every((step, index) => path[index] === step));
  if (place === undefined) return error;
  const { type, input, from, to } = place;
  return { ...error, path: [...to, ...placeOf(type, input, path.slice(from.length))] };
}
