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
  type GraphQLInputFieldMap,
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
  isTypeDefinitionNode,
  isTypeExtensionNode,
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
  visit,
} from 'graphql';
import type { Steps } from '../kernel/steps.ts';
import { didYouMean } from '../kernel/suggest.ts';
import {
  assembleLater,
  BuiltInputType,
  BuiltInterfaceType,
  BuiltObjectType,
  type LaterType,
  putLater,
  readTypesSteps,
} from './build-schema-types.ts';
import { interfacesOf, type Member, membersOf, outlineSdl } from './sdl-outline.ts';

export interface BuildSchemaOptions {
  /** Internal values of enums: `Color` → `{ DARK_RED: 'dark-red' }`. */
  readonly enumValues?: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  /** Other words for values of enums, which stand for them in results: `Color` → `dark-red` → `DARK_RED`. */
  readonly enumWords?: ReadonlyMap<string, ReadonlyMap<unknown, string>>;
  /** Implementations of scalars, by name; the others take any value. */
  readonly scalars?: Readonly<Record<string, GraphQLScalarType>>;
  /** What resolves a field: a function, or `resolve` and `subscribe`. */
  readonly resolverOf?: (typeName: string, fieldName: string) => unknown;
  /** What says which of its types a value of an interface or union is. */
  readonly typeResolverOf?: (typeName: string) => ((value: unknown) => string | undefined) | undefined;
}

/**
 * The schema of an SDL, as GraphQL.js' `buildSchema` makes it, but that a type, and each of its fields, is made when
 * somebody first looks at it: graphs have thousands of types, of which few are used at a time. Nodes are not kept but of
 * arguments. The SDL was made or checked before: what is wrong in a type is thrown when it is read.
 * @throws GraphQLError of the parser; Error for a type that is there twice
 */
export function* openSchemaSteps(sdl: string, options: BuildSchemaOptions = {}): Steps<GraphQLSchema> {
  const { definitions, scalars } = yield* outlineSdl(sdl);
  return yield* schemaSteps(definitions, scalars, options, false);
}

/**
 * A schema of definitions with everything made at once.
 * @throws Error for a type that is not there or is there twice
 */
export function* buildDefinitions(
  definitions: readonly DefinitionNode[],
  options: BuildSchemaOptions,
): Steps<GraphQLSchema> {
  const scalars = new Set<string>();
  const NamedType = ({ name: { value } }: NamedTypeNode) => void (STANDARD.has(value) && scalars.add(value));
  for (const definition of definitions) {
    visit(definition, { NamedType });
    yield;
  }
  const schema = yield* schemaSteps(definitions, scalars, options, true);
  yield* readTypesSteps(schema);
  return schema;
}

const STANDARD: ReadonlyMap<string, GraphQLNamedType> = new Map(
  [...specifiedScalarTypes, ...introspectionTypes].map((type) => [type.name, type]),
);

/** `scalars` are those of GraphQL's own that the definitions name. */
function* schemaSteps(
  definitions: readonly DefinitionNode[],
  scalars: ReadonlySet<string>,
  options: BuildSchemaOptions,
  keepsNodes: boolean,
): Steps<GraphQLSchema> {
  const nodes = new Map<string, TypeDefinitionNode>();
  const made = new Map<string, GraphQLNamedType>();
  const extensions = new Map<string, TypeExtensionNode[]>();
  const schemaNodes: (SchemaDefinitionNode | SchemaExtensionNode)[] = [];
  for (const definition of definitions) {
    yield;
    if (isTypeDefinitionNode(definition)) {
      const name = definition.name.value;
      if (nodes.has(name)) throw new Error(`There can be only one type named "${name}".`);
      nodes.set(name, definition);
    } else if (isTypeExtensionNode(definition)) add(extensions, definition.name.value, definition);
    else if (definition.kind === Kind.SCHEMA_DEFINITION || definition.kind === Kind.SCHEMA_EXTENSION)
      schemaNodes.push(definition);
  }
  const unknown = (name: string) => {
    const names = [...nodes.keys(), ...specifiedScalarTypes.map((type) => type.name)];
    return new Error(`Unknown type "${name}".${didYouMean(name, names)}`);
  };
  for (const name of extensions.keys()) if (!nodes.has(name)) throw unknown(name);
  const extensionsOf = <T extends TypeExtensionNode>(node: TypeDefinitionNode) =>
    (extensions.get(node.name.value) ?? []) as T[];
  const partsOf = (node: TypeDefinitionNode): readonly DefinitionNode[] => [node, ...extensionsOf(node)];

  const typeNamed = (name: string): GraphQLNamedType => {
    const known = STANDARD.get(name) ?? made.get(name);
    if (known !== undefined) return known;
    const node = nodes.get(name);
    if (node === undefined) throw unknown(name);
    const type = createType(node);
    made.set(name, type);
    return type;
  };
  const named = (node: NamedTypeNode) => typeNamed(node.name.value);
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
  const fieldOf = (node: FieldDefinitionNode, typeName: string) => {
    const resolver = options.resolverOf?.(typeName, node.name.value);
    const resolvers = typeof resolver === 'object' ? (resolver as ResolverPair) : undefined;
    return {
      name: node.name.value,
      description: node.description?.value,
      type: typeOf(node.type) as GraphQLField<unknown, unknown>['type'],
      args: argumentsOf(node.arguments),
      resolve: resolvers === undefined ? (resolver as ResolverPair['resolve']) : resolvers.resolve,
      subscribe: resolvers?.subscribe,
      deprecationReason: deprecationOf(node),
      extensions: Object.create(null),
      astNode: keepsNodes ? node : undefined,
    };
  };

  const directives = definitions.flatMap((node) =>
    node.kind === Kind.DIRECTIVE_DEFINITION
      ? new GraphQLDirective({
          name: node.name.value,
          description: node.description?.value,
          locations: node.locations.map(({ value }) => value as DirectiveLocation),
          isRepeatable: node.repeatable,
          args: Object.fromEntries(argumentsOf(node.arguments).map((argument) => [argument.name, argument])),
          astNode: node,
        })
      : [],
  );
  const declared = new Set(directives.map(({ name }) => name));
  const schemaNode = schemaNodes.find((node) => node.kind === Kind.SCHEMA_DEFINITION);
  const roots: Record<string, string> = { query: 'Query', mutation: 'Mutation', subscription: 'Subscription' };
  if (schemaNode !== undefined) for (const operation of Object.keys(roots)) delete roots[operation];
  for (const node of schemaNodes)
    for (const { operation, type } of node.operationTypes ?? []) roots[operation] = type.name.value;
  const root = (operation: string) => {
    const name = roots[operation];
    if (name === undefined || (schemaNode === undefined && !nodes.has(name))) return undefined;
    const type = typeNamed(name);
    return type instanceof GraphQLObjectType ? type : undefined;
  };
  const config = {
    description: schemaNode?.description?.value,
    query: root('query'),
    mutation: root('mutation'),
    subscription: root('subscription'),
    directives: [...directives, ...specifiedDirectives.filter(({ name }) => !declared.has(name))],
    extensions: Object.create(null),
    astNode: schemaNode,
    extensionASTNodes: schemaNodes.filter((node) => node.kind === Kind.SCHEMA_EXTENSION),
    assumeValid: true,
  };
  return yield* assembleLater(config, laterTypes());

  function* laterTypes(): Iterable<LaterType> {
    for (const [name, node] of nodes) {
      const interfaces = partsOf(node).flatMap(interfacesOf);
      yield { name, kind: node.kind, interfaces, make: () => typeNamed(name) };
    }
    for (const name of scalars)
      if (!nodes.has(name))
        yield { name, kind: Kind.SCALAR_TYPE_DEFINITION, interfaces: [], make: () => typeNamed(name) };
  }

  function fieldsOf(node: TypeDefinitionNode): GraphQLFieldMap<unknown, unknown> {
    const { value: typeName } = node.name;
    const fields: GraphQLFieldMap<unknown, unknown> = Object.create(null);
    for (const { name, read } of uniqueMembers(typeName, partsOf(node)))
      putLater(fields, { name, make: () => fieldOf(read() as FieldDefinitionNode, typeName) as never });
    return fields;
  }

  function inputFieldsOf(node: TypeDefinitionNode): GraphQLInputFieldMap {
    const fields: GraphQLInputFieldMap = Object.create(null);
    for (const { name, read } of uniqueMembers(node.name.value, partsOf(node)))
      putLater<GraphQLInputField>(fields, {
        name,
        make: () => inputValue(read() as InputValueDefinitionNode),
        // A default may be of the type itself.
        finish: (field) => readDefault(field, read() as InputValueDefinitionNode),
      });
    return fields;
  }

  function createType(node: TypeDefinitionNode): GraphQLNamedType {
    const { value: name } = node.name;
    const common = { name, description: node.description?.value };
    switch (node.kind) {
      case Kind.OBJECT_TYPE_DEFINITION:
      case Kind.INTERFACE_TYPE_DEFINITION: {
        const extensionASTNodes = extensionsOf<never>(node);
        const interfaces = () => partsOf(node).flatMap(interfacesOf).map(typeNamed) as never[];
        const config = { ...common, interfaces, astNode: node as never, extensionASTNodes };
        return node.kind === Kind.OBJECT_TYPE_DEFINITION
          ? new BuiltObjectType(config, () => fieldsOf(node))
          : new BuiltInterfaceType({ ...config, resolveType: options.typeResolverOf?.(name) }, () => fieldsOf(node));
      }
      case Kind.INPUT_OBJECT_TYPE_DEFINITION: {
        const isOneOf = has(node, GraphQLOneOfDirective);
        const extensionASTNodes = extensionsOf<never>(node);
        return new BuiltInputType({ ...common, isOneOf, astNode: node, extensionASTNodes }, () => inputFieldsOf(node));
      }
      case Kind.UNION_TYPE_DEFINITION: {
        const members = () =>
          [node, ...extensionsOf(node)].flatMap((part) => ('types' in part ? (part.types ?? []).map(named) : []));
        return new GraphQLUnionType({
          ...common,
          types: members as never,
          resolveType: options.typeResolverOf?.(name),
          astNode: node,
          extensionASTNodes: extensionsOf(node),
        });
      }
      case Kind.ENUM_TYPE_DEFINITION: {
        const all = extensionsOf<EnumTypeExtensionNode>(node);
        const values = () => enumValuesOf(name, [node, ...all], options.enumValues?.get(name));
        const type = new GraphQLEnumType({ ...common, values, astNode: node, extensionASTNodes: all });
        const words = options.enumWords?.get(name);
        if (words !== undefined)
          type.serialize = (value) => words.get(value) ?? GraphQLEnumType.prototype.serialize.call(type, value);
        return type;
      }
      case Kind.SCALAR_TYPE_DEFINITION: {
        const { scalars: own = {} } = options;
        const implementation = Object.hasOwn(own, name) ? own[name] : undefined;
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

interface ResolverPair {
  readonly resolve?: GraphQLField<unknown, unknown>['resolve'];
  readonly subscribe?: GraphQLField<unknown, unknown>['subscribe'];
}

/** @throws Error for one that is there twice */
function uniqueMembers(typeName: string, parts: readonly DefinitionNode[]): readonly Member[] {
  const members = parts.flatMap(membersOf);
  const names = new Set<string>();
  for (const { name } of members) {
    if (names.has(name)) throw new Error(`"${typeName}.${name}" can be defined only once.`);
    names.add(name);
  }
  return members;
}

function enumValuesOf(
  typeName: string,
  parts: readonly (EnumTypeDefinitionNode | EnumTypeExtensionNode)[],
  internal: Readonly<Record<string, unknown>> | undefined,
): GraphQLEnumValueConfigMap {
  const values: GraphQLEnumValueConfigMap = Object.create(null);
  for (const { name, read } of uniqueMembers(typeName, parts)) {
    const node = read() as EnumValueDefinitionNode;
    values[name] = {
      description: node.description?.value,
      deprecationReason: deprecationOf(node),
      astNode: node,
      ...(internal !== undefined && Object.hasOwn(internal, name) ? { value: internal[name] } : {}),
    };
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

function add<T>(map: Map<string, T[]>, name: string, item: T): void {
  const list = map.get(name);
  if (list === undefined) map.set(name, [item]);
  else list.push(item);
}
