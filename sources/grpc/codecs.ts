import { anyCodec, type Packable } from './any-codec.ts';
import { CheckedReader } from './checked-reader.ts';
import { InputError, type ValueCodec } from './codec.ts';
import type { CompiledEnumValue, CompiledField, CompiledGrpc } from './compiled.ts';
import { unknownValue } from './enum-values.ts';
import { mapReader, mapWriter } from './map-codec.ts';
import { type FieldCodec, listReader, listWriter, messageReader, messageWriter } from './message-codec.ts';
import { SCALAR_CODECS } from './scalar-codecs.ts';
import { EMPTY_CODEC, WELL_KNOWN_CODECS } from './well-known.ts';
import type { Wire } from './wire.ts';

export interface Codecs {
  message(fullName: string): ValueCodec;
  /** Messages inside a google.protobuf.Any; undefined where the document does not define them. */
  packable(fullName: string): Packable | undefined;
}

const NO_ITEMS: readonly unknown[] = Object.freeze([]);
const NO_ENTRIES: object = Object.freeze({});

/** Makes codecs of compiled messages, each when it is first needed. */
export function createCodecs({ messages, enums }: Pick<CompiledGrpc, 'messages' | 'enums'>, wire: Wire): Codecs {
  const codecs = new Map<string, ValueCodec>(WELL_KNOWN_CODECS);
  codecs.set('google.protobuf.Any', anyCodec(packable));

  function message(fullName: string): ValueCodec {
    const known = codecs.get(fullName);
    if (known !== undefined) return known;
    const fields = messages.get(fullName) ?? [];
    if (fields.length === 0) return EMPTY_CODEC;
    let read: ReturnType<typeof messageReader> | undefined;
    let write: ReturnType<typeof messageWriter> | undefined;
    // Made when the first message comes: from one message all others can often be reached, and itself too.
    const codec: ValueCodec = {
      read: (value) => {
        read ??= messageReader(fields.map(fieldCodec));
        return read(value);
      },
      write: (value, field) => {
        write ??= messageWriter(fields.map(fieldCodec));
        return write(value, field);
      },
    };
    codecs.set(fullName, codec);
    return codec;
  }

  function fieldCodec(field: CompiledField): FieldCodec {
    const value = valueCodec(field);
    const { name, required, oneof } = field;
    const common = { key: `f${field.id}`, name, required, oneof };
    if (field.label === 'map') {
      const keyType = field.keyType ?? 'string';
      const read = mapReader(keyType, value.read);
      return { ...common, absent: NO_ENTRIES, read, write: mapWriter(keyType, value) };
    }
    if (field.label === 'repeated') {
      return { ...common, absent: NO_ITEMS, read: listReader(value.read), write: listWriter(value) };
    }
    return { ...common, absent: absentValue(field, value), read: value.read, write: value.write };
  }

  function valueCodec({ kind, type }: CompiledField): ValueCodec {
    if (kind === 'message') return message(type);
    const known = kind === 'enum' ? codecs.get(type) : SCALAR_CODECS.get(type);
    if (known !== undefined) return known;
    const made = enumCodec(enums.get(type) ?? []);
    codecs.set(type, made);
    return made;
  }

  function absentValue({ kind, type, presence, defaultValue }: CompiledField, value: ValueCodec): unknown {
    if (defaultValue === undefined) return presence ? null : (value.zero ?? null);
    if (kind !== 'enum') return defaultValue;
    // Compiling has put the graph's name for the document's.
    return enums.get(type)?.some(({ name }) => name === defaultValue) === true ? defaultValue : null;
  }

  function packable(fullName: string): Packable | undefined {
    if (!messages.has(fullName) && !codecs.has(fullName)) return undefined;
    const { read = (value: unknown) => value, write } = message(fullName);
    const type = wire.typeOf(fullName);
    return {
      decode(bytes, budget = { left: Number.POSITIVE_INFINITY }) {
        const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        return read(type.decode(new CheckedReader(whole, budget)));
      },
      encode: (value, field) => type.encode(asMessage(write(value, field))).finish(),
    };
  }

  return { message, packable };
}

/** Numbers that the document does not know read as its "unspecified" value, or as null if it has none. */
function enumCodec(values: readonly CompiledEnumValue[]): ValueCodec {
  const byNumber = new Map<number, string>();
  const numbers = new Map<string, number>();
  for (const { name, number } of values) {
    numbers.set(name, number);
    // Of aliases the first is the one that shows.
    if (!byNumber.has(number)) byNumber.set(number, name);
  }
  const unknown = unknownValue(values);
  return {
    zero: byNumber.get(0) ?? null,
    read: (value) => (typeof value === 'number' ? byNumber.get(value) : undefined) ?? unknown,
    write: (value, field) => {
      const number = typeof value === 'string' ? numbers.get(value) : undefined;
      if (number === undefined) throw new InputError(`"${field}" must be one of ${listOf(numbers)}.`);
      return number;
    },
  };
}

function listOf(names: ReadonlyMap<string, unknown>): string {
  const all = [...names.keys()];
  return all.length > 50 ? `${all.slice(0, 50).join(', ')}, …` : all.join(', ');
}

/** What protobufjs takes: a value that leaves the message out is a message without fields. */
export function asMessage(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
