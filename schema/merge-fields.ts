import { type GraphQLOutputType, getNamedType, isLeafType, isObjectType } from 'graphql';
import type { Problem } from '../kernel/problem.ts';
import { fieldTransform } from './link-fit.ts';
import type { Merge } from './merges.ts';
import type { Ownership } from './ownership.ts';

/** Scalars that `ID` can stand for, by a transform. */
const SHOWN_AS_ID = new Set(['ID', 'String', 'Int', 'Int64']);

/**
 * Reports fields that several sources of a merged type have with different types. The composer would, too, but it names
 * any subgraph that mentions the field, such as one that merely has a link to the type.
 */
export function checkMergedFields(
  { typeName, key, sources }: Merge,
  ownership: Ownership,
  report: (problem: Problem) => void,
): void {
  const fields = new Map<string, { readonly source: string; readonly type: GraphQLOutputType }[]>();
  for (const source of sources.keys()) {
    const type = ownership.sources.get(source)?.schema.getType(typeName);
    for (const field of isObjectType(type) ? Object.values(type.getFields()) : []) {
      fields.set(field.name, [...(fields.get(field.name) ?? []), { source, type: field.type }]);
    }
  }
  for (const [name, all] of fields) {
    const shapes = new Set(all.map(({ type }) => shapeOf(type)));
    // Of composite types, one may be a kind of the other: the composer knows.
    const isPlain = all.every(({ type }) => isLeafType(getNamedType(type)));
    if (shapes.size < 2 || !isPlain) continue;
    const each = all.map(({ source, type }) => `${String(type)} in source "${source}"`);
    report({
      path: name === key ? ['types', typeName, 'key'] : ['types', typeName],
      message: `Field "${name}" of type "${typeName}" is of different types: ${each.slice(0, -1).join(', ')} and ${each.at(-1)}.`,
      suggestion: wayOut(typeName, name, all, ownership),
    });
  }
}

function wayOut(
  typeName: string,
  name: string,
  all: readonly { readonly source: string; readonly type: GraphQLOutputType }[],
  ownership: Ownership,
): string {
  const canBeIds = all.every(({ type }) => SHOWN_AS_ID.has(getNamedType(type).name));
  const isSimilar = new Set(all.map(({ type }) => shapeOf(type).replace(/\w+/, ''))).size === 1;
  const first = all[0]?.type;
  const toId = canBeIds && isSimilar;
  const other = toId
    ? all.filter(({ type }) => getNamedType(type).name !== 'ID')
    : all.filter(({ type }) => first === undefined || shapeOf(type) !== shapeOf(first));
  const changes = other.map(({ source, type }) => {
    const change = toId ? `type: ${quoted(String(type).replace(/\w+/, 'ID'))}` : `name: ${camel(source, name)}`;
    return fieldTransform(source, typeName, name, change, ownership);
  });
  return toId
    ? `Make it one type: ${changes.join(' and ')}.`
    : `Give one of them another name, or, by \`type\`, another type: ${changes.join(' and ')}.`;
}

/** A list's brackets mean something in YAML. */
function quoted(type: string): string {
  return type.startsWith('[') ? `"${type}"` : type;
}

/** A type but for what may be null: the composer takes care of that. */
function shapeOf(type: GraphQLOutputType): string {
  return String(type).replaceAll('!', '');
}

function camel(prefix: string, name: string): string {
  const head = prefix.replace(/[-.](.)/g, (_, letter: string) => letter.toUpperCase());
  return `${head}${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}
