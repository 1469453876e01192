import { SkeinError } from '../../kernel/errors.ts';
import type { GraphqlType, ObjectType } from './types.ts';

/** Turns a coerced input value into what the document's JSON has. Undefined: they are the same already. */
export type InputEncoder = ((value: unknown) => unknown) | undefined;

/** Call it when all types are complete. */
export function createInputEncoders(): (type: GraphqlType) => InputEncoder {
  const changed = new Map<ObjectType, boolean>();
  const encoders = new Map<ObjectType, (value: unknown) => unknown>();

  /** Whether anything below the type has another name or form upstream. */
  function changes(type: ObjectType): boolean {
    const known = changed.get(type);
    if (known !== undefined) return known;
    const below = inputsBelow(type);
    const result = below.some((input) =>
      input.fields.some((field) => field.name !== field.property || isInt64(field.type)),
    );
    changed.set(type, result);
    return result;
  }

  function encoderOf(type: GraphqlType): InputEncoder {
    if (isInt64(type) && type.kind === 'scalar') return encodeInt64;
    if (type.kind === 'list') {
      const encodeItem = encoderOf(type.item);
      return encodeItem && ((value) => (Array.isArray(value) ? value.map(encodeItem) : value));
    }
    return type.kind === 'input' && changes(type) ? objectEncoder(type) : undefined;
  }

  function objectEncoder(type: ObjectType): (value: unknown) => unknown {
    const existing = encoders.get(type);
    if (existing !== undefined) return existing;
    const fields: { name: string; property: string; encode: InputEncoder }[] = [];
    const encode = (value: unknown) => {
      if (typeof value !== 'object' || value === null) return value;
      const given = value as Readonly<Record<string, unknown>>;
      const encoded: Record<string, unknown> = {};
      for (const field of fields) {
        const own = given[field.name];
        if (own !== undefined) encoded[field.property] = field.encode === undefined ? own : field.encode(own);
      }
      return encoded;
    };
    // Known before its fields are looked at, so that recursive types end.
    encoders.set(type, encode);
    for (const { name, property, type: fieldType } of type.fields) {
      fields.push({ name, property, encode: encoderOf(fieldType) });
    }
    return encode;
  }

  return encoderOf;
}

function inputsBelow(type: ObjectType): ObjectType[] {
  const found = new Set<ObjectType>();
  const waiting: GraphqlType[] = [type];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next.kind === 'list') waiting.push(next.item);
    else if (next.kind === 'input' && !found.has(next)) {
      found.add(next);
      waiting.push(...next.fields.map((field) => field.type));
    }
  }
  return [...found];
}

function isInt64(type: GraphqlType): boolean {
  return type.kind === 'list' ? isInt64(type.item) : type.kind === 'scalar' && type.name === 'Int64';
}

/** JSON numbers of JavaScript hold 53 bits: more is refused before it is changed on its way. */
function encodeInt64(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new SkeinError('BAD_USER_INPUT', 'An integer is too large to be sent without losing digits.');
}
