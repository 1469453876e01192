import { type GraphQLArgument, type GraphQLField, Kind, parse, type SelectionSetNode } from 'graphql';
import { didYouMean } from '../kernel/suggest.ts';

/** What a link puts into one argument of its call. */
export type LinkArgument =
  | { readonly from: 'constant'; readonly value: unknown }
  /** The parent's own field. */
  | { readonly from: 'parent'; readonly field: string }
  /** The list of the field over all parents of the batch. */
  | { readonly from: 'parents'; readonly field: string }
  /** What the graph says of a field of the parent, which another link adds or which has fields itself. */
  | { readonly from: 'graph'; readonly field: string; readonly selection: SelectionSetNode | undefined };

const REFERENCE = /^\$(parents?)\.([A-Za-z_][A-Za-z0-9_]*)\s*(\{[\s\S]*\})?$/;

/** Reads an argument's value from the configuration; a string as the reason when it cannot be read. */
export function parseLinkArgument(value: unknown): LinkArgument | string {
  if (typeof value !== 'string' || !value.startsWith('$')) return { from: 'constant', value };
  if (value.startsWith('$$')) return { from: 'constant', value: value.slice(1) };
  const match = REFERENCE.exec(value.trim());
  if (match === null) {
    return 'must be a constant, $parent.field, $parents.field or $parent.field { selection } (a constant that begins with $ is written $$)';
  }
  const [, scope, field, selection] = match as unknown as [string, 'parent' | 'parents', string, string | undefined];
  if (selection === undefined) return { from: scope, field };
  if (scope === 'parents') return 'cannot have a selection with $parents';
  try {
    const definition = parse(selection, { noLocation: true, maxTokens: 500 }).definitions[0];
    if (definition?.kind !== 'OperationDefinition') return 'has no valid selection';
    return { from: 'graph', field, selection: definition.selectionSet };
  } catch {
    return 'has a selection that is not valid GraphQL';
  }
}

/** What a selection reads of a value, which may have more; without one, all of it. */
export function pickSelected(value: unknown, selectionSet: SelectionSetNode | undefined): unknown {
  if (selectionSet === undefined || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => pickSelected(item, selectionSet));
  const picked: Record<string, unknown> = {};
  for (const node of selectionSet.selections) {
    if (node.kind !== Kind.FIELD) continue;
    picked[node.name.value] = pickSelected((value as Record<string, unknown>)[node.name.value], node.selectionSet);
  }
  return picked;
}

/** Whether the call can be made without this argument. */
export function isOptionalArgument(argument: GraphQLArgument): boolean {
  return argument.defaultValue !== undefined || !String(argument.type).endsWith('!');
}

/** Which arguments of the call stay arguments of the new field; `needed` are those that nobody could set. */
export function exposeArguments(
  field: GraphQLField<unknown, unknown>,
  set: readonly string[],
  expose: readonly string[],
) {
  const free = field.args.filter(({ name }) => !set.includes(name));
  const names = free.map(({ name }) => name);
  const mistakes: { readonly message: string; readonly suggestion?: string }[] = [];
  for (const name of expose) {
    if (set.includes(name)) {
      mistakes.push({
        message: `exposes argument "${name}", which it sets.`,
        suggestion: 'Set it, or leave it to the caller.',
      });
    } else if (!names.includes(name)) {
      const message = `exposes argument "${name}", which "${field.name}" does not have.${didYouMean(name, names)}`;
      mistakes.push({ message });
    }
  }
  const hidden = free.filter(({ name }) => !expose.includes(name));
  return {
    exposed: free.filter(({ name }) => expose.includes(name)),
    mistakes,
    needed: hidden.filter((argument) => !isOptionalArgument(argument)).map(({ name }) => name),
  };
}
