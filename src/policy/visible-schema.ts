import {
  type GraphQLArgument,
  GraphQLBoolean,
  type GraphQLField,
  type GraphQLFieldConfig,
  type GraphQLFieldConfigArgumentMap,
  GraphQLInterfaceType,
  GraphQLList,
  type GraphQLNamedType,
  GraphQLNonNull,
  GraphQLObjectType,
  type GraphQLOutputType,
  GraphQLSchema,
  GraphQLUnionType,
  getNamedType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
} from 'graphql';
import { visibleFields } from './visible-fields.ts';

/** A part of a schema, for validation and introspection alone: nothing of it resolves. */
export interface VisibleSchema {
  readonly schema: GraphQLSchema;
  /** How many fields it has. */
  readonly size: number;
}

/** GraphQL has no graph without a query. */
const NOTHING_TO_QUERY: GraphQLFieldConfig<unknown, unknown> = {
  type: GraphQLBoolean,
  description: 'There is nothing to query.',
};

/**
 * The part of a schema that a caller may use: of the fields that are allowed those that root types lead to, with the types
 * that they take and give. Fields and types of which nothing is left are gone. Undefined: there is nothing.
 */
export function createVisibleSchema(
  full: GraphQLSchema,
  isAllowed: (coordinate: string) => boolean,
): VisibleSchema | undefined {
  const { fieldsOf, types } = visibleFields(full, isAllowed);
  if (types.size === 0) return undefined;
  const made = new Map<GraphQLNamedType, GraphQLNamedType>();
  let size = 0;

  const named = (type: GraphQLNamedType): GraphQLNamedType => {
    if (!isObjectType(type) && !isInterfaceType(type) && !isUnionType(type)) return type;
    let known = made.get(type);
    if (known === undefined) {
      known = make(type);
      made.set(type, known);
    }
    return known;
  };
  const make = (type: GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType): GraphQLNamedType => {
    const { name, description } = type;
    if (isUnionType(type)) {
      const members = type.getTypes().filter((member) => types.has(member));
      return new GraphQLUnionType({ name, description, types: () => members.map(named) as GraphQLObjectType[] });
    }
    const Type = isObjectType(type) ? GraphQLObjectType : GraphQLInterfaceType;
    return new Type({
      name,
      description,
      interfaces: () =>
        type.getInterfaces().flatMap((one) => (types.has(one) ? [named(one) as GraphQLInterfaceType] : [])),
      fields: () => Object.fromEntries(fieldsOf(type).map((field) => [field.name, fieldConfig(field)])),
    });
  };
  const output = (type: GraphQLOutputType): GraphQLOutputType => {
    if (isNonNullType(type)) return new GraphQLNonNull(output(type.ofType) as never);
    if (isListType(type)) return new GraphQLList(output(type.ofType));
    return named(getNamedType(type)) as GraphQLOutputType;
  };
  const fieldConfig = ({ type, description, deprecationReason, args }: GraphQLField<unknown, unknown>) => {
    size += 1;
    return { type: output(type), description, deprecationReason, args: argumentConfigs(args) };
  };
  const root = (type: GraphQLObjectType | null | undefined) =>
    type != null && types.has(type) ? (named(type) as GraphQLObjectType) : null;

  const { description, extensions } = full;
  const schema = new GraphQLSchema({
    description,
    extensions,
    query: root(full.getQueryType()) ?? emptyQuery(full),
    mutation: root(full.getMutationType()),
    subscription: root(full.getSubscriptionType()),
    types: [...types].map(named),
    directives: full.getDirectives(),
    assumeValid: true,
  });
  return { schema, size };
}

function argumentConfigs(args: readonly GraphQLArgument[]): GraphQLFieldConfigArgumentMap {
  return Object.fromEntries(
    args.map(({ name, type, description, defaultValue, deprecationReason }) => [
      name,
      { type, description, defaultValue, deprecationReason },
    ]),
  );
}

function emptyQuery(full: GraphQLSchema): GraphQLObjectType {
  return new GraphQLObjectType({ name: full.getQueryType()?.name ?? 'Query', fields: { _empty: NOTHING_TO_QUERY } });
}
