import { InputError, isRecord, type ValueCodec } from './codec.ts';

/** A field of a message, between its protobuf key and its GraphQL name. */
export interface FieldCodec {
  readonly key: string;
  readonly name: string;
  /** What it reads as when the message does not have it. */
  readonly absent: unknown;
  readonly required: boolean;
  /** Name of the oneof it is part of, if that has other members. */
  readonly oneof: string | undefined;
  readonly read: ValueCodec['read'];
  readonly write: ValueCodec['write'];
}

/** Decoded message → plain object under GraphQL names. Starts from a copy of all defaults, which has one shape. */
export function messageReader(fields: readonly FieldCodec[]): (message: unknown) => unknown {
  const defaults: Record<string, unknown> = {};
  const byKey: Record<string, FieldCodec | undefined> = Object.create(null);
  for (const field of fields) {
    defaults[field.name] = field.absent;
    byKey[field.key] = field;
  }
  return (message) => {
    if (!isRecord(message)) return null;
    const result = { ...defaults };
    for (const key of Object.keys(message)) {
      const field = byKey[key];
      if (field === undefined) continue;
      const value = message[key];
      result[field.name] = field.read === undefined ? value : field.read(value);
    }
    return result;
  };
}

/** Arguments or input object → what protobufjs encodes. */
export function messageWriter(fields: readonly FieldCodec[]): (value: unknown, field: string) => unknown {
  const names = new Set(fields.map((field) => field.name));
  return (value, at) => {
    if (!isRecord(value)) throw new InputError(`"${at}" must be an object.`);
    for (const name of Object.keys(value)) {
      if (!names.has(name)) throw new InputError(`"${at}" has no field "${name}".`);
    }
    const result: Record<string, unknown> = {};
    let oneofs: Set<string> | undefined;
    for (const field of fields) {
      const given = Object.hasOwn(value, field.name) ? value[field.name] : undefined;
      if (given === undefined || given === null) {
        if (field.required) throw new InputError(`"${field.name}" is required.`);
        continue;
      }
      if (field.oneof !== undefined) {
        oneofs ??= new Set();
        if (oneofs.has(field.oneof)) throw new InputError(`Only one field of "${field.oneof}" can be given.`);
        oneofs.add(field.oneof);
      }
      result[field.key] = field.write(given, field.name);
    }
    return result;
  };
}

export function listReader(read: ValueCodec['read']): ValueCodec['read'] {
  if (read === undefined) return undefined;
  return (value) => (Array.isArray(value) ? value.map((item) => read(item)) : []);
}

export function listWriter({ write, takesNull }: ValueCodec): ValueCodec['write'] {
  return (value, field) => {
    if (!Array.isArray(value)) throw new InputError(`"${field}" must be a list.`);
    return value.map((item) => {
      if (item === undefined || (item === null && takesNull !== true))
        throw new InputError(`"${field}" must not contain null.`);
      return write(item, field);
    });
  };
}
