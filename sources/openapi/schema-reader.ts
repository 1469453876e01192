import type { OpenapiDocument } from './document.ts';
import { isJsonObject, type JsonObject, textMember, UnusableError } from './json-object.ts';
import { createMerger } from './merge-all-of.ts';
import { annotate, hasOwnShape, readPlain } from './plain-schema.ts';
import { createVariantReader, isMereCondition } from './read-variants.ts';
import { ANY, type Schema, type SchemaReader, UPLOAD_SCHEMA } from './schema.ts';
import { createSubtypeFinder } from './subtypes.ts';

const MAX_DEPTH = 64;

export function createSchemaReader(document: OpenapiDocument): SchemaReader {
  const known = new Map<object, Schema>([
    [UPLOAD_SCHEMA, { ...ANY, kind: 'upload', node: UPLOAD_SCHEMA, nullable: false }],
  ]);
  const reading = new Set<object>();
  const mergeParts = createMerger(read);
  const subtypesOf = createSubtypeFinder(document);
  const readVariants = createVariantReader(document, read);

  function read(raw: unknown): Schema {
    if (raw === undefined || typeof raw === 'boolean') return ANY;
    if (!isJsonObject(raw)) throw new UnusableError('a schema is not an object');
    const existing = known.get(raw);
    if (existing !== undefined) return existing;
    if (reading.has(raw)) throw new UnusableError('a schema is defined by itself');
    if (reading.size >= MAX_DEPTH) throw new UnusableError('a schema is nested too deeply');
    reading.add(raw);
    try {
      const schema = textMember(raw, '$ref') === undefined ? withSubtypes(readOwn(raw), raw) : readReference(raw);
      known.set(raw, schema);
      return schema;
    } finally {
      reading.delete(raw);
    }
  }

  function withSubtypes(schema: Schema, raw: JsonObject): Schema {
    if (schema.kind !== 'object' || schema.node !== raw || !Object.hasOwn(raw, 'discriminator')) return schema;
    return { ...schema, subtypes: subtypesOf(raw) };
  }

  function readReference(raw: JsonObject): Schema {
    const { value, component } = document.resolve(raw);
    const target = read(value);
    const named = component === undefined || target.component !== undefined ? target : { ...target, component };
    // Before 3.1, what stands beside a reference and is more than words is of no meaning.
    if (document.version !== '3.1' || !hasOwnShape(raw)) return annotate(named, raw);
    const { $ref, ...siblings } = raw;
    return mergeParts(raw, [{ $ref }, siblings]);
  }

  function readOwn(raw: JsonObject): Schema {
    if (!Object.hasOwn(raw, 'allOf') && !Object.hasOwn(raw, 'oneOf') && !Object.hasOwn(raw, 'anyOf')) {
      return readPlain(raw);
    }
    const { allOf, oneOf, anyOf, discriminator, ...base } = raw;
    const parts = Array.isArray(allOf) ? [...allOf] : [];
    const choices = (
      [
        ['oneOf', oneOf],
        ['anyOf', anyOf],
      ] as const
    ).flatMap(([keyword, list]) =>
      Array.isArray(list) && list.some((variant) => !isMereCondition(variant))
        ? [{ [keyword]: list, discriminator }]
        : [],
    );
    if (parts.length === 0 && choices.length === 0) return readPlain(raw);
    const [choice] = choices;
    if (parts.length === 0 && choice !== undefined && choices.length === 1 && !hasOwnShape(base)) {
      return readVariants(raw);
    }
    return mergeParts(raw, [...parts, ...choices, base]);
  }

  return { read };
}
