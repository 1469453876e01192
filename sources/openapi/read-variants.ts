import type { OpenapiDocument } from './document.ts';
import { isJsonObject, type JsonObject, listMember, member, textMember, UnusableError } from './json-object.ts';
import { annotate, readTypes } from './plain-schema.ts';
import { ANY, type Condition, type Schema, type SchemaKind, type Variant } from './schema.ts';

type Read = (raw: unknown) => Schema;

const MAX_VARIANTS = 200;
const MAX_TOLD_KINDS = 5;

/**
 * Reads `oneOf` and `anyOf`. One schema or null is that schema, nullable; several objects are a union; several
 * strings, numbers or lists are one type that holds all of them. Any other choice is JSON.
 */
export function createVariantReader(document: OpenapiDocument, read: Read): (raw: JsonObject) => Schema {
  return (raw) => {
    const keyword = listMember(raw, 'oneOf').length > 0 ? 'oneOf' : 'anyOf';
    const all = listMember(raw, keyword);
    const others = all.filter((variant) => !isNullSchema(variant));
    if (others.length > MAX_VARIANTS)
      throw new UnusableError(`a choice (${keyword}) has more than ${MAX_VARIANTS} types`);

    const discriminator = createDiscriminator(raw, document);
    const found = new Map<object, Variant>();
    for (const variant of others) {
      const schema = read(variant);
      const conditions = discriminator(variant, schema);
      for (const one of flatten(variant, schema, conditions)) {
        const known = found.get(one.schema.node);
        found.set(one.schema.node, known === undefined ? one : either(known, one));
      }
    }
    const variants = [...found.values()];
    const nullable = others.length < all.length || variants.some(({ schema }) => schema.nullable);
    return { ...annotate(choose(raw, keyword, variants), raw), nullable: nullable || readTypes(raw).nullable };
  };
}

function choose(raw: JsonObject, keyword: string, variants: readonly Variant[]): Schema {
  const base: Schema = {
    ...ANY,
    node: raw,
    title: textMember(raw, 'title'),
    typeDescription: textMember(raw, 'description'),
    losses: [...new Set(variants.flatMap(({ schema }) => (schema.kind === 'json' ? schema.losses : [])))],
  };
  const [first] = variants;
  if (first === undefined) return base;
  if (variants.length === 1) return first.schema;

  const kinds = new Set(variants.map(({ schema }) => schema.kind));
  const only = (...some: readonly SchemaKind[]) => [...kinds].every((kind) => some.includes(kind));
  if (only('object')) return { ...base, kind: 'union', variants };
  if (only('array'))
    return { ...base, kind: 'array', items: { [keyword]: variants.map(({ schema }) => schema.items ?? {}) } };
  if (only('enum', 'string')) return chooseText(base, variants);
  if (only('integer', 'int64')) return { ...base, kind: kinds.has('int64') ? 'int64' : 'integer' };
  if (only('integer', 'int64', 'number')) return { ...base, kind: 'number' };
  if (only('boolean')) return { ...base, kind: 'boolean' };
  const told = [...new Set(variants.map(({ schema }) => KIND_NAMES[schema.kind]))].slice(0, MAX_TOLD_KINDS);
  return {
    ...base,
    losses: [...base.losses, `a choice (${keyword}) of ${told.join(' and ')} is not told apart`],
  };
}

const KIND_NAMES: Readonly<Record<SchemaKind, string>> = {
  object: 'an object',
  union: 'an object',
  array: 'a list',
  enum: 'a string',
  string: 'a string',
  integer: 'a number',
  int64: 'a number',
  number: 'a number',
  boolean: 'a boolean',
  json: 'any value',
  upload: 'a file',
};

/** Texts that all have their values are one enum; a text of any kind beside them is a string. */
function chooseText(base: Schema, variants: readonly Variant[]): Schema {
  const isClosed = variants.every(({ schema }) => schema.values.length > 0);
  const values = [...new Set(variants.flatMap(({ schema }) => schema.values))];
  return isClosed ? { ...base, kind: 'enum', values } : { ...base, kind: 'string' };
}

/** The variants of a choice within a choice are the choice's own. */
function flatten(raw: unknown, schema: Schema, conditions: readonly Condition[]): Variant[] {
  if (schema.kind !== 'union') return [{ raw, schema, conditions }];
  return schema.variants.map((variant) => ({ ...variant, conditions: [...conditions, ...variant.conditions] }));
}

/** The same schema twice, e.g. under two names of the discriminator. */
function either(one: Variant, other: Variant): Variant {
  const conditions = one.conditions.flatMap((condition) => {
    const same = other.conditions.find(({ property }) => property === condition.property);
    return same === undefined ? [] : [{ ...condition, values: [...new Set([...condition.values, ...same.values])] }];
  });
  return { ...one, conditions };
}

/** What the discriminator says of a variant: by its mapping, else the schema's name or what its property must be. */
function createDiscriminator(
  raw: JsonObject,
  document: OpenapiDocument,
): (variant: unknown, schema: Schema) => Condition[] {
  const own = member(raw, 'discriminator');
  const property = typeof own === 'string' ? own : textMember(own, 'propertyName');
  if (property === undefined) return () => [];
  const mapping = member(own, 'mapping');
  const targets = isJsonObject(mapping)
    ? Object.entries(mapping).flatMap(([value, target]) =>
        typeof target === 'string' ? [{ value, target: nodeOf(target, document) }] : [],
      )
    : [];
  return (variant) => {
    const reference = textMember(variant, '$ref');
    if (reference === undefined) return [];
    const node = nodeOf(reference, document);
    const mapped = targets.filter(({ target }) => target !== undefined && target === node).map(({ value }) => value);
    if (mapped.length > 0) return [{ property, values: mapped }];
    const name = reference.split('/').at(-1);
    // Names that no mapping gives may be told by the property's own values instead: those win, see `unions.ts`.
    return name === undefined ? [] : [{ property, values: [name] }];
  };
}

/** A mapping names a schema, or refers to it. */
function nodeOf(target: string, document: OpenapiDocument): unknown {
  for (const reference of /[#/]/.test(target) ? [target] : [`#/components/schemas/${target}`, target]) {
    try {
      return document.resolve({ $ref: reference }).value;
    } catch (error) {
      if (!(error instanceof UnusableError)) throw error;
    }
  }
  return undefined;
}

/** Null in all its forms, `{ type: object, nullable: true }` beside a reference included. */
function isNullSchema(raw: unknown): boolean {
  if (!isJsonObject(raw)) return false;
  const values = listMember(raw, 'enum');
  if (values.length > 0) return values.every((value) => value === null);
  if (Object.hasOwn(raw, 'const')) return raw.const === null;
  const { types, nullable } = readTypes(raw);
  const saysNoMore = Object.keys(raw).every((key) => key === 'type' || key === 'nullable');
  return nullable && (types.length === 0 || types[0] === 'object') && (saysNoMore || member(raw, 'type') === 'null');
}

/** A variant that only says which properties must be there: of no meaning for the type. */
export function isMereCondition(raw: unknown): boolean {
  return isJsonObject(raw) && Object.keys(raw).every((key) => key === 'required' || key === 'not' || key === 'title');
}
