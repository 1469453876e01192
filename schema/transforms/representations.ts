import {
  type GraphQLOutputType,
  getNamedType,
  isEnumType,
  isInputType,
  isLeafType,
  isListType,
  isNonNullType,
} from 'graphql';
import { fieldAt, type Plan } from './plan.ts';
import { readInput } from './read-input.ts';
import type { SourceNames } from './source-names.ts';

/** Entities as other subgraphs tell of them, in the graph's words, made those of the subgraph that is asked. */
export function createRepresentationReader(plan: Plan, names: SourceNames): (value: unknown) => unknown {
  const { schema, types } = plan;

  const readObject = (value: unknown, staticType: string): unknown => {
    if (Array.isArray(value)) return value.map((item) => readObject(item, staticType));
    if (typeof value !== 'object' || value === null) return value;
    const { __typename: shown } = value as { readonly __typename?: unknown };
    const typeName = typeof shown === 'string' ? names.type(shown) : staticType;
    const read: Record<string, unknown> = {};
    for (const [key, item] of Object.entries(value)) {
      if (key === '__typename') {
        read.__typename = names.toService(typeName);
        continue;
      }
      const fieldName = names.field(typeName, key);
      const coordinate = `${typeName}.${fieldName}`;
      const type = fieldAt(schema, coordinate)?.type as GraphQLOutputType | undefined;
      read[fieldName] = type === undefined ? item : readField(item, type, types.get(coordinate)?.isOtherLeaf === true);
    }
    return read;
  };

  const readField = (value: unknown, type: GraphQLOutputType, isOtherLeaf: boolean): unknown => {
    if (isNonNullType(type)) return readField(value, type.ofType, isOtherLeaf);
    if (value === null || value === undefined) return value;
    if (isListType(type))
      return Array.isArray(value) ? value.map((item) => readField(item, type.ofType, isOtherLeaf)) : value;
    const named = getNamedType(type);
    if (!isLeafType(named)) return readObject(value, named.name);
    if (isOtherLeaf && isInputType(named)) return readInput(named, value);
    return isEnumType(named) && typeof value === 'string' ? names.value(named.name, value) : value;
  };

  return (value) => readObject(value, '');
}
