import { withConstraints } from './describe-constraints.ts';
import { isJsonObject, type JsonObject, member, type OpenapiDocument, textMember, UnusableError } from './document.ts';
import { mediaKind } from './media-kind.ts';
import type { Schema, SchemaReader } from './schema.ts';
import type { Style } from './styles.ts';

export type ParameterPlace = 'path' | 'query' | 'header' | 'cookie';

export interface Parameter {
  /** As the document writes it; header names keep their case. */
  readonly name: string;
  readonly place: ParameterPlace;
  readonly schema: Schema;
  readonly required: boolean;
  readonly style: Style;
  readonly explode: boolean;
  readonly allowReserved: boolean;
  readonly description: string | undefined;
  readonly deprecated: boolean;
  readonly defaultValue: unknown;
}

/** The first of each is the default. */
const STYLES: Readonly<Record<ParameterPlace, readonly Style[]>> = {
  path: ['simple', 'label', 'matrix'],
  query: ['form', 'spaceDelimited', 'pipeDelimited', 'deepObject'],
  header: ['simple'],
  cookie: ['form'],
};

export interface ParameterReader {
  /** Calls `onUnusable` for each parameter that cannot be sent. */
  read(pathItem: JsonObject, operation: JsonObject, onUnusable: (unusable: UnusableParameter) => void): Parameter[];
}

export interface UnusableParameter {
  readonly name: string;
  readonly required: boolean;
  readonly reason: string;
}

export function createParameterReader(document: OpenapiDocument, schemas: SchemaReader): ParameterReader {
  return {
    read(pathItem, operation, onUnusable) {
      const byKey = new Map<string, JsonObject>();
      for (const raw of [...listOf(pathItem), ...listOf(operation)]) {
        const { value } = document.resolve(raw);
        const name = textMember(value, 'name');
        if (!isJsonObject(value) || name === undefined) throw new UnusableError('a parameter has no name');
        byKey.set(`${String(member(value, 'in'))} ${name}`, value);
      }
      const parameters: Parameter[] = [];
      for (const raw of byKey.values()) {
        try {
          parameters.push(readParameter(raw, schemas));
        } catch (error) {
          if (!(error instanceof UnusableError)) throw error;
          const required = member(raw, 'required') === true || member(raw, 'in') === 'path';
          onUnusable({ name: textMember(raw, 'name') ?? '', required, reason: error.message });
        }
      }
      return parameters;
    },
  };
}

function readParameter(raw: JsonObject, schemas: SchemaReader): Parameter {
  const place = placeOf(raw);
  const { style, rawSchema } = readForm(raw, place);
  const schema = schemas.read(rawSchema);
  const explode = explodeOf(raw, style);
  const misfit = styleMisfit(schema, schemas, style, explode);
  if (misfit !== undefined) throw new UnusableError(misfit);
  return {
    name: textMember(raw, 'name') ?? '',
    place,
    schema,
    required: place === 'path' || member(raw, 'required') === true,
    style,
    explode,
    allowReserved: place === 'query' && member(raw, 'allowReserved') === true,
    description: withConstraints(textMember(raw, 'description') ?? schema.description, schema.constraints),
    deprecated: member(raw, 'deprecated') === true,
    // Beside the other keywords, or behind the reference.
    defaultValue: member(rawSchema, 'default') ?? member(schema.node, 'default') ?? undefined,
  };
}

/** By `schema` and `style`, or by `content` of one media type. */
function readForm(raw: JsonObject, place: ParameterPlace): { style: Style; rawSchema: unknown } {
  const content = member(raw, 'content');
  const [fallback = 'simple'] = STYLES[place];
  if (!isJsonObject(content)) {
    const written = textMember(raw, 'style') ?? fallback;
    const style = STYLES[place].find((known) => known === written);
    if (style === undefined) throw new UnusableError(`the style "${written}" is not known in the ${place}`);
    return { style, rawSchema: member(raw, 'schema') };
  }
  const [mediaType = 'nothing'] = Object.keys(content);
  const rawSchema = member(content[mediaType], 'schema');
  const kind = mediaKind(mediaType);
  if (kind === 'json') return { style: 'json', rawSchema };
  if (kind === 'text') return { style: fallback, rawSchema };
  throw new UnusableError(`it is written as ${mediaType}`);
}

export function explodeOf(raw: unknown, style: Style): boolean {
  const explode = member(raw, 'explode');
  return typeof explode === 'boolean' ? explode : style === 'form';
}

/** Why values of the schema cannot be written in the style, if so: most have no way to write lists in lists. */
export function styleMisfit(schema: Schema, schemas: SchemaReader, style: Style, explode: boolean): string | undefined {
  if (style === 'json' || style === 'deepObject') return undefined;
  const kindOf = (raw: unknown): Schema['kind'] => {
    try {
      return schemas.read(raw).kind;
    } catch {
      return 'json';
    }
  };
  if (schema.kind === 'array') {
    const item = kindOf(schema.items);
    const isPlain = item !== 'array' && item !== 'object' && item !== 'union';
    return isPlain ? undefined : `a list of lists or objects cannot be written in the style "${style}"`;
  }
  if (schema.kind !== 'object') return undefined;
  for (const [name, raw] of schema.properties) {
    const kind = kindOf(raw);
    const isPlain = kind !== 'object' && kind !== 'union' && (kind !== 'array' || (style === 'form' && explode));
    if (!isPlain) return `its property "${name}" cannot be written in the style "${style}"`;
  }
  return undefined;
}

function placeOf(raw: JsonObject): ParameterPlace {
  const place = member(raw, 'in');
  if (place === 'path' || place === 'query' || place === 'header' || place === 'cookie') return place;
  throw new UnusableError(`a parameter in "${String(place)}" is not supported`);
}

function listOf(holder: JsonObject): readonly unknown[] {
  const value = member(holder, 'parameters');
  return Array.isArray(value) ? value : [];
}
