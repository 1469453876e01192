import { RequestError } from '../http.ts';
import { sentencesOf } from './answers.ts';
import { sentimentOf } from './sentiment.ts';

type Schema = Readonly<Record<string, unknown>>;

const MAX_VALUES = 2_000;
const MAX_LENGTH = 10_000;
/** Below here only what is required is made, so that schemas which contain themselves come to an end. */
const SHORT_BELOW = 8;
const MAX_DEPTH = 40;

const FORMATS: Readonly<Record<string, string>> = {
  date: '2024-06-01',
  'date-time': '2024-06-01T12:00:00Z',
  email: 'stand-in@example.com',
  uri: 'https://example.com/',
  uuid: '00000000-0000-4000-8000-000000000000',
};

/**
 * A value that is valid against the JSON schema, made of the text: enums and numbers from its sentiment, strings from
 * its first sentence. Throws RequestError 400 for a schema that cannot be followed; `pattern` and the like are not.
 */
export function valueFor(root: Schema, text: string): unknown {
  const sentiment = sentimentOf(text);
  const sentence = sentencesOf(text)[0] ?? 'stand-in';
  let left = MAX_VALUES;

  function make(schema: Schema, depth: number): unknown {
    left -= 1;
    if (left < 0 || depth > MAX_DEPTH) throw refused('The schema asks for too large an answer.');
    if (typeof schema.$ref === 'string') return make(resolve(root, schema.$ref), depth + 1);
    if ('const' in schema) return schema.const;
    if (Array.isArray(schema.enum)) return fromEnum(schema.enum);
    const choices = schema.anyOf ?? schema.oneOf;
    if (Array.isArray(choices)) return make(chosen(choices, depth), depth + 1);
    if (Array.isArray(schema.allOf)) return make(merged(schema), depth + 1);
    switch (typeOf(schema, depth)) {
      case 'object':
        return object(schema, depth);
      case 'array':
        return array(schema, depth);
      case 'integer':
        return Math.round(number(schema, true));
      case 'number':
        return number(schema, false);
      case 'boolean':
        return sentiment.label !== 'NEGATIVE';
      case 'null':
        return null;
      default:
        return string(schema);
    }
  }

  function object(schema: Schema, depth: number): object {
    const required = Array.isArray(schema.required) ? schema.required : [];
    const properties = Object.entries(asSchema(schema.properties ?? {}));
    const wanted = depth < SHORT_BELOW ? properties : properties.filter(([name]) => required.includes(name));
    return Object.fromEntries(wanted.map(([name, property]) => [name, make(asSchema(property), depth + 1)]));
  }

  function array(schema: Schema, depth: number): unknown[] {
    const least = asNumber(schema.minItems) ?? 0;
    const length = Math.min(Math.max(least, depth < SHORT_BELOW ? 1 : 0), asNumber(schema.maxItems) ?? MAX_VALUES);
    if (length > left) throw refused('The schema asks for too large an answer.');
    return Array.from({ length }, () => make(asSchema(schema.items ?? {}), depth + 1));
  }

  function string(schema: Schema): string {
    const format = FORMATS[String(schema.format)];
    if (format) return format;
    const least = asNumber(schema.minLength) ?? 0;
    if (least > MAX_LENGTH) throw refused('The schema asks for too large an answer.');
    return sentence.slice(0, asNumber(schema.maxLength) ?? MAX_LENGTH).padEnd(least, '.');
  }

  /** The score on the scale that the bounds make; with one bound, a number on the right side of it. */
  function number(schema: Schema, integer: boolean): number {
    const { least, most } = boundsOf(schema, integer);
    if (least !== undefined && most !== undefined) return least + sentiment.score * (most - least);
    const usual = integer ? 1 : sentiment.score;
    if (least !== undefined) return usual > least ? usual : least + 1;
    if (most !== undefined) return usual < most ? usual : most - 1;
    return usual;
  }

  function fromEnum(values: readonly unknown[]): unknown {
    const find = (name: string) => values.find((value) => String(value).toUpperCase() === name);
    if (find('POSITIVE') !== undefined && find('NEGATIVE') !== undefined) return find(sentiment.label) ?? values[0];
    const words = text.toLowerCase();
    return values.find((value) => words.includes(String(value).toLowerCase().replaceAll('_', ' '))) ?? values[0];
  }

  return make(root, 0);
}

function boundsOf(schema: Schema, integer: boolean): { least: number | undefined; most: number | undefined } {
  let least = asNumber(schema.minimum);
  let most = asNumber(schema.maximum);
  const above = asNumber(schema.exclusiveMinimum);
  const below = asNumber(schema.exclusiveMaximum);
  if (above !== undefined) least ??= integer ? Math.floor(above) + 1 : above;
  if (below !== undefined) most ??= integer ? Math.ceil(below) - 1 : below;
  if (!integer) return { least, most };
  return { least: least && Math.ceil(least), most: most && Math.floor(most) };
}

function typeOf(schema: Schema, depth: number): unknown {
  if (!Array.isArray(schema.type))
    return schema.type ?? (schema.properties ? 'object' : schema.items ? 'array' : 'string');
  const wanted = schema.type.find((type) => (type === 'null') === depth >= SHORT_BELOW);
  return wanted ?? schema.type[0];
}

function chosen(choices: readonly unknown[], depth: number): Schema {
  const schemas = choices.map(asSchema);
  return schemas.find((schema) => (schema.type === 'null') === depth >= SHORT_BELOW) ?? asSchema(schemas[0]);
}

function merged({ allOf, ...own }: Schema): Schema {
  const all = [...(Array.isArray(allOf) ? allOf : []), own].map(asSchema);
  const required = all.flatMap((schema) => (Array.isArray(schema.required) ? schema.required : []));
  const properties = Object.assign({}, ...all.map((schema) => schema.properties ?? {}));
  const together: Schema = Object.assign({}, ...all);
  return Object.keys(properties).length > 0 ? { ...together, required, properties } : together;
}

/** Follows `#/$defs/Name` and the like; other documents are not read. */
function resolve(root: Schema, reference: string): Schema {
  const [document, ...path] = reference.split('/').map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (document !== '#') throw refused(`The schema refers to ${reference}, which is not in it.`);
  return path.reduce<Schema>((at, name) => {
    if (!Object.hasOwn(at, name)) throw refused(`The schema refers to ${reference}, which is not in it.`);
    return asSchema(at[name]);
  }, root);
}

function asSchema(value: unknown): Schema {
  if (value === true) return {};
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refused('The schema is not well formed.');
  return value as Schema;
}

function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function refused(message: string): RequestError {
  return new RequestError(400, message, 'response_format');
}
