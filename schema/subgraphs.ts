import {
  type ConstDirectiveNode,
  type DefinitionNode,
  type DocumentNode,
  getNamedType,
  isEnumType,
  isObjectType,
  isScalarType,
  Kind,
  type ObjectTypeDefinitionNode,
  type ObjectTypeExtensionNode,
  parse,
  print,
  printType,
  type SelectionSetNode,
  specifiedScalarTypes,
} from 'graphql';
import type { Link } from './links.ts';
import type { Merge } from './merges.ts';
import type { Ownership } from './ownership.ts';

const FEDERATION_IMPORT =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@requires", "@external", "@shareable"])';

/** One source as a federation subgraph: its own SDL, and the types that links to it extend. */
export interface Subgraph {
  readonly name: string;
  /** SDL with federation directives, for the composer. */
  readonly document: DocumentNode;
  /** SDL without them but with `Query._entities`, for the local executor behind the stitched schema. */
  readonly executable: DocumentNode;
}

interface StubField {
  readonly sdl: string;
  readonly directives: string;
}

/** Types of other sources as one subgraph sees them: the keys it takes, the fields its links add. */
type Stubs = Map<string, { key: Set<string>; fields: Map<string, StubField> }>;

/**
 * Writes every source as a federation subgraph. A link becomes a field of an entity stub in its target, keyed by what it
 * reads from the parent; so one composer finds every conflict and one planner knows every way.
 */
export function createSubgraphs(
  ownership: Ownership,
  links: readonly Link[],
  merges: ReadonlyMap<string, Merge>,
): readonly Subgraph[] {
  return [...ownership.sources.values()].map(({ source }) => {
    const stubs = stubsFor(source.name, ownership, links);
    const own = parse(source.model.sdl, { noLocation: true }).definitions;
    const composed =
      source.model.federation === undefined
        ? [...parseSdl(FEDERATION_IMPORT), ...own]
        : parse(source.model.federation.sdl, { noLocation: true }).definitions;
    const isFederated = source.model.federation !== undefined;
    const keyed = composed.map((definition) => {
      const merged = isFederated ? definition : withMerge(definition, source.name, merges);
      return withOwnLinks(withKeys(merged, source.name, links), source.name, links);
    });
    const asked = [...merges.values()].filter(({ sources }) => sources.get(source.name) !== undefined);
    const declared = new Set(
      own.flatMap((definition) => ('name' in definition && definition.name ? [definition.name.value] : [])),
    );
    const leaves = leavesOf(stubs, declared, ownership);
    return {
      name: source.name,
      document: documentOf([...keyed, ...parseSdl(printStubs(stubs, true) + leaves)]),
      executable: documentOf([
        ...own.map((definition) => withOwnLinks(definition, source.name, links)),
        ...parseSdl(
          printStubs(stubs, false) +
            leaves +
            entitiesSdl([...entityNames(stubs), ...asked.map(({ typeName }) => typeName)], declared),
        ),
      ]),
    };
  });
}

function stubsFor(name: string, ownership: Ownership, links: readonly Link[]): Stubs {
  const stubs: Stubs = new Map();
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
    const requires = [...link.requires].map(([field, selection]) => `${field} ${print(selection)}`).join(' ');
    entity.fields.set(link.fieldName, {
      sdl: fieldSdl(link),
      directives: requires === '' ? '' : ` @requires(fields: ${JSON.stringify(requires.replace(/\s+/g, ' '))})`,
    });
    for (const [field, selection] of link.requires) {
      const required = links.find((other) => other.typeName === link.typeName && other.fieldName === field);
      if (required === undefined) continue;
      entity.fields.set(field, { sdl: fieldSdl(required), directives: ' @external' });
      addExternal(parseTypeName(required.type), selection, ownership, (typeName, fieldName, sdl) =>
        stub(typeName).fields.set(fieldName, { sdl, directives: ' @external' }),
      );
    }
  }
  return stubs;
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

/** `[Review!]` → `Review`. */
function parseTypeName(type: string): string {
  return type.replace(/[[\]!]/g, '');
}

function fieldSdl(link: Link): string {
  const description = link.description === undefined ? '' : `${JSON.stringify(link.description)} `;
  const args = link.exposed.map((argument) =>
    argument.astNode == null ? `${argument.name}: ${argument.type}` : print(argument.astNode),
  );
  return `${description}${link.fieldName}${args.length === 0 ? '' : `(${args.join(' ')})`}: ${link.type}`;
}

function printStubs(stubs: Stubs, federated: boolean): string {
  return [...stubs]
    .map(([typeName, { key, fields }]) => {
      const head = federated && key.size > 0 ? ` @key(fields: "${[...key].join(' ')}")` : '';
      const body = [...fields.values()].map((field) => `  ${field.sdl}${federated ? field.directives : ''}`);
      return `type ${typeName}${head} {\n${body.join('\n')}\n}\n`;
    })
    .join('');
}

/** Scalars and enums that stubs name and the source itself does not declare. */
function leavesOf(stubs: Stubs, declared: ReadonlySet<string>, ownership: Ownership): string {
  const added = new Set<string>();
  const text: string[] = [];
  for (const name of printStubs(stubs, false).match(/\b[A-Za-z_]\w*\b/g) ?? []) {
    if (declared.has(name) || added.has(name) || stubs.has(name)) continue;
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

function entityNames(stubs: Stubs): string[] {
  return [...stubs].filter(([, { key }]) => key.size > 0).map(([typeName]) => typeName);
}

function entitiesSdl(entities: readonly string[], declared: ReadonlySet<string>): string {
  if (entities.length === 0) return declared.has('Query') ? '' : 'type Query { _empty: Boolean }\n';
  const keyword = declared.has('Query') ? 'extend type' : 'type';
  return `scalar _Any\nunion _Entity = ${entities.join(' | ')}\n${keyword} Query { _entities(representations: [_Any!]!): [_Entity]! }\n`;
}

/** A merged type: its objects are recognised by the key, and every source may say its fields. */
function withMerge(definition: DefinitionNode, source: string, merges: ReadonlyMap<string, Merge>): DefinitionNode {
  if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION) return definition;
  const merge = merges.get(definition.name.value);
  if (merge === undefined || !merge.sources.has(source)) return definition;
  const resolvable = merge.sources.get(source) === undefined ? ', resolvable: false' : '';
  const keys = merge.key === undefined ? [] : [directive(`@key(fields: "${merge.key}"${resolvable})`)];
  const shareable = directive('@shareable');
  return {
    ...definition,
    directives: [...(definition.directives ?? []), ...keys],
    fields: (definition.fields ?? []).map((field) => ({
      ...field,
      directives: [...(field.directives ?? []), shareable],
    })),
  };
}

function withKeys(definition: DefinitionNode, owner: string, links: readonly Link[]): DefinitionNode {
  if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.OBJECT_TYPE_EXTENSION)
    return definition;
  const keys = new Set<string>();
  const targets = new Map<string, Set<string>>();
  for (const link of links) {
    if (link.typeName !== definition.name.value || link.target === owner) continue;
    const key = targets.get(link.target) ?? new Set<string>();
    for (const field of link.key) key.add(field);
    targets.set(link.target, key);
  }
  for (const key of targets.values()) if (canHaveKey(definition, key)) keys.add([...key].join(' '));
  const directives = [...keys].map((key): ConstDirectiveNode => directive(`@key(fields: "${key}", resolvable: false)`));
  return { ...definition, directives: [...(definition.directives ?? []), ...directives] };
}

/** A federation subgraph may have the key already, or only borrow its fields from others. */
function canHaveKey(definition: ObjectTypeDefinitionNode | ObjectTypeExtensionNode, key: ReadonlySet<string>): boolean {
  const fieldSet = [...key].sort().join(' ');
  const has = definition.directives?.some(
    ({ name, arguments: given }) =>
      name.value === 'key' &&
      given?.some(
        ({ value }) => value.kind === Kind.STRING && value.value.trim().split(/\s+/).sort().join(' ') === fieldSet,
      ),
  );
  if (has === true) return false;
  return [...key].every((name) => {
    const field = definition.fields?.find((candidate) => candidate.name.value === name);
    return field !== undefined && !field.directives?.some((used) => used.name.value === 'external');
  });
}

/** A link from a type to its own source needs no jump: it is one more field. */
function withOwnLinks(definition: DefinitionNode, owner: string, links: readonly Link[]): DefinitionNode {
  if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.OBJECT_TYPE_EXTENSION)
    return definition;
  const own = links.filter((link) => link.typeName === definition.name.value && link.target === owner);
  if (own.length === 0) return definition;
  const [added] = parseSdl(`type T { ${own.map(fieldSdl).join('\n')} }`);
  const fields = added?.kind === Kind.OBJECT_TYPE_DEFINITION ? (added.fields ?? []) : [];
  return { ...definition, fields: [...(definition.fields ?? []), ...fields] };
}

function directive(text: string): ConstDirectiveNode {
  const [definition] = parseSdl(`scalar S ${text}`);
  const node = definition?.kind === Kind.SCALAR_TYPE_DEFINITION ? definition.directives?.[0] : undefined;
  if (node === undefined) throw new Error(`not a directive: ${text}`);
  return node;
}

function parseSdl(sdl: string): readonly DefinitionNode[] {
  return sdl.trim() === '' ? [] : parse(sdl, { noLocation: true }).definitions;
}

function documentOf(definitions: readonly DefinitionNode[]): DocumentNode {
  return { kind: Kind.DOCUMENT, definitions };
}
