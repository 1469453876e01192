import DataLoader from 'dataloader';
import {
  coerceInputValue,
  type GraphQLArgument,
  type GraphQLResolveInfo,
  getNamedType,
  isScalarType,
  specifiedScalarTypes,
} from 'graphql';
import { SkeinError } from '../kernel/errors.ts';
import type { Selected, UnaryCall } from '../sources/source.ts';
import type { Link } from './links.ts';
import type { GraphContext } from './request-context.ts';

/** How many parents go into one batched call. */
const MAX_BATCH_SIZE = 100;

type Arguments = Readonly<Record<string, unknown>>;
export type ParentReader = (parent: unknown, field: string) => unknown;
/** Values of what the link reads from the graph, by field of the parent. */
export type GraphReader = (parent: unknown, context: GraphContext) => Promise<Readonly<Record<string, unknown>>>;

export interface LinkResolverOptions {
  readonly link: Link;
  readonly call: UnaryCall;
  readonly callArguments: readonly GraphQLArgument[];
  readonly readParent: ParentReader;
  readonly readGraph: GraphReader | undefined;
  readonly select: ((info: GraphQLResolveInfo) => Selected) | undefined;
}

/** The resolver of a link's field: one call per parent, or one per batch of parents; equal calls are made once. */
export function createLinkResolver(options: LinkResolverOptions) {
  const { link, select, readParent } = options;
  const constants = constantsOf(options);
  const prepare = (exposed: Arguments, info: GraphQLResolveInfo): LoaderPlace => {
    const selected = select?.(info);
    return { fixed: Object.keys(exposed).length === 0 ? constants : { ...constants, ...exposed }, exposed, selected };
  };
  if (link.batch !== undefined) {
    const { field } = link.batch;
    return (parent: unknown, exposed: Arguments, context: GraphContext, info: GraphQLResolveInfo): unknown => {
      const key = readParent(parent, field);
      if (key === null || key === undefined) return link.many ? [] : null;
      const place = prepare(exposed, info);
      return loaderAt(context, options, place, () => batchedLoader(options, place, context)).load(key);
    };
  }
  return async (
    parent: unknown,
    exposed: Arguments,
    context: GraphContext,
    info: GraphQLResolveInfo,
  ): Promise<unknown> => {
    const graph = link.requires.size === 0 ? {} : await options.readGraph?.(parent, context);
    const args = parentArguments(options, parent, graph ?? {});
    if (args === undefined) return null;
    const place = prepare(exposed, info);
    return loaderAt(context, options, place, () => singleLoader(options, place, context)).load(args);
  };
}

/** What makes two uses of a link in one request one batch: same link, same selection, same arguments. */
interface LoaderPlace {
  readonly fixed: Arguments;
  readonly exposed: Arguments;
  readonly selected: Selected | undefined;
}

function loaderAt(
  context: GraphContext,
  options: LinkResolverOptions,
  place: LoaderPlace,
  create: () => DataLoader<unknown, unknown, string>,
): DataLoader<unknown, unknown, string> {
  const owner = place.selected?.shape ?? options;
  let loaders = context.loaders.get(owner);
  if (loaders === undefined) {
    loaders = new Map();
    context.loaders.set(owner, loaders);
  }
  const name =
    place.fixed === place.exposed || Object.keys(place.exposed).length === 0 ? '' : JSON.stringify(place.exposed);
  let loader = loaders.get(name);
  if (loader === undefined) {
    loader = create();
    loaders.set(name, loader);
  }
  return loader;
}

function batchedLoader({ link, call }: LinkResolverOptions, place: LoaderPlace, context: GraphContext) {
  const argument = link.batch?.argument ?? '';
  return new DataLoader<unknown, unknown, string>(
    async (keys) => {
      const answer = await call.invoke({ ...place.fixed, [argument]: keys }, context.call, place.selected);
      return distribute(link, call, keys, answer);
    },
    { maxBatchSize: MAX_BATCH_SIZE, cacheKeyFn: String },
  );
}

function singleLoader({ link, call }: LinkResolverOptions, place: LoaderPlace, context: GraphContext) {
  return new DataLoader<unknown, unknown, string>(
    (keys) =>
      Promise.all(
        keys.map(async (args) => {
          try {
            const answer = await call.invoke({ ...place.fixed, ...(args as Arguments) }, context.call, place.selected);
            return link.pick === undefined ? answer : property(answer, link.pick);
          } catch (error) {
            return error instanceof Error ? error : new Error(String(error));
          }
        }),
      ),
    { cacheKeyFn: (args) => JSON.stringify(args) },
  );
}

/** Gives each key of a batch its part of the answer. */
function distribute(link: Link, call: UnaryCall, keys: readonly unknown[], answer: unknown): unknown[] {
  let list = answer;
  for (const step of link.items) list = property(list, step);
  if (list === null || list === undefined) return keys.map(() => (link.many ? [] : null));
  if (!Array.isArray(list)) throw badAnswer(link, call);
  const pick = (item: unknown) => (link.pick === undefined ? item : property(item, link.pick));
  if (link.match === undefined) {
    if (list.length !== keys.length) throw badAnswer(link, call);
    return list.map(pick);
  }
  const byKey = new Map<string, unknown[]>();
  for (const item of list) {
    const key = String(property(item, link.match));
    const items = byKey.get(key);
    if (items === undefined) byKey.set(key, [pick(item)]);
    else if (link.many) items.push(pick(item));
  }
  return keys.map((key) => {
    const items = byKey.get(String(key));
    return link.many ? (items ?? []) : (items?.[0] ?? null);
  });
}

function badAnswer(link: Link, call: UnaryCall): SkeinError {
  return new SkeinError('UPSTREAM_BAD_RESPONSE', 'The source did not answer a batch with one item per key.', {
    details: { source: link.target, operation: call.operation },
  });
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** Constants and the defaults of what nobody sets, coerced once. */
function constantsOf({ link, callArguments }: LinkResolverOptions): Arguments {
  const values: Record<string, unknown> = {};
  for (const argument of callArguments) {
    const given = link.arguments.get(argument.name);
    if (given?.from === 'constant') values[argument.name] = coerceInputValue(given.value, argument.type);
  }
  return values;
}

function parentArguments(
  options: LinkResolverOptions,
  parent: unknown,
  graph: Readonly<Record<string, unknown>>,
): Arguments | undefined {
  const values: Record<string, unknown> = {};
  for (const argument of options.callArguments) {
    const given = options.link.arguments.get(argument.name);
    if (given === undefined || given.from === 'constant' || given.from === 'parents') continue;
    const value = given.from === 'graph' ? graph[given.field] : options.readParent(parent, given.field);
    // Nothing to ask with: the field is null, as behind a foreign key that is not set. Asking without the argument
    // would ask for everything.
    if (value === null || value === undefined) return undefined;
    values[argument.name] = passesAsIs(argument) ? value : coerce(options, argument, value);
  }
  return values;
}

function passesAsIs(argument: GraphQLArgument): boolean {
  const type = getNamedType(argument.type);
  return isScalarType(type) && specifiedScalarTypes.some(({ name }) => name === type.name);
}

function coerce(options: LinkResolverOptions, argument: GraphQLArgument, value: unknown): unknown {
  return coerceInputValue(value, argument.type, (path, _value, error) => {
    const at = [argument.name, ...path].join('.');
    throw new SkeinError(
      'UPSTREAM_BAD_RESPONSE',
      `What the link reads does not fit argument "${at}": ${error.message}`,
      {
        details: { source: options.link.target, operation: options.call.operation },
      },
    );
  });
}
