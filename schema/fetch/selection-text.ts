import { type FieldNode, Kind, print, type SelectionSetNode } from 'graphql';
import type { Link } from '../links.ts';
import type { Fetch } from './fetch-plan.ts';
import { argumentKey } from './response-keys.ts';

export function isCondition({ name }: { readonly name: { readonly value: string } }): boolean {
  return name.value === 'skip' || name.value === 'include';
}

export function newFetch(source: string): Fetch {
  return { source, fields: new Set(), parts: new Set(), variables: new Map() };
}

export function inAnswer({ answer: { items, match } }: Link, text: string): string {
  const own = match === undefined ? text : `${match} ${text}`;
  return [...items].reverse().reduce((inner, step) => `${step} { ${inner} }`, own);
}

export function fieldNode(name: string): FieldNode {
  return { kind: Kind.FIELD, name: { kind: Kind.NAME, value: name } };
}

/** `[Review!]` → `Review`. */
export function parseTypeName(type: string): string {
  return type.replace(/[[\]!]/g, '');
}

export function wrap(text: string, conditions: readonly string[]): string {
  return conditions.reduceRight((inner, condition) => `... ${condition}{ ${inner} }`, text);
}

/** Fields of the root, through fragments, with the conditions around them. */
export function flatten(
  set: SelectionSetNode,
  conditions: readonly string[],
): { node: FieldNode; conditions: readonly string[] }[] {
  return set.selections.flatMap((node) => {
    if (node.kind === Kind.FIELD) return [{ node, conditions }];
    if (node.kind !== Kind.INLINE_FRAGMENT) return [];
    const own = (node.directives ?? [])
      .filter(isCondition)
      .map((directive) => `${print(directive)} `)
      .join('');
    return flatten(node.selectionSet, own === '' ? conditions : [...conditions, own]);
  });
}

/** What is read for a representation: fragments need to know which type they meet. */
export function needSelection(set: SelectionSetNode): string {
  const hasFragments = set.selections.some(({ kind }) => kind === Kind.INLINE_FRAGMENT);
  const parts = set.selections.map((node) => {
    if (node.kind === Kind.FIELD) {
      const key = argumentKey(node, node.name.value);
      const alias = key === node.name.value ? '' : `${key}: `;
      const args =
        node.arguments === undefined || node.arguments.length === 0
          ? ''
          : `(${node.arguments.map((argument) => print(argument)).join(', ')})`;
      return `${alias}${node.name.value}${args}${node.selectionSet === undefined ? '' : ` ${needSelection(node.selectionSet)}`}`;
    }
    if (node.kind !== Kind.INLINE_FRAGMENT) return '';
    const on = node.typeCondition === undefined ? '' : ` on ${node.typeCondition.name.value}`;
    return `...${on} ${needSelection(node.selectionSet)}`;
  });
  return `{ ${hasFragments ? '__typename ' : ''}${parts.join(' ')} }`;
}

export function mergeSelections(a: SelectionSetNode, b: SelectionSetNode): SelectionSetNode {
  return { kind: Kind.SELECTION_SET, selections: [...a.selections, ...b.selections] };
}
