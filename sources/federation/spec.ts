import { type DirectiveDefinitionNode, Kind, parse } from 'graphql';

/** Where the specifications of federation, and of what supergraphs are written with, have their names. */
export const SPECS = 'https://specs.apollo.dev/';

/** The newest version of federation that the composer knows. A later v2 is read as this one. */
export const NEWEST_MINOR = 9;

/** As federation defines them; which version has which is the composer's to say. */
const DEFINITIONS = `
  directive @key(fields: String!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE
  directive @requires(fields: String!) on FIELD_DEFINITION
  directive @provides(fields: String!) on FIELD_DEFINITION
  directive @external(reason: String) on OBJECT | FIELD_DEFINITION
  directive @extends on OBJECT | INTERFACE
  directive @shareable repeatable on FIELD_DEFINITION | OBJECT
  directive @override(from: String!, label: String) on FIELD_DEFINITION
  directive @inaccessible on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM
    | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION
  directive @tag(name: String!) repeatable on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION
    | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION | SCHEMA
  directive @interfaceObject on OBJECT
  directive @composeDirective(name: String!) repeatable on SCHEMA
  directive @authenticated on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM
  directive @requiresScopes(scopes: [[String!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM
  directive @policy(policies: [[String!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM
  directive @cost(weight: Int!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT
    | SCALAR
  directive @listSize(
    assumedSize: Int
    slicingArguments: [String!]
    sizedFields: [String!]
    requireOneSlicingArgument: Boolean = true
  ) on FIELD_DEFINITION
  directive @context(name: String!) repeatable on INTERFACE | OBJECT | UNION
  directive @fromContext(field: String) on ARGUMENT_DEFINITION
`;

export const FEDERATION_DIRECTIVES: ReadonlyMap<string, DirectiveDefinitionNode> = new Map(
  parse(DEFINITIONS, { noLocation: true }).definitions.flatMap((node) =>
    node.kind === Kind.DIRECTIVE_DEFINITION ? [[node.name.value, node]] : [],
  ),
);

/** What a document without a link to federation, that is one of version 1, may use. */
export const V1_DIRECTIVES: readonly string[] = [
  'key',
  'requires',
  'provides',
  'external',
  'extends',
  'tag',
  'inaccessible',
  'override',
];

/** Types that federation adds to every subgraph, whatever it links. */
export const SUBGRAPH_TYPES: ReadonlySet<string> = new Set(['_Any', '_Entity', '_Service', '_FieldSet']);

/** Root fields that it adds. */
export const SUBGRAPH_FIELDS: ReadonlySet<string> = new Set(['_service', '_entities']);

/** Directives that GraphQL itself has on types, and that say something to our graph. */
export const GRAPHQL_DIRECTIVES: ReadonlySet<string> = new Set(['deprecated', 'specifiedBy', 'oneOf']);
