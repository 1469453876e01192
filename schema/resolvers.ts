import { type FieldNode, type GraphQLResolveInfo, isEnumType, isObjectType, isScalarType } from 'graphql';
import { SCALARS } from '../sources/scalars.ts';
import type { Selected, Source, SourceCall } from '../sources/source.ts';
import { createLinkResolver, type GraphReader, type ParentReader } from './link-resolver.ts';
import type { Link } from './links.ts';
import { type Ownership, ROOT_TYPES } from './ownership.ts';
import type { GraphContext } from './request-context.ts';
import { createSelector, type LinkLookup, responseKeyOf } from './selections.ts';

type Resolver = (
  parent: unknown,
  args: Readonly<Record<string, unknown>>,
  context: GraphContext,
  info: GraphQLResolveInfo,
) => unknown;
/** As `makeExecutableSchema` takes them: type → field → resolver, enum → value → internal value, scalar → type. */
export type Resolvers = Record<string, unknown>;

export interface ResolverOptions {
  readonly ownership: Ownership;
  /** The sources and links that are resolved here. */
  readonly sources: readonly Source[];
  readonly links: readonly Link[];
  /** All links of the graph: a source is not asked for the fields they add. */
  readonly allLinks: readonly Link[];
  /** Reads a key from the parent of a link: from the source's own result, or from an entity representation. */
  readonly readParent: (link: Link) => ParentReader;
  /** Reads what a link wants from the graph. */
  readonly readGraph: (link: Link) => GraphReader | undefined;
}

/**
 * The resolvers of the given sources and links: the same for the direct schema, which takes all of them, and for the
 * subgraph of one source behind the stitched schema.
 */
export function createResolvers(options: ResolverOptions): Resolvers {
  const { sources, links } = options;
  const resolvers: Record<string, Record<string, unknown>> = Object.create(null);
  const put = (typeName: string, fieldName: string, value: unknown) => {
    resolvers[typeName] ??= Object.create(null) as Record<string, unknown>;
    (resolvers[typeName] as Record<string, unknown>)[fieldName] = value;
  };
  const scalars = new Set<string>();
  const linkOf = createLinkLookup(options.allLinks);

  for (const source of sources) {
    const schema = options.ownership.sources.get(source.name)?.schema;
    for (const type of Object.values(schema?.getTypeMap() ?? {})) {
      if (isScalarType(type) && Object.hasOwn(SCALARS, type.name)) scalars.add(type.name);
      if (isEnumType(type)) {
        for (const [name, value] of Object.entries(source.model.enumValues?.get(type.name) ?? {}))
          put(type.name, name, value);
      }
      if (!isObjectType(type) || (ROOT_TYPES as readonly string[]).includes(type.name)) continue;
      for (const field of Object.values(type.getFields())) {
        const property = source.model.properties?.get(`${type.name}.${field.name}`);
        if (property !== undefined)
          put(type.name, field.name, (parent: object) =>
            Object.hasOwn(parent, property) ? (parent as Record<string, unknown>)[property] : undefined,
          );
        else if (source.kind === 'graphql' && field.args.length > 0) put(type.name, field.name, readResponseKey);
      }
    }
    for (const [coordinate, call] of source.model.calls) {
      if (options.ownership.rootFields.get(coordinate) !== source.name) continue;
      const [typeName, fieldName] = coordinate.split('.') as [string, string];
      put(typeName, fieldName, createCallResolver(call, linkOf));
    }
  }
  for (const link of links) {
    const resolver = linkResolver(link, options, linkOf);
    if (resolver !== undefined) put(link.typeName, link.fieldName, resolver);
  }
  return { ...resolvers, ...Object.fromEntries(Object.entries(SCALARS).filter(([name]) => scalars.has(name))) };
}

function createLinkLookup(links: readonly Link[]): LinkLookup {
  const byCoordinate = new Map(links.map((link) => [`${link.typeName}.${link.fieldName}`, link]));
  return (typeName, fieldName) => byCoordinate.get(`${typeName}.${fieldName}`);
}

const readResponseKey: Resolver = (parent, _args, _context, info) =>
  (parent as Record<string, unknown>)[responseKeyOf(info.fieldNodes[0] as FieldNode)];

function createCallResolver(call: SourceCall, linkOf: LinkLookup): unknown {
  const select: (info: GraphQLResolveInfo) => Selected | undefined =
    call.usesSelection === true ? createSelector(linkOf) : () => undefined;
  if (call.type === 'stream') {
    const subscribe: Resolver = (_parent, args, context, info) => call.open(args, context.call, select(info));
    return { subscribe, resolve: (event: unknown) => event };
  }
  const resolve: Resolver = (_parent, args, context, info) => call.invoke(args, context.call, select(info));
  return resolve;
}

function linkResolver(link: Link, options: ResolverOptions, linkOf: LinkLookup): unknown {
  const call = options.ownership.call(link.call);
  const field = options.ownership.rootField(link.target, link.call);
  if (call?.type !== 'unary' || field === undefined) return undefined;
  return createLinkResolver({
    link,
    call,
    callArguments: field.args,
    owner: options.ownership.types.get(link.typeName),
    readParent: options.readParent(link),
    readGraph: options.readGraph(link),
    select: call.usesSelection === true ? createSelector(linkOf, link) : undefined,
  });
}
