import { type OpenapiDocument, UnusableError } from './document.ts';
import { successContent } from './media.ts';
import type { Operation } from './operations.ts';
import type { ParameterReader } from './parameters.ts';
import type { SchemaReader } from './schema.ts';
import type { Identifiers } from './types.ts';

/**
 * A string property that has the name of a string in the path leading to its object identifies it: `/products/{sku}`
 * answers with a product, so its `sku` is an ID.
 */
export function findIdentifiers(
  operations: readonly Operation[],
  document: OpenapiDocument,
  schemas: SchemaReader,
  parameters: ParameterReader,
): Identifiers {
  const found = new Map<object, Set<string>>();

  function look(operation: Operation): void {
    const content = successContent(document, operation.node);
    if (content.kind !== 'json') return;
    const result = schemas.read(content.schema);
    for (const { name, place, schema } of parameters.read(operation.pathItem, operation.node, () => {})) {
      if (place !== 'path' || schema.kind !== 'string' || !result.properties.has(name)) continue;
      if (schemas.read(result.properties.get(name)).kind !== 'string') continue;
      found.set(result.node, (found.get(result.node) ?? new Set()).add(name));
    }
  }

  for (const operation of operations) {
    try {
      look(operation);
    } catch (error) {
      // It is told when the operation is compiled.
      if (!(error instanceof UnusableError)) throw error;
    }
  }
  return found;
}
