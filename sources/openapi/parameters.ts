import { isJsonObject, type JsonObject, member, type OpenapiDocument, textMember, UnusableError } from './document.ts';
import type { Schema, SchemaReader } from './schema.ts';

export type ParameterPlace = 'path' | 'query' | 'header' | 'cookie';

export interface Parameter {
  /** As the document writes it; header names keep their case. */
  readonly name: string;
  readonly place: ParameterPlace;
  readonly schema: Schema;
  readonly required: boolean;
  /** For lists in queries: a pair for each item, instead of one pair with commas. */
  readonly explode: boolean;
  readonly description: string | undefined;
  readonly deprecated: boolean;
  readonly defaultValue: unknown;
}

const STYLES: Readonly<Record<ParameterPlace, string>> = {
  path: 'simple',
  query: 'form',
  header: 'simple',
  cookie: 'form',
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
  const style = textMember(raw, 'style') ?? STYLES[place];
  if (style !== STYLES[place]) throw new UnusableError(`the style "${style}" is not supported`);
  if (member(raw, 'content') !== undefined) throw new UnusableError('a parameter with "content" is not supported');
  const schema = schemas.read(member(raw, 'schema'));
  checkShape(schema, schemas, place);
  const explode = member(raw, 'explode');
  return {
    name: textMember(raw, 'name') ?? '',
    place,
    schema,
    required: place === 'path' || member(raw, 'required') === true,
    explode: typeof explode === 'boolean' ? explode : style === 'form',
    description: textMember(raw, 'description') ?? schema.description,
    deprecated: member(raw, 'deprecated') === true,
    // Beside the other keywords, or behind the reference.
    defaultValue: member(member(raw, 'schema'), 'default') ?? member(schema.node, 'default') ?? undefined,
  };
}

function placeOf(raw: JsonObject): ParameterPlace {
  const place = member(raw, 'in');
  if (place === 'path' || place === 'query' || place === 'header' || place === 'cookie') return place;
  throw new UnusableError(`a parameter in "${String(place)}" is not supported`);
}

function checkShape(schema: Schema, schemas: SchemaReader, place: ParameterPlace): void {
  if (schema.kind === 'object') throw new UnusableError(`an object in the ${place} is not supported`);
  if (schema.kind !== 'array') return;
  if (place === 'cookie') throw new UnusableError('a list in a cookie is not supported');
  const item = schemas.read(schema.items);
  if (item.kind === 'object' || item.kind === 'array') {
    throw new UnusableError(`a list of lists or objects in the ${place} is not supported`);
  }
}

function listOf(holder: JsonObject): readonly unknown[] {
  const value = member(holder, 'parameters');
  return Array.isArray(value) ? value : [];
}
