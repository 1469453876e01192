import { type UserError, UserErrors } from '../../errors.ts';
import type { ChoiceType, MapType, ObjectType, OptionType } from './option-type.ts';

export type Given = Readonly<Record<string, unknown>>;

/**
 * The options that an input says: what stands in skein.yaml for the same. Whether they make sense is judged where all
 * options are.
 *
 * @throws UserErrors for what only inputs can get wrong, such as a name that is given twice; paths begin with `path`
 */
export function toOptions(type: OptionType, input: unknown, path: readonly string[]): unknown {
  const errors: UserError[] = [];
  const options = read(type, input, path, errors);
  if (errors.length > 0) throw new UserErrors(errors);
  return options;
}

function read(type: OptionType, input: unknown, path: readonly string[], errors: UserError[]): unknown {
  switch (type.kind) {
    case 'scalar':
    case 'word':
      return input;
    case 'list':
      return (input as readonly unknown[]).map((item, index) => read(type.of, item, [...path, String(index)], errors));
    case 'map':
      return readMap(type, input as readonly Given[], path, errors);
    case 'object':
      return readObject(type, input as Given, path, errors);
    case 'choice':
      return readChoice(type, input as Given, path, errors);
  }
}

function readMap({ key, of }: MapType, input: readonly Given[], path: readonly string[], errors: UserError[]) {
  const entries = new Map<string, unknown>();
  input.forEach((item, index) => {
    const name = item[key.name] as string;
    const at = [...path, String(index)];
    if (entries.has(name))
      errors.push({ code: 'INVALID', path: [...at, key.name], message: `"${name}" is there twice.` });
    entries.set(name, isFlat(of) ? read(of, item, at, errors) : read(of, item.value, [...at, 'value'], errors));
  });
  return Object.fromEntries(entries);
}

/** Whether the name of an entry stands beside the fields of its value. */
export function isFlat(of: OptionType): of is ObjectType {
  return of.kind === 'object';
}

function readObject(type: ObjectType, input: Given, path: readonly string[], errors: UserError[]): unknown {
  const options = Object.fromEntries(
    type.fields.flatMap((field) => {
      const value = input[field.name];
      if (!isGiven(field.type, value)) return [];
      return [[field.name, value === null ? null : read(field.type, value, [...path, field.name], errors)]];
    }),
  );
  const { booleans = [] } = type;
  const { enabled } = input;
  if (booleans.length > 0 && typeof enabled === 'boolean') {
    const isAlone = Object.keys(options).length === 0;
    if (!enabled && !isAlone)
      errors.push({
        code: 'INVALID',
        path: [...path, 'enabled'],
        message: 'must not be false beside other settings: leave these out, or it.',
      });
    if (isAlone && booleans.includes(enabled)) return enabled;
  }
  return shortOf(type, options) ?? options;
}

/** Null means that nothing is given, but where any JSON may be. */
function isGiven(type: OptionType, value: unknown): boolean {
  return value !== undefined && (value !== null || (type.kind === 'scalar' && type.scalar === 'JSON'));
}

function shortOf({ short }: ObjectType, options: Given): unknown {
  if (short === undefined) return undefined;
  const keys = Object.keys(options);
  const [first, ...others] = short.fields.map((field) => options[field]);
  const isAll = keys.length === short.fields.length && short.fields.every((field) => Object.hasOwn(options, field));
  return isAll && others.every((other) => other === first) && fits(short.of, first) ? first : undefined;
}

/** Whether plain options are of a type, as far as forms that stand for each other differ. */
function fits(type: OptionType, value: unknown): boolean {
  if (type.kind === 'list') return Array.isArray(value) && value.every((item) => fits(type.of, item));
  if (type.kind !== 'scalar') return false;
  return typeof value === (type.scalar === 'Int' || type.scalar === 'Float' ? 'number' : 'string');
}

function readChoice({ tag, members }: ChoiceType, input: Given, path: readonly string[], errors: UserError[]): unknown {
  const member = members.find(({ name }) => Object.hasOwn(input, name));
  if (member === undefined) throw new Error('One field of an input of which one is given is not there.');
  const value = read(member.type, input[member.name], [...path, member.name], errors);
  if (tag !== undefined) return { [tag]: member.name, ...(value as object) };
  return member.isWrapped ? { [member.name]: value } : value;
}
