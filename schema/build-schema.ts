import {
  type ConstDirectiveNode,
  type DefinitionNode,
  type DirectiveLocation,
  type EnumTypeDefinitionNode,
  type EnumTypeExtensionNode,
  type EnumValueDefinitionNode,
  type FieldDefinitionNode,
  type GraphQLArgument,
  GraphQLDeprecatedDirective,
  GraphQLDirective,
  GraphQLEnumType,
  type GraphQLEnumValueConfigMap,
  type GraphQLField,
  type GraphQLFieldMap,
  type GraphQLInputField,
  GraphQLList,
  type GraphQLNamedType,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLOneOfDirective,
  GraphQLScalarType,
  type GraphQLSchema,
  GraphQLSpecifiedByDirective,
  type GraphQLType,
  GraphQLUnionType,
  getDirectiveValues,
  type InputValueDefinitionNode,
  introspectionTypes,
  isInterfaceType,
  isObjectType,
  isTypeDefinitionNode,
  isTypeExtensionNode,
  isUnionType,
  Kind,
  type NamedTypeNode,
  type SchemaDefinitionNode,
  type SchemaExtensionNode,
  specifiedDirectives,
  specifiedScalarTypes,
  type TypeDefinitionNode,
  type TypeExtensionNode,
  type TypeNode,
  valueFromAST,
} from 'graphql';
import { runSteps, type Steps } from '../kernel/steps.ts';
import { didYouMean } from '../kernel/suggest.ts';
import {
  assembleSchema,
  BuiltInputType,
  BuiltInterfaceType,
  BuiltObjectType,
  fillSteps,
} from './build-schema-types.ts';
import { membersOf, outlineSdl } from './sdl-outline.ts';

export interface BuildSchemaOptions {
  /** Internal values of enums: `Color` → `{ DARK_RED: 'dark-red' }`. */
  readonly enumValues?: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  /** Implementations of scalars, by name; the others take any value. */
  readonly scalars?: Readonly<Record<string, GraphQLScalarType>>;
  /** Puts resolvers on the fields of an object type or interface, when it has them. */
  readonly attach?: (typeName: string, fields: GraphQLFieldMap<unknown, unknown>) => Steps<void>;
}

/**
 * The schema of an SDL, as GraphQL.js' `buildSchema` makes it, but that it reads the fields of a type, and the values of
 * an enum, when somebody first asks for them: graphs have thousands of types, of which few are used at a time. The SDL was made or checked before; what is wrong in a type is thrown when it is
 * read.
 * @throws GraphQLError of the parser; Error for a type that is not there or is there twice
 */
export function* openSchemaSteps(sdl: string, options: BuildSchemaOptions = {}): Steps<GraphQLSchema> {
  const { definitions, scalars } = yield* outlineSdl(sdl);
  return yield* outlineSchema(definitions, options, scalars);
}

/** The same with everything read. */
export function* buildSchemaSteps(sdl: string, options: BuildSchemaOptions = {}): Steps<GraphQLSchema> {
  return yield* buildDefinitions((yield* outlineSdl(sdl)).definitions, options);
}

/** Gives root types their fields in steps: there may be thousands, and everybody begins at them. */
export function* fillRootSteps(schema: GraphQLSchema): Steps<void> {
  for (const type of [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()])
    if (type != null) yield* fillSteps(type);
}

export function buildSchemaNow(sdl: string, options: BuildSchemaOptions = {}): GraphQLSchema {
  return runSteps(buildSchemaSteps(sdl, options));
}

/** A schema of definitions with everything read. */
export function* buildDefinitions(
  definitions: readonly DefinitionNode[],
  options: BuildSchemaOptions,
): Steps<GraphQLSchema> {
  return yield* outlineSchema(definitions, options);
}

const STANDARD: ReadonlyMap<string, GraphQLNamedType> = new Map(
  [...specifiedScalarTypes, ...introspectionTypes].map((type) => [type.name, type]),
);

/**
 * `mentioned` are the scalars of GraphQL's own that it names in what is read later; without, everything is read at once,
 * and they stand where they are first used.
 */
function* outlineSchema(
  definitions: readonly DefinitionNode[],
  { enumValues, scalars = {}, attach }: BuildSchemaOptions,
  mentioned?: ReadonlySet<string>,
): Steps<GraphQLSchema> {
  const types = new Map<string, GraphQLNamedType>();
  const nodes: TypeDefinitionNode[] = [];
  const extensions = new Map<string, TypeExtensionNode[]>();
  const schemaNodes: (SchemaDefinitionNode | SchemaExtensionNode)[] = [];
  for (const definition of definitions) {
    yield;
    if (isTypeDefinitionNode(definition)) nodes.push(definition);
    else if (isTypeExtensionNode(definition)) add(extensions, definition.name.value, definition);
    else if (definition.kind === Kind.SCHEMA_DEFINITION || definition.kind === Kind.SCHEMA_EXTENSION)
      schemaNodes.push(definition);
  }
  const extensionsOf = <T extends TypeExtensionNode>(node: TypeDefinitionNode) =>
    (extensions.get(node.name.value) ?? []) as T[];

  const ordered = new Set<GraphQLNamedType>();
  const named = ({ name: { value: name } }: NamedTypeNode): GraphQLNamedType => {
    const standard = STANDARD.get(name);
    if (standard !== undefined) {
      ordered.add(standard);
      return standard;
    }
    const type = types.get(name);
    if (type === undefined) throw unknown(name);
    return type;
  };
  const unknown = (name: string) => {
    const names = [...types.keys(), ...specifiedScalarTypes.map((type) => type.name)];
    return new Error(`Unknown type "${name}".${didYouMean(name, names)}`);
  };
  const typeOf = (node: TypeNode): GraphQLType => {
    if (node.kind === Kind.LIST_TYPE) return new GraphQLList(typeOf(node.type));
    if (node.kind === Kind.NON_NULL_TYPE) return new GraphQLNonNull(typeOf(node.type) as never);
    return named(node);
  };
  const inputValue = (node: InputValueDefinitionNode): GraphQLArgument => ({
    name: node.name.value,
    description: node.description?.value,
    type: typeOf(node.type) as GraphQLArgument['type'],
    defaultValue: undefined,
    deprecationReason: deprecationOf(node),
    extensions: Object.create(null),
    astNode: node,
  });
  const argumentsOf = (list: readonly InputValueDefinitionNode[] | undefined): GraphQLArgument[] =>
    (list ?? []).map((node) => {
      const argument = inputValue(node);
      readDefault(argument, node);
      return argument;
    });
  // With room for resolvers, which come later: one shape for all fields.
  const fieldOf = (node: FieldDefinitionNode) => ({
    name: node.name.value,
    description: node.description?.value,
    type: typeOf(node.type) as GraphQLField<unknown, unknown>['type'],
    args: argumentsOf(node.arguments),
    resolve: undefined,
    subscribe: undefined,
    deprecationReason: deprecationOf(node),
    extensions: Object.create(null),
    // What can be read again is not kept.
    astNode: mentioned === undefined ? node : undefined,
  });

  for (const node of nodes) {
    const name = node.name.value;
    if (types.has(name)) throw new Error(`There can be only one type named "${name}".`);
    types.set(name, STANDARD.get(name) ?? createType(node));
    yield;
  }
  for (const name of extensions.keys()) if (!types.has(name)) throw unknown(name);
  for (const node of nodes) {
    const type = types.get(node.name.value) as GraphQLNamedType;
    ordered.add(type);
    if (mentioned === undefined) {
      if (isObjectType(type) || isInterfaceType(type)) type.getInterfaces();
      else if (isUnionType(type)) type.getTypes();
      yield* fillSteps(type);
    }
    yield;
  }
  for (const name of mentioned ?? []) ordered.add(STANDARD.get(name) as GraphQLNamedType);
  const directiveNodes = definitions.flatMap((node) =>
    node.kind === Kind.DIRECTIVE_DEFINITION ? [[node, argumentsOf(node.arguments)] as const] : [],
  );
  const directives = directiveNodes.map(
    ([node, args]) =>
      new GraphQLDirective({
        name: node.name.value,
        description: node.description?.value,
        locations: node.locations.map(({ value }) => value as DirectiveLocation),
        isRepeatable: node.repeatable,
        args: Object.fromEntries(args.map((argument) => [argument.name, argument])),
        astNode: node,
      }),
  );
  const declared = new Set(directives.map(({ name }) => name));
  const schemaNode = schemaNodes.find((node) => node.kind === Kind.SCHEMA_DEFINITION);
  const roots: Record<string, GraphQLNamedType | undefined> = {};
  for (const node of schemaNodes)
    for (const { operation, type } of node.operationTypes ?? []) roots[operation] = named(type);
  const root = (operation: string, name: string) => {
    const type = schemaNode === undefined ? types.get(name) : roots[operation];
    return type instanceof GraphQLObjectType ? type : undefined;
  };
  const config = {
    description: schemaNode?.description?.value,
    query: root('query', 'Query'),
    mutation: root('mutation', 'Mutation'),
    subscription: root('subscription', 'Subscription'),
    directives: [...directives, ...specifiedDirectives.filter(({ name }) => !declared.has(name))],
    extensions: Object.create(null),
    astNode: schemaNode,
    extensionASTNodes: schemaNodes.filter((node) => node.kind === Kind.SCHEMA_EXTENSION),
    assumeValid: true,
  };
  return yield* assembleSchema(config, ordered);

  function* fieldSteps(node: TypeDefinitionNode): Steps<GraphQLFieldMap<unknown, unknown>> {
    const { value: typeName } = node.name;
    const fields: GraphQLFieldMap<unknown, unknown> = Object.create(null);
    for (const part of [node, ...extensionsOf(node)]) {
      for (const field of membersOf(part) as Iterable<FieldDefinitionNode>) {
        const { value: name } = field.name;
        if (fields[name] !== undefined) throw twice(typeName, name);
        fields[name] = fieldOf(field) as never;
        yield;
      }
    }
    if (attach !== undefined) yield* attach(typeName, fields);
    return fields;
  }

  function* inputFieldSteps(type: BuiltInputType, node: TypeDefinitionNode): Steps<void> {
    const withDefaults: [GraphQLInputField, InputValueDefinitionNode][] = [];
    for (const part of [node, ...extensionsOf(node)]) {
      for (const field of membersOf(part) as Iterable<InputValueDefinitionNode>) {
        const built = inputValue(field);
        if (type.built[built.name] !== undefined) throw twice(type.name, built.name);
        type.built[built.name] = built;
        if (field.defaultValue !== undefined) withDefaults.push([built, field]);
        yield;
      }
    }
    // A default may be of the type itself.
    for (const [field, node] of withDefaults) readDefault(field, node);
  }

  function createType(node: TypeDefinitionNode): GraphQLNamedType {
    const { value: name } = node.name;
    const common = { name, description: node.description?.value };
    switch (node.kind) {
      case Kind.OBJECT_TYPE_DEFINITION:
      case Kind.INTERFACE_TYPE_DEFINITION: {
        const extensionASTNodes = extensionsOf<never>(node);
        const interfaces = () =>
          [node, ...extensionsOf(node)].flatMap((part) =>
            'interfaces' in part ? (part.interfaces ?? []).map(named) : [],
          ) as never[];
        const config = { ...common, interfaces, astNode: node as never, extensionASTNodes };
        const Type = node.kind === Kind.OBJECT_TYPE_DEFINITION ? BuiltObjectType : BuiltInterfaceType;
        return new Type(config, () => fieldSteps(node));
      }
      case Kind.INPUT_OBJECT_TYPE_DEFINITION: {
        const isOneOf = has(node, GraphQLOneOfDirective);
        const config = { ...common, isOneOf, astNode: node, extensionASTNodes: extensionsOf<never>(node) };
        const type: BuiltInputType = new BuiltInputType(config, () => inputFieldSteps(type, node));
        return type;
      }
      case Kind.UNION_TYPE_DEFINITION: {
        const members = () =>
          [node, ...extensionsOf(node)].flatMap((part) => ('types' in part ? (part.types ?? []).map(named) : []));
        return new GraphQLUnionType({
          ...common,
          types: members as never,
          astNode: node,
          extensionASTNodes: extensionsOf(node),
        });
      }
      case Kind.ENUM_TYPE_DEFINITION: {
        const all = extensionsOf<EnumTypeExtensionNode>(node);
        const values = () => enumValuesOf([node, ...all], enumValues?.get(name));
        return new GraphQLEnumType({ ...common, values, astNode: node, extensionASTNodes: all });
      }
      case Kind.SCALAR_TYPE_DEFINITION: {
        const implementation = Object.hasOwn(scalars, name) ? scalars[name] : undefined;
        const all = extensionsOf<never>(node);
        if (implementation !== undefined)
          return new GraphQLScalarType({ ...implementation.toConfig(), astNode: node, extensionASTNodes: all });
        const specifiedByURL = [node, ...all]
          .map((part) => getDirectiveValues(GraphQLSpecifiedByDirective, part)?.url as string | undefined)
          .findLast((url) => url !== undefined);
        return new GraphQLScalarType({ ...common, specifiedByURL, astNode: node, extensionASTNodes: all });
      }
    }
  }
}

function enumValuesOf(
  parts: readonly (EnumTypeDefinitionNode | EnumTypeExtensionNode)[],
  internal: Readonly<Record<string, unknown>> | undefined,
): GraphQLEnumValueConfigMap {
  const values: GraphQLEnumValueConfigMap = Object.create(null);
  for (const part of parts) {
    for (const node of membersOf(part) as Iterable<EnumValueDefinitionNode>) {
      const { value: name } = node.name;
      if (values[name] !== undefined) throw twice(part.name.value, name);
      values[name] = {
        description: node.description?.value,
        deprecationReason: deprecationOf(node),
        astNode: node,
        ...(internal !== undefined && Object.hasOwn(internal, name) ? { value: internal[name] } : {}),
      };
    }
  }
  return values;
}

/** Types have their fields when a value is read by them, and those their own defaults. */
function readDefault(place: GraphQLArgument | GraphQLInputField, { defaultValue }: InputValueDefinitionNode): void {
  if (defaultValue !== undefined) place.defaultValue = valueFromAST(defaultValue, place.type);
}

interface DirectedNode {
  readonly directives?: readonly ConstDirectiveNode[];
}

function deprecationOf(node: DirectedNode): string | undefined {
  if (node.directives === undefined || node.directives.length === 0) return undefined;
  return getDirectiveValues(GraphQLDeprecatedDirective, node)?.reason as string | undefined;
}

function has(node: DirectedNode, directive: GraphQLDirective): boolean {
  return node.directives?.some(({ name }) => name.value === directive.name) === true;
}

function twice(typeName: string, name: string): Error {
  return new Error(`"${typeName}.${name}" can be defined only once.`);
}

function add<T>(map: Map<string, T[]>, name: string, item: T): void {
  const list = map.get(name);
  if (list === undefined) map.set(name, [item]);
  else list.push(item);
}
