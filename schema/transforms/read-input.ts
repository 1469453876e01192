import {
  type GraphQLInputType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isRequiredInputField,
} from 'graphql';
import { SCALARS } from '../../sources/scalars.ts';

/** What does not fit, and where; it tells nothing of the value. */
export class InputMistake extends Error {
  override readonly name = 'InputMistake';
}

/**
 * A value as calls take it: checked against the source's type, with enum values as they are called upstream. Numbers and
 * texts become one another where nothing is lost.
 * @throws InputMistake
 */
export function readInput(type: GraphQLInputType, value: unknown, at = ''): unknown {
  const mistake = (expected: string) => new InputMistake(`${at === '' ? 'The value' : `"${at}"`} must be ${expected}.`);
  if (isNonNullType(type)) {
    if (value === null || value === undefined) throw mistake(`${type}, not null`);
    return readInput(type.ofType, value, at);
  }
  if (value === null || value === undefined) return null;
  if (isListType(type)) {
    const items: readonly unknown[] = Array.isArray(value) ? value : [value];
    return items.map((item, index) => readInput(type.ofType, item, at === '' ? `${index}` : `${at}.${index}`));
  }
  if (isEnumType(type)) {
    const known =
      type.getValues().find((one) => one.name === value) ?? type.getValues().find((one) => one.value === value);
    if (known === undefined) throw mistake(`a value of ${type.name}`);
    return known.value;
  }
  if (isInputObjectType(type)) {
    if (typeof value !== 'object' || Array.isArray(value)) throw mistake(`an object of ${type.name}`);
    const fields = type.getFields();
    const read: Record<string, unknown> = {};
    for (const name of Object.keys(value)) if (!Object.hasOwn(fields, name)) throw mistake(`without "${name}"`);
    for (const field of Object.values(fields)) {
      const place = at === '' ? field.name : `${at}.${field.name}`;
      if (Object.hasOwn(value, field.name))
        read[field.name] = readInput(field.type, Reflect.get(value, field.name), place);
      else if (field.defaultValue !== undefined) read[field.name] = readInput(field.type, field.defaultValue, place);
      else if (isRequiredInputField(field)) throw new InputMistake(`"${place}" must be given.`);
    }
    return read;
  }
  const scalar = readScalar(type.name, value);
  if (scalar === undefined) throw mistake(`of type ${type.name}`);
  return scalar;
}

function readScalar(name: string, value: unknown): unknown {
  switch (name) {
    case 'String':
    case 'ID':
      return typeof value === 'string' ? value : isPlain(value) ? String(value) : undefined;
    case 'Boolean':
      return typeof value === 'boolean' ? value : value === 'true' ? true : value === 'false' ? false : undefined;
    case 'Int': {
      const number = toNumber(value);
      return Number.isInteger(number) && Math.abs(number) <= 2_147_483_647 ? number : undefined;
    }
    case 'Float': {
      const number = toNumber(value);
      return Number.isFinite(number) ? number : undefined;
    }
    case 'Int64':
      try {
        return SCALARS.Int64.parseValue(value);
      } catch {
        return undefined;
      }
    default:
      return value;
  }
}

function isPlain(value: unknown): boolean {
  return typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value));
}

function toNumber(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value) ? Number(value) : Number.NaN;
}
