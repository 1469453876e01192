import { isJsonObject, type JsonObject, member, type OpenapiDocument, textMember, UnusableError } from './document.ts';

export type SchemaKind = 'object' | 'array' | 'enum' | 'string' | 'integer' | 'int64' | 'number' | 'boolean' | 'json';

/** A schema of the document with references followed, `allOf` merged and both ways of saying null read alike. */
export interface Schema {
  readonly kind: SchemaKind;
  /** What it is the schema of, however many references lead here: equal nodes are equal types. */
  readonly node: object;
  /** Name below `components.schemas`. */
  readonly component?: string | undefined;
  readonly nullable: boolean;
  readonly description?: string | undefined;
  readonly deprecated: boolean;
  readonly readOnly: boolean;
  readonly writeOnly: boolean;
  /** Of an object: its properties as the document has them, for `read`. */
  readonly properties: ReadonlyMap<string, unknown>;
  readonly required: ReadonlySet<string>;
  /** Of an array. */
  readonly items?: unknown;
  /** Of an enum: its values, without null. */
  readonly values: readonly unknown[];
  /** What of it is lost in the graph, and why. */
  readonly loss?: string | undefined;
}

export interface SchemaReader {
  /** @throws UnusableError for what is no schema, leads nowhere or in a circle */
  read(raw: unknown): Schema;
}

const MAX_DEPTH = 64;
const ANY: Schema = {
  kind: 'json',
  node: {},
  nullable: true,
  deprecated: false,
  readOnly: false,
  writeOnly: false,
  properties: new Map(),
  required: new Set(),
  values: [],
};

export function createSchemaReader(document: OpenapiDocument): SchemaReader {
  const known = new Map<object, Schema>();
  const reading = new Set<object>();

  function read(raw: unknown): Schema {
    if (raw === undefined || typeof raw === 'boolean') return ANY;
    if (!isJsonObject(raw)) throw new UnusableError('a schema is not an object');
    const existing = known.get(raw);
    if (existing !== undefined) return existing;
    if (reading.has(raw)) throw new UnusableError('a schema is defined by itself');
    if (reading.size >= MAX_DEPTH) throw new UnusableError('a schema is nested too deeply');
    reading.add(raw);
    try {
      const schema = textMember(raw, '$ref') === undefined ? readOwn(raw) : readReference(raw);
      known.set(raw, schema);
      return schema;
    } finally {
      reading.delete(raw);
    }
  }

  function readReference(raw: JsonObject): Schema {
    const { value, component } = document.resolve(raw);
    const target = read(value);
    return annotate({ ...target, component: target.component ?? component }, raw);
  }

  function readOwn(raw: JsonObject): Schema {
    const allOf = list(raw, 'allOf');
    if (allOf.length > 0) return readAllOf(raw, allOf);
    const variants = [...list(raw, 'oneOf'), ...list(raw, 'anyOf')];
    if (variants.some((variant) => !isMereCondition(variant))) return readVariants(raw, variants);
    return readPlain(raw);
  }

  /** `allOf` around one type only adds words to it; several objects become one. */
  function readAllOf(raw: JsonObject, allOf: readonly unknown[]): Schema {
    const parts = [...allOf.map(read), readPlain({ ...raw, allOf: undefined })];
    const objects = parts.filter((part) => part.kind === 'object');
    const required = new Set(parts.flatMap((part) => [...part.required]));
    const [first] = objects;
    if (first === undefined) return annotate(parts.find((part) => part.kind !== 'json') ?? parts[0] ?? ANY, raw);
    if (objects.length === 1 && [...required].every((name) => first.required.has(name))) return annotate(first, raw);
    const merged: Schema = {
      ...ANY,
      kind: 'object',
      node: raw,
      nullable: false,
      properties: new Map(objects.flatMap((part) => [...part.properties])),
      required,
      loss: parts.find((part) => part.loss !== undefined)?.loss,
    };
    return annotate(merged, raw);
  }

  /** One schema or null is that schema, nullable; a real choice is JSON. */
  function readVariants(raw: JsonObject, variants: readonly unknown[]): Schema {
    const others = variants.filter((variant) => !isNullSchema(variant));
    const hasNull = others.length < variants.length;
    const own = readPlain(raw);
    const [only] = others;
    if (others.length === 1 && own.properties.size === 0) {
      const inner = annotate(read(only), raw);
      return hasNull ? { ...inner, nullable: true } : inner;
    }
    const nullable = hasNull || others.some((variant) => readTypes(variant).nullable);
    const keyword = list(raw, 'oneOf').length > 0 ? 'oneOf' : 'anyOf';
    return annotate({ ...ANY, node: raw, nullable, loss: `a choice of types (${keyword}) is not told apart` }, raw);
  }

  return { read };
}

function readPlain(raw: JsonObject): Schema {
  const { types } = readTypes(raw);
  const values = list(raw, 'enum').filter((value) => value !== null);
  const required = new Set(list(raw, 'required').filter((name) => typeof name === 'string'));
  const base = annotate({ ...ANY, node: raw, nullable: list(raw, 'enum').includes(null), required }, raw);
  if (types.length > 1) return { ...base, loss: `a choice of types (${types.join(', ')}) is not told apart` };

  const type = types[0] ?? impliedType(raw, values);
  switch (type) {
    case 'object': {
      const properties = member(raw, 'properties');
      const entries = isJsonObject(properties) ? Object.entries(properties) : [];
      const open = isJsonObject(member(raw, 'additionalProperties')) || isJsonObject(member(raw, 'patternProperties'));
      if (entries.length === 0) return { ...base, loss: open ? 'a map has no fixed fields' : undefined };
      const loss = open ? 'properties beyond the named ones are not shown' : undefined;
      return { ...base, kind: 'object', properties: new Map(entries), loss };
    }
    case 'array':
      return { ...base, kind: 'array', items: member(raw, 'items') };
    case 'string':
      return values.length > 0 ? { ...base, kind: 'enum', values: [...new Set(values)] } : { ...base, kind: 'string' };
    case 'integer':
      return { ...base, kind: textMember(raw, 'format') === 'int64' ? 'int64' : 'integer' };
    case 'number':
    case 'boolean':
      return { ...base, kind: type };
    default:
      return type === undefined ? { ...base, nullable: true } : { ...base, loss: `the type "${type}" is not known` };
  }
}

/** `nullable: true` of 3.0, `type: [x, "null"]` of 3.1. */
function readTypes(raw: unknown): { types: string[]; nullable: boolean } {
  const type = member(raw, 'type');
  const all = (Array.isArray(type) ? type : [type]).filter((name) => typeof name === 'string');
  const types = all.filter((name) => name !== 'null');
  return { types, nullable: types.length < all.length || member(raw, 'nullable') === true };
}

function impliedType(raw: JsonObject, values: readonly unknown[]): string | undefined {
  if (isJsonObject(member(raw, 'properties')) || isJsonObject(member(raw, 'additionalProperties'))) return 'object';
  if (member(raw, 'items') !== undefined) return 'array';
  const samples = values.length > 0 ? values : [member(raw, 'const')];
  if (samples.every((value) => typeof value === 'string')) return 'string';
  if (samples.every((value) => typeof value === 'boolean')) return 'boolean';
  if (samples.every((value) => Number.isInteger(value))) return 'integer';
  return undefined;
}

function annotate(schema: Schema, raw: JsonObject): Schema {
  return {
    ...schema,
    nullable: schema.nullable || readTypes(raw).nullable,
    description: textMember(raw, 'description') ?? schema.description,
    deprecated: schema.deprecated || member(raw, 'deprecated') === true,
    readOnly: schema.readOnly || member(raw, 'readOnly') === true,
    writeOnly: schema.writeOnly || member(raw, 'writeOnly') === true,
  };
}

function list(raw: JsonObject, key: string): readonly unknown[] {
  const value = member(raw, key);
  return Array.isArray(value) ? value : [];
}

function isNullSchema(raw: unknown): boolean {
  const type = member(raw, 'type');
  return type === 'null' || (Array.isArray(type) && type.length === 1 && type[0] === 'null');
}

/** A variant that only says which properties must be there: of no meaning for the type. */
function isMereCondition(raw: unknown): boolean {
  return isJsonObject(raw) && Object.keys(raw).every((key) => key === 'required' || key === 'not');
}
