import { defaultOf } from './descriptor-defaults.ts';
import { DescriptorError } from './descriptor-error.ts';
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
  return named.map((one) => {
    const { field, index } = one;
    const isMember = hasOneof(field) && (members.get(field.oneofIndex) ?? 0) > 1;
    const oneof = isMember ? message.oneof[field.oneofIndex]?.name : undefined;
    const common = {
      documentName: field.name,
      name: names.get(one) ?? field.name,
      id: field.number,
      oneof,
      description: commentOf(index),
      deprecated: field.options?.deprecated === true,
    };
    return { ...common, ...typeOf(field, features, fullName, entries) };
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

type FieldType = Omit<ProtoField, 'documentName' | 'name' | 'id' | 'oneof' | 'description' | 'deprecated'>;

function typeOf(
  field: FieldDescriptor,
  inherited: FieldFeatures,
  fullName: string,
  entries: ReadonlyMap<string, MessageDescriptor>,
): FieldType {
  const features = inherit(inherited, field.options?.features);
  const isRepeated = field.label === LABEL_REPEATED;
  const entry = isRepeated ? entryOf(field.typeName, fullName, entries) : undefined;
  const key = entry?.field.find(({ number }) => number === 1);
  const value = entry?.field.find(({ number }) => number === 2);
  if (key !== undefined && value !== undefined) {
    const plain = { required: false, presence: false, packed: false, delimited: false, defaultValue: undefined };
    return { ...valueType(value), ...plain, label: 'map', keyType: SCALARS[key.type] || 'string' };
  }
  const type = valueType(field);
  const required = field.label === LABEL_REQUIRED || (!isRepeated && features.presence === 'required');
  return {
    ...type,
    label: isRepeated ? 'repeated' : 'single',
    keyType: undefined,
    required,
    presence: type.kind === 'message' || (!isRepeated && hasPresence(field, features)),
    packed: packedOption(field) ?? features.packed,
    delimited: type.kind === 'message' && (field.type === TYPE_GROUP || features.delimited),
    defaultValue: defaultOf(field, type),
  };
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

function valueType(field: FieldDescriptor): Pick<ProtoField, 'type' | 'kind'> {
  const scalar = SCALARS[field.type];
  if (scalar) return { type: scalar, kind: 'scalar' };
  return { type: field.typeName, kind: field.type === TYPE_ENUM ? 'enum' : 'message' };
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
