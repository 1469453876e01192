import protobuf from 'protobufjs';
import { CheckedReader } from './checked-reader.ts';
import type { CompiledField } from './compiled.ts';
import { WELL_KNOWN_SHAPES } from './well-known-shapes.ts';
import { wellKnownFields } from './well-known-wire.ts';

/** How messages go over the wire. Fields are called `f` and their number: names of documents never get into code. */
export interface Wire {
  /** Its type for protobufjs. */
  typeOf(fullName: string): protobuf.Type;
}

export function createWire(messages: ReadonlyMap<string, readonly CompiledField[]>): Wire {
  const root = new protobuf.Root();
  const types = new Map<string, protobuf.Type>();

  function fieldsOf(fullName: string): readonly CompiledField[] {
    if (WELL_KNOWN_SHAPES.has(fullName)) return wellKnownFields(fullName);
    return messages.get(fullName) ?? [];
  }

  function typeOf(fullName: string): protobuf.Type {
    const known = types.get(fullName);
    if (known !== undefined) return known;
    // The type says nothing of editions, though the function takes them.
    const json: protobuf.IType & { edition: string } = { edition: '2023', fields: {} };
    const type = protobuf.Type.fromJSON(`M${types.size}`, json);
    types.set(fullName, type);
    root.add(type);
    // protobufjs calls it with the first message of the type. Until then it has no fields: from one message all others
    // can often be reached.
    type.setup = () => {
      const fields = fieldsOf(fullName);
      for (const field of fields) type.add(fieldOf(field));
      const maps = fields.filter(({ label, kind }) => label === 'map' && kind === 'message').map(({ id }) => `f${id}`);
      type.resolveAll();
      protobuf.Type.prototype.setup.call(type);
      const { decode } = type;
      type.decode = (reader, ...rest) => {
        if (!(reader instanceof CheckedReader)) return decode.call(type, reader, ...rest);
        reader.countMessage();
        const message = decode.call(type, reader, ...rest);
        for (const map of maps) countAbsent((message as protobuf.Message & Record<string, unknown>)[map], reader);
        if (fullName === 'google.protobuf.Any') reader.lendBudget(message);
        return message;
      };
      return type;
    };
    return type;
  }

  function fieldOf({
    id,
    type,
    kind,
    label,
    keyType,
    required,
    packed,
    delimited,
  }: CompiledField): protobuf.ReflectionObject {
    const name = `f${id}`;
    const wireType = kind === 'message' ? typeOf(type).name : kind === 'enum' ? 'int32' : type;
    if (label === 'map') return new protobuf.MapField(name, id, keyType ?? 'string', wireType);
    const features = {
      field_presence: required ? 'LEGACY_REQUIRED' : 'EXPLICIT',
      repeated_field_encoding: packed ? 'PACKED' : 'EXPANDED',
      message_encoding: delimited ? 'DELIMITED' : 'LENGTH_PREFIXED',
    };
    return new protobuf.Field(name, id, wireType, label === 'repeated' ? 'repeated' : undefined, undefined, {
      features,
    });
  }

  return { typeOf };
}

/** An entry of a map without its message reads as one without fields, which nobody has decoded. */
function countAbsent(entries: unknown, reader: CheckedReader): void {
  if (typeof entries !== 'object' || entries === null) return;
  for (const value of Object.values(entries)) if (value === null) reader.countMessage();
}
