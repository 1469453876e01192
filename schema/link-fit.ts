import {
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLOutputType,
  getNamedType,
  getNullableType,
  isCompositeType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isRequiredInputField,
  isScalarType,
  Kind,
  type SelectionSetNode,
} from 'graphql';
import { didYouMean } from '../kernel/suggest.ts';
import type { Ownership } from './ownership.ts';

/** Scalars whose values another scalar takes as they are. */
const TAKEN_AS: Readonly<Record<string, readonly string[]>> = {
  ID: ['ID', 'String'],
  String: ['String', 'ID'],
  Int: ['Int', 'Float', 'ID', 'Int64'],
  Float: ['Float'],
  Boolean: ['Boolean'],
  Int64: ['Int64', 'ID', 'String'],
};

/** Whether a leaf of one type can be given where the other is taken. Scalars of a source's own are let through. */
export function leafFits(from: GraphQLOutputType, to: GraphQLInputType): boolean {
  const given = getNamedType(from);
  const taken = getNamedType(to);
  if (taken.name === 'JSON' || given.name === taken.name) return true;
  if (!isScalarType(given)) return taken.name === 'String';
  const fits = TAKEN_AS[given.name];
  return fits === undefined || !isScalarType(taken) || TAKEN_AS[taken.name] === undefined || fits.includes(taken.name);
}

/** Scalars that a transform can show as each other. */
const SHOWN_AS_EACH_OTHER: ReadonlySet<string> = new Set(['ID', 'String', 'Int', 'Int64']);

/** The transform that makes a field fit where a type is taken, in a sentence; undefined where there is none. */
export function otherTypeFor(
  typeName: string,
  field: GraphQLField<unknown, unknown>,
  taken: GraphQLInputType,
  ownership: Ownership,
): string | undefined {
  const to = getNamedType(taken).name;
  if (![getNamedType(field.type).name, to].every((name) => SHOWN_AS_EACH_OTHER.has(name))) return undefined;
  const type = isNonNullType(field.type) ? `${to}!` : to;
  const ways = sourcesOf(typeName, field.name, ownership).map((source) =>
    fieldTransform(source, typeName, field.name, `type: ${type}`, ownership),
  );
  return `Give the field the type: ${ways.join(' and ')}`;
}

/** A transform as it is written in skein.yaml; transforms know types by the names that the source gives them. */
export function fieldTransform(
  source: string,
  typeName: string,
  fieldName: string,
  change: string,
  ownership: Ownership,
): string {
  const own = ownership.sources.get(source)?.source.model.upstreamNames?.types.get(typeName) ?? typeName;
  return `sources.${source}.transforms: { fields: { ${own}.${fieldName}: { ${change} } } }`;
}

/** The sources that have a field of a type. */
export function sourcesOf(typeName: string, fieldName: string, ownership: Ownership): readonly string[] {
  return [...ownership.sources.keys()].filter((name) => ownership.fieldIn(name, typeName, fieldName) !== undefined);
}

/** What is wrong with reading a field of a type into an argument, with or without a selection. */
export function readingMistakes(
  { field, selection }: { readonly field: string; readonly selection: SelectionSetNode | undefined },
  from: GraphQLOutputType,
  to: GraphQLInputType,
  ownership: Ownership,
): string[] {
  if (isCompositeType(getNamedType(from))) {
    if (selection === undefined) return [`reads "${field}" without saying which fields of it`];
    return selectionMistakes(from, selection, to, ownership);
  }
  if (selection !== undefined) return [`reads "${field}" as if it had fields`];
  if (getNamedType(to).name === 'JSON') return [];
  const isAlike = isListType(getNullableType(from)) === isListType(getNullableType(to));
  if (isAlike && !isInputObjectType(getNamedType(to)) && leafFits(from, to)) return [];
  return [`reads "${field}", which is ${String(from)}, where ${String(to)} is taken`];
}

/** What is wrong with reading a selection of a type into an argument; each a sentence's end, e.g. `reads "x" of …`. */
function selectionMistakes(
  from: GraphQLOutputType,
  selectionSet: SelectionSetNode,
  to: GraphQLInputType,
  ownership: Ownership,
): string[] {
  const given = getNamedType(from);
  const taken = getNamedType(to);
  if (taken.name !== 'JSON' && !isInputObjectType(taken)) return [`gives an object, where ${String(to)} is taken`];
  const mistakes: string[] = [];
  if (isListType(getNullableType(from)) !== isListType(getNullableType(to)) && taken.name !== 'JSON') {
    mistakes.push(`gives ${String(from)}, where ${String(to)} is taken`);
  }
  const inputs = isInputObjectType(taken) ? taken.getFields() : undefined;
  const seen = new Set<string>();
  for (const node of selectionSet.selections) {
    if (node.kind !== Kind.FIELD || node.alias !== undefined || (node.arguments?.length ?? 0) > 0) {
      mistakes.push('can only select fields by name: no fragments, aliases or arguments');
      continue;
    }
    const name = node.name.value;
    seen.add(name);
    const field = ownership.field(given.name, name);
    if (field === undefined) {
      const names = Object.keys(ownership.objectType(given.name)?.getFields() ?? {});
      mistakes.push(`reads "${name}" of ${given.name}, which its source does not have.${didYouMean(name, names)}`);
      continue;
    }
    if (isCompositeType(getNamedType(field.type)) !== (node.selectionSet !== undefined)) {
      mistakes.push(
        `reads "${name}" of ${given.name} ${node.selectionSet === undefined ? 'without saying which fields of it' : 'as if it had fields'}`,
      );
      continue;
    }
    const input = inputs?.[name];
    if (inputs !== undefined && input === undefined) {
      mistakes.push(`gives "${name}", which ${taken.name} does not have.${didYouMean(name, Object.keys(inputs))}`);
    } else if (node.selectionSet !== undefined) {
      const inner = input?.type ?? to;
      if (inputs !== undefined) mistakes.push(...selectionMistakes(field.type, node.selectionSet, inner, ownership));
    } else if (input !== undefined && !leafFits(field.type, input.type)) {
      mistakes.push(`gives "${name}" as ${String(field.type)}, where ${taken.name} takes ${String(input.type)}`);
    }
  }
  for (const input of Object.values(inputs ?? {})) {
    if (isRequiredInputField(input) && !seen.has(input.name))
      mistakes.push(`does not give "${input.name}", which ${taken.name} needs`);
  }
  return mistakes;
}
