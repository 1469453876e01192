import protobuf from 'protobufjs';
import { InputError, isRecord, type ValueCodec } from './codec.ts';
import { SCALAR_CODECS } from './scalar-codecs.ts';

/** Maps are JSON objects in the graph. protobufjs hands out 64-bit keys as hashes of eight characters. */
export function mapReader(keyType: string, read: ValueCodec['read']): (value: unknown) => unknown {
  const is64Bit = SCALAR_CODECS.get(keyType)?.output === 'Int64';
  const unsigned = keyType === 'uint64' || keyType === 'fixed64';
  return (value) => {
    const result: Record<string, unknown> = Object.create(null);
    if (!isRecord(value)) return result;
    for (const key of Object.keys(value)) {
      const name = is64Bit ? String(protobuf.util.longFromHash(key, unsigned)) : key;
      // An entry without a value has a message without fields.
      result[name] = read === undefined ? value[key] : read(value[key] ?? {});
    }
    return result;
  };
}

export function mapWriter(keyType: string, { write, takesNull }: ValueCodec): ValueCodec['write'] {
  return (value, field) => {
    if (!isRecord(value)) throw new InputError(`"${field}" must be a JSON object.`);
    const result: Record<string, unknown> = Object.create(null);
    for (const key of Object.keys(value)) {
      const item = value[key];
      if (item === null && takesNull !== true) throw new InputError(`"${field}" must not contain null.`);
      result[encodedKey(keyType, key, field)] = write(item, field);
    }
    return result;
  };
}

/** protobufjs writes keys of a plain object by the key's own text, where any but the empty one is true. */
function encodedKey(keyType: string, key: string, field: string): string {
  if (keyType === 'string') return key;
  if (keyType === 'bool') {
    if (key !== 'true' && key !== 'false') throw new InputError(`The keys of "${field}" must be true or false.`);
    return key === 'true' ? key : '';
  }
  if (!/^-?\d{1,20}$/.test(key)) throw new InputError(`The keys of "${field}" must be integers.`);
  SCALAR_CODECS.get(keyType)?.write(keyType.includes('64') ? key : Number(key), field);
  return key;
}
