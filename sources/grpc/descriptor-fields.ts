import { defaultOf } from './descriptor-defaults.ts';
import { DescriptorError } from './descriptor-error.ts';
import { referredType } from './descriptor-references.ts';
import type { Features, FieldDescriptor, FileDescriptor, MessageDescriptor } from './descriptor-wire.ts';
import { nameFields } from './field-names.ts';
import type { MessageNotice, ProtoField } from './proto-schema.ts';

/** What files and messages settle for the fields in them. https://protobuf.dev/editions/features/ */
export interface FieldFeatures {
  readonly presence: 'explicit' | 'implicit' | 'required';
  readonly packed: boolean;
  readonly delimited: boolean;
}

const LABEL_REQUIRED = 2;
const LABEL_REPEATED = 3;
const TYPE_GROUP = 10;
const TYPE_ENUM = 14;

/** By number; 10, 11 and 14 are groups, messages and enums. */
const SCALARS = [
  ...['', 'double', 'float', 'int64', 'uint64', 'int32', 'fixed64', 'fixed32', 'bool', 'string', '', ''],
  ...['bytes', 'uint32', '', 'sfixed32', 'sfixed64', 'sint32', 'sint64'],
];

export function baseFeatures({ syntax }: FileDescriptor): FieldFeatures {
  if (syntax === 'proto3') return { presence: 'implicit', packed: true, delimited: false };
  return { presence: 'explicit', packed: syntax === 'editions', delimited: false };
}

export function inherit(from: FieldFeatures, features: Features | null | undefined): FieldFeatures {
  if (features === null || features === undefined) return from;
  const { fieldPresence, repeatedFieldEncoding, messageEncoding } = features;
  return {
    presence: ([from.presence, 'explicit', 'implicit', 'required'] as const)[fieldPresence] ?? from.presence,
    packed: repeatedFieldEncoding === 0 ? from.packed : repeatedFieldEncoding === 1,
    delimited: messageEncoding === 0 ? from.delimited : messageEncoding === 2,
  };
}

export function fieldsOf(
  message: MessageDescriptor,
  fullName: string,
  features: FieldFeatures,
  commentOf: (index: number) => string | undefined,
  notices: MessageNotice[],
): readonly ProtoField[] {
  const entries = new Map<string, MessageDescriptor>();
  for (const nested of message.message) {
    if (nested.options?.mapEntry === true) entries.set(nested.name, nested);
  }
  const members = new Map<number, number>();
  for (const field of message.field) {
    if (hasOneof(field)) members.set(field.oneofIndex, (members.get(field.oneofIndex) ?? 0) + 1);
  }
  checkNumbers(message, fullName);
  const named = message.field.map((field, index) => ({
    field,
    index,
    documentName: field.name,
    // Compilers write it for every field, and then it says nothing.
    jsonName: field.jsonName === defaultJsonName(field.name) ? undefined : field.jsonName || undefined,
  }));
  const names = nameFields(named, fullName, undefined, notices);
  return named.map((one): ProtoField => {
    const { field, index } = one;
    const { options, oneofIndex } = field;
    const own = inherit(features, options?.features);
    const isRepeated = field.label === LABEL_REPEATED;
    const entry = isRepeated ? entryOf(field.typeName, fullName, entries) : undefined;
    const key = entry?.field.find(({ number }) => number === 1);
    const value = (key && entry?.field.find(({ number }) => number === 2)) ?? field;
    const isMap = value !== field;
    const kind = kindOf(value);
    const type = SCALARS[value.type] || referredType(value.typeName, value.type !== 0);
    return {
      documentName: field.name,
      name: names.get(one) ?? field.name,
      id: field.number,
      type,
      kind,
      label: isMap ? 'map' : isRepeated ? 'repeated' : 'single',
      keyType: isMap && key ? SCALARS[key.type] || 'string' : undefined,
      required: field.label === LABEL_REQUIRED || (!isRepeated && own.presence === 'required'),
      presence: (kind === 'message' && !isMap) || (!isRepeated && hasPresence(field, own)),
      packed: !isMap && (packedOption(field) ?? own.packed),
      delimited: !isMap && kind === 'message' && (field.type === TYPE_GROUP || own.delimited),
      oneof: hasOneof(field) && (members.get(oneofIndex) ?? 0) > 1 ? message.oneof[oneofIndex]?.name : undefined,
      defaultValue: isMap ? undefined : defaultOf(field, type, kind),
      description: commentOf(index),
      deprecated: options?.deprecated === true,
    };
  });
}

function checkNumbers({ field: fields }: MessageDescriptor, fullName: string): void {
  const numbers = new Set<number>();
  for (const { number } of fields) {
    if (number < 1 || number > 536_870_911) throw new DescriptorError(`"${fullName}" has a field numbered ${number}.`);
    if (numbers.has(number)) throw new DescriptorError(`"${fullName}" has two fields numbered ${number}.`);
    numbers.add(number);
  }
}

/** The message that stands for an entry of a map, by its full name or a part of it. */
function entryOf(
  typeName: string,
  fullName: string,
  entries: ReadonlyMap<string, MessageDescriptor>,
): MessageDescriptor | undefined {
  const entry = entries.get(typeName.slice(typeName.lastIndexOf('.') + 1));
  if (entry === undefined) return undefined;
  const full = `.${fullName}.${entry.name}`;
  return full === typeName || full.endsWith(`.${typeName}`) ? entry : undefined;
}

function kindOf({ type }: FieldDescriptor): ProtoField['kind'] {
  if (SCALARS[type]) return 'scalar';
  return type === TYPE_ENUM ? 'enum' : 'message';
}

function hasPresence(field: FieldDescriptor, features: FieldFeatures): boolean {
  return field.proto3Optional || Object.hasOwn(field, 'oneofIndex') || features.presence !== 'implicit';
}

/** The oneof that compilers make for an `optional` of proto3 is none. */
function hasOneof(field: FieldDescriptor): boolean {
  return Object.hasOwn(field, 'oneofIndex') && !field.proto3Optional;
}

function packedOption({ options }: FieldDescriptor): boolean | undefined {
  return options !== null && Object.hasOwn(options, 'packed') ? options.packed : undefined;
}

function defaultJsonName(name: string): string {
  return name.replace(/_+(.?)/g, (_, next: string) => next.toUpperCase());
}
