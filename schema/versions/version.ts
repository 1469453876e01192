import { type GraphQLSchema, isEnumType } from 'graphql';
import type { Source } from '../../sources/source.ts';

/** A version that is there, with its schema; enum values as this version calls them. */
export interface Version {
  readonly source: Source;
  readonly schema: GraphQLSchema;
}

/** How the versions' values stand in the graph: as the first version that has them keeps them. */
export interface Canonical {
  /** All types; enum values as the graph's resolvers have them. */
  readonly schema: GraphQLSchema;
  /** `Product.weightKg` → the key of it. */
  key(coordinate: string): string;
}

export function keyIn({ source }: Version, coordinate: string): string {
  return source.model.properties?.get(coordinate) ?? coordinate.slice(coordinate.indexOf('.') + 1);
}

export function setEnumValues(schema: GraphQLSchema, internalValue: (typeName: string, name: string) => unknown): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isEnumType(type) || type.name.startsWith('__')) continue;
    for (const value of type.getValues()) value.value = internalValue(type.name, value.name);
  }
}

/** The given names, and those of all that hold them, at whatever depth. */
export function withHolders(
  names: Iterable<string>,
  held: Iterable<readonly [holder: string, inner: string]>,
): ReadonlySet<string> {
  const holders = new Map<string, string[]>();
  for (const [holder, inner] of held) {
    const known = holders.get(inner);
    if (known === undefined) holders.set(inner, [holder]);
    else known.push(holder);
  }
  // A set that grows while it is walked is walked to its end.
  const all = new Set(names);
  for (const name of all) for (const holder of holders.get(name) ?? []) all.add(holder);
  return all;
}
