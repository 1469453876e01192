import {
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredInputField,
} from 'graphql';

export type JsonSchema = Readonly<Record<string, unknown>>;
type AnyType = GraphQLInputType | GraphQLOutputType;

const INT = { type: 'integer', format: 'int32', minimum: -2_147_483_648, maximum: 2_147_483_647 };

/** GraphQL's own scalars, and those of the graph, as JSON has them. */
const SCALARS: Readonly<Record<string, JsonSchema>> = {
  String: { type: 'string' },
  ID: { type: 'string' },
  Int: INT,
  Float: { type: 'number' },
  Boolean: { type: 'boolean' },
  Int64: { type: 'string', pattern: '^-?[0-9]{1,20}$' },
};

/**
 * GraphQL types as JSON Schema (2020-12, as OpenAPI 3.1 has it). Types with names are put under
 * `#/components/schemas/`, where they may hold themselves.
 */
export class JsonSchemas {
  readonly components: Record<string, JsonSchema> = {};
  readonly #inside = new Set<string>();

  /** A place that may hold null, unless the type says otherwise. */
  of(type: AnyType): JsonSchema {
    if (isNonNullType(type)) return this.#nonNull(type.ofType);
    const schema = this.#nonNull(type);
    if ('$ref' in schema) return { anyOf: [schema, { type: 'null' }] };
    return typeof schema.type === 'string' ? { ...schema, type: [schema.type, 'null'] } : schema;
  }

  #nonNull(type: AnyType): JsonSchema {
    if (isListType(type)) return { type: 'array', items: this.of(type.ofType) };
    const named = type as GraphQLNamedType;
    const { name } = named;
    if (isEnumType(named) || isObjectType(named) || isInputObjectType(named)) {
      if (!this.#inside.has(name)) {
        this.#inside.add(name);
        this.components[name] = isEnumType(named)
          ? described({ type: 'string', enum: named.getValues().map((value) => value.name) }, named.description)
          : described(this.#object(named), named.description);
      }
      return { $ref: `#/components/schemas/${name}` };
    }
    // Of other scalars nothing is known but that they are JSON.
    return SCALARS[name] ?? described({}, named.description);
  }

  #object(type: GraphQLObjectType | GraphQLInputObjectType): JsonSchema {
    const fields = Object.values(type.getFields());
    const required = isInputObjectType(type)
      ? Object.values(type.getFields()).filter(isRequiredInputField)
      : // Null is told: every field is there.
        fields;
    const properties = Object.fromEntries(
      fields.map((field) => [field.name, described(this.of(field.type), field.description)]),
    );
    return objectSchema(
      properties,
      required.map(({ name }) => name),
    );
  }
}

/** An object of these properties alone. */
export function objectSchema(
  properties: Readonly<Record<string, JsonSchema>>,
  required: readonly string[],
): JsonSchema {
  return {
    type: 'object',
    properties,
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
}

export function described(schema: JsonSchema, description: string | null | undefined): JsonSchema {
  return description ? { ...schema, description } : schema;
}
