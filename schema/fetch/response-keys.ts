import { hash } from 'node:crypto';
import { type FieldNode, print } from 'graphql';

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
