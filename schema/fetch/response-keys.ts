import { hash } from 'node:crypto';
import { type FieldNode, Kind, print } from 'graphql';
import type { RootFetch } from './fetch-plan.ts';

const keys = new WeakMap<FieldNode, string>();

/**
 * Under which name a source that takes selections answers a field: its own, or, with arguments, one made of them. Not the
 * client's alias: places that the client keeps apart by aliases further up are one place for the source.
 */
export function argumentKey(node: FieldNode, name: string): string {
  if (node.arguments === undefined || node.arguments.length === 0) return name;
  let suffix = keys.get(node);
  if (suffix === undefined) {
    const text = node.arguments
      .map((argument) => print(argument))
      .sort()
      .join();
    suffix = hash('sha1', text).slice(0, 12);
    keys.set(node, suffix);
  }
  return `skein_${name}_${suffix}`;
}

/** The field's own name, unless it is in use with other arguments. */
export function rootKey(node: FieldNode, name: string, { keys }: RootFetch): string {
  const own = argumentKey(node, name);
  const isFree = (keys.get(name) ?? own) === own;
  // Without arguments there is no other key than the name, which has them here.
  const key = isFree ? name : own === name ? `skein_${name}` : own;
  keys.set(key, own);
  return key;
}

/** What is selected below a field, wherever the field is selected. */
export function together(nodes: readonly FieldNode[]): FieldNode | undefined {
  const [first] = nodes;
  if (first === undefined || nodes.length === 1) return first;
  const selections = nodes.flatMap(({ selectionSet }) => selectionSet?.selections ?? []);
  return { ...first, selectionSet: { kind: Kind.SELECTION_SET, selections } };
}

export function responseKey({ alias, name }: FieldNode): string {
  return (alias ?? name).value;
}
