import type { ObjectType, OptionType } from './option-type.ts';
import { type Given, isFlat, toOptions } from './to-options.ts';

/** Where in an input stands what is at a path of the options that it says; as near as can be told. */
export function placeOf(type: OptionType, input: unknown, path: readonly string[]): readonly string[] {
  if (input === undefined || input === null) return [];
  const [step, ...rest] = path;
  switch (type.kind) {
    case 'word':
      return [];
    case 'scalar':
      return type.scalar === 'JSON' ? path : [];
    case 'list': {
      if (step === undefined) return [];
      return [step, ...placeOf(type.of, (input as readonly unknown[])[Number(step)], rest)];
    }
    case 'map': {
      const items = input as readonly Given[];
      const index = items.findIndex((item) => item[type.key.name] === step);
      if (index < 0) return [];
      const at = String(index);
      if (isFlat(type.of)) return [at, ...placeOf(type.of, items[index], rest)];
      return rest.length === 0 ? [at] : [at, 'value', ...placeOf(type.of, items[index]?.value, rest)];
    }
    case 'object': {
      const isShort = hasShort(type) && isShortOf(toOptions(type, input, []));
      const name = isShort ? type.short?.fields[0] : step;
      const field = type.fields.find((candidate) => candidate.name === name);
      if (field === undefined) return [];
      return [field.name, ...placeOf(field.type, (input as Given)[field.name], isShort ? path : rest)];
    }
    case 'choice': {
      const member = type.members.find(({ name }) => Object.hasOwn(input, name));
      if (member === undefined) return [];
      const below = member.isWrapped && step === member.name ? rest : path;
      return [member.name, ...placeOf(member.type, (input as Given)[member.name], below)];
    }
  }
}

/** All that has no other form is not made again for each mistake in it. */
function hasShort({ short, booleans = [] }: ObjectType): boolean {
  return short !== undefined || booleans.length > 0;
}

function isShortOf(options: unknown): boolean {
  return typeof options !== 'object' || Array.isArray(options);
}
