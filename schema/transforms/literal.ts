import {
  type ConstValueNode,
  type GraphQLInputType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  Kind,
} from 'graphql';

/** JSON as it is written in a GraphQL document, for a type whose enums and fields have the names of the JSON. */
export function toLiteral(value: unknown, type?: GraphQLInputType): ConstValueNode {
  if (type !== undefined && isNonNullType(type)) return toLiteral(value, type.ofType);
  if (value === null || value === undefined) return { kind: Kind.NULL };
  if (Array.isArray(value)) {
    const item = type !== undefined && isListType(type) ? type.ofType : undefined;
    return { kind: Kind.LIST, values: value.map((each) => toLiteral(each, item)) };
  }
  if (type !== undefined && isListType(type)) return toLiteral(value, type.ofType);
  if (typeof value === 'object') {
    const fields = type !== undefined && isInputObjectType(type) ? type.getFields() : {};
    return {
      kind: Kind.OBJECT,
      fields: Object.entries(value).map(([name, inner]) => ({
        kind: Kind.OBJECT_FIELD,
        name: { kind: Kind.NAME, value: name },
        value: toLiteral(inner, fields[name]?.type),
      })),
    };
  }
  if (typeof value === 'boolean') return { kind: Kind.BOOLEAN, value };
  if (typeof value === 'number')
    return { kind: Number.isInteger(value) && Math.abs(value) < 1e21 ? Kind.INT : Kind.FLOAT, value: String(value) };
  if (type !== undefined && isEnumType(type)) return { kind: Kind.ENUM, value: String(value) };
  return { kind: Kind.STRING, value: String(value) };
}
