import {
  type GraphQLFieldMap,
  type GraphQLInputFieldMap,
  GraphQLInputObjectType,
  type GraphQLInputObjectTypeConfig,
  GraphQLInterfaceType,
  type GraphQLInterfaceTypeConfig,
  GraphQLObjectType,
  type GraphQLObjectTypeConfig,
  GraphQLSchema,
  type GraphQLSchemaConfig,
} from 'graphql';

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

/** `types` are all that the schema has but those of introspection, in their order. */
export function assembleSchema(config: GraphQLSchemaConfig): GraphQLSchema {
  isAssembling = true;
  try {
    return new GraphQLSchema(config);
  } finally {
    isAssembling = false;
  }
}
