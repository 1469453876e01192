import { type GraphQLFieldMap, type GraphQLSchema, isAbstractType } from 'graphql';
import type { Steps } from '../kernel/steps.ts';
import type { Source } from '../sources/source.ts';

/** What enum values are called upstream, by enum, over all sources. */
export function enumValuesOf(sources: readonly Source[]): ReadonlyMap<string, Readonly<Record<string, unknown>>> {
  const values = new Map<string, Readonly<Record<string, unknown>>>();
  for (const { model } of sources)
    for (const [name, own] of model.enumValues ?? []) values.set(name, { ...values.get(name), ...own });
  return values;
}

/** Puts resolvers on the fields of a type; those for what it does not have are left out. */
export function* attachResolvers(
  fields: GraphQLFieldMap<unknown, unknown>,
  resolvers: Readonly<Record<string, unknown>>,
): Steps<void> {
  for (const [name, value] of Object.entries(resolvers)) {
    const field = fields[name];
    if (field !== undefined) Object.assign(field, typeof value === 'function' ? { resolve: value } : value);
    yield;
  }
}

/** Puts on interfaces and unions what says which type a value is. */
export function* attachTypeResolvers(
  schema: GraphQLSchema,
  typeResolverOf: (typeName: string) => unknown,
): Steps<void> {
  for (const type of Object.values(schema.getTypeMap())) {
    yield;
    const resolveType = isAbstractType(type) ? typeResolverOf(type.name) : undefined;
    if (resolveType !== undefined) Object.assign(type, { resolveType });
  }
}
