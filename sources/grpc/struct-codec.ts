import { InputError, isRecord } from './codec.ts';

/** https://protobuf.dev/reference/protobuf/google.protobuf/#value: of its six fields one is set. */
export function readValue(message: unknown): unknown {
  if (!isRecord(message)) return null;
  // Decoding makes only the field that is there an own property.
  const [kind] = Object.keys(message);
  const value = kind === undefined ? undefined : message[kind];
  if (kind === 'f2') return Number.isFinite(value) ? value : null;
  if (kind === 'f5') return readStruct(value);
  if (kind === 'f6') return readList(value);
  return kind === 'f3' || kind === 'f4' ? value : null;
}

export function readStruct(message: unknown): unknown {
  const result: Record<string, unknown> = Object.create(null);
  const fields = property(message);
  if (isRecord(fields)) for (const key of Object.keys(fields)) result[key] = readValue(fields[key]);
  return result;
}

export function readList(message: unknown): unknown {
  const values = property(message);
  return Array.isArray(values) ? values.map(readValue) : [];
}

export function writeValue(value: unknown, field: string): unknown {
  if (value === null) return { f1: 0 };
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new InputError(`"${field}" must not contain numbers without end.`);
    return { f2: value };
  }
  if (typeof value === 'string') return { f3: value };
  if (typeof value === 'boolean') return { f4: value };
  return Array.isArray(value) ? { f6: writeList(value, field) } : { f5: writeStruct(value, field) };
}

export function writeStruct(value: unknown, field: string): unknown {
  if (!isRecord(value)) throw new InputError(`"${field}" must be a JSON object.`);
  const fields: Record<string, unknown> = Object.create(null);
  for (const key of Object.keys(value)) fields[key] = writeValue(value[key], field);
  return { f1: fields };
}

export function writeList(value: unknown, field: string): unknown {
  if (!Array.isArray(value)) throw new InputError(`"${field}" must be a list.`);
  return { f1: value.map((item) => writeValue(item, field)) };
}

/** Structs and lists have one field. */
function property(message: unknown): unknown {
  return isRecord(message) ? message.f1 : undefined;
}
