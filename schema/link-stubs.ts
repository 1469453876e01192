import {
  getNamedType,
  isEnumType,
  isObjectType,
  isScalarType,
  Kind,
  print,
  printType,
  type SelectionSetNode,
  specifiedScalarTypes,
} from 'graphql';
import { parseTypeName } from './fetch/selection-text.ts';
import { coordinateOf, mergeReads, printReads } from './link-chains.ts';
import type { Link } from './links.ts';
import type { Ownership } from './ownership.ts';

interface StubField {
  readonly sdl: string;
  readonly directives: string;
}

/** Types of other sources as one subgraph sees them: the keys it takes, the fields its links add. */
export type Stubs = Map<string, { key: Set<string>; fields: Map<string, StubField> }>;

/** What links to a source need of types that it does not have. */
export function createStubs(name: string, ownership: Ownership, links: readonly Link[]): Stubs {
  const stubs: Stubs = new Map();
  const byCoordinate = new Map(links.map((link) => [coordinateOf(link), link]));
  const stub = (typeName: string) => {
    const existing = stubs.get(typeName);
    if (existing !== undefined) return existing;
    const created = { key: new Set<string>(), fields: new Map<string, StubField>() };
    stubs.set(typeName, created);
    return created;
  };
  for (const link of links) {
    if (link.target !== name || ownership.has(name, link.typeName)) continue;
    const entity = stub(link.typeName);
    for (const field of link.key) {
      entity.key.add(field);
      entity.fields.set(field, { sdl: `${field}: ${ownership.field(link.typeName, field)?.type}`, directives: '' });
    }
    const required = requiredOfOthers(link, byCoordinate);
    entity.fields.set(link.fieldName, {
      sdl: fieldSdl(link),
      directives: required.size === 0 ? '' : ` @requires(fields: ${JSON.stringify(printReads(required))})`,
    });
    for (const [field, selection] of required) {
      const read = byCoordinate.get(`${link.typeName}.${field}`);
      const type = read?.type ?? ownership.field(link.typeName, field)?.type.toString();
      if (type === undefined) continue;
      const sdl = read === undefined ? `${field}: ${type}` : fieldSdl(read);
      entity.fields.set(field, { sdl, directives: ' @external' });
      if (selection === undefined) continue;
      addExternal(parseTypeName(type), selection, ownership, (typeName, fieldName, sdl) => {
        // A type that the source has as well is no stub.
        if (!ownership.has(name, typeName)) stub(typeName).fields.set(fieldName, { sdl, directives: ' @external' });
      });
    }
  }
  return stubs;
}

/**
 * What must be known of an object before a link can be followed. A link of the same target that it reads is followed
 * there, which takes what that one requires: a field that a subgraph resolves can be no `@external` one of it.
 */
function requiredOfOthers(
  link: Link,
  byCoordinate: ReadonlyMap<string, Link>,
  required = new Map<string, SelectionSetNode | undefined>(),
): ReadonlyMap<string, SelectionSetNode | undefined> {
  for (const [field, selection] of link.requires) {
    const read = byCoordinate.get(`${link.typeName}.${field}`);
    const known = required.get(field);
    if (read?.target === link.target) requiredOfOthers(read, byCoordinate, required);
    else required.set(field, known && selection ? mergeReads(known, selection) : selection);
  }
  return required;
}

function addExternal(
  typeName: string,
  selection: SelectionSetNode,
  ownership: Ownership,
  add: (typeName: string, fieldName: string, sdl: string) => void,
): void {
  for (const node of selection.selections) {
    if (node.kind !== Kind.FIELD) continue;
    const field = ownership.field(typeName, node.name.value);
    if (field === undefined) continue;
    const args = field.args.map((argument) => `${argument.name}: ${argument.type}`).join(', ');
    add(typeName, field.name, `${field.name}${args === '' ? '' : `(${args})`}: ${field.type}`);
    const named = getNamedType(field.type);
    if (node.selectionSet !== undefined && isObjectType(named))
      addExternal(named.name, node.selectionSet, ownership, add);
  }
}

/** The field that a link adds. */
export function fieldSdl(link: Link): string {
  const description = link.description === undefined ? '' : `${JSON.stringify(link.description)} `;
  const args = link.exposed.map((argument) =>
    argument.astNode == null ? `${argument.name}: ${argument.type}` : print(argument.astNode),
  );
  return `${description}${link.fieldName}${args.length === 0 ? '' : `(${args.join(' ')})`}: ${link.type}`;
}

export function printStubs(stubs: Stubs, federated: boolean): string {
  return [...stubs]
    .map(([typeName, { key, fields }]) => {
      const head = federated && key.size > 0 ? ` @key(fields: "${[...key].join(' ')}")` : '';
      const body = [...fields.values()].map((field) => `  ${field.sdl}${federated ? field.directives : ''}`);
      return `type ${typeName}${head} {\n${body.join('\n')}\n}\n`;
    })
    .join('');
}

/** Scalars and enums that stubs name and the source itself does not declare. */
export function leavesOf(stubs: Stubs, source: string, ownership: Ownership): string {
  const added = new Set<string>();
  const text: string[] = [];
  for (const name of printStubs(stubs, false).match(/\b[A-Za-z_]\w*\b/g) ?? []) {
    if (ownership.has(source, name) || added.has(name) || stubs.has(name)) continue;
    const type = [...ownership.sources.values()]
      .map(({ schema }) => schema.getType(name))
      .find((found) => found !== undefined);
    const isOwnScalar = isScalarType(type) && !specifiedScalarTypes.some((scalar) => scalar.name === name);
    if (!isOwnScalar && !isEnumType(type)) continue;
    added.add(name);
    text.push(isOwnScalar ? `scalar ${name}\n` : `${printType(type)}\n`);
  }
  return text.join('');
}

export function entityNames(stubs: Stubs): string[] {
  return [...stubs].filter(([, { key }]) => key.size > 0).map(([typeName]) => typeName);
}
