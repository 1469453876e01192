import { describeConstraints } from './describe-constraints.ts';
import { isJsonObject, type JsonObject, listMember, member, textMember } from './json-object.ts';
import { ANY, type Schema } from './schema.ts';

/** A schema by its own keywords, without `allOf`, `oneOf`, `anyOf` and `$ref`. */
export function readPlain(raw: JsonObject): Schema {
  const { types } = readTypes(raw);
  const values = valuesOf(raw);
  const required = new Set(listMember(raw, 'required').filter((name) => typeof name === 'string'));
  const nullable = listMember(raw, 'enum').includes(null);
  const base = annotate(
    {
      ...ANY,
      node: raw,
      nullable,
      required,
      title: textMember(raw, 'title'),
      format: textMember(raw, 'format'),
      typeDescription: textMember(raw, 'description'),
      losses: conditionalLosses(raw),
    },
    raw,
  );
  if (types.length > 1) return readSeveralTypes(base, types);
  const type = types[0] ?? impliedType(raw, values);
  switch (type) {
    case 'object':
      return readObject(base, raw);
    case 'array':
      return readArray(base, raw);
    case 'string': {
      const texts = [...new Set(values.map(String))];
      const isEnum = texts.length > 0 && Array.isArray(member(raw, 'enum'));
      return { ...base, kind: isEnum ? 'enum' : 'string', values: texts };
    }
    case 'integer':
      return { ...base, kind: integerKind(raw), values };
    case 'number': {
      const isInteger = /^u?int(?:32|64)$/.test(textMember(raw, 'format') ?? '');
      return { ...base, kind: isInteger ? integerKind(raw) : 'number', values };
    }
    case 'boolean':
      return { ...base, kind: 'boolean', values };
    case 'file':
      return { ...base, kind: 'string', format: 'binary' };
    case undefined:
      if (values.length > 1) return { ...base, losses: [...base.losses, 'its values are of several types'] };
      return { ...base, nullable: true };
    default:
      return { ...base, losses: [...base.losses, `the type "${type.slice(0, 50)}" is not known`] };
  }
}

function readObject(base: Schema, raw: JsonObject): Schema {
  const properties = member(raw, 'properties');
  const entries = isJsonObject(properties) ? Object.entries(properties) : [];
  const more = member(raw, 'additionalProperties');
  const isOpen = isJsonObject(more) || isJsonObject(member(raw, 'patternProperties'));
  if (entries.length === 0) return isOpen ? { ...base, losses: [...base.losses, MAP] } : base;
  const losses = isOpen || more === true ? [...base.losses, MORE] : base.losses;
  return { ...base, kind: 'object', properties: new Map(entries), losses };
}

export const MAP = 'a map has no fixed fields';
export const MORE = 'properties beyond the named ones are not shown';

function readArray(base: Schema, raw: JsonObject): Schema {
  const items = member(raw, 'items');
  const isTuple = Array.isArray(items) || member(raw, 'prefixItems') !== undefined;
  if (!isTuple) return { ...base, kind: 'array', items };
  return { ...base, kind: 'array', losses: [...base.losses, 'the places of a tuple are not told apart'] };
}

/** Numbers of both kinds are numbers; anything else is not told apart. */
function readSeveralTypes(base: Schema, types: readonly string[]): Schema {
  if (types.every((type) => type === 'integer' || type === 'number')) return { ...base, kind: 'number' };
  const known = types.map((type) => type.slice(0, 20)).slice(0, 8);
  return { ...base, losses: [...base.losses, `a choice of types (${known.join(', ')}) is not told apart`] };
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
const CONDITIONAL: Readonly<Record<string, string>> = {
  if: 'what holds under a condition (if, then, else) is not shown',
  dependentSchemas: 'what holds under a condition (dependentSchemas) is not shown',
  not: 'what a value must not be (not) is not shown',
};

function conditionalLosses(raw: JsonObject): string[] {
  return Object.keys(CONDITIONAL).flatMap((key) =>
    isJsonObject(member(raw, key)) ? [CONDITIONAL[key] as string] : [],
  );
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
