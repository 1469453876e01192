import { type DefinitionNode, print } from 'graphql';
import type { Steps } from '../../kernel/steps.ts';

/** Prints SDL as GraphQL.js does, pausing after each field: a root type can have thousands of them. */
export function* printDefinitions(definitions: readonly DefinitionNode[]): Steps<string> {
  const parts: string[] = [];
  for (const node of definitions) {
    if (!('fields' in node) || node.fields === undefined || node.fields.length === 0) parts.push(print(node));
    else {
      const fields: string[] = [];
      for (const field of node.fields) {
        fields.push(`  ${print(field).replaceAll('\n', '\n  ')}`);
        yield;
      }
      parts.push(`${print({ ...node, fields: [] })} {\n${fields.join('\n')}\n}`);
    }
    yield;
  }
  return parts.join('\n\n');
}
