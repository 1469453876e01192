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
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isUnionType,
  Kind,
} from 'graphql';
import type { Steps } from '../kernel/steps.ts';

type Fields = GraphQLFieldMap<unknown, unknown>;

/** A schema looks into all fields of all types at once when it is made: where it is told the types, it need not. */
let isAssembling = false;
const NONE: Fields = Object.create(null);
const NO_INPUTS: GraphQLInputFieldMap = Object.create(null);

/** Types whose fields are read when they are first asked for, or put in one by one, and not when the schema is made. */
export class BuiltObjectType extends GraphQLObjectType {
  built: Fields = Object.create(null);
  private read: (() => Fields) | undefined;

  constructor(config: Omit<GraphQLObjectTypeConfig<unknown, unknown>, 'fields'>, read?: () => Fields) {
    super({ ...config, fields: {} });
    this.read = read;
  }

  override getFields(): Fields {
    if (isAssembling) return NONE;
    if (this.read !== undefined) {
      this.built = this.read();
      this.read = undefined;
    }
    return this.built;
  }
}

export class BuiltInterfaceType extends GraphQLInterfaceType {
  built: Fields = Object.create(null);
  private read: (() => Fields) | undefined;

  constructor(config: Omit<GraphQLInterfaceTypeConfig<unknown, unknown>, 'fields'>, read?: () => Fields) {
    super({ ...config, fields: {} });
    this.read = read;
  }

  override getFields(): Fields {
    if (isAssembling) return NONE;
    if (this.read !== undefined) {
      this.built = this.read();
      this.read = undefined;
    }
    return this.built;
  }
}

export class BuiltInputType extends GraphQLInputObjectType {
  private built: GraphQLInputFieldMap = Object.create(null);
  private read: (() => GraphQLInputFieldMap) | undefined;

  constructor(config: Omit<GraphQLInputObjectTypeConfig, 'fields'>, read: () => GraphQLInputFieldMap) {
    super({ ...config, fields: {} });
    this.read = read;
  }

  override getFields(): GraphQLInputFieldMap {
    if (isAssembling) return NO_INPUTS;
    if (this.read !== undefined) {
      this.built = this.read();
      this.read = undefined;
    }
    return this.built;
  }
}

/** Something that is made when it is first looked at. */
interface Later<T> {
  readonly name: string;
  make(): T;
  /** Goes on with what it needs itself for. */
  finish?(made: T): void;
}

/** Puts something under its name, to be made when it is looked at; what fails fails for everybody who looks. */
export function putLater<T>(into: Record<string, T>, { name, make, finish }: Later<T>): void {
  const get = (): T => {
    const value = make();
    Object.defineProperty(into, name, { value, enumerable: true, configurable: true, writable: true });
    try {
      finish?.(value);
    } catch (error) {
      Object.defineProperty(into, name, later);
      throw error;
    }
    return value;
  };
  const later = { get, enumerable: true, configurable: true };
  Object.defineProperty(into, name, later);
}

type Implementations = ReturnType<GraphQLSchema['getImplementations']>;
const NOTHING: Implementations = { objects: [], interfaces: [] };

/** A type of a schema before it is made. */
export interface LaterType {
  readonly name: string;
  readonly kind: Kind;
  /** Names of those that it implements. */
  readonly interfaces: readonly string[];
  make(): GraphQLNamedType;
}

/** A schema whose types are put in one by one, where GraphQL.js collects all of them when it is made. */
class BuiltSchema extends GraphQLSchema {
  readonly kinds = new Map<string, Kind>();
  private readonly types: Record<string, GraphQLNamedType> = Object.create(null);
  /** Interface → kind → names of what implements it. */
  private readonly implementing = new Map<string, { readonly objects: string[]; readonly interfaces: string[] }>();
  private readonly implementations = new Map<string, Implementations>();

  *add(types: Iterable<LaterType>): Steps<void> {
    for (const { name, kind, interfaces, make } of types) {
      this.kinds.set(name, kind);
      putLater(this.types, { name, make });
      for (const one of interfaces) {
        const known = this.implementing.get(one) ?? { objects: [], interfaces: [] };
        this.implementing.set(one, known);
        known[kind === Kind.INTERFACE_TYPE_DEFINITION ? 'interfaces' : 'objects'].push(name);
      }
      yield;
    }
    // What GraphQL.js adds of its own: the types of introspection, and what directives and they themselves need.
    for (const [name, type] of Object.entries(super.getTypeMap())) if (!(name in this.types)) this.types[name] = type;
  }

  override getTypeMap(): Record<string, GraphQLNamedType> {
    return this.types;
  }

  override getType(name: string): GraphQLNamedType | undefined {
    return this.types[name];
  }

  override getImplementations({ name }: GraphQLInterfaceType): Implementations {
    const names = this.implementing.get(name);
    if (names === undefined) return NOTHING;
    let known = this.implementations.get(name);
    if (known === undefined) {
      const named = (list: readonly string[]) => list.map((each) => this.types[each]);
      known = {
        objects: named(names.objects).filter(isObjectType),
        interfaces: named(names.interfaces).filter(isInterfaceType),
      };
      this.implementations.set(name, known);
    }
    return known;
  }
}

/** The types of a schema that was made here, but those of introspection, by name: which kind of definition each has. */
export function kindsOf(schema: GraphQLSchema): ReadonlyMap<string, Kind> {
  if (!(schema instanceof BuiltSchema)) throw new Error('The schema was not made here.');
  return schema.kinds;
}

/** Looks at everything that a schema has, in steps. */
export function* readTypesSteps(schema: GraphQLSchema): Steps<void> {
  for (const type of Object.values(schema.getTypeMap())) {
    yield;
    if (isUnionType(type)) type.getTypes();
    else if (isEnumType(type)) type.getValues();
    else if ('getFields' in type) {
      if ('getInterfaces' in type) type.getInterfaces();
      const fields = type.getFields();
      // To look at one is to make it.
      for (const name in fields) if (fields[name] !== undefined) yield;
    }
  }
}

/** `types` are all that the schema has but those of introspection, in their order. */
export function* assembleSchema(
  config: Omit<GraphQLSchemaConfig, 'types'>,
  types: Iterable<GraphQLNamedType>,
): Steps<GraphQLSchema> {
  return yield* assembleLater(config, laterTypes(types));
}

/** The same of types that are made when somebody looks at them. */
export function* assembleLater(
  config: Omit<GraphQLSchemaConfig, 'types'>,
  types: Iterable<LaterType>,
): Steps<GraphQLSchema> {
  const schema = makeBare(config);
  yield* schema.add(types);
  return schema;
}

function* laterTypes(types: Iterable<GraphQLNamedType>): Iterable<LaterType> {
  for (const type of types) {
    const hasInterfaces = isObjectType(type) || isInterfaceType(type);
    const interfaces = hasInterfaces ? type.getInterfaces().map(({ name }) => name) : [];
    yield { name: type.name, kind: kindOf(type), interfaces, make: () => type };
  }
}

function kindOf(type: GraphQLNamedType): Kind {
  if (isObjectType(type)) return Kind.OBJECT_TYPE_DEFINITION;
  if (isInterfaceType(type)) return Kind.INTERFACE_TYPE_DEFINITION;
  if (isUnionType(type)) return Kind.UNION_TYPE_DEFINITION;
  if (isInputObjectType(type)) return Kind.INPUT_OBJECT_TYPE_DEFINITION;
  return isEnumType(type) ? Kind.ENUM_TYPE_DEFINITION : Kind.SCALAR_TYPE_DEFINITION;
}

function makeBare(config: Omit<GraphQLSchemaConfig, 'types'>): BuiltSchema {
  isAssembling = true;
  try {
    return new BuiltSchema(config);
  } finally {
    isAssembling = false;
  }
}
