import type { CompiledField } from './compiled.ts';
import { WRAPPERS } from './well-known-shapes.ts';

const PLAIN: Omit<CompiledField, 'id' | 'type'> = {
  name: '',
  kind: 'scalar',
  label: 'single',
  keyType: undefined,
  required: false,
  presence: true,
  packed: false,
  delimited: false,
  oneof: undefined,
  defaultValue: undefined,
};

function scalars(...types: readonly string[]): readonly CompiledField[] {
  return types.map((type, index) => ({ ...PLAIN, id: index + 1, type }));
}

const VALUE: Omit<CompiledField, 'id'> = { ...PLAIN, kind: 'message', type: 'google.protobuf.Value' };

const FIELDS: ReadonlyMap<string, readonly CompiledField[]> = new Map<string, readonly CompiledField[]>([
  ...[...WRAPPERS].map(([name, scalar]) => [name, scalars(scalar)] as const),
  ['google.protobuf.Timestamp', scalars('int64', 'int32')],
  ['google.protobuf.Duration', scalars('int64', 'int32')],
  ['google.protobuf.Any', scalars('string', 'bytes')],
  ['google.protobuf.FieldMask', [{ ...PLAIN, id: 1, type: 'string', label: 'repeated' }]],
  ['google.protobuf.Struct', [{ ...VALUE, id: 1, label: 'map', keyType: 'string' }]],
  ['google.protobuf.ListValue', [{ ...VALUE, id: 1, label: 'repeated' }]],
  [
    'google.protobuf.Value',
    [
      ...scalars('int32', 'double', 'string', 'bool'),
      { ...VALUE, id: 5, type: 'google.protobuf.Struct' },
      { ...VALUE, id: 6, type: 'google.protobuf.ListValue' },
    ],
  ],
]);

/** The fields of a message of google.protobuf, as they always are. */
export function wellKnownFields(fullName: string): readonly CompiledField[] {
  return FIELDS.get(fullName) ?? [];
}
