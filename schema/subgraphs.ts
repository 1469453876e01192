import {
  type ConstDirectiveNode,
  type DefinitionNode,
  type DocumentNode,
  Kind,
  type ObjectTypeDefinitionNode,
  type ObjectTypeExtensionNode,
  parse,
} from 'graphql';
import { EMPTY_QUERY, EMPTY_QUERY_SDL } from './empty-query.ts';
import { coordinateOf } from './link-chains.ts';
import { createStubs, entityNames, fieldSdl, leavesOf, printStubs } from './link-stubs.ts';
import type { Link } from './links.ts';
import type { Merge } from './merges.ts';
import type { Ownership } from './ownership.ts';

const FEDERATION_IMPORT =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@requires", "@external", "@shareable"])';

/**
 * One source as a federation subgraph: its own SDL, and what links and merges add to it. Plain data, which can be handed
 * to another process.
 */
export interface Subgraph {
  readonly name: string;
  /** Without federation's directives. */
  readonly sdl: string;
  /** With them: of a federation subgraph. */
  readonly federationSdl: string | undefined;
  /** SDL of types that the source does not have: those that links to it extend, with federation's directives and without. */
  readonly stubs: string;
  readonly plainStubs: string;
  /** Types of other sources that are asked for here by their keys. */
  readonly entities: readonly string[];
  /** Type → the fields by which other sources take its objects, for each of them. */
  readonly keys: ReadonlyMap<string, readonly ReadonlySet<string>[]>;
  /** Types of its own of which links read what is nested in them. */
  readonly read: ReadonlySet<string>;
  /** Type → SDL of the fields that links to its own source add. */
  readonly ownLinks: ReadonlyMap<string, string>;
  readonly merges: ReadonlyMap<string, MergedType>;
}

interface MergedType {
  readonly key: string | undefined;
  /** Whether the source can be asked for its objects by the key. */
  readonly resolvable: boolean;
}

/**
 * Makes a federation subgraph of every source. A link becomes a field of an entity stub in its target, keyed by what it
 * reads from the parent; so one composer finds every conflict and one planner knows every way.
 */
export function createSubgraphs(
  ownership: Ownership,
  links: readonly Link[],
  merges: ReadonlyMap<string, Merge>,
): readonly Subgraph[] {
  return [...ownership.sources.values()].map(({ source: { name, model } }) => {
    const stubs = createStubs(name, ownership, links);
    const hasEmptyQuery =
      ownership.rootFields.get(EMPTY_QUERY) === name && ownership.rootField(name, EMPTY_QUERY) === undefined;
    const added = leavesOf(stubs, name, ownership) + (hasEmptyQuery ? EMPTY_QUERY_SDL : '');
    const merged = [...merges.values()].filter(({ sources }) => sources.has(name));
    const asked = merged.filter(({ sources }) => sources.get(name) !== undefined).map(({ typeName }) => typeName);
    const isFederated = model.federation !== undefined;
    return {
      name,
      sdl: model.sdl,
      federationSdl: model.federation?.sdl,
      stubs: printStubs(stubs, true) + added,
      plainStubs: printStubs(stubs, false) + added,
      entities: [...entityNames(stubs), ...asked],
      keys: keysOf(name, links),
      read: typesRead(name, links, ownership),
      ownLinks: ownLinksOf(name, links),
      merges: new Map(
        isFederated
          ? []
          : merged.map(({ typeName, key }) => [typeName, { key, resolvable: asked.includes(typeName) }] as const),
      ),
    };
  });
}

/** A federation subgraph as it is, without links. */
export function createFederatedSubgraph(name: string, federationSdl: string, stubs = ''): Subgraph {
  const nothing = {
    plainStubs: '',
    entities: [],
    keys: new Map(),
    read: new Set<string>(),
    ownLinks: new Map(),
    merges: new Map(),
  };
  return { name, sdl: '', federationSdl, stubs, ...nothing };
}

/** SDL with federation directives, for the composer. */
export function composedDocument({ sdl, federationSdl, stubs, ...added }: Subgraph): DocumentNode {
  const own =
    federationSdl === undefined ? [...parseSdl(FEDERATION_IMPORT), ...parseSdl(sdl)] : parseSdl(federationSdl);
  const keyed = own.map((definition) =>
    withOwnLinks(withKeys(withMerge(definition, added.merges), added), added.ownLinks),
  );
  return documentOf([...keyed, ...parseSdl(stubs)]);
}

/** SDL without federation directives but with `Query._entities`, for the local executor behind the stitched schema. */
export function executableDocument({ sdl, plainStubs, entities, ownLinks }: Subgraph): DocumentNode {
  const all = [...parseSdl(sdl).map((definition) => withOwnLinks(definition, ownLinks)), ...parseSdl(plainStubs)];
  const hasQuery = all.some((definition) => 'name' in definition && definition.name?.value === 'Query');
  return documentOf([...all, ...parseSdl(entitiesSdl(entities, hasQuery))]);
}

function entitiesSdl(entities: readonly string[], hasQuery: boolean): string {
  if (entities.length === 0) return hasQuery ? '' : 'type Query { _empty: Boolean }\n';
  const keyword = hasQuery ? 'extend type' : 'type';
  return `scalar _Any\nunion _Entity = ${entities.join(' | ')}\n${keyword} Query { _entities(representations: [_Any!]!): [_Entity]! }\n`;
}

/** A merged type: its objects are recognised by the key, and every source may say its fields. */
function withMerge(definition: DefinitionNode, merges: Subgraph['merges']): DefinitionNode {
  if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION) return definition;
  const merge = merges.get(definition.name.value);
  if (merge === undefined) return definition;
  const resolvable = merge.resolvable ? '' : ', resolvable: false';
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

/** What links to each other source read of a type: that source takes its objects by it. */
function keysOf(owner: string, links: readonly Link[]): Subgraph['keys'] {
  const types = new Map<string, Map<string, Set<string>>>();
  for (const { typeName, target, key } of links) {
    if (target === owner) continue;
    const targets = types.get(typeName) ?? new Map<string, Set<string>>();
    types.set(typeName, targets.set(target, new Set([...(targets.get(target) ?? []), ...key])));
  }
  return new Map([...types].map(([typeName, targets]) => [typeName, [...targets.values()]]));
}

/** Which types of a source have fields with selections, or of links to the source itself, that links to others read. */
function typesRead(name: string, links: readonly Link[], ownership: Ownership): ReadonlySet<string> {
  // A federation subgraph says itself by which keys it can be asked.
  const isAsked = ownership.federated.has(name);
  const added = new Set(links.filter(({ target }) => target === name && !isAsked).map(coordinateOf));
  const found = links.filter(
    ({ typeName, requires }) =>
      ownership.has(name, typeName) &&
      [...requires.keys()].some(
        (field) => ownership.fieldIn(name, typeName, field) !== undefined || added.has(`${typeName}.${field}`),
      ),
  );
  return new Set(found.map(({ typeName }) => typeName));
}

function withKeys(
  definition: DefinitionNode,
  { keys: keysByType, read }: Pick<Subgraph, 'keys' | 'read'>,
): DefinitionNode {
  if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.OBJECT_TYPE_EXTENSION)
    return definition;
  const all = keysByType.get(definition.name.value) ?? [];
  const keys = new Set(all.filter((key) => canHaveKey(definition, key)).map((key) => [...key].join(' ')));
  if (keys.size === 0) return definition;
  // The composer wants to know a way back to what is required. None is gone: it comes with the object.
  const resolvable = read.has(definition.name.value) ? '' : ', resolvable: false';
  const directives = [...keys].map((key): ConstDirectiveNode => directive(`@key(fields: "${key}"${resolvable})`));
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
function ownLinksOf(owner: string, links: readonly Link[]): Subgraph['ownLinks'] {
  const fields = new Map<string, string>();
  for (const link of links) {
    if (link.target !== owner) continue;
    fields.set(link.typeName, `${fields.get(link.typeName) ?? ''}${fieldSdl(link)}\n`);
  }
  return fields;
}

function withOwnLinks(definition: DefinitionNode, ownLinks: Subgraph['ownLinks']): DefinitionNode {
  if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.OBJECT_TYPE_EXTENSION)
    return definition;
  const sdl = ownLinks.get(definition.name.value);
  if (sdl === undefined) return definition;
  const [added] = parseSdl(`type T { ${sdl} }`);
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
