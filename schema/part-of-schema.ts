import {
  type DefinitionNode,
  type FieldDefinitionNode,
  Kind,
  type NamedTypeNode,
  parse,
  print,
  type TypeNode,
} from 'graphql';
import type { Composition } from './compose.ts';
import { EMPTY_QUERY_SDL, isEmptyQuery } from './empty-query.ts';
import { ROOT_TYPES } from './ownership.ts';

/** A part of a graph that stands by itself. */
export interface SchemaPart {
  /** Empty where none of the fields is there. */
  readonly sdl: string;
  /** Every `Type.field` of it. */
  readonly coordinates: ReadonlySet<string>;
  /** Fields that were asked for and are not there. */
  readonly unknown: readonly string[];
}

type FieldsDefinition = DefinitionNode & {
  readonly fields?: readonly FieldDefinitionNode[];
  readonly interfaces?: readonly NamedTypeNode[];
};

/**
 * The part of a graph that some fields make: `Query.products`, `Product.name`, `Product.*`. A type of which no field is
 * named comes with those that its own source gives it, not with links: they lead elsewhere. What an interface shows, its
 * types show. What is left out is left out in any case, and with it what leads to types of which nothing is left.
 */
export function partOfSchema(
  { publicSdl, links }: Pick<Composition, 'publicSdl' | 'links'>,
  fields: readonly string[],
  isLeftOut: (coordinate: string) => boolean = () => false,
): SchemaPart {
  const definitions = definitionsOf(publicSdl);
  const { named, unknown } = readFields(fields, definitions);
  const linked = new Set(links.map(({ typeName, fieldName }) => `${typeName}.${fieldName}`));
  const dropped = new Set<string>();
  for (;;) {
    const part = reach({
      definitions,
      named,
      isLinked: (coordinate) => linked.has(coordinate),
      isGone: (coordinate) => dropped.has(coordinate) || isLeftOut(coordinate),
    });
    const leading = leadingNowhere(part);
    if (leading.length === 0) return { ...written(part), unknown };
    for (const coordinate of leading) dropped.add(coordinate);
  }
}

interface Selection {
  readonly definitions: ReadonlyMap<string, FieldsDefinition>;
  /** Type → its fields that are named. */
  readonly named: ReadonlyMap<string, ReadonlySet<string>>;
  isLinked(coordinate: string): boolean;
  isGone(coordinate: string): boolean;
}

interface Part {
  readonly definitions: ReadonlyMap<string, FieldsDefinition>;
  readonly reached: ReadonlySet<string>;
  fieldsOf(typeName: string): readonly FieldDefinitionNode[];
}

/** All types that the chosen fields of root types lead to. */
function reach({ definitions, named, isLinked, isGone }: Selection): Part {
  const reached = new Set<string>();
  const implementing = (interfaceName: string) =>
    [...definitions].flatMap(([name, { interfaces = [] }]) =>
      interfaces.some((one) => one.name.value === interfaceName) ? [name] : [],
    );
  const fieldsOf = (typeName: string): readonly FieldDefinitionNode[] => {
    const definition = definitions.get(typeName);
    if (definition?.fields === undefined || isInput(definition)) return definition?.fields ?? [];
    const holders = [typeName, ...(isInterface(definition) ? implementing(typeName) : [])];
    const there = definition.fields.filter(({ name }) => !holders.some((holder) => isGone(`${holder}.${name.value}`)));
    const chosen = named.get(typeName);
    const shown = new Set(
      (definition.interfaces ?? []).flatMap(({ name }) =>
        reached.has(name.value) ? fieldsOf(name.value).map((field) => field.name.value) : [],
      ),
    );
    return there.filter(({ name: { value: name } }) => {
      if (shown.has(name)) return true;
      return chosen === undefined ? !isRoot(typeName) && !isLinked(`${typeName}.${name}`) : chosen.has(name);
    });
  };
  const waiting: string[] = ROOT_TYPES.filter((name) => fieldsOf(name).length > 0);
  for (let typeName = waiting.pop(); typeName !== undefined; typeName = waiting.pop()) {
    const definition = definitions.get(typeName);
    if (definition === undefined) continue;
    const isNew = !reached.has(typeName);
    reached.add(typeName);
    const next = fieldsOf(typeName).flatMap(({ type, arguments: given = [] }) => [
      type,
      ...given.map((one) => one.type),
    ]);
    waiting.push(...next.map(nameOf).filter((name) => !reached.has(name)));
    if (!isNew) continue;
    if (definition.kind === Kind.UNION_TYPE_DEFINITION)
      waiting.push(...(definition.types ?? []).map(({ name }) => name.value));
    // They show more than before, and are looked at again.
    if (isInterface(definition)) waiting.push(...implementing(typeName));
  }
  return { definitions, reached, fieldsOf };
}

/** Fields of a part whose types have nothing in it: GraphQL has no such types. */
function leadingNowhere({ definitions, reached, fieldsOf }: Part): readonly string[] {
  const isEmpty = (typeName: string): boolean => {
    const definition = definitions.get(typeName);
    if (definition?.kind === Kind.UNION_TYPE_DEFINITION)
      return (definition.types ?? []).every(({ name }) => isEmpty(name.value));
    return definition !== undefined && hasFields(definition) && fieldsOf(typeName).length === 0;
  };
  return [...reached].flatMap((typeName) =>
    fieldsOf(typeName).flatMap(({ name, type }) => (isEmpty(nameOf(type)) ? [`${typeName}.${name.value}`] : [])),
  );
}

function written({ definitions, reached, fieldsOf }: Part): Pick<SchemaPart, 'sdl' | 'coordinates'> {
  const coordinates = new Set<string>();
  const kept = [...definitions].flatMap(([name, definition]): DefinitionNode[] => {
    if (!reached.has(name)) return [];
    if (definition.kind === Kind.UNION_TYPE_DEFINITION) {
      const types = definition.types ?? [];
      return [{ ...definition, types: types.filter((type) => fieldsOf(type.name.value).length > 0) }];
    }
    if (!hasFields(definition) || isInput(definition)) return [definition];
    const fields = fieldsOf(name);
    // Members of a union, and types of an interface, of which nothing is left.
    if (fields.length === 0) return [];
    for (const field of fields) coordinates.add(`${name}.${field.name.value}`);
    const interfaces = (definition.interfaces ?? []).filter(
      (type) => reached.has(type.name.value) && fieldsOf(type.name.value).length > 0,
    );
    return [{ ...definition, interfaces, fields } as DefinitionNode];
  });
  if (kept.length === 0) return { sdl: '', coordinates };
  const emptyQuery = reached.has('Query') ? '' : `\n\n${EMPTY_QUERY_SDL}`;
  return { sdl: print({ kind: Kind.DOCUMENT, definitions: kept }) + emptyQuery, coordinates };
}

function definitionsOf(sdl: string): ReadonlyMap<string, FieldsDefinition> {
  const { definitions } = parse(sdl, { noLocation: true });
  return new Map(
    definitions.flatMap((definition) =>
      'name' in definition && definition.name !== undefined && definition.kind.endsWith('TypeDefinition')
        ? [[definition.name.value, definition as FieldsDefinition] as const]
        : [],
    ),
  );
}

function readFields(fields: readonly string[], definitions: ReadonlyMap<string, FieldsDefinition>) {
  const named = new Map<string, Set<string>>();
  const unknown: string[] = [];
  for (const coordinate of fields) {
    const [typeName = '', fieldName = ''] = coordinate.split('.');
    const definition = definitions.get(typeName);
    const all = definition === undefined || isInput(definition) ? [] : (definition.fields ?? []);
    const chosen = all.flatMap(({ name: { value: name }, description }) =>
      (fieldName === '*' || name === fieldName) && !isEmptyQuery(`${typeName}.${name}`, description?.value)
        ? [name]
        : [],
    );
    if (chosen.length === 0) unknown.push(coordinate);
    // A type of whose named fields none is there any more has none, and not all of a sudden all.
    const known = named.get(typeName) ?? new Set();
    named.set(typeName, known);
    for (const name of chosen) known.add(name);
  }
  return { named, unknown };
}

function isRoot(typeName: string): boolean {
  return (ROOT_TYPES as readonly string[]).includes(typeName);
}

function isInput({ kind }: FieldsDefinition): boolean {
  return kind === Kind.INPUT_OBJECT_TYPE_DEFINITION;
}

function isInterface({ kind }: FieldsDefinition): boolean {
  return kind === Kind.INTERFACE_TYPE_DEFINITION;
}

function hasFields({ kind }: FieldsDefinition): boolean {
  return kind === Kind.OBJECT_TYPE_DEFINITION || kind === Kind.INTERFACE_TYPE_DEFINITION;
}

function nameOf(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : nameOf(type.type);
}
