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

/** Resolvers of one type by field; of an interface or union `__resolveType` as well, of an enum its internal values. */
export type ResolversOf = (typeName: string) => Steps<Readonly<Record<string, unknown>>>;

/**
 * The resolvers of the given sources and links: the same for the direct schema, which takes all of them type by type, and
 * for the subgraph of one source behind the stitched schema.
 */
export function createResolvers(options: ResolverOptions): Resolvers {
  const { sources, links, ownership, addedFields } = options;
  const resolversOf = createResolversOf(options);
  const names = new Set<string>();
  const resolvers: Resolvers = Object.create(null);
  for (const { name } of sources) {
    for (const type of Object.values(ownership.sources.get(name)?.schema.getTypeMap() ?? {})) {
      if (type.name.startsWith('__')) continue;
      if (!isScalarType(type)) names.add(type.name);
      else if (Object.hasOwn(SCALARS, type.name)) resolvers[type.name] = SCALARS[type.name as keyof typeof SCALARS];
    }
  }
  for (const typeName of addedFields?.keys() ?? []) names.add(typeName);
  for (const { typeName } of links) names.add(typeName);
  for (const name of names) {
    const own = runSteps(resolversOf(name));
    if (Object.keys(own).length > 0) resolvers[name] = own;
  }
  return resolvers;
}

/** The same for a type at a time. */
export function createResolversOf(options: ResolverOptions): ResolversOf {
  const linksOf = new Map<string, Link[]>();
  for (const link of options.links) {
    const known = linksOf.get(link.typeName);
    if (known === undefined) linksOf.set(link.typeName, [link]);
    else known.push(link);
  }
  return function* (typeName) {
    const resolvers: Record<string, unknown> = Object.create(null);
    for (const source of options.sources) {
      const schema = options.ownership.sources.get(source.name)?.schema;
      const type = schema?.getType(typeName);
      if (schema === undefined || type === undefined) continue;
      if ((ROOT_TYPES as readonly string[]).includes(typeName)) yield* addCalls(resolvers, typeName, source, options);
      else if (isEnumType(type)) Object.assign(resolvers, source.model.enumValues?.get(typeName));
      else if (isObjectType(type)) {
        for (const { name } of Object.values(type.getFields())) {
          const resolver = plainResolver(source, schema, typeName, name, options);
          if (resolver !== undefined) resolvers[name] = resolver;
        }
      }
      yield;
    }
    const resolveType = typeResolverOf(typeName, options);
    if (resolveType !== undefined) resolvers.__resolveType = resolveType;
    for (const [name, resolver] of options.addedFields?.get(typeName) ?? []) resolvers[name] = resolver;
    for (const link of linksOf.get(typeName) ?? []) {
      const resolver = linkResolver(link, options);
      if (resolver !== undefined) resolvers[link.fieldName] = resolver;
      yield;
    }
    return resolvers;
  };
}

function* addCalls(
  resolvers: Record<string, unknown>,
  typeName: string,
  source: Source,
  options: ResolverOptions,
): Steps<void> {
  const start = `${typeName}.`;
  for (const [coordinate, call] of source.model.calls) {
    yield;
    if (!coordinate.startsWith(start) || options.ownership.rootFields.get(coordinate) !== source.name) continue;
    resolvers[coordinate.slice(start.length)] = createCallResolver(coordinate, call, options);
  }
}

type TypeResolver = (value: unknown) => string | undefined;

/** Says which of its object types a value of an interface or union is; undefined for another type. */
export function typeResolverOf(
  typeName: string,
  { sources, ownership }: Pick<ResolverOptions, 'sources' | 'ownership'>,
): TypeResolver | undefined {
  const source = sources.findLast(({ name }) => isAbstractType(ownership.sources.get(name)?.schema.getType(typeName)));
  return source === undefined ? undefined : createTypeResolver(source.model, typeName);
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
function createTypeResolver(model: SourceModel, typeName: string): TypeResolver {
  const own = model.typeOf?.get(typeName);
  if (own !== undefined) return own;
  return (value) => {
    const name = (value as { readonly __typename?: unknown } | null)?.__typename;
    return typeof name === 'string' ? (graphNamesOf(model).get(name) ?? name) : undefined;
  };
}

/** By upstream name. Of each model once: it may have thousands of types, and as many that are abstract. */
const graphNames = new WeakMap<SourceModel, ReadonlyMap<string, string>>();

function graphNamesOf(model: SourceModel): ReadonlyMap<string, string> {
  let names = graphNames.get(model);
  if (names === undefined) {
    names = new Map([...(model.upstreamNames?.types ?? [])].map(([name, upstream]) => [upstream, name]));
    graphNames.set(model, names);
  }
  return names;
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
