import type protobuf from 'protobufjs';
import { type Codec, InputError, isRecord } from './codec.ts';
import { SCALAR_CODECS } from './scalar-codecs.ts';

/**
 * Messages of google.protobuf that stand for a value, in the form of the JSON mapping where GraphQL has room for it.
 * https://protobuf.dev/programming-guides/json/
 */
export function wellKnownCodec(type: protobuf.Type): Codec | undefined {
  const name = /^\.google\.protobuf\.(\w+)$/.exec(type.fullName)?.[1];
  if (name === undefined) return undefined;
  const wrapped = WRAPPERS.get(name);
  return wrapped === undefined ? CODECS.get(name) : wrapper(wrapped);
}

const WRAPPERS: ReadonlyMap<string, string> = new Map([
  ['DoubleValue', 'double'],
  ['FloatValue', 'float'],
  ['Int64Value', 'int64'],
  ['UInt64Value', 'uint64'],
  ['Int32Value', 'int32'],
  ['UInt32Value', 'uint32'],
  ['BoolValue', 'bool'],
  ['StringValue', 'string'],
  ['BytesValue', 'bytes'],
]);

function wrapper(scalar: string): Codec | undefined {
  const inner = SCALAR_CODECS.get(scalar);
  if (inner === undefined) return undefined;
  const { output, input, mayReadNull = false, read = (value: unknown) => value, write } = inner;
  return {
    output,
    input,
    mayReadNull,
    read: (message) => read(property(message, 'value')),
    write: (value, field) => ({ value: write(value, field) }),
  };
}

/** Also of messages without fields: that they are there is all they say. */
export const EMPTY_CODEC: Codec = {
  output: 'Boolean',
  input: 'Boolean',
  read: () => true,
  write: (value) => (value === true ? {} : undefined),
};

const VALUE_CODEC: Codec = {
  output: 'JSON',
  input: 'JSON',
  mayReadNull: true,
  read: readValue,
  write: writeValue,
};

const CODECS: ReadonlyMap<string, Codec> = new Map([
  ['Empty', EMPTY_CODEC],
  ['Timestamp', { output: 'String', input: 'String', mayReadNull: true, read: readTimestamp, write: writeTimestamp }],
  ['Duration', { output: 'String', input: 'String', read: readDuration, write: writeDuration }],
  ['Value', VALUE_CODEC],
  ['Struct', { output: 'JSON', input: 'JSON', read: readStruct, write: writeStruct }],
  ['ListValue', { output: 'JSON', input: 'JSON', read: readList, write: writeList }],
]);

/** RFC 3339 has room for the years 0001 to 9999 only. */
const MIN_SECONDS = -62_135_596_800;
const MAX_SECONDS = 253_402_300_799;

function readTimestamp(message: unknown): string | null {
  const seconds = Number(property(message, 'seconds'));
  const nanos = Number(property(message, 'nanos'));
  if (!(seconds >= MIN_SECONDS && seconds <= MAX_SECONDS)) return null;
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}${fraction(nanos)}Z`;
}

function writeTimestamp(value: unknown, field: string): unknown {
  const match =
    typeof value === 'string'
      ? /^(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)$/.exec(value)
      : null;
  const [, date, time, digits = '', zone] = match ?? [];
  const milliseconds = Date.parse(`${date}T${time}${zone?.toUpperCase()}`);
  if (Number.isNaN(milliseconds)) {
    throw new InputError(`"${field}" must be an RFC 3339 time, e.g. 2026-11-21T08:00:00Z.`);
  }
  return { seconds: milliseconds / 1000, nanos: Number(digits.padEnd(9, '0')) };
}

function readDuration(message: unknown): string {
  const seconds = String(property(message, 'seconds'));
  const nanos = Number(property(message, 'nanos'));
  const sign = nanos < 0 && seconds === '0' ? '-' : '';
  return `${sign}${seconds}${fraction(Math.abs(nanos))}s`;
}

function writeDuration(value: unknown, field: string): unknown {
  const match = typeof value === 'string' ? /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/.exec(value) : null;
  if (match === null) throw new InputError(`"${field}" must be a duration in seconds, e.g. 1.5s.`);
  const [, sign, seconds, digits = ''] = match;
  const factor = sign === '-' ? -1 : 1;
  return { seconds: factor * Number(seconds), nanos: factor * Number(digits.padEnd(9, '0')) };
}

/** No digits, or 3, 6 or 9 of them. */
function fraction(nanos: number): string {
  if (!(nanos > 0 && nanos < 1e9)) return '';
  return `.${String(nanos)
    .padStart(9, '0')
    .replace(/(?:000){1,2}$/, '')}`;
}

/** A `Value` has one of its six fields set, and decoding makes only that an own property. */
function readValue(message: unknown): unknown {
  if (!isRecord(message)) return null;
  const [kind] = Object.keys(message);
  const value = kind === undefined ? undefined : message[kind];
  if (kind === 'structValue') return readStruct(value);
  if (kind === 'listValue') return readList(value);
  if (kind === 'numberValue') return Number.isFinite(value) ? value : null;
  return kind === 'stringValue' || kind === 'boolValue' ? value : null;
}

function readStruct(message: unknown): unknown {
  const result: Record<string, unknown> = Object.create(null);
  const fields = property(message, 'fields');
  if (isRecord(fields)) for (const key of Object.keys(fields)) result[key] = readValue(fields[key]);
  return result;
}

function readList(message: unknown): unknown {
  const values = property(message, 'values');
  return Array.isArray(values) ? values.map(readValue) : [];
}

function writeValue(value: unknown, field: string): unknown {
  if (value === null) return { nullValue: 0 };
  if (typeof value === 'number') return { numberValue: value };
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Array.isArray(value) ? { listValue: writeList(value, field) } : { structValue: writeStruct(value, field) };
}

function writeStruct(value: unknown, field: string): unknown {
  if (!isRecord(value)) throw new InputError(`"${field}" must be a JSON object.`);
  const fields: Record<string, unknown> = Object.create(null);
  for (const key of Object.keys(value)) fields[key] = writeValue(value[key], field);
  return { fields };
}

function writeList(value: unknown, field: string): unknown {
  if (!Array.isArray(value)) throw new InputError(`"${field}" must be a list.`);
  return { values: value.map((item) => writeValue(item, field)) };
}

function property(message: unknown, name: string): unknown {
  return isRecord(message) ? message[name] : undefined;
}
