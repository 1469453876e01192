import {
  GraphQLBoolean,
  type GraphQLFieldConfig,
  type GraphQLInterfaceType,
  GraphQLList,
  type GraphQLNamedType,
  GraphQLNonNull,
  GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  GraphQLUnionType,
  getNamedType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
} from 'graphql';
import type { Steps } from '../../kernel/steps.ts';
import { assembleSchema, BuiltInterfaceType, BuiltObjectType } from '../../schema/build-schema-types.ts';
import { EMPTY_QUERY_DESCRIPTION } from '../../schema/empty-query.ts';
import { createPace, type ShapedField } from './schema-shape.ts';
import { type Composite, isComposite, type VisibleFields, visibleFieldSteps } from './visible-fields.ts';
import { wholeTypeSteps } from './whole-types.ts';

/** A part of a schema, for validation and introspection alone: nothing of its root types resolves. */
export interface VisibleSchema {
  readonly schema: GraphQLSchema;
  /** How many types it has, and fields of its own: types of which all is visible are those of the whole. */
  readonly size: number;
}

/** GraphQL has no graph without a query. */
const NOTHING_TO_QUERY: GraphQLFieldConfig<unknown, unknown> = {
  type: GraphQLBoolean,
  description: EMPTY_QUERY_DESCRIPTION,
};

/**
 * The part of a schema that a caller may use: of the fields that are allowed those that root types lead to, with the types
 * that they take and give. Fields and types of which nothing is left are gone. Undefined: there is nothing.
 */
export function* visibleSchemaSteps(
  full: GraphQLSchema,
  isAllowed: (coordinate: string) => boolean,
): Steps<VisibleSchema | undefined> {
  const visible = yield* visibleFieldSteps(full, isAllowed);
  const { types } = visible;
  if (types.size === 0) return undefined;
  const rootOf = (type: GraphQLObjectType | null | undefined) => (type != null && types.has(type) ? type : undefined);
  const [query, mutation, subscription] = [full.getQueryType(), full.getMutationType(), full.getSubscriptionType()].map(
    rootOf,
  );
  const roots = new Set([query, mutation, subscription].filter((type) => type !== undefined));
  const whole = yield* wholeTypeSteps(visible, roots);
  const made = yield* makeTypeSteps(visible, whole);
  const named = <T extends GraphQLNamedType>(type: T): T => (isComposite(type) ? (made.get(type) ?? type) : type) as T;
  const size = { fields: 0 };
  const isDue = createPace();
  for (const [type, view] of made) {
    if (!(view instanceof BuiltObjectType || view instanceof BuiltInterfaceType)) continue;
    const isRoot = roots.has(type as GraphQLObjectType);
    for (const shaped of visible.fieldsOf(type as GraphQLObjectType | GraphQLInterfaceType).values()) {
      view.built[shaped.name] = fieldOf(shaped, isRoot, named);
      size.fields += 1;
      if (isDue()) yield;
    }
  }

  const seenQuery = query === undefined ? emptyQuery(full) : named(query);
  const { description, extensions } = full;
  const config = {
    description,
    extensions,
    query: seenQuery,
    mutation: mutation === undefined ? null : named(mutation),
    subscription: subscription === undefined ? null : named(subscription),
    directives: full.getDirectives(),
    assumeValid: true,
  };
  const others = yield* leafTypeSteps(full, visible);
  const all = new Set<GraphQLNamedType>([seenQuery, ...others]);
  for (const type of types) all.add(named(type));
  return { schema: yield* assembleSchema(config, all), size: all.size + size.fields };
}

/** Types of a view by those of the schema: all that are not whole, still without fields. */
function* makeTypeSteps({ types }: VisibleFields, whole: ReadonlySet<Composite>): Steps<Map<Composite, Composite>> {
  const isDue = createPace();
  const made = new Map<Composite, Composite>();
  const named = <T extends Composite>(type: T): T => (made.get(type) ?? type) as T;
  for (const type of types) {
    if (isDue()) yield;
    if (whole.has(type)) continue;
    const { name, description } = type;
    if (isUnionType(type)) {
      const members = () => type.getTypes().flatMap((member) => (types.has(member) ? [named(member)] : []));
      made.set(type, new GraphQLUnionType({ name, description, types: members }));
    } else {
      const interfaces = () => type.getInterfaces().flatMap((one) => (types.has(one) ? [named(one)] : []));
      const Type = isObjectType(type) ? BuiltObjectType : BuiltInterfaceType;
      made.set(type, new Type({ name, description, interfaces }));
    }
  }
  return made;
}

/** The field of the schema itself where nothing of it is another one here. */
function fieldOf(
  { field, gives }: ShapedField,
  isRoot: boolean,
  named: (type: GraphQLNamedType) => GraphQLNamedType,
): ShapedField['field'] {
  const isSame = named(gives) === gives;
  if (isSame && !isRoot) return field;
  const type = isSame ? field.type : output(field.type, named);
  return { ...field, type, resolve: undefined, subscribe: undefined } as never;
}

function output(type: GraphQLOutputType, named: (type: GraphQLNamedType) => GraphQLNamedType): GraphQLOutputType {
  if (isNonNullType(type)) return new GraphQLNonNull(output(type.ofType, named) as never);
  if (isListType(type)) return new GraphQLList(output(type.ofType, named));
  return named(getNamedType(type)) as GraphQLOutputType;
}

/** Types without a choice of fields: scalars and enums that fields give, and what arguments take. */
function* leafTypeSteps(full: GraphQLSchema, { types, fieldsOf }: VisibleFields): Steps<ReadonlySet<GraphQLNamedType>> {
  const isDue = createPace();
  const found = new Set<GraphQLNamedType>();
  for (const { args } of full.getDirectives()) for (const { type } of args) found.add(getNamedType(type));
  for (const type of types) {
    if (isUnionType(type)) continue;
    for (const { field, gives } of fieldsOf(type).values()) {
      if (!isComposite(gives)) found.add(gives);
      for (const { type: taken } of field.args) found.add(getNamedType(taken));
      if (isDue(1 + field.args.length)) yield;
    }
  }
  // A set that grows is walked to its end.
  for (const type of found) {
    if (!isInputObjectType(type)) continue;
    for (const { type: taken } of Object.values(type.getFields())) {
      found.add(getNamedType(taken));
      if (isDue()) yield;
    }
  }
  return found;
}

function emptyQuery(full: GraphQLSchema): GraphQLObjectType {
  return new GraphQLObjectType({ name: full.getQueryType()?.name ?? 'Query', fields: { _empty: NOTHING_TO_QUERY } });
}
