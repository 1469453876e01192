import { type GraphQLField, type GraphQLSchema, isInterfaceType, isObjectType, isUnionType } from 'graphql';
import type { Steps } from '../kernel/steps.ts';
import type { Source } from '../sources/source.ts';
import type { Resolvers } from './resolvers.ts';

/** What enum values are called upstream, by enum, over all sources. */
export function enumValuesOf(sources: readonly Source[]): ReadonlyMap<string, Readonly<Record<string, unknown>>> {
  const values = new Map<string, Readonly<Record<string, unknown>>>();
  for (const { model } of sources)
    for (const [name, own] of model.enumValues ?? []) values.set(name, { ...values.get(name), ...own });
  return values;
}

/**
 * Puts resolvers on the fields of a schema, and type resolvers on its interfaces and unions. Those for what the schema
 * does not have are left out; enums and scalars have their values since they were built.
 */
export function* attachResolvers(schema: GraphQLSchema, resolvers: Resolvers): Steps<void> {
  for (const [typeName, own] of Object.entries(resolvers)) {
    yield;
    const type = schema.getType(typeName);
    if (!isObjectType(type) && !isInterfaceType(type) && !isUnionType(type)) continue;
    for (const [name, value] of Object.entries(own as Readonly<Record<string, unknown>>)) {
      if (name === '__resolveType') Object.assign(type, { resolveType: value });
      else if (!isUnionType(type)) attach(type.getFields()[name], value);
      yield;
    }
  }
}

function attach(field: GraphQLField<unknown, unknown> | undefined, value: unknown): void {
  if (field !== undefined) Object.assign(field, typeof value === 'function' ? { resolve: value } : value);
}
