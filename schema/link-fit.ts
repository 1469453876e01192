import {
  type GraphQLInputType,
  type GraphQLOutputType,
  getNamedType,
  getNullableType,
  isCompositeType,
  isInputObjectType,
  isListType,
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

/** What is wrong with reading a selection of a type into an argument; each a sentence's end, e.g. `reads "x" of …`. */
export function selectionMistakes(
  from: GraphQLOutputType,
  selectionSet: SelectionSetNode,
  to: GraphQLInputType,
  ownership: Ownership,
): string[] {
  const given = getNamedType(from);
  const taken = getNamedType(to);
  const mistakes: string[] = [];
  if (isListType(getNullableType(from)) !== isListType(getNullableType(to)) && taken.name !== 'JSON') {
    mistakes.push(`gives ${String(from)}, where ${String(to)} is taken`);
  }
  if (taken.name !== 'JSON' && !isInputObjectType(taken))
    return [...mistakes, `gives an object, where ${String(to)} is taken`];
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
