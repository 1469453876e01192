import { z } from 'zod';

/** The keys that a schema allows at a path into a value; none where it allows any key or where there is no map. */
export function allowedKeys(schema: z.core.$ZodType, value: unknown, path: readonly PropertyKey[]): string[] {
  const here = unwrap(schema, value);
  const [step, ...rest] = path;
  if (step === undefined) return here instanceof z.ZodObject ? Object.keys(here.shape) : [];
  const below = typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[step] : undefined;
  const next = stepInto(here, step);
  return next === undefined ? [] : allowedKeys(next, below, rest);
}

function unwrap(schema: z.core.$ZodType, value: unknown): z.core.$ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional) return unwrap(schema.unwrap(), value);
  if (schema instanceof z.ZodPrefault) return unwrap(schema.unwrap(), value);
  if (typeof value !== 'object' || value === null) return schema;
  if (!(schema instanceof z.ZodDiscriminatedUnion)) {
    const map =
      schema instanceof z.ZodUnion ? schema.options.find((option) => option instanceof z.ZodObject) : undefined;
    return map ?? schema;
  }
  const { discriminator, options } = schema.def;
  const kind = (value as Record<string, unknown>)[discriminator];
  const chosen = options.find((option) => option._zod.propValues?.[discriminator]?.has(kind as z.core.util.Primitive));
  return chosen ?? schema;
}

function stepInto(schema: z.core.$ZodType, step: PropertyKey): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodObject) return schema.shape[String(step)];
  if (schema instanceof z.ZodRecord) return schema.valueType;
  if (schema instanceof z.ZodArray) return schema.element;
  return undefined;
}
