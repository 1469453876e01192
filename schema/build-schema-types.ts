import {
  type GraphQLFieldMap,
  type GraphQLInputFieldMap,
  GraphQLInputObjectType,
  type GraphQLInputObjectTypeConfig,
  GraphQLInterfaceType,
  type GraphQLInterfaceTypeConfig,
  type GraphQLNamedType,
  GraphQLObjectType,
  type GraphQLObjectTypeConfig,
  GraphQLSchema,
  type GraphQLSchemaConfig,
  isInterfaceType,
  isObjectType,
} from 'graphql';
import type { Steps } from '../kernel/steps.ts';

type Fields = GraphQLFieldMap<unknown, unknown>;

/** A schema looks into all fields of all types at once when it is made: where it is told the types, it need not. */
let isAssembling = false;
const NONE: Fields = Object.create(null);
const NO_INPUTS: GraphQLInputFieldMap = Object.create(null);

/** Types whose fields are put in one by one, where GraphQL.js makes all of them when the first is asked for. */
export class BuiltObjectType extends GraphQLObjectType {
  readonly built: Fields = Object.create(null);

  constructor(config: Omit<GraphQLObjectTypeConfig<unknown, unknown>, 'fields'>) {
    super({ ...config, fields: {} });
  }

  override getFields(): Fields {
    return isAssembling ? NONE : this.built;
  }
}

export class BuiltInterfaceType extends GraphQLInterfaceType {
  readonly built: Fields = Object.create(null);

  constructor(config: Omit<GraphQLInterfaceTypeConfig<unknown, unknown>, 'fields'>) {
    super({ ...config, fields: {} });
  }

  override getFields(): Fields {
    return isAssembling ? NONE : this.built;
  }
}

export class BuiltInputType extends GraphQLInputObjectType {
  readonly built: GraphQLInputFieldMap = Object.create(null);

  constructor(config: Omit<GraphQLInputObjectTypeConfig, 'fields'>) {
    super({ ...config, fields: {} });
  }

  override getFields(): GraphQLInputFieldMap {
    return isAssembling ? NO_INPUTS : this.built;
  }
}

type Implementations = ReturnType<GraphQLSchema['getImplementations']>;
type MutableImplementations = { readonly objects: GraphQLObjectType[]; readonly interfaces: GraphQLInterfaceType[] };
const NOTHING: Implementations = { objects: [], interfaces: [] };

/** A schema whose types are put in one by one, where GraphQL.js collects all of them when it is made. */
class BuiltSchema extends GraphQLSchema {
  private readonly types: Record<string, GraphQLNamedType> = Object.create(null);
  private readonly implementations = new Map<string, MutableImplementations>();

  *add(types: Iterable<GraphQLNamedType>): Steps<void> {
    for (const type of types) {
      this.types[type.name] = type;
      if (isInterfaceType(type)) for (const each of type.getInterfaces()) this.implementing(each).interfaces.push(type);
      if (isObjectType(type)) for (const each of type.getInterfaces()) this.implementing(each).objects.push(type);
      yield;
    }
    // What GraphQL.js adds of its own: the types of introspection, and what directives and they themselves need.
    for (const [name, type] of Object.entries(super.getTypeMap())) this.types[name] ??= type;
  }

  private implementing({ name }: GraphQLInterfaceType): MutableImplementations {
    let known = this.implementations.get(name);
    if (known === undefined) {
      known = { objects: [], interfaces: [] };
      this.implementations.set(name, known);
    }
    return known;
  }

  override getTypeMap(): Record<string, GraphQLNamedType> {
    return this.types;
  }

  override getType(name: string): GraphQLNamedType | undefined {
    return this.types[name];
  }

  override getImplementations({ name }: GraphQLInterfaceType): Implementations {
    return this.implementations.get(name) ?? NOTHING;
  }
}

/** `types` are all that the schema has but those of introspection, in their order. */
export function* assembleSchema(
  config: Omit<GraphQLSchemaConfig, 'types'>,
  types: Iterable<GraphQLNamedType>,
): Steps<GraphQLSchema> {
  const schema = makeBare(config);
  yield* schema.add(types);
  return schema;
}

function makeBare(config: Omit<GraphQLSchemaConfig, 'types'>): BuiltSchema {
  isAssembling = true;
  try {
    return new BuiltSchema(config);
  } finally {
    isAssembling = false;
  }
}
