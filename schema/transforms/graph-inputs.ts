import { type GraphQLInputType, isEnumType, isInputObjectType, isListType, isNonNullType } from 'graphql';
import type { Plan } from './plan.ts';
import { readInput } from './read-input.ts';

/** Makes a value that is given in the graph's words one in the source's. Throws InputMistake. */
export type InputReader = (value: unknown) => unknown;

interface FieldReader {
  readonly from: string;
  readonly to: string;
  readonly read: InputReader | undefined;
}

/**
 * Readers for arguments and fields of input objects; undefined where values go on as they are, which is what nearly all
 * do. Enum values are read where `enumValue` is given; elsewhere GraphQL has made them the source's already.
 */
export function createInputReaders(plan: Plan, enumValue?: (enumName: string, shown: string) => string) {
  const { schema, names, types, hidden } = plan;
  const changed = typesWithChanges(plan, enumValue !== undefined);
  const objects = new Map<string, InputReader>();

  const objectReader = (name: string): InputReader => {
    let reader = objects.get(name);
    if (reader === undefined) {
      let fields: readonly FieldReader[] | undefined;
      reader = (value) => {
        if (typeof value !== 'object' || value === null) return value;
        fields ??= readFields(name);
        const read: Record<string, unknown> = {};
        for (const field of fields) {
          if (!Object.hasOwn(value, field.from)) continue;
          const own: unknown = Reflect.get(value, field.from);
          read[field.to] = field.read === undefined ? own : field.read(own);
        }
        return read;
      };
      objects.set(name, reader);
    }
    return reader;
  };

  const readFields = (name: string): readonly FieldReader[] => {
    const type = schema.getType(name);
    if (!isInputObjectType(type)) return [];
    return Object.values(type.getFields()).flatMap((field) => {
      const coordinate = `${name}.${field.name}`;
      if (hidden.has(coordinate)) return [];
      return { from: names.field(name, field.name), to: field.name, read: reader(coordinate, field.type) };
    });
  };

  /** Of the argument or field at a coordinate, which is of the type at the source. */
  const reader = (coordinate: string, type: GraphQLInputType): InputReader | undefined => {
    if (types.get(coordinate)?.isOtherLeaf === true)
      return (value) => (value === null || value === undefined ? value : readInput(type, value));
    return readerOf(type);
  };

  const readerOf = (type: GraphQLInputType): InputReader | undefined => {
    if (isNonNullType(type)) return readerOf(type.ofType);
    if (isListType(type)) {
      const item = readerOf(type.ofType);
      return item && ((value) => (Array.isArray(value) ? value.map(item) : value));
    }
    if (!changed.has(type.name)) return undefined;
    if (!isEnumType(type)) return objectReader(type.name);
    const { name } = type;
    return (value) => (typeof value === 'string' ? (enumValue?.(name, value) ?? value) : value);
  };
  return reader;
}

/** Input objects with something in them, at whatever depth, that is not as it is at the source. */
function typesWithChanges({ schema, names, types }: Plan, withEnums: boolean): ReadonlySet<string> {
  const changed = new Set<string>();
  const holders = new Map<string, string[]>();
  for (const type of Object.values(schema.getTypeMap())) {
    if (withEnums && isEnumType(type) && type.getValues().some(({ name }) => names.value(type.name, name) !== name))
      changed.add(type.name);
    if (!isInputObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const isRenamed = names.field(type.name, field.name) !== field.name;
      if (isRenamed || types.get(`${type.name}.${field.name}`)?.isOtherLeaf === true) changed.add(type.name);
      const inner = innermost(field.type);
      const known = holders.get(inner);
      if (known === undefined) holders.set(inner, [type.name]);
      else known.push(type.name);
    }
  }
  // A set that grows while it is walked is walked to its end.
  for (const name of changed) for (const holder of holders.get(name) ?? []) changed.add(holder);
  return changed;
}

function innermost(type: GraphQLInputType): string {
  return isNonNullType(type) || isListType(type) ? innermost(type.ofType) : type.name;
}
