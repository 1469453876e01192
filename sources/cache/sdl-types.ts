import { type FieldDefinitionNode, Kind, parse, type TypeNode } from 'graphql';

/** What caches want to know of a source's types, read of its SDL alone. */
export interface SdlTypes {
  has(type: string): boolean;
  /** Of all that have fields or members. */
  names(): readonly string[];
  /** Named type of a field; undefined where there is no such field. */
  fieldType(type: string, field: string): string | undefined;
  fields(type: string): ReadonlyMap<string, string>;
  /** Object types that a value of the type may be: itself, members, those that implement it. */
  possible(type: string): ReadonlySet<string>;
  /** Whether a value of the one may be of the other. */
  overlap(one: string, other: string): boolean;
  /** Types whose values may stand somewhere in a value of the type, with itself. */
  reachable(type: string): ReadonlySet<string>;
}

const NO_FIELDS: ReadonlyMap<string, string> = new Map();
const NO_TYPES: ReadonlySet<string> = new Set();

export function readSdlTypes(sdl: string): SdlTypes {
  const fieldsOf = new Map<string, Map<string, string>>();
  const possible = new Map<string, Set<string>>();
  const add = (type: string, member: string) => {
    const members = possible.get(type);
    if (members === undefined) possible.set(type, new Set([member]));
    else members.add(member);
  };
  const readFields = (type: string, fields: readonly FieldDefinitionNode[] = []) =>
    fieldsOf.set(type, new Map(fields.map((field) => [field.name.value, namedType(field.type)])));
  for (const node of sdl === '' ? [] : parse(sdl, { noLocation: true }).definitions) {
    switch (node.kind) {
      case Kind.OBJECT_TYPE_DEFINITION:
        readFields(node.name.value, node.fields);
        add(node.name.value, node.name.value);
        for (const { name } of node.interfaces ?? []) add(name.value, node.name.value);
        break;
      case Kind.INTERFACE_TYPE_DEFINITION:
        readFields(node.name.value, node.fields);
        break;
      case Kind.UNION_TYPE_DEFINITION:
        for (const { name } of node.types ?? []) add(node.name.value, name.value);
        break;
    }
  }
  const reached = new Map<string, ReadonlySet<string>>();
  const types: SdlTypes = {
    has: (type) => fieldsOf.has(type) || possible.has(type),
    names: () => [...new Set([...fieldsOf.keys(), ...possible.keys()])],
    fieldType: (type, field) => fieldsOf.get(type)?.get(field),
    fields: (type) => fieldsOf.get(type) ?? NO_FIELDS,
    possible: (type) => possible.get(type) ?? NO_TYPES,
    overlap(one, other) {
      const others = types.possible(other);
      for (const type of types.possible(one)) if (others.has(type)) return true;
      return false;
    },
    reachable(type) {
      const known = reached.get(type);
      if (known !== undefined) return known;
      const found = new Set<string>();
      const waiting = [type];
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
        if (found.has(next) || !types.has(next)) continue;
        found.add(next);
        waiting.push(...types.possible(next), ...types.fields(next).values());
      }
      reached.set(type, found);
      return found;
    },
  };
  return types;
}

function namedType(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type);
}
