import protobuf from 'protobufjs';
import type { CompiledField } from './compiled.ts';
import { WELL_KNOWN_SHAPES } from './well-known-shapes.ts';
import { wellKnownFields } from './well-known-wire.ts';

/** How messages go over the wire. Fields are called `f` and their number: names of documents never get into code. */
export interface Wire {
  /** Its type for protobufjs, made when it is first asked for, with all that it contains. */
  typeOf(fullName: string): protobuf.Type;
}

export function createWire(messages: ReadonlyMap<string, readonly CompiledField[]>): Wire {
  const root = new protobuf.Root();
  const types = new Map<string, string>();

  function fieldsOf(fullName: string): readonly CompiledField[] {
    if (WELL_KNOWN_SHAPES.has(fullName)) return wellKnownFields(fullName);
    return messages.get(fullName) ?? [];
  }

  function define(fullName: string): void {
    const waiting = [fullName];
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      if (types.has(name)) continue;
      const typeName = `M${types.size}`;
      types.set(name, typeName);
      const fields = fieldsOf(name);
      waiting.push(...fields.filter(({ kind }) => kind === 'message').map(({ type }) => type));
    }
  }

  function typeName(fullName: string): string {
    const name = types.get(fullName);
    if (name === undefined) throw new TypeError(`The message ${fullName} is not defined.`);
    return name;
  }

  function addType(fullName: string, name: string): void {
    // The type says nothing of editions, though the function takes them.
    const json: protobuf.IType & { edition: string } = { edition: '2023', fields: {} };
    const type = protobuf.Type.fromJSON(name, json);
    for (const field of fieldsOf(fullName)) type.add(fieldOf(field));
    root.add(type);
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
    const wireType = kind === 'message' ? typeName(type) : kind === 'enum' ? 'int32' : type;
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

  return {
    typeOf(fullName) {
      if (!types.has(fullName)) {
        const before = types.size;
        define(fullName);
        for (const [name, made] of [...types].slice(before)) addType(name, made);
        root.resolveAll();
      }
      return root.lookupType(typeName(fullName));
    },
  };
}
