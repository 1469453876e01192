import protobuf from 'protobufjs';
import type { Problem } from '../../kernel/problem.ts';
import type { Codec } from './codec.ts';
import { deprecation, described } from './descriptions.ts';
import { type EnumValues, enumCodec, enumValues } from './enum-codec.ts';
import { mapReader, mapWriter } from './map-codec.ts';
import { type FieldCodec, listReader, listWriter, messageReader, messageWriter } from './message-codec.ts';
import { collectTypes } from './reachable.ts';
import { SCALAR_CODECS } from './scalar-codecs.ts';
import { fieldName, nameTypes } from './type-names.ts';
import { usableFields, valueCodec } from './value-codec.ts';

export interface ProtoTypes {
  /** Definitions of all types that the methods need. */
  readonly sdl: string;
  readonly notices: readonly Problem[];
  codec(type: protobuf.Type): Codec;
  fields(type: protobuf.Type): readonly FieldCodec[];
}

const NO_ITEMS: readonly unknown[] = Object.freeze([]);
const NO_ENTRIES: object = Object.freeze({});

/** Compiles the messages and enums of some methods to codecs and to SDL. */
export function createProtoTypes(methods: readonly protobuf.Method[]): ProtoTypes {
  const { outputs, inputs, enums } = collectTypes(methods);
  const names = nameTypes<protobuf.Type | protobuf.Enum>([...outputs, ...enums]);
  const inputNames = nameTypes(inputs, names.values(), 'Input');
  const codecs = new Map<protobuf.Type | protobuf.Enum, Codec>();
  const fieldLists = new Map<protobuf.Type, readonly FieldCodec[]>();
  const valuesOf = new Map<protobuf.Enum, EnumValues>([...enums].map((type) => [type, enumValues(type)]));

  function codec(type: protobuf.Type | protobuf.Enum): Codec {
    const known = codecs.get(type);
    if (known !== undefined) return known;
    if (type instanceof protobuf.Enum) {
      const made = enumCodec(type, names.get(type) ?? type.name, valuesOf.get(type) ?? enumValues(type));
      codecs.set(type, made);
      return made;
    }
    const made = valueCodec(type);
    if (made !== undefined) return made;
    let read: (message: unknown) => unknown = () => null;
    let write: Codec['write'] = () => undefined;
    // Known before its fields are: messages may contain themselves.
    const message: Codec = {
      output: names.get(type) ?? type.name,
      input: inputNames.get(type) ?? type.name,
      read: (value) => read(value),
      write: (value, field) => write(value, field),
    };
    codecs.set(type, message);
    read = messageReader(fields(type));
    write = messageWriter(fields(type));
    return message;
  }

  function fields(type: protobuf.Type): readonly FieldCodec[] {
    let list = fieldLists.get(type);
    if (list === undefined) {
      list = usableFields(type).map((field) => fieldCodec(field, codecOf(field)));
      fieldLists.set(type, list);
    }
    return list;
  }

  function codecOf(field: protobuf.Field): Codec {
    const { resolvedType } = field.resolve();
    const found = resolvedType === null ? SCALAR_CODECS.get(field.type) : codec(resolvedType);
    if (found === undefined) throw new TypeError(`There is no codec for the type ${field.type}.`);
    return found;
  }

  const definitions = [
    ...[...outputs].map((type) => objectSdl('type', names.get(type), type, fields(type), 'output')),
    ...[...inputs].map((type) => objectSdl('input', inputNames.get(type), type, fields(type), 'input')),
    ...[...valuesOf].map(([type, values]) => enumSdl(names.get(type), type, values)),
  ];
  return { sdl: definitions.join('\n\n'), notices: [...outputs, ...inputs].flatMap(extensionNotice), codec, fields };
}

function extensionNotice(type: protobuf.Type): Problem[] {
  const extensions = type.fieldsArray.filter((field) => field.name.includes('.'));
  if (extensions.length === 0) return [];
  const names = extensions.map((field) => field.name.slice(1)).join(', ');
  const message = `The message ${type.fullName.slice(1)} has extensions, which are left out: ${names}.`;
  return [{ message, ...(type.filename ? { file: type.filename } : {}) }];
}

function fieldCodec(field: protobuf.Field, codec: Codec): FieldCodec {
  const isMessage = field.resolvedType instanceof protobuf.Type;
  const common = {
    key: field.name,
    name: fieldName(field.name),
    required: field.required,
    oneof: field.partOf !== null && field.partOf.fieldsArray.length > 1 ? field.partOf.name : undefined,
    description: field.comment ?? undefined,
    deprecated: field.options?.deprecated === true,
  };
  if (field instanceof protobuf.MapField) {
    const read = mapReader(field.keyType, codec.read);
    const write = mapWriter(field.keyType, codec.write);
    return { ...common, output: 'JSON!', input: 'JSON', absent: NO_ENTRIES, read, write };
  }
  if (field.repeated) {
    const output = `[${codec.output}${codec.mayReadNull === true ? '' : '!'}]!`;
    const read = listReader(codec.read);
    const write = listWriter(codec.write);
    return { ...common, output, input: `[${codec.input}!]`, absent: NO_ITEMS, read, write };
  }
  const hasPresence = isMessage || field.hasPresence;
  const isNullable = codec.mayReadNull === true || (hasPresence && !field.required);
  return {
    ...common,
    output: isNullable ? codec.output : `${codec.output}!`,
    input: field.required && !isMessage ? `${codec.input}!` : codec.input,
    absent: hasPresence ? null : codec.zero,
    read: codec.read,
    write: codec.write,
  };
}

function objectSdl(
  keyword: 'type' | 'input',
  name: string | undefined,
  type: protobuf.Type,
  fields: readonly FieldCodec[],
  side: 'output' | 'input',
): string {
  const lines = fields.map((field) => {
    const mark = deprecation(field.deprecated && (side === 'output' || !field.required));
    return `${described(field.description, '  ')}  ${field.name}: ${field[side]}${mark}`;
  });
  return `${described(type.comment)}${keyword} ${name} {\n${lines.join('\n')}\n}`;
}

function enumSdl(name: string | undefined, type: protobuf.Enum, { names }: EnumValues): string {
  const lines = [...names].map(([value, documentName]) => {
    const mark = deprecation(type.valuesOptions?.[documentName]?.deprecated === true);
    return `${described(type.comments[documentName], '  ')}  ${value}${mark}`;
  });
  return `${described(type.comment)}enum ${name} {\n${lines.join('\n')}\n}`;
}
