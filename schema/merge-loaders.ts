import type { Selected } from '../sources/source.ts';
import { createAliasedCalls } from './aliased-calls.ts';
import { createEntityLoader } from './link-resolver.ts';
import type { Link } from './links.ts';
import type { Merge } from './merges.ts';
import type { Ownership } from './ownership.ts';
import type { GraphContext } from './request-context.ts';

/** Asks a source for an object of a merged type by its representation, in batches where the source can. */
export type MergeLoader = (representation: unknown, context: GraphContext, selected: Selected | undefined) => unknown;

/** Finds the loader of a source and a merged type; undefined for all others. */
export function createMergeLoaders(
  ownership: Ownership,
  merges: ReadonlyMap<string, Merge>,
): (source: string, typeName: string) => MergeLoader | undefined {
  const loaders = new Map<string, MergeLoader>();
  for (const { typeName, sources } of merges.values()) {
    for (const [source, link] of sources) {
      const loader = link === undefined ? undefined : createLoader(link, ownership);
      if (loader !== undefined) loaders.set(`${source} ${typeName}`, loader);
    }
  }
  return (source, typeName) => loaders.get(`${source} ${typeName}`);
}

function createLoader(link: Link, ownership: Ownership): MergeLoader | undefined {
  const source = ownership.sources.get(link.target)?.source;
  const call = ownership.call(link.call, link.target);
  const field = ownership.rootField(link.target, link.call);
  if (call?.type !== 'unary' || field === undefined) return undefined;
  return createEntityLoader({
    link,
    call,
    callArguments: field.args,
    owner: link.target,
    readParent: (parent, name) => (parent as Readonly<Record<string, unknown>>)[name],
    readGraph: undefined,
    readNeeds: undefined,
    callMany: source && createAliasedCalls(source, call, link.call, field.args),
    select: undefined,
  });
}
