import DataLoader from 'dataloader';
import {
  coerceInputValue,
  type GraphQLArgument,
  type GraphQLResolveInfo,
  getNamedType,
  isScalarType,
  type SelectionSetNode,
  specifiedScalarTypes,
} from 'graphql';
import { type ErrorDetails, SkeinError } from '../kernel/errors.ts';
import type { Selected, UnaryCall } from '../sources/source.ts';
import type { CallMany } from './aliased-calls.ts';
import { pickSelected } from './link-arguments.ts';
import type { Link } from './links.ts';
import type { GraphContext } from './request-context.ts';
import type { NeedsReader } from './resolvers.ts';

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
  /** Puts the words of the call's source in arguments that clients give. */
  readonly ownWords?: ((given: Arguments) => Arguments) | undefined;
  /** Source of the parent, for errors in what it gives. */
  readonly owner: string | undefined;
  readonly readParent: ParentReader;
  readonly readGraph: GraphReader | undefined;
  /** Makes many of the calls at once, where the source can. */
  readonly callMany?: CallMany | undefined;
  /** What the link reads, when not all of it is in the parent. */
  readonly readNeeds: NeedsReader | undefined;
  readonly select: ((info: GraphQLResolveInfo) => Selected | undefined) | undefined;
}

/** What was fetched for a link that reads others: they are followed from it, and it has all that they read. */
const fetched = new WeakSet<object>();

/** The resolver of a link's field: one call per parent, or one per batch of parents; equal calls are made once. */
export function createLinkResolver(options: LinkResolverOptions) {
  const { select } = options;
  const load = createLoad(options);
  const readsLinks = options.link.requires.size > 0;
  return (parent: unknown, exposed: Arguments, context: GraphContext, info: GraphQLResolveInfo): unknown => {
    if (fetched.has(parent as object)) return load(parent, readOwn, exposed, select?.(info), context);
    const needs = options.readNeeds?.(parent, context, info);
    if (needs !== undefined) {
      return needs.then((values) => {
        if (readsLinks) fetched.add(values);
        return load(values, readOwn, exposed, select?.(info), context);
      });
    }
    return load(parent, options.readParent, exposed, select?.(info), context);
  };
}

/** Asks for objects of a merged type by representations, which have the fields that its link reads. */
export function createEntityLoader(options: LinkResolverOptions) {
  const load = createLoad(options);
  return (representation: unknown, context: GraphContext, selected: Selected | undefined): unknown =>
    load(representation, readOwn, NO_ARGUMENTS, selected, context);
}

const NO_ARGUMENTS: Arguments = {};

function createLoad(options: LinkResolverOptions) {
  const { link } = options;
  const constants = constantsOf(options);
  const prepare = (exposed: Arguments, selected: Selected | undefined): LoaderPlace => ({
    fixed:
      Object.keys(exposed).length === 0 ? constants : { ...constants, ...(options.ownWords?.(exposed) ?? exposed) },
    exposed,
    selected,
  });
  if (link.batch !== undefined) {
    const { field } = link.batch;
    return (
      holder: unknown,
      readParent: ParentReader,
      exposed: Arguments,
      selected: Selected | undefined,
      context: GraphContext,
    ): unknown => {
      const key = readKey(options, readParent, holder, field, context);
      if (key === null || key === undefined) return link.many ? [] : null;
      const place = prepare(exposed, selected);
      return loaderAt(context, options, place, () => batchedLoader(options, place, context)).load(key);
    };
  }
  const read = readArguments(options);
  return async (
    holder: unknown,
    readParent: ParentReader,
    exposed: Arguments,
    selected: Selected | undefined,
    context: GraphContext,
  ): Promise<unknown> => {
    const graph = link.requires.size === 0 ? undefined : await options.readGraph?.(holder, context);
    const args = parentArguments(options, read, readParent, holder, graph, context);
    if (args === undefined) return null;
    const place = prepare(exposed, selected);
    return loaderAt(context, options, place, () => singleLoader(options, place, context)).load(args);
  };
}

/** What was fetched for the link stands under the graph's own names. */
const readOwn: ParentReader = (values, field) => (values as Readonly<Record<string, unknown>>)[field];

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
  const name = Object.keys(place.exposed).length === 0 ? '' : JSON.stringify(place.exposed);
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
      return distribute(link, call, keys, answer, context);
    },
    { maxBatchSize: MAX_BATCH_SIZE, cacheKeyFn: String },
  );
}

function singleLoader(options: LinkResolverOptions, place: LoaderPlace, context: GraphContext) {
  const { link, call, callMany } = options;
  const pick = (answer: unknown) => (link.answer.pick === undefined ? answer : property(answer, link.answer.pick));
  const callOne = async (args: Arguments): Promise<unknown> => {
    try {
      return pick(await call.invoke(args, context.call, place.selected));
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  };
  return new DataLoader<unknown, unknown, string>(
    async (keys) => {
      const calls = keys.map((args) => ({ ...place.fixed, ...(args as Arguments) }));
      if (callMany === undefined || calls.length === 1) return Promise.all(calls.map(callOne));
      return (await callMany(calls, context.call, place.selected)).map((answer) =>
        answer instanceof Error ? answer : pick(answer),
      );
    },
    { cacheKeyFn: (args) => JSON.stringify(args) },
  );
}

/** Gives each key of a batch its part of the answer. */
function distribute(
  link: Link,
  call: UnaryCall,
  keys: readonly unknown[],
  answer: unknown,
  context: GraphContext,
): unknown[] {
  const bad = (reason: string) => badAnswer(link, call, reason, context);
  let list = answer;
  for (const step of link.answer.items) list = property(list, step);
  if (list === null || list === undefined) return keys.map(() => (link.many ? [] : null));
  if (list instanceof Error) throw list;
  if (!Array.isArray(list)) throw bad('The answer to a batch is no list.');
  const pick = (item: unknown) => (link.answer.pick === undefined ? item : property(item, link.answer.pick));
  if (link.answer.match === undefined) {
    if (list.length !== keys.length) {
      throw bad(`The answer to a batch of ${keys.length} has ${list.length} items.`);
    }
    return list.map(pick);
  }
  const byKey = new Map<string, unknown[]>();
  // An item that failed could be anybody's: whoever may lack it hears of it.
  let lost: Error | undefined;
  for (const item of list) {
    if (item instanceof Error || typeof item !== 'object' || item === null) {
      if (item !== null) lost ??= item instanceof Error ? item : bad('An item of the batch is no object.');
      continue;
    }
    const key = String(property(item, link.answer.match));
    const items = byKey.get(key);
    if (items === undefined) byKey.set(key, [pick(item)]);
    else if (link.many) items.push(pick(item));
  }
  return keys.map((key) => {
    const items = byKey.get(String(key));
    if (link.many) return lost ?? items ?? [];
    return items?.[0] ?? lost ?? null;
  });
}

function badAnswer(link: Link, call: UnaryCall, reason: string, context: GraphContext): SkeinError {
  const details = { source: link.target, operation: call.operation };
  return toldError(details, 'The source did not answer a batch with one item per key.', reason, context);
}

/** An error that the log knows the reason of; the client does not need it. */
function toldError(
  details: ErrorDetails,
  message: string | undefined,
  reason: string,
  { call: { log, requestId } }: GraphContext,
): SkeinError {
  log.warn({ requestId, ...details, reason }, 'A link cannot be followed.');
  return new SkeinError('UPSTREAM_BAD_RESPONSE', message, { details, cause: new Error(reason) });
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** Constants, coerced once. */
function constantsOf({ link, callArguments }: LinkResolverOptions): Arguments {
  const values: Record<string, unknown> = {};
  for (const argument of callArguments) {
    const given = link.arguments.get(argument.name);
    if (given?.from === 'constant') values[argument.name] = coerceInputValue(given.value, argument.type);
  }
  return values;
}

/** An argument that is read anew for each parent. */
interface ReadArgument {
  readonly argument: GraphQLArgument;
  readonly from: 'parent' | 'graph';
  readonly field: string;
  /** Of a field that other arguments read as well: what of it is this one's. */
  readonly selection: SelectionSetNode | undefined;
  readonly passesAsIs: boolean;
}

function readArguments({ link, callArguments }: LinkResolverOptions): readonly ReadArgument[] {
  return callArguments.flatMap((argument) => {
    const given = link.arguments.get(argument.name);
    if (given?.from !== 'parent' && given?.from !== 'graph') return [];
    const { from, field } = given;
    const readers = [...link.arguments.values()].filter((other) => other.from === 'graph' && other.field === field);
    const selection = given.from === 'graph' && readers.length > 1 ? given.selection : undefined;
    return [{ argument, from, field, selection, passesAsIs: passesAsIs(argument) }];
  });
}

function parentArguments(
  options: LinkResolverOptions,
  read: readonly ReadArgument[],
  readParent: ParentReader,
  parent: unknown,
  graph: Readonly<Record<string, unknown>> | undefined,
  context: GraphContext,
): Arguments | undefined {
  const values: Record<string, unknown> = {};
  for (const { argument, from, field, selection, passesAsIs } of read) {
    const value =
      from === 'graph' ? pickSelected(graph?.[field], selection) : readKey(options, readParent, parent, field, context);
    // Nothing to ask with: the field is null, as behind a foreign key that is not set. Asking without the argument
    // would ask for everything.
    if (value === null || value === undefined) return undefined;
    values[argument.name] = passesAsIs ? value : coerce(options, argument, value, context);
  }
  return values;
}

/** A plain value of the parent; a source may have put anything in its place. */
function readKey(
  { link, owner }: LinkResolverOptions,
  readParent: ParentReader,
  parent: unknown,
  field: string,
  context: GraphContext,
): unknown {
  const key = readParent(parent, field);
  if (key instanceof Error) throw key;
  if (typeof key !== 'object' || key === null) return key;
  const reason = `${link.typeName}.${field}, which a link reads, is no plain value.`;
  throw toldError({ source: owner }, undefined, reason, context);
}

function passesAsIs(argument: GraphQLArgument): boolean {
  const type = getNamedType(argument.type);
  return isScalarType(type) && specifiedScalarTypes.some(({ name }) => name === type.name);
}

function coerce(
  options: LinkResolverOptions,
  argument: GraphQLArgument,
  value: unknown,
  context: GraphContext,
): unknown {
  return coerceInputValue(value, argument.type, (path, _value, error) => {
    const details = { source: options.link.target, operation: options.call.operation };
    const at = [argument.name, ...path].join('.');
    throw toldError(details, `What the link reads does not fit argument "${at}".`, error.message, context);
  });
}
