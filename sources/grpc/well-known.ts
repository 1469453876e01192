import { type Codec, InputError, isRecord, type ValueCodec } from './codec.ts';
import { readFieldMask, writeFieldMask } from './field-mask.ts';
import { SCALAR_CODECS } from './scalar-codecs.ts';
import { readList, readStruct, readValue, writeList, writeStruct, writeValue } from './struct-codec.ts';
import { readDuration, readTimestamp, writeDuration, writeTimestamp } from './time-codec.ts';
import { WRAPPERS } from './well-known-shapes.ts';

/** Also of messages without fields: that they are there is all they say. */
export const EMPTY_CODEC: ValueCodec = {
  read: () => true,
  write: (value) => (value === true ? {} : undefined),
};

/** Of all messages in `WELL_KNOWN_SHAPES` but Any, which needs to know the others. */
export const WELL_KNOWN_CODECS: ReadonlyMap<string, ValueCodec> = new Map([
  ...[...WRAPPERS].map(([name, scalar]) => [name, wrapper(SCALAR_CODECS.get(scalar))] as const),
  ['google.protobuf.Empty', EMPTY_CODEC],
  ['google.protobuf.Timestamp', { read: readTimestamp, write: writeTimestamp }],
  ['google.protobuf.Duration', { read: readDuration, write: writeDuration }],
  ['google.protobuf.FieldMask', { read: readFieldMask, write: writeFieldMask }],
  ['google.protobuf.Value', { read: readValue, write: writeValue, takesNull: true }],
  ['google.protobuf.Struct', { read: readStruct, write: writeStruct }],
  ['google.protobuf.ListValue', { read: readList, write: writeList }],
]);

function wrapper(inner: Codec | undefined): ValueCodec {
  if (inner === undefined) throw new InputError('There is no such scalar type.');
  const { zero, read = (value: unknown) => value, write } = inner;
  return {
    read: (message) => (isRecord(message) && Object.hasOwn(message, 'f1') ? read(message.f1) : zero),
    write: (value, field) => ({ f1: write(value, field) }),
  };
}
