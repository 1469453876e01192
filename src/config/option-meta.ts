import { z } from 'zod';

/** What options say of themselves, by `.meta(…)` and `.describe(…)`. */
export interface OptionMeta {
  /** Name of the type. Default: made of where it is. */
  readonly id?: string;
  readonly description?: string;
  /** Of a record: what the key is called. Default: `name`. */
  readonly key?: string;
  /** Of words: what each means. */
  readonly values?: Readonly<Record<string, string>>;
  /** Of a union with an object: fields of the object that the other form stands for. */
  readonly short?: string | readonly string[];
  /** Of a union: names for its forms, in their order. */
  readonly members?: readonly string[];
  /** Of text that is an id. */
  readonly scalar?: 'ID';
}

export function metaOf(schema: z.core.$ZodType): OptionMeta {
  return (z.globalRegistry.get(schema) ?? {}) as OptionMeta;
}

/** The schema without what says that it may be left out. */
export function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  return isWrapper(schema) ? unwrap(schema.unwrap()) : schema;
}

/** The description of a schema, or the next one of those it wraps. */
export function textOf(schema: z.core.$ZodType): string {
  return metaOf(schema).description ?? (isWrapper(schema) ? textOf(schema.unwrap()) : '');
}

/** The description of an option, with its bounds, and with its default where it does not tell one; '' where it has none. */
export function explainOption(schema: z.core.$ZodType): string {
  const [text, told] = textOf(schema).split(/ (?=Default: )/);
  if (text === undefined || text === '') return '';
  const parts = [text, boundsOf(unwrap(schema)), told ?? defaultOf(schema)];
  return parts.filter((part) => part !== undefined).join(' ');
}

/** `round-robin` is ROUND_ROBIN as a value of an enum. */
export function wordName(value: string): string {
  return value.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_');
}

function isWrapper(schema: z.core.$ZodType): schema is z.ZodOptional | z.ZodDefault | z.ZodPrefault {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault;
}

function boundsOf(schema: z.core.$ZodType): string | undefined {
  if (!(schema instanceof z.ZodNumber)) return undefined;
  const { minValue, maxValue } = schema;
  const has = (bound: number | null): bound is number => bound !== null && Math.abs(bound) < Number.MAX_SAFE_INTEGER;
  if (has(minValue) && has(maxValue)) return `${figure(minValue)} to ${figure(maxValue)}.`;
  if (has(minValue)) return `At least ${figure(minValue)}.`;
  return has(maxValue) ? `At most ${figure(maxValue)}.` : undefined;
}

function defaultOf(schema: z.core.$ZodType): string | undefined {
  if (!(schema instanceof z.ZodDefault)) return undefined;
  const value: unknown = schema.def.defaultValue;
  if (typeof value === 'number') return `Default: ${figure(value)}.`;
  if (typeof value === 'boolean') return `Default: ${value}.`;
  if (typeof value !== 'string' || value === '') return undefined;
  return `Default: \`${unwrap(schema) instanceof z.ZodEnum ? wordName(value) : value}\`.`;
}

function figure(value: number): string {
  return value.toLocaleString('en-US');
}
