import {
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isAbstractType,
  isEnumType,
  isObjectType,
  isScalarType,
} from 'graphql';
import { SCALARS } from '../sources/scalars.ts';
import type { Arguments, Selected, Source, SourceCall, SourceModel } from '../sources/source.ts';
import { createAliasedCalls } from './aliased-calls.ts';
import { createLinkResolver, type GraphReader, type ParentReader } from './link-resolver.ts';
import type { Link } from './links.ts';
import { type Ownership, ROOT_TYPES } from './ownership.ts';
import type { GraphContext } from './request-context.ts';
import { ownWords, type SharedEnums } from './shared-enums.ts';

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
  /** Enums whose names, not the sources' own words, stand in arguments. */
  readonly sharedEnums?: SharedEnums;
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
 * The resolvers of the given sources and links, for the subgraph of one source behind the stitched schema: all at once, with
 * scalars, the internal values of enums, and `__resolveType` of interfaces and unions.
 */
export function createResolvers(options: ResolverOptions): Resolvers {
  const { sources, links, ownership, addedFields } = options;
  const resolverOf = createResolverOf(options);
  const resolvers: Record<string, Record<string, unknown>> = Object.create(null);
  const put = (typeName: string, fieldName: string, value: unknown) => {
    if (value === undefined) return;
    resolvers[typeName] ??= Object.create(null) as Record<string, unknown>;
    (resolvers[typeName] as Record<string, unknown>)[fieldName] = value;
  };
  for (const { name, model } of sources) {
    for (const type of Object.values(ownership.sources.get(name)?.schema.getTypeMap() ?? {})) {
      const { name: typeName } = type;
      if (typeName.startsWith('__')) continue;
      if (isScalarType(type) && Object.hasOwn(SCALARS, typeName))
        resolvers[typeName] = SCALARS[typeName as keyof typeof SCALARS] as never;
      if (isEnumType(type))
        for (const [value, internal] of Object.entries(model.enumValues?.get(typeName) ?? {}))
          put(typeName, value, internal);
      if (isAbstractType(type)) put(typeName, '__resolveType', typeResolverOf(typeName, options));
      if (isObjectType(type)) for (const field in type.getFields()) put(typeName, field, resolverOf(typeName, field));
    }
    for (const coordinate of model.calls.keys()) {
      const [typeName, fieldName] = coordinate.split('.') as [string, string];
      put(typeName, fieldName, resolverOf(typeName, fieldName));
    }
  }
  for (const [typeName, fields] of addedFields ?? [])
    for (const fieldName of fields.keys()) put(typeName, fieldName, resolverOf(typeName, fieldName));
  for (const { typeName, fieldName } of links) put(typeName, fieldName, resolverOf(typeName, fieldName));
  return resolvers;
}

/** The same field by field, for a schema whose fields are made when somebody looks at them. */
export function createResolverOf(options: ResolverOptions): (typeName: string, fieldName: string) => unknown {
  const { ownership, addedFields } = options;
  const sources = new Map(options.sources.map((source) => [source.name, source]));
  const links = new Map(options.links.map((link) => [`${link.typeName}.${link.fieldName}`, link]));
  const rootResolver = (coordinate: string) => {
    const source = sources.get(ownership.rootFields.get(coordinate) ?? '');
    const call = source?.model.calls.get(coordinate);
    return call === undefined ? undefined : createCallResolver(coordinate, call, options);
  };
  /** Of a type of several sources the last one that has a say. */
  const sourceResolver = (typeName: string, fieldName: string) =>
    options.sources
      .map((source) => plainResolver(source, typeName, fieldName, options))
      .findLast((resolver) => resolver !== undefined);
  return (typeName, fieldName) => {
    const coordinate = `${typeName}.${fieldName}`;
    const link = links.get(coordinate);
    const isRoot = (ROOT_TYPES as readonly string[]).includes(typeName);
    return (
      (link === undefined ? undefined : linkResolver(link, options)) ??
      addedFields?.get(typeName)?.get(fieldName) ??
      (isRoot ? rootResolver(coordinate) : sourceResolver(typeName, fieldName))
    );
  };
}

/** What enum values are called upstream, by enum, over all sources that call them by the same words. */
export function enumValuesOf(
  sources: readonly Source[],
  shared: SharedEnums,
): ReadonlyMap<string, Readonly<Record<string, unknown>>> {
  const values = new Map<string, Readonly<Record<string, unknown>>>();
  for (const { model } of sources)
    for (const [name, own] of model.enumValues ?? [])
      if (!shared.has(name)) values.set(name, { ...values.get(name), ...own });
  return values;
}

const NO_ENUMS: SharedEnums = new Map();

type TypeResolver = (value: unknown) => string | undefined;

/** Says which of its object types a value of an interface or union is; undefined for another type. */
export function typeResolverOf(
  typeName: string,
  { sources, ownership }: Pick<ResolverOptions, 'sources' | 'ownership'>,
): TypeResolver | undefined {
  const source = sources.findLast(({ name }) => isAbstractType(ownership.sources.get(name)?.schema.getType(typeName)));
  return source === undefined ? undefined : createTypeResolver(source.model, typeName);
}

function plainResolver(source: Source, typeName: string, fieldName: string, options: ResolverOptions): unknown {
  const schema = options.ownership.sources.get(source.name)?.schema;
  const type = schema?.getType(typeName);
  if (schema === undefined || !isObjectType(type) || !(fieldName in type.getFields())) return undefined;
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
  const { ownership, sharedEnums = NO_ENUMS } = options;
  // A field of a source is made when somebody looks at it: here nobody else may ever.
  const field =
    sharedEnums.size === 0 ? undefined : ownership.rootField(ownership.rootFields.get(coordinate) ?? '', coordinate);
  const told = ownWords(field?.args ?? [], sharedEnums) ?? ((args: Arguments) => args);
  const select = call.usesSelection === true ? options.selection(typeName) : () => undefined;
  if (call.type === 'stream') {
    const subscribe: Resolver = (_parent, args, context, info) => call.open(told(args), context.call, select(info));
    return { subscribe, resolve: options.wrapCall?.(coordinate, call, takeEvent) ?? takeEvent };
  }
  const resolve: Resolver = (_parent, args, context, info) => call.invoke(told(args), context.call, select(info));
  const wrapped = options.wrapCall?.(coordinate, call, resolve) ?? resolve;
  return typeName === 'Mutation' ? afterOthers(wrapped) : wrapped;
}

/** Mutations go one after another: what was joined to one may be changed by the next. */
function afterOthers(resolve: Resolver): Resolver {
  return (parent, args, context, info) => {
    context.loaders.clear();
    return resolve(parent, args, context, info);
  };
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
    ownWords: ownWords(field.args, options.sharedEnums ?? NO_ENUMS),
    owner: options.ownership.types.get(link.typeName),
    readParent: options.readParent(link),
    readGraph: options.readGraph(link),
    readNeeds: options.readNeeds?.(link),
    callMany: callManyOf(link, options.ownership),
    select: call.usesSelection === true ? options.selection(link.typeName, link) : undefined,
  });
}
