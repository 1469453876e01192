import {
  type DefinitionNode,
  type FieldDefinitionNode,
  Kind,
  type NamedTypeNode,
  type ObjectTypeDefinitionNode,
  parse,
  print,
  type TypeNode,
} from 'graphql';
import type { Composition } from './compose.ts';
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

type FieldsDefinition = DefinitionNode & { readonly fields?: readonly FieldDefinitionNode[] };

/**
 * The part of a graph that some fields make: `Query.products`, `Product.name`, `Product.*`. A type of which no field is
 * named comes with those that its own source gives it, not with links: they lead elsewhere. What is left out is left out
 * in any case.
 */
export function partOfSchema(
  { publicSdl, links }: Pick<Composition, 'publicSdl' | 'links'>,
  fields: readonly string[],
  isLeftOut: (coordinate: string) => boolean = () => false,
): SchemaPart {
  const definitions = definitionsOf(publicSdl);
  const linked = new Set(links.map(({ typeName, fieldName }) => `${typeName}.${fieldName}`));
  const { named, unknown } = readFields(fields, definitions);
  const isRoot = (typeName: string) => (ROOT_TYPES as readonly string[]).includes(typeName);
  const reached = new Set<string>();
  const coordinates = new Set<string>();

  const fieldsOf = (typeName: string): readonly FieldDefinitionNode[] => {
    const all = (definitions.get(typeName)?.fields ?? []).filter(({ name }) => !isLeftOut(`${typeName}.${name.value}`));
    const chosen = named.get(typeName);
    if (chosen !== undefined) return all.filter(({ name }) => chosen.has(name.value));
    return isRoot(typeName) ? [] : all.filter(({ name }) => !linked.has(`${typeName}.${name.value}`));
  };
  const waiting: string[] = ROOT_TYPES.filter((name) => fieldsOf(name).length > 0);
  for (let typeName = waiting.pop(); typeName !== undefined; typeName = waiting.pop()) {
    const definition = definitions.get(typeName);
    if (definition === undefined || reached.has(typeName)) continue;
    reached.add(typeName);
    for (const field of fieldsOf(typeName)) {
      waiting.push(nameOf(field.type), ...(field.arguments ?? []).map(({ type }) => nameOf(type)));
      if (definition.kind !== Kind.INPUT_OBJECT_TYPE_DEFINITION) coordinates.add(`${typeName}.${field.name.value}`);
    }
    if (definition.kind === Kind.UNION_TYPE_DEFINITION)
      waiting.push(...(definition.types ?? []).map(({ name }) => name.value));
    if (definition.kind === Kind.INTERFACE_TYPE_DEFINITION)
      for (const [name, other] of definitions) if (isImplementing(other, typeName)) waiting.push(name);
  }

  const kept = [...definitions].flatMap(([name, definition]) =>
    reached.has(name) ? [keepPart(definition, { fieldsOf, reached, coordinates, definitions })] : [],
  );
  return {
    sdl: kept.length === 0 ? '' : print({ kind: Kind.DOCUMENT, definitions: kept as DefinitionNode[] }),
    coordinates,
    unknown,
  };
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
    const all = definitions.get(typeName)?.fields?.map(({ name }) => name.value) ?? [];
    const chosen = fieldName === '*' ? all : all.filter((name) => name === fieldName);
    if (chosen.length === 0) unknown.push(coordinate);
    const known = named.get(typeName) ?? new Set();
    named.set(typeName, known);
    for (const name of chosen) known.add(name);
  }
  return { named, unknown };
}

interface Keeping {
  fieldsOf(typeName: string): readonly FieldDefinitionNode[];
  readonly reached: ReadonlySet<string>;
  readonly coordinates: Set<string>;
  readonly definitions: ReadonlyMap<string, FieldsDefinition>;
}

function keepPart(
  definition: FieldsDefinition,
  { fieldsOf, reached, coordinates, definitions }: Keeping,
): DefinitionNode {
  const name = (definition as ObjectTypeDefinitionNode).name.value;
  if (definition.kind === Kind.UNION_TYPE_DEFINITION)
    return { ...definition, types: definition.types?.filter((type) => reached.has(type.name.value)) ?? [] };
  if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.INTERFACE_TYPE_DEFINITION)
    return definition;
  const interfaces = definition.interfaces?.filter((type) => reached.has(type.name.value)) ?? [];
  const fields = new Set(fieldsOf(name));
  // What an interface shows, its types show.
  for (const { name: of } of interfaces as readonly NamedTypeNode[])
    for (const shown of fieldsOf(of.value)) {
      const own = definitions.get(name)?.fields?.find((field) => field.name.value === shown.name.value);
      if (own !== undefined) fields.add(own);
    }
  for (const field of fields) coordinates.add(`${name}.${field.name.value}`);
  return { ...definition, interfaces, fields: [...fields] };
}

function isImplementing(definition: FieldsDefinition, interfaceName: string): boolean {
  return (
    'interfaces' in definition &&
    (definition.interfaces as readonly NamedTypeNode[] | undefined)?.some(
      ({ name }) => name.value === interfaceName,
    ) === true
  );
}

function nameOf(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : nameOf(type.type);
}
