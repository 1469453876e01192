import {
  type GraphQLObjectType,
  type GraphQLOutputType,
  isEnumType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import { ProblemsError } from '../../kernel/problem.ts';
import type { JsonSchema } from '../ai/model.ts';

const MAX_DEPTH = 10;
const MAX_FIELDS = 1_000;

const SCALARS: Readonly<Record<string, string>> = {
  String: 'string',
  ID: 'string',
  Int: 'integer',
  Float: 'number',
  Boolean: 'boolean',
};

export interface OutputSchema {
  /** Of an object: providers take no other. */
  readonly schema: JsonSchema;
  /** The type is not an object type itself and stands in the field `value` of one. */
  readonly wrapped: boolean;
}

/**
 * A GraphQL output type as the JSON Schema that models are asked with: all fields required, none besides them, `null`
 * as a type of its own. Only `type`, `properties`, `required`, `additionalProperties`, `items`, `enum` and
 * `description` are used, which every provider knows.
 * @throws ProblemsError for types that hold themselves, are too large, or have no JSON form.
 */
export function toOutputSchema(type: GraphQLOutputType): OutputSchema {
  const converter = new Converter();
  const inner = isNonNullType(type) ? type.ofType : type;
  if (isObjectType(inner)) return { schema: converter.object(inner), wrapped: false };
  return { schema: objectSchema({ value: converter.convert(type) }), wrapped: true };
}

class Converter {
  readonly #inside: GraphQLObjectType[] = [];
  #fields = 0;

  convert(type: GraphQLOutputType): JsonSchema {
    if (isNonNullType(type)) return this.#nonNull(type.ofType);
    const schema = this.#nonNull(type);
    const nullable = { ...schema, type: [schema.type, 'null'] };
    return Array.isArray(schema.enum) ? { ...nullable, enum: [...schema.enum, null] } : nullable;
  }

  object(type: GraphQLObjectType): JsonSchema {
    const path = [...this.#inside, type].map(({ name }) => name).join(' → ');
    if (this.#inside.includes(type)) throw refused(`The output type holds itself (${path}): a model cannot end it.`);
    if (this.#inside.length >= MAX_DEPTH)
      throw refused(`The output type is more than ${MAX_DEPTH} types deep (${path}).`);
    this.#inside.push(type);
    const properties: Record<string, JsonSchema> = {};
    for (const field of Object.values(type.getFields())) {
      this.#fields += 1;
      if (this.#fields > MAX_FIELDS) throw refused(`The output type has more than ${MAX_FIELDS} fields.`);
      if (field.args.length > 0) throw refused(`"${type.name}.${field.name}" takes arguments: a model cannot.`);
      properties[field.name] = described(this.convert(field.type), field.description);
    }
    this.#inside.pop();
    return described(objectSchema(properties), type.description);
  }

  #nonNull(type: GraphQLOutputType): JsonSchema {
    if (isListType(type)) return { type: 'array', items: this.convert(type.ofType) };
    if (isObjectType(type)) return this.object(type);
    if (isEnumType(type)) {
      const names = type.getValues().map(({ name }) => name);
      return described({ type: 'string', enum: names }, type.description);
    }
    const name = String(type);
    const jsonType = Object.hasOwn(SCALARS, name) ? SCALARS[name] : undefined;
    if (jsonType === undefined) throw refused(`A model cannot be asked for "${name}": nothing is known of its values.`);
    return { type: jsonType };
  }
}

function objectSchema(properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}

function described(schema: JsonSchema, description: string | null | undefined): JsonSchema {
  return description ? { ...schema, description } : schema;
}

function refused(message: string): ProblemsError {
  return new ProblemsError([{ message }]);
}
