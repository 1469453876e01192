import { type DirectiveNode, GraphQLError, Kind, parse, type SelectionSetNode, visit } from 'graphql';
import type { Findings } from './findings.ts';
import { argumentsOf } from './links.ts';
import type { TypeNode } from './subgraph-document.ts';

/** Selections in directives are walked again for every plan: nobody writes them longer than a screen. */
const MAX_FIELD_SET_CHARACTERS = 10_000;
const MAX_FIELD_SET_DEPTH = 16;

const WITH_FIELD_SETS: ReadonlySet<string> = new Set(['key', 'requires', 'provides']);

/** Finds selections of @key, @requires and @provides that cannot be read. What they select is the composer's to judge. */
export function checkFieldSets(types: readonly TypeNode[], findings: Findings): void {
  for (const node of types) visit(node, { Directive: (directive) => checkFieldSet(directive, findings) });
}

function checkFieldSet(node: DirectiveNode, findings: Findings): void {
  const { value: name } = node.name;
  if (!WITH_FIELD_SETS.has(name)) return;
  const { fields } = argumentsOf(node);
  if (fields === undefined) return;
  const problem = fieldSetProblem(fields);
  if (problem !== undefined) findings.problem(node, `The fields of @${name} ${problem}.`);
}

function fieldSetProblem(fields: unknown): string | undefined {
  if (typeof fields !== 'string') return 'are no text';
  if (fields.length > MAX_FIELD_SET_CHARACTERS) return `are longer than ${MAX_FIELD_SET_CHARACTERS} characters`;
  let selection: SelectionSetNode | undefined;
  try {
    const [operation] = parse(fields.trim().startsWith('{') ? fields : `{ ${fields} }`, {
      noLocation: true,
    }).definitions;
    if (operation?.kind === Kind.OPERATION_DEFINITION) selection = operation.selectionSet;
  } catch (error) {
    if (error instanceof GraphQLError) return `cannot be read: ${error.message.replace(/\.$/, '')}`;
    return `nest deeper than ${MAX_FIELD_SET_DEPTH} levels`;
  }
  if (selection === undefined) return 'are no selection';
  return nestsDeeperThan(selection, MAX_FIELD_SET_DEPTH) ? `nest deeper than ${MAX_FIELD_SET_DEPTH} levels` : undefined;
}

function nestsDeeperThan(selection: SelectionSetNode, limit: number): boolean {
  if (limit === 0) return true;
  return selection.selections.some(
    (node) =>
      'selectionSet' in node && node.selectionSet !== undefined && nestsDeeperThan(node.selectionSet, limit - 1),
  );
}
