import type { ValueShape } from './codec.ts';
import { SCALAR_CODECS } from './scalar-codecs.ts';

/** Messages of google.protobuf around one scalar, which they let be absent. */
export const WRAPPERS: ReadonlyMap<string, string> = new Map([
  ['google.protobuf.DoubleValue', 'double'],
  ['google.protobuf.FloatValue', 'float'],
  ['google.protobuf.Int64Value', 'int64'],
  ['google.protobuf.UInt64Value', 'uint64'],
  ['google.protobuf.Int32Value', 'int32'],
  ['google.protobuf.UInt32Value', 'uint32'],
  ['google.protobuf.BoolValue', 'bool'],
  ['google.protobuf.StringValue', 'string'],
  ['google.protobuf.BytesValue', 'bytes'],
]);

const STRING: ValueShape = { output: 'String', input: 'String' };
const JSON_VALUE: ValueShape = { output: 'JSON', input: 'JSON' };

/**
 * Messages of google.protobuf that stand for a value, in the form of the JSON mapping where GraphQL has room for it.
 * They are what they are, whatever a document says of them. https://protobuf.dev/programming-guides/json/
 */
export const WELL_KNOWN_SHAPES: ReadonlyMap<string, ValueShape> = new Map([
  ...[...WRAPPERS].map(([name, scalar]) => [name, scalarShape(scalar)] as const),
  ['google.protobuf.Empty', { output: 'Boolean', input: 'Boolean' }],
  ['google.protobuf.Timestamp', { ...STRING, mayReadNull: true }],
  ['google.protobuf.Duration', { ...STRING, mayReadNull: true }],
  ['google.protobuf.FieldMask', STRING],
  ['google.protobuf.Value', { ...JSON_VALUE, mayReadNull: true }],
  ['google.protobuf.Struct', JSON_VALUE],
  ['google.protobuf.ListValue', JSON_VALUE],
  ['google.protobuf.Any', { ...JSON_VALUE, mayReadNull: true }],
]);

function scalarShape(scalar: string): ValueShape {
  const codec = SCALAR_CODECS.get(scalar);
  if (codec === undefined) throw new TypeError(`There is no scalar type ${scalar}.`);
  const { output, input, mayReadNull = false } = codec;
  return { output, input, mayReadNull };
}
