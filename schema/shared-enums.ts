import {
  type GraphQLArgument,
  type GraphQLInputType,
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
} from 'graphql';
import type { Arguments, Source } from '../sources/source.ts';
import type { Merge } from './merges.ts';
import type { Ownership } from './ownership.ts';

/** Enum → what its values are called by the one source or the other → their names. */
export type SharedEnums = ReadonlyMap<string, ReadonlyMap<unknown, string>>;

/**
 * Enums of several sources that call the values by different words. In the graph they stand under their names: each source
 * is told its own words when it is called.
 */
export function findSharedEnums(merges: ReadonlyMap<string, Merge>, ownership: Ownership): SharedEnums {
  const shared = new Map<string, ReadonlyMap<unknown, string>>();
  for (const { typeName, sources } of merges.values()) {
    const own = [...sources.keys()].map((name) => valuesIn(ownership.sources.get(name)?.source, typeName));
    const words = own.flatMap((values) => Object.entries(values ?? {}));
    if (words.length > 0 && new Set(own.map((values) => JSON.stringify(values))).size > 1)
      shared.set(typeName, new Map(words.map(([name, word]) => [word, name])));
  }
  return shared;
}

function valuesIn(source: Source | undefined, typeName: string): Readonly<Record<string, unknown>> | undefined {
  return source?.model.enumValues?.get(typeName);
}

/** Puts the source's own words in arguments that have names of shared enums; undefined where there are none. */
export function ownWords(
  args: readonly GraphQLArgument[],
  shared: SharedEnums,
): ((given: Arguments) => Arguments) | undefined {
  const concerned = shared.size === 0 ? [] : args.filter(({ type }) => mentions(type, shared, new Set()));
  if (concerned.length === 0) return undefined;
  return (given) => {
    const told: Record<string, unknown> = { ...given };
    for (const { name, type } of concerned)
      if (Object.hasOwn(given, name)) told[name] = inOwnWords(given[name], type, shared);
    return told;
  };
}

function mentions(type: GraphQLInputType, shared: SharedEnums, seen: Set<string>): boolean {
  const named = getNamedType(type);
  if (isEnumType(named)) return shared.has(named.name);
  if (!isInputObjectType(named) || seen.has(named.name)) return false;
  seen.add(named.name);
  return Object.values(named.getFields()).some((field) => mentions(field.type, shared, seen));
}

function inOwnWords(value: unknown, type: GraphQLInputType, shared: SharedEnums): unknown {
  const nullable = getNullableType(type);
  if (Array.isArray(value) && isListType(nullable))
    return value.map((item) => inOwnWords(item, nullable.ofType, shared));
  if (isEnumType(nullable) && shared.has(nullable.name))
    return typeof value === 'string' ? (nullable.getValue(value)?.value ?? value) : value;
  if (!isInputObjectType(nullable) || typeof value !== 'object' || value === null) return value;
  const fields = nullable.getFields();
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
      return [name, field === undefined ? inner : inOwnWords(inner, field.type, shared)];
    }),
  );
}
