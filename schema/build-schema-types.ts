import {
  GraphQLEnumType,
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
import { runSteps, type Steps } from '../kernel/steps.ts';
import { membersOf } from './sdl-outline.ts';

type Fields = GraphQLFieldMap<unknown, unknown>;

/** A schema looks into all fields of all types at once when it is made: where it is told the types, it need not. */
let isAssembling = false;
const NONE: Fields = Object.create(null);
const NO_INPUTS: GraphQLInputFieldMap = Object.create(null);

type Fill<Made> = () => Steps<Made>;

/** Types whose fields are made when they are first asked for, or put in one by one, and not when the schema is made. */
export class BuiltObjectType extends GraphQLObjectType {
  built: Fields = Object.create(null);
  fill: Fill<Fields> | undefined;

  constructor(config: Omit<GraphQLObjectTypeConfig<unknown, unknown>, 'fields'>, fill?: Fill<Fields>) {
    super({ ...config, fields: {} });
    this.fill = fill;
  }

  override getFields(): Fields {
    if (isAssembling) return NONE;
    if (this.fill !== undefined) runSteps(fillSteps(this));
    return this.built;
  }
}

export class BuiltInterfaceType extends GraphQLInterfaceType {
  built: Fields = Object.create(null);
  fill: Fill<Fields> | undefined;

  constructor(config: Omit<GraphQLInterfaceTypeConfig<unknown, unknown>, 'fields'>, fill?: Fill<Fields>) {
    super({ ...config, fields: {} });
    this.fill = fill;
  }

  override getFields(): Fields {
    if (isAssembling) return NONE;
    if (this.fill !== undefined) runSteps(fillSteps(this));
    return this.built;
  }
}

export class BuiltInputType extends GraphQLInputObjectType {
  readonly built: GraphQLInputFieldMap = Object.create(null);
  /** Puts the fields into `built`: a default value may be of the type itself, and takes those that are there. */
  fill: Fill<void> | undefined;

  constructor(config: Omit<GraphQLInputObjectTypeConfig, 'fields'>, fill?: Fill<void>) {
    super({ ...config, fields: {} });
    this.fill = fill;
  }

  override getFields(): GraphQLInputFieldMap {
    if (isAssembling) return NO_INPUTS;
    if (this.fill !== undefined) runSteps(fillSteps(this));
    return this.built;
  }
}

/** Names of a type's fields, which it need not have for that; some twice where they are defined twice. */
export function* fieldNamesOf(type: GraphQLObjectType): Iterable<string> {
  if (!(type instanceof BuiltObjectType) || type.fill === undefined || type.astNode == null) {
    yield* Object.keys(type.getFields());
    return;
  }
  for (const part of [type.astNode, ...type.extensionASTNodes])
    for (const { name } of membersOf(part)) yield name.value;
}

/**
 * Gives a type its fields, where it has them not yet. Who looks at an object type or interface between the steps has all
 * of them: they are made at once then. Nobody else may look at an input type.
 */
export function* fillSteps(type: GraphQLNamedType): Steps<void> {
  if (type instanceof GraphQLEnumType) type.getValues();
  else if (type instanceof BuiltInputType) yield* fillInput(type);
  else if (type instanceof BuiltObjectType || type instanceof BuiltInterfaceType) {
    const fields = yield* type.fill?.() ?? [];
    if (fields === undefined || type.fill === undefined) return;
    type.built = fields;
    type.fill = undefined;
  }
}

function* fillInput(type: BuiltInputType): Steps<void> {
  const { fill } = type;
  type.fill = undefined;
  try {
    yield* fill?.() ?? [];
  } catch (error) {
    // Who asks again is to hear of it as well.
    for (const name of Object.keys(type.built)) delete type.built[name];
    type.fill = fill;
    throw error;
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
