import type { WireType, WireTypes } from './wire-types.ts';

/** Turns a coerced input value into what the document's JSON has. Undefined: they are the same already. */
export type InputEncoder = ((value: unknown) => unknown) | undefined;

export function createInputEncoders({ inputs, choices }: WireTypes): (type: WireType) => InputEncoder {
  const encoders = new Map<string, (value: unknown) => unknown>();

  function encoderOf(type: WireType): InputEncoder {
    if (type === undefined) return undefined;
    if (type === 'int64') return encodeInt64;
    if ('list' in type) {
      const encodeItem = encoderOf(type.list);
      return encodeItem && ((value) => (Array.isArray(value) ? value.map(encodeItem) : value));
    }
    return objectEncoder(type.input);
  }

  function objectEncoder(name: string): InputEncoder {
    const wireFields = inputs.get(name);
    if (wireFields === undefined) return undefined;
    const existing = encoders.get(name);
    if (existing !== undefined) return existing;
    // Those of its fields are made when a value has them: types may be recursive, and many are never used.
    const fields = wireFields.map((field) => ({ ...field, encode: undefined as InputEncoder, isReady: false }));
    const isChoice = choices.has(name);
    const encode = (value: unknown) => {
      if (typeof value !== 'object' || value === null) return value;
      const given = value as Readonly<Record<string, unknown>>;
      const encoded: Record<string, unknown> = {};
      for (const field of fields) {
        const own = given[field.name];
        if (own === undefined) continue;
        if (!field.isReady) {
          field.encode = encoderOf(field.type);
          field.isReady = true;
        }
        const wire = field.encode === undefined ? own : field.encode(own);
        if (isChoice) return wire;
        encoded[field.property] = wire;
      }
      return encoded;
    };
    encoders.set(name, encode);
    return encode;
  }

  return encoderOf;
}

/** A number where JavaScript can hold it, else a bigint, which `writeJson` writes with all its digits. */
function encodeInt64(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : BigInt(value);
}
