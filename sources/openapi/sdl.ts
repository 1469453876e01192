import { Kind, print } from 'graphql';
import type { Argument, NamedType, RootField } from './root-field.ts';
import type { EnumType, GraphqlType, ObjectField, ObjectType, ScalarName, UnionType } from './types.ts';

/** `[Product!]`, without the outermost `!`. */
export function printType(type: GraphqlType): string {
  if (type.kind !== 'list') return type.name;
  return `[${printType(type.item)}${type.itemNonNull ? '!' : ''}]`;
}

/** A value of the document as a GraphQL literal, or undefined where it does not fit the type. */
export function printValue(value: unknown, type: GraphqlType): string | undefined {
  if (type.kind === 'list') {
    if (!Array.isArray(value)) return undefined;
    const items = value.map((item) => printValue(item, type.item));
    return items.includes(undefined) ? undefined : `[${items.join(', ')}]`;
  }
  if (type.kind === 'enum') return [...type.values].find(([, upstream]) => upstream === value)?.[0];
  if (type.kind !== 'scalar') return undefined;
  switch (type.name) {
    case 'ID':
    case 'String':
      return typeof value === 'string' ? printString(value) : undefined;
    case 'Int':
      return Number.isInteger(value) && value === Number(value) && (value | 0) === value ? String(value) : undefined;
    case 'Int64':
      return Number.isSafeInteger(value) ? String(value) : undefined;
    case 'Float':
      return typeof value === 'number' && Number.isFinite(value) ? String(value) : undefined;
    case 'Boolean':
      return typeof value === 'boolean' ? String(value) : undefined;
    case 'JSON':
    case 'Upload':
      return undefined;
  }
}

/** The whole SDL of a source: root types first, then types by name, then scalars. */
export function printSdl(fields: readonly RootField[], types: readonly NamedType[]): string {
  const sorted = [...types].sort((a, b) => (a.name < b.name ? -1 : 1));
  const interfaces = interfacesOf(sorted);
  const body = [
    ...(['Query', 'Mutation'] as const).map((parent) => printRoot(parent, fields)),
    ...sorted.map((type) => printNamed(type, interfaces)),
  ]
    .filter((text) => text !== '')
    .join('\n\n');
  const used = scalarsOf(fields, sorted);
  const scalars = (['JSON', 'Int64', 'Upload'] as const).filter((name) => used.has(name));
  return [body, ...scalars.map((name) => `scalar ${name}`)].join('\n\n');
}

type Interfaces = ReadonlyMap<ObjectType, readonly string[]>;

/** An interface without fields in common is a union. */
function isInterface(type: NamedType): type is UnionType & { readonly fields: ObjectField[] } {
  return type.kind === 'union' && type.fields !== undefined && type.fields.length > 0;
}

function interfacesOf(types: readonly NamedType[]): Interfaces {
  const found = new Map<ObjectType, string[]>();
  for (const type of types) {
    if (!isInterface(type)) continue;
    for (const member of type.members) {
      const known = found.get(member);
      if (known === undefined) found.set(member, [type.name]);
      else known.push(type.name);
    }
  }
  return found;
}

function printNamed(type: NamedType, interfaces: Interfaces): string {
  if (type.kind === 'enum') return printEnum(type);
  const description = printDescription(type.description, '');
  if (isInterface(type)) {
    return `${description}interface ${type.name} {\n${type.fields.map((field) => printField(field, false)).join('\n')}\n}`;
  }
  if (type.kind === 'union') {
    return `${description}union ${type.name} = ${type.members.map(({ name }) => name).join(' | ')}`;
  }
  return printObject(type, interfaces.get(type) ?? []);
}

function printRoot(parent: RootField['parent'], all: readonly RootField[]): string {
  const fields = all.filter((field) => field.parent === parent);
  if (fields.length === 0) return '';
  const lines = fields.map((field) => {
    const head = `${printDescription(field.description, '  ')}  ${field.name}`;
    return `${head}${printArguments(field.arguments)}: ${printType(field.type)}${printDeprecated(field.deprecated)}`;
  });
  return `type ${parent} {\n${lines.join('\n')}\n}`;
}

function printArguments(all: readonly Argument[]): string {
  if (all.length === 0) return '';
  const lines = all.map((argument) => {
    const literal = argument.defaultValue === undefined ? undefined : printValue(argument.defaultValue, argument.type);
    const type = `${printType(argument.type)}${argument.nonNull ? '!' : ''}`;
    const end = `${literal === undefined ? '' : ` = ${literal}`}`;
    // GraphQL does not allow a required argument to be deprecated.
    const deprecated = printDeprecated(argument.deprecated && (!argument.nonNull || literal !== undefined));
    return `${printDescription(argument.description, '    ')}    ${argument.name}: ${type}${end}${deprecated}`;
  });
  return `(\n${lines.join('\n')}\n  )`;
}

function printObject(type: ObjectType, interfaces: readonly string[]): string {
  const keyword = type.kind === 'input' ? 'input' : 'type';
  const more = type.oneOf === true ? ' @oneOf' : interfaces.length > 0 ? ` implements ${interfaces.join(' & ')}` : '';
  const lines = type.fields.map((field) => printField(field, type.kind === 'input'));
  return `${printDescription(type.description, '')}${keyword} ${type.name}${more} {\n${lines.join('\n')}\n}`;
}

function printField(field: ObjectField, isInput: boolean): string {
  const type = `${printType(field.type)}${field.nonNull ? '!' : ''}`;
  const deprecated = printDeprecated(field.deprecated && !(isInput && field.nonNull));
  return `${printDescription(field.description, '  ')}  ${field.name}: ${type}${deprecated}`;
}

/** A value that has another name in the graph is described by its own. */
function printEnum(type: EnumType): string {
  const lines = [...type.values].map(([name, value]) =>
    name === value ? `  ${name}` : `${printDescription(String(value) || '(empty)', '  ')}  ${name}`,
  );
  return `${printDescription(type.description, '')}enum ${type.name} {\n${lines.join('\n')}\n}`;
}

function printDeprecated(deprecated: boolean): string {
  return deprecated ? ' @deprecated' : '';
}

function printDescription(description: string | undefined, indent: string): string {
  const text = description?.trim();
  if (text === undefined || text === '') return '';
  if (!text.includes('\n')) return `${indent}${printString(text)}\n`;
  const block = print({ kind: Kind.STRING, value: wellFormed(text).replace(/\r\n?/g, '\n'), block: true });
  return `${block.replace(/^(?=.)/gm, indent)}\n`;
}

function printString(text: string): string {
  return JSON.stringify(wellFormed(text));
}

/** Half characters, which GraphQL does not allow, become U+FFFD. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

function scalarsOf(fields: readonly RootField[], types: readonly NamedType[]): ReadonlySet<ScalarName> {
  const used = new Set<ScalarName>();
  const add = (type: GraphqlType): void => {
    if (type.kind === 'list') add(type.item);
    else if (type.kind === 'scalar') used.add(type.name);
  };
  for (const field of fields) {
    add(field.type);
    for (const argument of field.arguments) add(argument.type);
  }
  for (const type of types) {
    if (type.kind === 'object' || type.kind === 'input') for (const field of type.fields) add(field.type);
  }
  return used;
}
