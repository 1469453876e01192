import { withConstraints } from './describe-constraints.ts';
import { UnusableError } from './json-object.ts';
import { enumValueName, fieldName, nameAll } from './names.ts';
import type { Schema, SchemaReader } from './schema.ts';
import { createTypeNames } from './type-names.ts';
import {
  type EnumType,
  type GraphqlType,
  type Identifiers,
  JSON_TYPE,
  type ObjectType,
  type OnLoss,
  type TypeBuilder,
} from './types.ts';
import { createUnionBuilder } from './unions.ts';

export type Direction = 'output' | 'input';

interface Pending {
  readonly schema: Schema;
  readonly type: ObjectType;
  readonly baseName: string;
  /** How many objects without a name of their own are around it. */
  readonly depth: number;
}

/** Where a type is made. */
export interface Place {
  readonly name: string;
  readonly direction: Direction;
  readonly onLoss: OnLoss;
  readonly depth: number;
}

const MAX_TYPES = 50_000;
const MAX_FIELDS = 1_000_000;
/** Of one object, and of one enum: nobody selects among more, and every part of the gateway would work through them. */
const MAX_PROPERTIES = 10_000;
const MAX_VALUES = 10_000;
const MAX_LIST_DEPTH = 8;
const MAX_OBJECT_DEPTH = 64;
const SCALARS = {
  string: 'String',
  integer: 'Int',
  int64: 'Int64',
  number: 'Float',
  boolean: 'Boolean',
  json: 'JSON',
  upload: 'Upload',
} as const;

/** `components` are the names of the document's schemas: they are not given to types without a name. */
export function createTypeBuilder(
  reader: SchemaReader,
  components: readonly string[],
  identifiers: Identifiers,
): TypeBuilder {
  const names = createTypeNames(components);
  const objects: Record<Direction, Map<object, ObjectType>> = { output: new Map(), input: new Map() };
  const enums = new Map<object, EnumType>();
  const unions = createUnionBuilder({ reader, names, objectType, countType });
  const pending: Pending[] = [];
  let typeCount = 0;
  let fieldCount = 0;

  function countType(): void {
    typeCount += 1;
    if (typeCount > MAX_TYPES) throw new UnusableError(`the document has more than ${MAX_TYPES} types`);
  }

  function build(schema: Schema, place: Place, listDepth = 0): GraphqlType {
    for (const loss of schema.losses) place.onLoss(place.name, loss);
    switch (schema.kind) {
      case 'object':
        if (schema.subtypes === undefined) return objectType(schema, place);
        if (place.direction === 'output') return unions.buildInterface(schema, place);
        place.onLoss(place.name, 'the fields of its subtypes cannot be given');
        return objectType(schema, place);
      case 'union':
        return unions.build(schema, place);
      case 'array': {
        if (listDepth >= MAX_LIST_DEPTH) {
          place.onLoss(place.name, 'a list is nested too deeply');
          return JSON_TYPE;
        }
        const item = reader.read(schema.items);
        return { kind: 'list', item: build(item, place, listDepth + 1), itemNonNull: !item.nullable };
      }
      case 'enum':
        if (schema.values.length <= MAX_VALUES) return enumType(schema, place);
        place.onLoss(place.name, `an enum with more than ${MAX_VALUES} values is given as JSON`);
        return JSON_TYPE;
      default:
        return { kind: 'scalar', name: SCALARS[schema.kind] };
    }
  }

  function objectType(
    schema: Schema,
    { name, direction, onLoss, depth }: Place,
    ownName?: string,
  ): ObjectType | typeof JSON_TYPE {
    const existing = objects[direction].get(schema.node);
    if (existing !== undefined) return existing;
    if (!hasFields(schema, direction)) return JSON_TYPE;
    if (schema.properties.size > MAX_PROPERTIES) {
      onLoss(name, `an object with more than ${MAX_PROPERTIES} properties is given as JSON`);
      return JSON_TYPE;
    }
    const ownDepth = schema.component === undefined ? depth + 1 : 0;
    if (ownDepth > MAX_OBJECT_DEPTH) {
      onLoss(name, 'objects are nested too deeply');
      return JSON_TYPE;
    }
    countType();
    const type: ObjectType = {
      kind: direction === 'input' ? 'input' : 'object',
      name: ownName ?? names[direction](schema, name),
      description: schema.typeDescription,
      fields: [],
    };
    objects[direction].set(schema.node, type);
    const baseName = direction === 'input' ? type.name.replace(/Input$/, '') : type.name;
    pending.push({ schema, type, baseName, depth: ownDepth });
    return type;
  }

  function enumType(schema: Schema, { name }: Place): EnumType {
    const existing = enums.get(schema.node);
    if (existing !== undefined) return existing;
    countType();
    const originals = schema.values.map(String);
    const valueNames = nameAll(originals, enumValueName);
    const type: EnumType = {
      kind: 'enum',
      name: names.output(schema, name),
      description: schema.typeDescription,
      values: new Map([...valueNames].map(([original, valueName]) => [valueName, original])),
    };
    enums.set(schema.node, type);
    return type;
  }

  function fillFields({ schema, type, baseName, depth }: Pending, onLoss: OnLoss): void {
    const direction: Direction = type.kind === 'input' ? 'input' : 'output';
    const shown = [...schema.properties.keys()].filter((property) => isShown(schema, property, direction));
    if (schema.properties.has(NO_PROPERTY) && schema.properties.get(NO_PROPERTY) !== false)
      onLoss(
        type.name,
        `the property "${NO_PROPERTY}" is left out, because the name means something else to JavaScript`,
      );
    fieldCount += shown.length;
    if (fieldCount > MAX_FIELDS) throw new UnusableError(`the document has more than ${MAX_FIELDS} fields`);
    for (const [property, name] of nameAll(shown, fieldName)) {
      const coordinate = `${type.name}.${name}`;
      const lose: OnLoss = (_name, reason) => onLoss(coordinate, reason);
      const place = { name: `${baseName} ${property}`, direction, onLoss: lose, depth };
      const own = attempt(() => reader.read(schema.properties.get(property)), lose);
      const fieldType = own && attempt(() => build(own, place), lose);
      const isId = own?.kind === 'string' && identifiers.get(schema.node)?.has(property) && direction === 'output';
      type.fields.push({
        name,
        property,
        type: isId ? { kind: 'scalar', name: 'ID' } : (fieldType ?? JSON_TYPE),
        nonNull: own !== undefined && schema.required.has(property) && !own.nullable,
        description: own && describe(own),
        deprecated: own?.deprecated ?? false,
      });
    }
  }

  function hasFields(schema: Schema, direction: Direction): boolean {
    for (const property of schema.properties.keys()) if (isShown(schema, property, direction)) return true;
    return false;
  }

  /** What can only be read is no input, what can only be written no output. */
  function isShown(schema: Schema, property: string, direction: Direction): boolean {
    const raw = schema.properties.get(property);
    if (property === NO_PROPERTY || raw === false) return false;
    const own = attempt(() => reader.read(raw));
    return own === undefined || !(direction === 'input' ? own.readOnly : own.writeOnly);
  }

  function buildAll(schema: Schema, place: Place): GraphqlType {
    try {
      return build(schema, place);
    } finally {
      for (let next = pending.pop(); next !== undefined; next = pending.pop()) fillFields(next, place.onLoss);
    }
  }

  return {
    output: (schema, name, onLoss) => buildAll(schema, { name, direction: 'output', onLoss, depth: 0 }),
    input: (schema, name, onLoss) => buildAll(schema, { name, direction: 'input', onLoss, depth: 0 }),
  };
}

/** Setting it would change what an object is. */
const NO_PROPERTY = '__proto__';

/** A type says of itself what it is: its fields repeat only what is said for their place. */
function describe(schema: Schema): string | undefined {
  const isNamed = schema.kind === 'object' || schema.kind === 'union' || schema.kind === 'enum';
  const own = isNamed && schema.description === schema.typeDescription ? undefined : schema.description;
  return withConstraints(own, schema.constraints);
}

/** What cannot be read of one property costs that property its type, not the whole object. */
function attempt<T>(action: () => T, onLoss?: OnLoss): T | undefined {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof UnusableError)) throw error;
    onLoss?.('', error.message);
    return undefined;
  }
}
