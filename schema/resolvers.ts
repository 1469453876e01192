import {
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isAbstractType,
  isEnumType,
  isObjectType,
  isScalarType,
} from 'graphql';
import { runSteps, type Steps } from '../kernel/steps.ts';
import { SCALARS } from '../sources/scalars.ts';
import type { Selected, Source, SourceCall, SourceModel } from '../sources/source.ts';
import { createAliasedCalls } from './aliased-calls.ts';
import { createLinkResolver, type GraphReader, type ParentReader } from './link-resolver.ts';
import type { Link } from './links.ts';
import { type Ownership, ROOT_TYPES } from './ownership.ts';
import type { GraphContext } from './request-context.ts';

export type Resolver = (
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
  /** Reads a key from the parent of a link: from the source's own result, or from an entity representation. */
  readonly readParent: (link: Link) => ParentReader;
  /** Reads what a link wants from the graph. */
  readonly readGraph: (link: Link) => GraphReader | undefined;
  /** The parent of a link, when what the link reads must be fetched first. */
  readonly readNeeds?: (link: Link) => NeedsReader;
  /** What a call that uses selections is told of the one below its field. */
  readonly selection: (typeName: string, link?: Link) => (info: GraphQLResolveInfo) => Selected | undefined;
  /** Resolvers of fields that no source has on the type itself, by type and field. */
  readonly addedFields?: ReadonlyMap<string, ReadonlyMap<string, Resolver>>;
  /** Puts something before a root field's own resolver. */
  readonly wrapCall?: (coordinate: string, call: SourceCall, resolve: Resolver) => Resolver;
  /** The resolver of a plain field of a source that takes selections; undefined where the value stands under its name. */
  readonly fieldResolver: (
    source: Source,
    schema: GraphQLSchema,
    typeName: string,
    fieldName: string,
  ) => Resolver | undefined;
}

/** The values a link reads, by field; undefined when the parent itself has them. */
export type NeedsReader = (
  parent: unknown,
  context: GraphContext,
  info: GraphQLResolveInfo,
) => Promise<Readonly<Record<string, unknown>>> | undefined;

/**
 * The resolvers of the given sources and links: the same for the direct schema, which takes all of them, and for the
 * subgraph of one source behind the stitched schema.
 */
export function createResolvers(options: ResolverOptions): Resolvers {
  return runSteps(resolverSteps(options));
}

/** The same in steps. */
export function* resolverSteps(options: ResolverOptions): Steps<Resolvers> {
  const { sources, links } = options;
  const resolvers: Record<string, Record<string, unknown>> = Object.create(null);
  const put = (typeName: string, fieldName: string, value: unknown) => {
    resolvers[typeName] ??= Object.create(null) as Record<string, unknown>;
    (resolvers[typeName] as Record<string, unknown>)[fieldName] = value;
  };
  const scalars = new Set<string>();

  for (const source of sources) {
    const { model } = source;
    const schema = options.ownership.sources.get(source.name)?.schema;
    if (schema === undefined) continue;
    for (const type of Object.values(schema.getTypeMap())) {
      yield;
      if (type.name.startsWith('__')) continue;
      if (isScalarType(type) && Object.hasOwn(SCALARS, type.name)) scalars.add(type.name);
      if (isEnumType(type)) {
        for (const [name, value] of Object.entries(model.enumValues?.get(type.name) ?? {})) put(type.name, name, value);
      }
      if (isAbstractType(type)) put(type.name, '__resolveType', createTypeResolver(model, type.name));
      if (!isObjectType(type) || (ROOT_TYPES as readonly string[]).includes(type.name)) continue;
      for (const field of Object.values(type.getFields())) {
        const resolver = plainResolver(source, schema, type.name, field.name, options);
        if (resolver !== undefined) put(type.name, field.name, resolver);
      }
    }
    for (const [coordinate, call] of model.calls) {
      if (options.ownership.rootFields.get(coordinate) !== source.name) continue;
      const [typeName, fieldName] = coordinate.split('.') as [string, string];
      put(typeName, fieldName, createCallResolver(coordinate, call, options));
      yield;
    }
  }
  for (const [typeName, fields] of options.addedFields ?? [])
    for (const [fieldName, resolver] of fields) put(typeName, fieldName, resolver);
  for (const link of links) {
    const resolver = linkResolver(link, options);
    if (resolver !== undefined) put(link.typeName, link.fieldName, resolver);
  }
  for (const name of scalars) resolvers[name] = SCALARS[name as keyof typeof SCALARS] as never;
  return resolvers;
}

function plainResolver(
  source: Source,
  schema: GraphQLSchema,
  typeName: string,
  fieldName: string,
  options: ResolverOptions,
): unknown {
  // Of a type of several sources, the plan knows which of them made the object, and what makes the value of it.
  const planned = options.fieldResolver(source, schema, typeName, fieldName);
  if (planned !== undefined) return planned;
  const value = source.model.values?.get(`${typeName}.${fieldName}`);
  if (value !== undefined) return value;
  const property = source.model.properties?.get(`${typeName}.${fieldName}`);
  if (property === undefined) return undefined;
  return (parent: object) =>
    Object.hasOwn(parent, property) ? (parent as Record<string, unknown>)[property] : undefined;
}

/** Which of its object types a value of an interface or union is, in the graph's words. */
function createTypeResolver(model: SourceModel, typeName: string): (value: unknown) => string | undefined {
  const own = model.typeOf?.get(typeName);
  if (own !== undefined) return own;
  const graphNames = new Map([...(model.upstreamNames?.types ?? [])].map(([name, upstream]) => [upstream, name]));
  return (value) => {
    const name = (value as { readonly __typename?: unknown } | null)?.__typename;
    return typeof name === 'string' ? (graphNames.get(name) ?? name) : undefined;
  };
}

function createCallResolver(coordinate: string, call: SourceCall, options: ResolverOptions): unknown {
  const [typeName] = coordinate.split('.') as [string];
  const select = call.usesSelection === true ? options.selection(typeName) : () => undefined;
  if (call.type === 'stream') {
    const subscribe: Resolver = (_parent, args, context, info) => call.open(args, context.call, select(info));
    return { subscribe, resolve: options.wrapCall?.(coordinate, call, takeEvent) ?? takeEvent };
  }
  const resolve: Resolver = (_parent, args, context, info) => call.invoke(args, context.call, select(info));
  return options.wrapCall?.(coordinate, call, resolve) ?? resolve;
}

function callManyOf(link: Link, ownership: Ownership) {
  const source = ownership.sources.get(link.target)?.source;
  const call = ownership.call(link.call, link.target);
  const field = ownership.rootField(link.target, link.call);
  if (source === undefined || call?.type !== 'unary' || field === undefined) return undefined;
  return createAliasedCalls(source, call, link.call, field.args);
}

const takeEvent: Resolver = (event) => event;

function linkResolver(link: Link, options: ResolverOptions): unknown {
  const call = options.ownership.call(link.call, link.target);
  const field = options.ownership.rootField(link.target, link.call);
  if (call?.type !== 'unary' || field === undefined) return undefined;
  return createLinkResolver({
    link,
    call,
    callArguments: field.args,
    owner: options.ownership.types.get(link.typeName),
    readParent: options.readParent(link),
    readGraph: options.readGraph(link),
    readNeeds: options.readNeeds?.(link),
    callMany: callManyOf(link, options.ownership),
    select: call.usesSelection === true ? options.selection(link.typeName, link) : undefined,
  });
}
