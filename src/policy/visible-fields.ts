import {
  type GraphQLNamedType,
  type GraphQLSchema,
  type GraphQLUnionType,
  isInterfaceType,
  isObjectType,
  isUnionType,
  OperationTypeNode,
} from 'graphql';
import type { Steps } from '../../kernel/steps.ts';
import { createPace, type SchemaShape, type ShapedField, shapeOf, type WithFields } from './schema-shape.ts';

export type Composite = WithFields | GraphQLUnionType;

export interface VisibleFields {
  /** Object types, interfaces and unions that are left. */
  readonly types: ReadonlySet<Composite>;
  fieldsOf(type: WithFields): Shown;
}

type Shown = ReadonlyMap<string, ShapedField>;

/** What is being found out of one schema for one caller. */
interface Scope {
  readonly schema: GraphQLSchema;
  readonly shape: SchemaShape;
  readonly isAllowed: (coordinate: string) => boolean;
  /** Of the types that were reached, the fields that are left. */
  readonly shown: Map<WithFields, Map<string, ShapedField>>;
}

/**
 * Which fields are left of a schema. A field that is selected of an interface may be that of any of its types, and the other
 * way round, so both are there or neither is; that is how operations are judged, too. What leads to types of which nothing
 * is left is left out as well.
 */
export function* visibleFieldSteps(
  schema: GraphQLSchema,
  isAllowed: (coordinate: string) => boolean,
): Steps<VisibleFields> {
  const scope: Scope = { schema, shape: shapeOf(schema), isAllowed, shown: new Map() };
  const first = yield* reachSteps(scope);
  const types = (yield* dropSteps(first, scope)) ? yield* reachSteps(scope) : first;
  const isDue = createPace();
  for (const type of types) {
    if (isEmpty(type, scope)) types.delete(type);
    if (isDue()) yield;
  }
  return { types, fieldsOf: (type) => scope.shown.get(type) ?? NO_FIELDS };
}

const NO_FIELDS: Shown = new Map();

function* shownSteps(type: WithFields, { shape, isAllowed, shown }: Scope): Steps<Map<string, ShapedField>> {
  const known = shown.get(type);
  if (known !== undefined) return known;
  const isDue = createPace();
  const fields = new Map<string, ShapedField>();
  for (const field of yield* shape.fieldsOf(type)) {
    const { name, coordinate, others } = field;
    if (isAllowed(coordinate) && others.every((owner) => isAllowed(`${owner}.${name}`))) fields.set(name, field);
    if (isDue(1 + others.length)) yield;
  }
  shown.set(type, fields);
  return fields;
}

/** All types that the shown fields of root types lead to. What an interface stands for is there when a field gives it. */
function* reachSteps(scope: Scope): Steps<Set<Composite>> {
  const { schema } = scope;
  const isDue = createPace();
  const reached = new Set<Composite>();
  const given = new Set<GraphQLNamedType>();
  const waiting: GraphQLNamedType[] = [];
  const give = (type: GraphQLNamedType) => {
    if (given.has(type)) return;
    given.add(type);
    waiting.push(type);
  };
  const declared: WithFields[] = [];
  for (const operation of Object.values(OperationTypeNode)) {
    const root = schema.getRootType(operation);
    if (root != null) give(root);
  }
  for (let type = waiting.pop(); type !== undefined; type = waiting.pop()) {
    if (isDue()) yield;
    if (isUnionType(type)) {
      reached.add(type);
      for (const member of type.getTypes()) give(member);
    } else if (isObjectType(type)) declared.push(type);
    else if (isInterfaceType(type)) {
      declared.push(type);
      const { objects, interfaces } = schema.getImplementations(type);
      for (const below of [...objects, ...interfaces]) give(below);
    }
    for (let next = declared.pop(); next !== undefined; next = declared.pop()) {
      if (reached.has(next)) continue;
      reached.add(next);
      for (const { gives } of (yield* shownSteps(next, scope)).values()) {
        give(gives);
        if (isDue()) yield;
      }
      declared.push(...next.getInterfaces());
    }
  }
  return reached;
}

/** Takes away what leads to types of which nothing is left, and what goes with it, until nothing does; whether there was any. */
function* dropSteps(reached: ReadonlySet<Composite>, scope: Scope): Steps<boolean> {
  const { schema, shape, isAllowed, shown } = scope;
  const isDue = createPace();
  const leading = new Map<GraphQLNamedType, [WithFields, string][]>();
  /** Fields that are there only together with another one. */
  const dependent = new Map<string, [WithFields, string][]>();
  const unions = new Map<GraphQLNamedType, GraphQLUnionType[]>();
  const incomplete: [WithFields, string][] = [];
  const emptied: Composite[] = [];
  const isThere = (typeName: string, name: string) => {
    const type = schema.getType(typeName);
    if (!(isObjectType(type) || isInterfaceType(type))) return true;
    const fields = shown.get(type);
    if (fields !== undefined) return fields.has(name);
    return isAllowed(`${typeName}.${name}`) && shape.othersOf(type, name).every((one) => isAllowed(`${one}.${name}`));
  };
  for (const type of reached) {
    if (isDue()) yield;
    if (isEmpty(type, scope)) emptied.push(type);
    if (isUnionType(type)) {
      for (const member of type.getTypes()) append(unions, member, type);
      continue;
    }
    for (const { name, gives, others } of shown.get(type)?.values() ?? []) {
      if (isComposite(gives)) append(leading, gives, [type, name]);
      for (const owner of others) {
        if (isThere(owner, name)) append(dependent, `${owner}.${name}`, [type, name]);
        else incomplete.push([type, name]);
        if (isDue()) yield;
      }
      if (isDue()) yield;
    }
  }
  let hasDropped = false;
  const drop = (first: WithFields, name: string) => {
    const waiting = [first];
    for (let type = waiting.pop(); type !== undefined; type = waiting.pop()) {
      const fields = shown.get(type);
      if (fields === undefined || !fields.delete(name)) continue;
      hasDropped = true;
      if (fields.size === 0) emptied.push(type);
      for (const [other] of dependent.get(`${type.name}.${name}`) ?? []) waiting.push(other);
    }
  };
  for (const [type, name] of incomplete) {
    drop(type, name);
    if (isDue()) yield;
  }
  for (let type = emptied.pop(); type !== undefined; type = emptied.pop()) {
    for (const [from, name] of leading.get(type) ?? []) {
      drop(from, name);
      if (isDue()) yield;
    }
    for (const union of unions.get(type) ?? []) if (isEmpty(union, scope)) emptied.push(union);
    if (isDue()) yield;
  }
  return hasDropped;
}

export function isComposite(type: GraphQLNamedType): type is Composite {
  return isObjectType(type) || isInterfaceType(type) || isUnionType(type);
}

function isEmpty(type: Composite, { shown }: Scope): boolean {
  const hasNone = (one: WithFields) => (shown.get(one)?.size ?? 0) === 0;
  return isUnionType(type) ? type.getTypes().every(hasNone) : hasNone(type);
}

export function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}
