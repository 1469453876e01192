import { UnusableError } from './document.ts';
import { enumValueName, fieldName, NameRegistry, nameAll, typeName } from './names.ts';
import type { Schema, SchemaReader } from './schema.ts';

export type ScalarName = 'ID' | 'String' | 'Int' | 'Int64' | 'Float' | 'Boolean' | 'JSON';

export type GraphqlType =
  | { readonly kind: 'scalar'; readonly name: ScalarName }
  | EnumType
  | ObjectType
  | { readonly kind: 'list'; readonly item: GraphqlType; readonly itemNonNull: boolean };

export interface EnumType {
  readonly kind: 'enum';
  readonly name: string;
  readonly description: string | undefined;
  /** Name in the graph → value upstream. */
  readonly values: ReadonlyMap<string, unknown>;
}

export interface ObjectType {
  readonly kind: 'object' | 'input';
  readonly name: string;
  readonly description: string | undefined;
  readonly fields: ObjectField[];
}

export interface ObjectField {
  readonly name: string;
  /** Name of the property upstream. */
  readonly property: string;
  readonly type: GraphqlType;
  nonNull: boolean;
  readonly description: string | undefined;
  readonly deprecated: boolean;
}

/** Makes GraphQL types of schemas, each once. */
export interface TypeBuilder {
  /** `name` is taken where the schema has none of its own. `onLoss` hears of each thing that is not shown. */
  output(schema: Schema, name: string, onLoss: OnLoss): GraphqlType;
  input(schema: Schema, name: string, onLoss: OnLoss): GraphqlType;
}

/** `place` is a coordinate such as `Product.owner`. */
export type OnLoss = (place: string, reason: string) => void;

/** Schema node → string properties that are identifiers: `ID` instead of `String`. */
export type Identifiers = ReadonlyMap<object, ReadonlySet<string>>;

type Direction = 'output' | 'input';

interface Pending {
  readonly schema: Schema;
  readonly type: ObjectType;
  readonly baseName: string;
}

const MAX_TYPES = 20_000;
const MAX_LIST_DEPTH = 8;
const RESERVED = ['Query', 'Mutation', 'Subscription', 'ID', 'String', 'Int', 'Int64', 'Float', 'Boolean', 'JSON'];
export const JSON_TYPE: GraphqlType = { kind: 'scalar', name: 'JSON' };
const SCALARS = {
  string: 'String',
  integer: 'Int',
  int64: 'Int64',
  number: 'Float',
  boolean: 'Boolean',
  json: 'JSON',
} as const;

/** `components` are the names of the document's schemas: they are not given to types without a name. */
export function createTypeBuilder(
  reader: SchemaReader,
  components: readonly string[],
  identifiers: Identifiers,
): TypeBuilder {
  const typeNames = nameAll(components, typeName);
  const names = new NameRegistry([...RESERVED, ...typeNames.values()]);
  for (const [component, name] of typeNames) if (RESERVED.includes(name)) typeNames.set(component, names.claim(name));
  const objects: Record<Direction, Map<object, ObjectType>> = { output: new Map(), input: new Map() };
  const enums = new Map<object, EnumType>();
  let typeCount = 0;
  const usedComponents = new Set<string>();
  const pending: Pending[] = [];

  function nameOf(schema: Schema, baseName: string, direction: Direction): string {
    const component = schema.component === undefined ? undefined : typeNames.get(schema.component);
    if (direction === 'input') {
      const base = component ?? baseName;
      return component?.endsWith('Input') ? useComponent(component) : names.claim(`${base}Input`);
    }
    return component === undefined ? names.claim(typeName(baseName)) : useComponent(component);
  }

  /** The component's own name is its first user's. */
  function useComponent(name: string): string {
    if (usedComponents.has(name)) return names.claim(name);
    usedComponents.add(name);
    return name;
  }

  function build(schema: Schema, name: string, direction: Direction, onLoss: OnLoss, depth = 0): GraphqlType {
    if (schema.loss !== undefined) onLoss(name, schema.loss);
    switch (schema.kind) {
      case 'object':
        return objectType(schema, name, direction);
      case 'array': {
        if (depth >= MAX_LIST_DEPTH) throw new UnusableError('a list is nested too deeply');
        const item = reader.read(schema.items);
        return {
          kind: 'list',
          item: build(item, name, direction, onLoss, depth + 1),
          itemNonNull: !item.nullable,
        };
      }
      case 'enum':
        return enumType(schema, name);
      default:
        return { kind: 'scalar', name: SCALARS[schema.kind] };
    }
  }

  function objectType(schema: Schema, baseName: string, direction: Direction): GraphqlType {
    const existing = objects[direction].get(schema.node);
    if (existing !== undefined) return existing;
    if (typeCount >= MAX_TYPES) throw new UnusableError(`the document has more than ${MAX_TYPES} types`);
    if (!hasFields(schema, direction)) return JSON_TYPE;
    const type: ObjectType = {
      kind: direction === 'input' ? 'input' : 'object',
      name: nameOf(schema, typeName(baseName), direction),
      description: schema.description,
      fields: [],
    };
    objects[direction].set(schema.node, type);
    typeCount++;
    pending.push({ schema, type, baseName: direction === 'input' ? type.name.replace(/Input$/, '') : type.name });
    return type;
  }

  function enumType(schema: Schema, baseName: string): EnumType {
    const existing = enums.get(schema.node);
    if (existing !== undefined) return existing;
    const originals = new Map(schema.values.map((value) => [String(value), value]));
    const valueNames = nameAll([...originals.keys()], enumValueName);
    const type: EnumType = {
      kind: 'enum',
      name: nameOf(schema, typeName(baseName), 'output'),
      description: schema.description,
      values: new Map([...valueNames].map(([original, name]) => [name, originals.get(original)])),
    };
    enums.set(schema.node, type);
    typeCount++;
    return type;
  }

  function fillFields({ schema, type, baseName }: Pending, onLoss: OnLoss): void {
    const direction: Direction = type.kind === 'input' ? 'input' : 'output';
    const shown = [...schema.properties.keys()].filter((property) => isShown(schema, property, direction));
    for (const [property, name] of nameAll(shown, fieldName)) {
      const place = `${type.name}.${name}`;
      const lose: OnLoss = (_name, reason) => onLoss(place, reason);
      const own = attempt(() => reader.read(schema.properties.get(property)), place, onLoss);
      const fieldType = own && attempt(() => build(own, `${baseName} ${property}`, direction, lose), place, onLoss);
      const isId = own?.kind === 'string' && identifiers.get(schema.node)?.has(property) && direction === 'output';
      type.fields.push({
        name,
        property,
        type: isId ? { kind: 'scalar', name: 'ID' } : (fieldType ?? JSON_TYPE),
        nonNull: own !== undefined && schema.required.has(property) && !own.nullable,
        description: own?.description,
        deprecated: own?.deprecated ?? false,
      });
    }
  }

  function hasFields(schema: Schema, direction: Direction): boolean {
    return [...schema.properties.keys()].some((property) => isShown(schema, property, direction));
  }

  /** What can only be read is no input, what can only be written no output. */
  function isShown(schema: Schema, property: string, direction: Direction): boolean {
    if (property === '__proto__') return false;
    const own = attempt(() => reader.read(schema.properties.get(property)));
    return own === undefined || !(direction === 'input' ? own.readOnly : own.writeOnly);
  }

  function buildAll(schema: Schema, name: string, direction: Direction, onLoss: OnLoss): GraphqlType {
    try {
      return build(schema, name, direction, onLoss);
    } finally {
      for (let next = pending.pop(); next !== undefined; next = pending.pop()) fillFields(next, onLoss);
    }
  }

  return {
    output: (schema, name, onLoss) => buildAll(schema, name, 'output', onLoss),
    input: (schema, name, onLoss) => buildAll(schema, name, 'input', onLoss),
  };
}

/** What cannot be read of one property costs that property its type, not the whole object. */
function attempt<T>(action: () => T, place?: string, onLoss?: OnLoss): T | undefined {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof UnusableError)) throw error;
    if (place !== undefined) onLoss?.(place, error.message);
    return undefined;
  }
}
