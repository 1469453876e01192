import { describeConstraints } from './describe-constraints.ts';
import { isJsonObject, type JsonObject, listMember, member, textMember } from './json-object.ts';
import { ANY, type Schema } from './schema.ts';

type Draft = { -readonly [Key in keyof Schema]: Schema[Key] };

const NONE: ReadonlySet<string> = new Set();

/** A schema by its own keywords, without `allOf`, `oneOf`, `anyOf` and `$ref`. */
export function readPlain(raw: JsonObject): Schema {
  const { types, nullable } = readTypes(raw);
  const values = valuesOf(raw);
  const required = listMember(raw, 'required').filter((name) => typeof name === 'string');
  const description = textMember(raw, 'description');
  // Documents have hundreds of thousands of schemas: each is one object, made at once and of one shape.
  const schema: Draft = {
    kind: 'json',
    node: raw,
    component: undefined,
    title: textMember(raw, 'title'),
    format: textMember(raw, 'format'),
    nullable: nullable || listMember(raw, 'enum').includes(null),
    description,
    typeDescription: description,
    constraints: describeConstraints(raw),
    deprecated: member(raw, 'deprecated') === true,
    readOnly: member(raw, 'readOnly') === true,
    writeOnly: member(raw, 'writeOnly') === true,
    properties: ANY.properties,
    required: required.length === 0 ? NONE : new Set(required),
    items: undefined,
    values: ANY.values,
    variants: ANY.variants,
    subtypes: undefined,
    losses: conditionalLosses(raw),
  };
  if (types.length > 1) readSeveralTypes(schema, types);
  else readType(schema, raw, types[0] ?? impliedType(raw, values), values);
  return schema;
}

function readType(schema: Draft, raw: JsonObject, type: string | undefined, values: readonly unknown[]): void {
  switch (type) {
    case 'object':
      readObject(schema, raw);
      return;
    case 'array':
      readArray(schema, raw);
      return;
    case 'string': {
      schema.values = [...new Set(values.map(String))];
      schema.kind = values.length > 0 && Array.isArray(member(raw, 'enum')) ? 'enum' : 'string';
      return;
    }
    case 'integer':
      schema.values = values;
      schema.kind = integerKind(raw);
      return;
    case 'number':
      schema.values = values;
      schema.kind = /^u?int(?:32|64)$/.test(schema.format ?? '') ? integerKind(raw) : 'number';
      return;
    case 'boolean':
      schema.values = values;
      schema.kind = 'boolean';
      return;
    case 'file':
      schema.format = 'binary';
      schema.kind = 'string';
      return;
    case undefined:
      if (values.length > 1) lose(schema, 'its values are of several types');
      else schema.nullable = true;
      return;
    default:
      lose(schema, `the type "${type.slice(0, 50)}" is not known`);
  }
}

function lose(schema: Draft, loss: string): void {
  schema.losses = [...schema.losses, loss];
}

function readObject(schema: Draft, raw: JsonObject): void {
  const properties = member(raw, 'properties');
  const entries = isJsonObject(properties) ? Object.entries(properties) : [];
  const more = member(raw, 'additionalProperties');
  const isOpen = isJsonObject(more) || isJsonObject(member(raw, 'patternProperties'));
  if (entries.length === 0) {
    if (isOpen) lose(schema, MAP);
    return;
  }
  schema.kind = 'object';
  schema.properties = new Map(entries);
  if (isOpen || more === true) lose(schema, MORE);
}

export const MAP = 'a map has no fixed fields';
export const MORE = 'properties beyond the named ones are not shown';

function readArray(schema: Draft, raw: JsonObject): void {
  const items = member(raw, 'items');
  schema.kind = 'array';
  if (Array.isArray(items) || member(raw, 'prefixItems') !== undefined) {
    lose(schema, 'the places of a tuple are not told apart');
  } else schema.items = items;
}

/** Numbers of both kinds are numbers; anything else is not told apart. */
function readSeveralTypes(schema: Draft, types: readonly string[]): void {
  if (types.every((type) => type === 'integer' || type === 'number')) schema.kind = 'number';
  else {
    const known = types.map((type) => type.slice(0, 20)).slice(0, 8);
    lose(schema, `a choice of types (${known.join(', ')}) is not told apart`);
  }
}

/** `nullable: true` of 3.0, `type: [x, "null"]` of 3.1, `x-nullable` of many a 2.0. */
export function readTypes(raw: unknown): { types: string[]; nullable: boolean } {
  const type = member(raw, 'type');
  const all = (Array.isArray(type) ? type : [type]).filter((name) => typeof name === 'string');
  const types = [...new Set(all.filter((name) => name !== 'null'))];
  const says = member(raw, 'nullable') === true || member(raw, 'x-nullable') === true;
  return { types, nullable: says || all.includes('null') };
}

function valuesOf(raw: JsonObject): unknown[] {
  const constant = member(raw, 'const');
  const values = Array.isArray(member(raw, 'enum')) ? listMember(raw, 'enum') : [constant];
  return values.filter((value) => value !== null && value !== undefined);
}

function impliedType(raw: JsonObject, values: readonly unknown[]): string | undefined {
  if (isJsonObject(member(raw, 'properties')) || isJsonObject(member(raw, 'additionalProperties'))) return 'object';
  if (member(raw, 'items') !== undefined || member(raw, 'prefixItems') !== undefined) return 'array';
  if (values.length === 0) return undefined;
  if (values.every((value) => typeof value === 'string')) return 'string';
  if (values.every((value) => typeof value === 'boolean')) return 'boolean';
  if (values.every((value) => Number.isInteger(value))) return 'integer';
  return values.every((value) => typeof value === 'number') ? 'number' : undefined;
}

const MAX_INT = 2 ** 31 - 1;
const NUMERIC_KEYWORDS = ['maximum', 'minimum', 'exclusiveMaximum', 'exclusiveMinimum', 'default', 'example', 'const'];

/**
 * GraphQL's `Int` holds 32 bits, so a larger number would be an error instead of data. An integer is an `Int` unless
 * the document says that it may be larger: by its format (`int64`, `uint32`, `uint64`, `long`), or by a bound, default,
 * example or enum value beyond 32 bits. Names and descriptions are not guessed from. Where a document says too little,
 * the transform `type: Int64` of the field is the way out.
 */
function integerKind(raw: JsonObject): 'integer' | 'int64' {
  const format = textMember(raw, 'format');
  if (format !== undefined && /^(?:int64|uint32|uint64|long|bigint)$/i.test(format)) return 'int64';
  const said = [
    ...NUMERIC_KEYWORDS.map((key) => member(raw, key)),
    ...listMember(raw, 'enum'),
    ...listMember(raw, 'examples'),
  ];
  return said.some((value) => typeof value === 'number' && Math.abs(value) > MAX_INT) ? 'int64' : 'integer';
}

/** Keywords that say more of a value, depending on it. */
const CONDITIONAL = [
  ['if', 'what holds under a condition (if, then, else) is not shown'],
  ['dependentSchemas', 'what holds under a condition (dependentSchemas) is not shown'],
  ['not', 'what a value must not be (not) is not shown'],
] as const;

function conditionalLosses(raw: JsonObject): readonly string[] {
  if (!CONDITIONAL.some(([key]) => isJsonObject(member(raw, key)))) return ANY.losses;
  return CONDITIONAL.flatMap(([key, loss]) => (isJsonObject(member(raw, key)) ? [loss] : []));
}

/** What makes a schema more than words around another one. */
const SHAPE = [
  'type',
  'properties',
  'required',
  'items',
  'prefixItems',
  'enum',
  'const',
  'additionalProperties',
  'patternProperties',
  'allOf',
  'oneOf',
  'anyOf',
];

export function hasOwnShape(raw: JsonObject): boolean {
  return SHAPE.some((key) => {
    const value = member(raw, key);
    if (key === 'type') return value !== undefined && value !== 'object';
    return value !== undefined && typeof value !== 'boolean';
  });
}

/** The schema with what a place says of it beside its type. */
export function annotate(schema: Schema, raw: JsonObject): Schema {
  if (isBareReference(raw)) return schema;
  return {
    ...schema,
    nullable: schema.nullable || readTypes(raw).nullable,
    description: textMember(raw, 'description') ?? schema.description,
    constraints: describeConstraints(raw) ?? schema.constraints,
    deprecated: schema.deprecated || member(raw, 'deprecated') === true,
    readOnly: schema.readOnly || member(raw, 'readOnly') === true,
    writeOnly: schema.writeOnly || member(raw, 'writeOnly') === true,
  };
}

function isBareReference(raw: JsonObject): boolean {
  for (const key in raw) if (key !== '$ref') return false;
  return true;
}
