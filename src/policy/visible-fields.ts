import {
  type GraphQLField,
  type GraphQLInterfaceType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  type GraphQLUnionType,
  getNamedType,
  isInterfaceType,
  isObjectType,
  isUnionType,
  OperationTypeNode,
} from 'graphql';
import { ownersOf } from './rates/selected-fields.ts';

type WithFields = GraphQLObjectType | GraphQLInterfaceType;
type Composite = WithFields | GraphQLUnionType;
type Field = GraphQLField<unknown, unknown>;

export interface VisibleFields {
  /** Object types, interfaces and unions that are left. */
  readonly types: ReadonlySet<Composite>;
  fieldsOf(type: WithFields): readonly Field[];
}

/**
 * Which fields are left of a schema. A field that is selected of an interface may be that of any of its types, and the other
 * way round, so both are there or neither is; that is how operations are judged, too. What leads to types of which nothing
 * is left is left out as well.
 */
export function visibleFields(schema: GraphQLSchema, isAllowed: (coordinate: string) => boolean): VisibleFields {
  const shown = new Map<WithFields, Map<string, Field>>();
  const fieldsShown = (type: WithFields): Map<string, Field> => {
    let fields = shown.get(type);
    if (fields === undefined) {
      fields = new Map(Object.entries(type.getFields()).filter(([name]) => isUsable(schema, type, name, isAllowed)));
      shown.set(type, fields);
    }
    return fields;
  };
  dropIncomplete(schema, reach(schema, fieldsShown), fieldsShown);
  const types = reach(schema, fieldsShown);
  for (const type of types) if (isEmpty(type, fieldsShown)) types.delete(type);
  return { types, fieldsOf: (type) => [...fieldsShown(type).values()] };
}

function isUsable(
  schema: GraphQLSchema,
  type: WithFields,
  name: string,
  isAllowed: (coordinate: string) => boolean,
): boolean {
  for (const owner of ownersOf(schema, type, name)) if (!isAllowed(`${owner}.${name}`)) return false;
  return true;
}

/** All types that the shown fields of root types lead to. What an interface stands for is there when a field gives it. */
function reach(schema: GraphQLSchema, fieldsShown: (type: WithFields) => Map<string, Field>): Set<Composite> {
  const reached = new Set<Composite>();
  const given = new Set<GraphQLNamedType>();
  const waiting: GraphQLNamedType[] = [];
  const give = (type: GraphQLNamedType) => {
    if (given.has(type)) return;
    given.add(type);
    waiting.push(type);
  };
  const declare = (type: WithFields) => {
    if (reached.has(type)) return;
    reached.add(type);
    for (const { type: next } of fieldsShown(type).values()) give(getNamedType(next));
    for (const above of type.getInterfaces()) declare(above);
  };
  for (const operation of Object.values(OperationTypeNode)) {
    const root = schema.getRootType(operation);
    if (root != null) give(root);
  }
  for (let type = waiting.pop(); type !== undefined; type = waiting.pop()) {
    if (isUnionType(type)) {
      reached.add(type);
      for (const member of type.getTypes()) give(member);
    } else if (isObjectType(type)) declare(type);
    else if (isInterfaceType(type)) {
      declare(type);
      const { objects, interfaces } = schema.getImplementations(type);
      for (const below of [...objects, ...interfaces]) give(below);
    }
  }
  return reached;
}

/** Takes away what leads to types of which nothing is left, and what goes with it, until nothing does. */
function dropIncomplete(
  schema: GraphQLSchema,
  reached: ReadonlySet<Composite>,
  fieldsShown: (type: WithFields) => Map<string, Field>,
): void {
  const leading = new Map<GraphQLNamedType, [WithFields, string][]>();
  /** Fields that are there only together with another one. */
  const dependent = new Map<string, [WithFields, string][]>();
  const unions = new Map<GraphQLNamedType, GraphQLUnionType[]>();
  const incomplete: [WithFields, string][] = [];
  const isThere = (typeName: string, name: string) => {
    const type = schema.getType(typeName);
    return !(isObjectType(type) || isInterfaceType(type)) || fieldsShown(type).has(name);
  };
  for (const type of reached) {
    if (isUnionType(type)) {
      for (const member of type.getTypes()) append(unions, member, type);
      continue;
    }
    for (const [name, field] of fieldsShown(type)) {
      append(leading, getNamedType(field.type), [type, name]);
      for (const owner of ownersOf(schema, type, name)) {
        if (owner === type.name) continue;
        if (isThere(owner, name)) append(dependent, `${owner}.${name}`, [type, name]);
        else incomplete.push([type, name]);
      }
    }
  }
  const emptied: GraphQLNamedType[] = [...reached].filter((type) => isEmpty(type, fieldsShown));
  const drop = (first: WithFields, name: string) => {
    const waiting = [first];
    for (let type = waiting.pop(); type !== undefined; type = waiting.pop()) {
      if (!fieldsShown(type).delete(name)) continue;
      if (fieldsShown(type).size === 0) emptied.push(type);
      for (const [other] of dependent.get(`${type.name}.${name}`) ?? []) waiting.push(other);
    }
  };
  for (const [type, name] of incomplete) drop(type, name);
  for (let type = emptied.pop(); type !== undefined; type = emptied.pop()) {
    for (const [from, name] of leading.get(type) ?? []) drop(from, name);
    for (const union of unions.get(type) ?? []) if (isEmpty(union, fieldsShown)) emptied.push(union);
  }
}

function isEmpty(type: Composite, fieldsShown: (type: WithFields) => Map<string, Field>): boolean {
  if (isUnionType(type)) return type.getTypes().every((member) => fieldsShown(member).size === 0);
  return fieldsShown(type).size === 0;
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}
